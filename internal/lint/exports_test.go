package lint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// narrow lists the packages whose exported functions and methods must each have a user outside the package: another
// package, an example, or a program as in the package's documentation.
var narrow = []string{"divergence", "divergence/report", "gort"}

// forPrograms are those that only a user's program calls.
var forPrograms = []string{"gort.Binary.Run"}

// byInterface are methods that are called through interfaces of the standard library.
var byInterface = []string{"As", "Error", "Is", "MarshalJSON", "Read", "String", "UnmarshalJSON", "Unwrap", "Write"}

// unusedExports checks that the exported surface of the narrow packages is used. It goes by names, so that it never
// reports one that is used, and misses an unused one whose name something else has too.
func unusedExports(files []*file, r *report) {
	for _, f := range production(files) {
		if !slices.Contains(narrow, f.pkg()) {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() {
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				t := receiverName(fn)
				if !ast.IsExported(t) || slices.Contains(byInterface, name) {
					continue
				}
				name = t + "." + name
			}
			if name = f.ast.Name.Name + "." + name; !slices.Contains(forPrograms, name) &&
				!usedOutside(files, f.pkg(), fn.Name.Name) {
				r.at(fn.Pos(), "%s is exported and has no user outside its package; unexport it", name)
			}
		}
	}
}

// usedOutside reports whether a name is selected in a file of another package, or in an example.
func usedOutside(files []*file, pkg, name string) (used bool) {
	for _, f := range files {
		if f.ast == nil || used {
			continue
		}
		example := strings.HasSuffix(f.path, "example_test.go") || strings.HasPrefix(f.pkg()+"/", "examples/")
		if !example && (f.isTest() || f.pkg() == pkg) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			used = used || ok && s.Sel.Name == name
			return !used
		})
	}
	return used
}

// receiverName returns the name of the type of a method.
func receiverName(fn *ast.FuncDecl) string {
	name, _, _ := strings.Cut(types.ExprString(fn.Recv.List[0].Type), "[")
	return strings.TrimPrefix(name, "*")
}

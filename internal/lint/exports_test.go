package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// programsFile lists the exported names that nothing in the module needs, because programs of users call them.
const programsFile = "internal/lint/programs.txt"

// byInterface are methods that are called through interfaces of the standard library and of msgpack.
var byInterface = []string{"Accept", "As", "DecodeMsgpack", "EncodeMsgpack", "Error", "Is", "LocalAddr", "MarshalJSON",
	"Read", "ReadAt", "RemoteAddr", "SetDeadline", "SetReadDeadline", "SetWriteDeadline", "String", "UnmarshalJSON",
	"Unwrap", "Write", "WriteAt"}

// An export is an exported constant, variable, function, type or method.
type export struct {
	name string // with the type in front if it is a method, as in "T.M"
	pos  token.Pos
}

// selector returns the name by which other packages select e.
func (e export) selector() string { return e.name[strings.Index(e.name, ".")+1:] }

// unusedExports checks that every exported name has a user outside its package: another package, or an example. In an
// internal package, a test of another package counts, too. Names that are there for programs of users stand in
// [programsFile].
//
// The check goes by names. So it never reports one that is used, and misses an unused one that shares its name with
// another. It does not look at fields, nor at constants that are declared together with others.
func unusedExports(files []*file, r *report) {
	listed := listedExports(files, r)
	used := map[string]*usage{}
	for _, f := range files {
		if f.ast != nil {
			count(used, f)
		}
	}
	for _, f := range production(files) {
		if f.ast.Name.Name == "main" || strings.HasPrefix(f.pkg(), "examples/") {
			continue
		}
		for _, e := range exports(f.ast) {
			line := path.Base(f.pkg()) + "." + e.name
			_, known := listed[line]
			delete(listed, line)
			if !known && !used[e.selector()].outside(f.pkg()) {
				r.at(e.pos, "%s is exported and has no user outside its package; unexport it, or list it in %s if it is there "+
					"for programs", line, programsFile)
			}
		}
	}
	for line, at := range listed {
		r.line(programsFile, at, "%s is not exported", line)
	}
}

// listedExports returns the lines of programsFile with their numbers. They must be sorted.
func listedExports(files []*file, r *report) map[string]int {
	listed, last := map[string]int{}, ""
	for _, f := range files {
		if f.path != programsFile {
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(f.text), "\n") {
			if line <= last {
				r.line(programsFile, i+1, "%s is not in order", line)
			}
			listed[line], last = i+1, line
		}
	}
	return listed
}

// A usage has the packages that use a name, and those that declare it as part of another exported declaration.
type usage struct {
	code, tests, declared map[string]bool
}

// outside reports whether something outside a package uses the name.
func (u *usage) outside(pkg string) bool {
	if u == nil {
		return false
	}
	others := func(set map[string]bool) bool { return len(set) > 1 || len(set) == 1 && !set[pkg] }
	internal := strings.Contains("/"+pkg, "/internal/")
	return others(u.code) || internal && others(u.tests) || u.declared[pkg]
}

// count adds the names that f uses. An example counts as a package of its own.
func count(used map[string]*usage, f *file) {
	of := func(name string) *usage {
		if used[name] == nil {
			used[name] = &usage{map[string]bool{}, map[string]bool{}, map[string]bool{}}
		}
		return used[name]
	}
	example := strings.HasSuffix(f.path, "example_test.go") || strings.HasPrefix(f.pkg()+"/", "examples/")
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			switch u := of(s.Sel.Name); {
			case example:
				u.code[f.path] = true
			case f.isTest():
				u.tests[f.pkg()] = true
			default:
				u.code[f.pkg()] = true
			}
		}
		return true
	})
	if !f.isTest() {
		for _, name := range mentioned(f.ast) {
			of(name).declared[f.pkg()] = true
		}
	}
}

// mentioned returns the exported names in the exported declarations of a file, except the declared ones themselves: the
// types of parameters, results, fields and variables.
func mentioned(f *ast.File) (names []string) {
	add := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.IsExported() {
				names = append(names, id.Name)
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiverName(d))) {
				add(d.Type)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						add(spec.Type)
					}
				case *ast.ValueSpec:
					if spec.Type != nil && spec.Names[0].IsExported() {
						add(spec.Type)
					}
				}
			}
		}
	}
	return names
}

// exports returns the exports of a file, without constants that are declared together and methods that have a user by
// nature.
func exports(f *ast.File) (list []export) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			list = append(list, exportOf(d)...)
		case *ast.GenDecl:
			if d.Tok != token.CONST || len(d.Specs) == 1 {
				for _, id := range exportedIn(d) {
					list = append(list, export{id.Name, id.Pos()})
				}
			}
		}
	}
	return list
}

// exportOf returns the function or method as an export, or nothing if it is none.
func exportOf(d *ast.FuncDecl) []export {
	switch {
	case !d.Name.IsExported():
		return nil
	case d.Recv == nil:
		return []export{{d.Name.Name, d.Name.Pos()}}
	case ast.IsExported(receiverName(d)) && !slices.Contains(byInterface, d.Name.Name):
		return []export{{receiverName(d) + "." + d.Name.Name, d.Name.Pos()}}
	}
	return nil
}

// receiverName returns the name of the type of a method.
func receiverName(fn *ast.FuncDecl) string {
	name, _, _ := strings.Cut(types.ExprString(fn.Recv.List[0].Type), "[")
	return strings.TrimPrefix(name, "*")
}

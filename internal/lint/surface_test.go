package lint

import (
	"go/ast"
	"slices"
	"strings"
)

// surfaceLimits has the maximum number of exported names of each public package: constants, variables, functions and
// types, without methods and fields. A name that another package needs, and that a user does not, belongs in an
// internal package. Except for gort the limit is the current number, rounded up to a multiple of 5, so that a surface
// cannot grow unnoticed. Raise a limit only for names that programs need.
var surfaceLimits = map[string]int{
	"analysis":          5,
	"divergence":        60,
	"divergence/report": 10,
	"event":             145,
	"event/gorun":       38,
	"explore":           31,
	"faults":            10,
	"fleet":             5,
	"gort":              25,
	"minimize":          15,
	"recorder":          20,
	"replayer":          35,
	"simsched":          80,
	"simsched/simdisk":  10,
	"simtest":           15,
	"source":            20,
	"strategy":          45,
	"tracefile":         75,
	"traceview":         40,
}

// surfaces returns a check of the number of exported names of packages. It reports the names beyond the limit. A public
// package without a limit may have none.
func surfaces(limits map[string]int) check {
	return func(files []*file, r *report) {
		names := map[string]int{}
		for _, f := range production(files) {
			internal := strings.Contains("/"+f.pkg()+"/", "/internal/") || strings.HasPrefix(f.pkg(), "examples/")
			limit, limited := limits[f.pkg()]
			if f.ast.Name.Name == "main" || internal && !limited {
				continue
			}
			for _, id := range exportedNames(f.ast) {
				if names[f.pkg()]++; names[f.pkg()] > limit {
					r.at(id.Pos(), "%s is exported name %d of package %s; the maximum is %d", id.Name, names[f.pkg()], f.pkg(),
						limit)
				}
			}
		}
	}
}

// exportedNames returns the exported names that a file declares at package level, except methods.
func exportedNames(f *ast.File) (names []*ast.Ident) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			names = append(names, exportedIn(d)...)
		}
	}
	return names
}

// exportedIn returns the exported names that a declaration of constants, variables or types declares.
func exportedIn(d *ast.GenDecl) (names []*ast.Ident) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, spec.Name)
		case *ast.ValueSpec:
			names = append(names, spec.Names...)
		}
	}
	return slices.DeleteFunc(names, func(id *ast.Ident) bool { return !id.IsExported() })
}

package patch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// strategyPrefix is the prefix of the names of package strategy in package runtime.
const strategyPrefix = "rprs"

// inRuntime rewrites the sources of a package without imports so that they become a part of package runtime. Names that
// are declared at the top level get strategyPrefix and a capital letter, also where they name a field or a method. The
// new names are as distinct as the old ones, and differ from all names of package runtime, so that the meaning of the
// program does not change.
func inRuntime(sources map[string]string) (map[string]string, error) {
	fset := token.NewFileSet()
	trees := map[string]*ast.File{}
	names, taken := map[string]string{}, map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(sources)) {
		tree, err := parser.ParseFile(fset, file, sources[file], parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("gort: package strategy: %w", err)
		}
		trees[file] = tree
		for _, name := range topLevel(tree) {
			renamed := strategyPrefix + strings.ToUpper(name[:1]) + name[1:]
			if other, ok := taken[renamed]; ok && other != name {
				return nil, fmt.Errorf("gort: package strategy: %s: %s and %s would both become %s", file, other, name, renamed)
			}
			names[name], taken[renamed] = renamed, name
		}
	}
	out := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(sources)) {
		out[file] = rename(fset, trees[file], sources[file], names)
	}
	return out, nil
}

// topLevel returns the names that a file declares at its top level.
func topLevel(tree *ast.File) (names []string) {
	add := func(id *ast.Ident) {
		if id.Name != "_" {
			names = append(names, id.Name)
		}
	}
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec.Name)
				case *ast.ValueSpec:
					for _, id := range spec.Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}

// rename returns the text of a file with names replaced and its package clause that of package runtime.
func rename(fset *token.FileSet, tree *ast.File, src string, names map[string]string) string {
	var out strings.Builder
	done := 0
	ast.Inspect(tree, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		renamed := names[id.Name]
		if id == tree.Name {
			renamed = "runtime"
		}
		if at := fset.Position(id.Pos()).Offset; renamed != "" {
			out.WriteString(src[done:at])
			out.WriteString(renamed)
			done = at + len(id.Name)
		}
		return true
	})
	out.WriteString(src[done:])
	return out.String()
}

package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// ordered lists the packages whose output, errors and picks must not depend on map order.
var ordered = []string{
	"event", "simsched", "simsched/simdisk", "source", "recorder", "replayer", "divergence", "divergence/report", "gort",
	"gort/internal/patch",
	"internal/cli", "internal/base", "internal/cli/compare", "internal/cli/demo", "internal/cli/files",
	"internal/cli/gotest",
	"internal/cli/replay", "internal/replay", "internal/turns",
}

// orderExempt, followed by a reason, permits a range over a map on the same line.
const orderExempt = "// lint: order does not matter because "

// A build is the part of the go command's view of the module that the type checker needs.
type build struct {
	importer types.Importer
	excluded map[string]bool // files that build constraints exclude on this system
}

// listBuild asks the go command for the files that it builds and for the export data of their imports.
func listBuild(t *testing.T, root string, fset *token.FileSet) *build {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-export", "-json=ImportPath,Export,IgnoredGoFiles", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	b := &build{excluded: map[string]bool{}}
	exports := map[string]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Export string
			IgnoredGoFiles     []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		exports[p.ImportPath] = p.Export
		if pkg, ok := strings.CutPrefix(p.ImportPath, module+"/"); ok {
			for _, name := range p.IgnoredGoFiles {
				b.excluded[path.Join(pkg, name)] = true
			}
		}
	}
	b.importer = importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) {
		if exports[p] == "" {
			return nil, fmt.Errorf("no export data for %s", p)
		}
		return os.Open(exports[p])
	})
	return b
}

// mapOrder checks that the ordered packages neither range over a map nor use its keys or values unsorted.
func (b *build) mapOrder(files []*file, r *report) {
	for _, pkg := range ordered {
		var syntax, unbuilt []*ast.File
		exempt := map[string]bool{} // file:line
		for _, f := range production(files) {
			switch {
			case f.pkg() != pkg:
				continue
			case b.excluded[f.path]:
				unbuilt = append(unbuilt, f.ast)
			default:
				syntax = append(syntax, f.ast)
			}
			for _, group := range f.ast.Comments {
				for _, c := range group.List {
					if strings.HasPrefix(c.Text, orderExempt) {
						exempt[line(r.fset, c.Pos())] = true
					}
				}
			}
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: b.importer}
		if _, err := conf.Check(module+"/"+pkg, r.fset, syntax, info); err != nil {
			var at types.Error
			errors.As(err, &at)
			r.at(at.Pos, "map order cannot be checked: %v", err)
			continue
		}
		for _, f := range slices.Concat(syntax, unbuilt) {
			v := &orderVisitor{r, info, exempt, map[ast.Node]bool{}}
			ast.Inspect(f, v.visit)
		}
	}
}

func line(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

type orderVisitor struct {
	*report
	info   *types.Info
	exempt map[string]bool
	sorted map[ast.Node]bool // arguments of a sorting function
}

func (v *orderVisitor) visit(n ast.Node) bool {
	if n == nil || v.exempt[line(v.fset, n.Pos())] {
		return n != nil
	}
	switch n := n.(type) {
	case *ast.RangeStmt:
		if t := v.info.TypeOf(n.X); t == nil {
			v.at(n.Pos(), "range in a file that is not built here: whether it is over a map is unknown")
		} else if isMap(t) {
			v.at(n.Pos(), "range over a map; sort its keys, or end the line with %q and the reason", orderExempt)
		}
	case *ast.CallExpr:
		switch name := v.function(n); name {
		case "slices.Sorted", "slices.SortedFunc", "slices.SortedStableFunc":
			v.sorted[n.Args[0]] = true
		case "maps.All", "maps.Keys", "maps.Values":
			if !v.sorted[n] {
				v.at(n.Pos(), "%s gives map order; pass it to slices.Sorted", name)
			}
		}
	}
	return true
}

// function returns the function of package maps or slices that a call names, such as "maps.Keys".
func (v *orderVisitor) function(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	fn, ok := v.info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return ""
	}
	return fn.Pkg().Path() + "." + fn.Name()
}

// isMap reports whether t is a map, or a type parameter, which can be one.
func isMap(t types.Type) bool {
	_, parameter := types.Unalias(t).(*types.TypeParam)
	_, ok := t.Underlying().(*types.Map)
	return ok || parameter
}

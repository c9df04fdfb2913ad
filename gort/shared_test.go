package gort

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestSharedLayout checks that the driver and the runtime have the same idea of the shared file.
func TestSharedLayout(t *testing.T) {
	text, err := os.ReadFile("internal/patch/inject/runtime.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	inside := structFields(t, "runtime.go", string(text))
	var outside map[string][]string
	for _, name := range []string{"shared.go", "../internal/record/record.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := structFields(t, name, string(text))
		if outside == nil {
			outside = found
		} else {
			outside["Record"] = found["Record"]
		}
	}
	for in, out := range map[string]string{"rprHeader": "header", "rprRec": "Record"} {
		if len(inside[in]) == 0 || !slices.EqualFunc(inside[in], outside[out], strings.EqualFold) {
			t.Errorf("the runtime has %s %v, the driver %s %v", in, inside[in], out, outside[out])
		}
	}
}

// structFields returns "name type" for the fields of every struct of a file.
func structFields(t *testing.T, name, text string) map[string][]string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string][]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				typ := text[fset.Position(field.Type.Pos()).Offset:fset.Position(field.Type.End()).Offset]
				if typ == "Kind" {
					typ = "uint8"
				}
				for _, id := range field.Names {
					fields[spec.Name.Name] = append(fields[spec.Name.Name], id.Name+" "+typ)
				}
			}
		}
		return true
	})
	return fields
}

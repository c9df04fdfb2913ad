package gort

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestTableShipsNoSource checks that no row of the table repeats a line of Go's source of more than a few words.
func TestTableShipsNoSource(t *testing.T) {
	for _, e := range edits {
		if strings.Contains(e.anchor, "\n") || len(e.anchor) > 40 {
			t.Errorf("the anchor %q in %s is more than a few words", e.anchor, e.fn)
		}
	}
}

func TestCutRefuses(t *testing.T) {
	const src = "package p\n\nfunc f() { g(); h(); g() }\n\nfunc g()\n"
	for _, test := range []struct {
		edit edit
		want AnchorError
	}{
		{edit{"p.go", "absent", "x", before, ""}, AnchorError{"go9.9", "p.go", "absent", "", 0}},
		{edit{"p.go", "f", "g()", before, ""}, AnchorError{"go9.9", "p.go", "f", "g()", 2}},
		{edit{"p.go", "f", "i()", after, ""}, AnchorError{"go9.9", "p.go", "f", "i()", 0}},
		{edit{"p.go", "g", "", before, ""}, AnchorError{"go9.9", "p.go", "g", "{", 0}},
	} {
		_, err := cut("go9.9", "p.go", src, []edit{test.edit})
		var got *AnchorError
		if !errors.As(err, &got) || *got != test.want {
			t.Errorf("cut with %+v: %v, want %v", test.edit, err, &test.want)
			continue
		}
		for _, word := range []string{"go9.9", "p.go", test.edit.fn} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not name %s", err, word)
			}
		}
	}
}

func TestCut(t *testing.T) {
	const src = "package p\n\nfunc f() { g(); h() }\n\ntype s struct { a int; b int }\n\nfunc (*s) M() {}\nfunc (*s) N() {}\n"
	got, err := cut("go9.9", "p.go", src, []edit{
		{"p.go", "f", "h()", swap, "i()"}, {"p.go", "f", "", before, "x();"}, {"p.go", "f", "g()", after, ";y()"},
		{"p.go", "type s", "b int", before, "c int;"}, {"p.go", "(*s).M", "", before, "m()"},
	})
	want := "package p\n\nfunc f() {x(); g();y(); i() }\n\ntype s struct { a int; c int;b int }\n\nfunc (*s) M() {m()}\nfunc (*s) N() {}\n"
	if err != nil || got != want {
		t.Errorf("cut: %v, %q, want %q", err, got, want)
	}
}

// TestUnknownVersion checks what is refused before anything is cut.
func TestUnknownVersion(t *testing.T) {
	for _, test := range []struct {
		version, os, arch string
		ok                bool
	}{
		{"go1.26.8", "linux", "amd64", true},
		{"go1.27rc1", "linux", "arm64", true},
		{"go1.25.3 X:jsonv2", "linux", "arm64", true},
		{"go1.24.9", "linux", "amd64", false},
		{"go1.28.0", "linux", "amd64", false},
		{"devel go1.27-abcdef", "linux", "amd64", false},
		{"go1.26.8", "darwin", "arm64", false},
		{"go1.26.8", "linux", "386", false},
	} {
		tc := toolchain{GOVERSION: test.version, GOOS: test.os, GOARCH: test.arch}
		if err := tc.check(); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

// TestSharedLayout checks that the driver and the runtime have the same idea of the shared file.
func TestSharedLayout(t *testing.T) {
	text, err := injected.ReadFile("inject/runtime.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	inside := structFields(t, "runtime.go", string(text))
	var outside map[string][]string
	for _, name := range []string{"shared.go", "record.go"} {
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
				if typ == "RecordKind" {
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

func TestWithTags(t *testing.T) {
	for _, test := range [][2]string{
		{"", "-tags=netgo,osusergo"},
		{"-race ./...", "-tags=netgo,osusergo -race ./..."},
		{"-tags=a,b -v .", "-tags=a,b,netgo,osusergo -v ."},
		{"-v --tags a . -args -tags=c", "-tags=a,netgo,osusergo -v . -args -tags=c"},
		{"-v --tags a . --args -tags c", "-tags=a,netgo,osusergo -v . --args -tags c"},
		{"--args", "-tags=netgo,osusergo --args"},
		{"-tags=a -tags=b .", "-tags=b,netgo,osusergo ."}, // the last one counts, as in the go command
	} {
		if got := strings.Join(WithTags(strings.Fields(test[0])), " "); got != test[1] {
			t.Errorf("WithTags(%q) = %q, want %q", test[0], got, test[1])
		}
	}
}

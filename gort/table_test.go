package gort

import (
	"context"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// slow opts in to the tests that download toolchains and modules and build the standard library several times.
var slow = os.Getenv("REPRISE_GORT_SLOW") != ""

// others are toolchains besides the one at hand that the table is tested against, one for each supported version.
var others = []string{"go1.25.14", "go1.27.4"}

// localToolchain returns what the go command says of itself.
func localToolchain(t *testing.T) toolchain {
	t.Helper()
	tc, err := askGo(t.Context(), ".", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tc
}

// download returns the root of another toolchain.
func download(t *testing.T, version string) string {
	t.Helper()
	out, err := run(t.Context(), t.TempDir(), nil, "go", "mod", "download", "-json",
		"golang.org/toolchain@v0.0.1-"+version+".linux-amd64")
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	return module.Dir
}

// TestTable checks that every edit finds its place in every version at hand, and that the result is a Go file.
func TestTable(t *testing.T) {
	local := localToolchain(t)
	toolchains := []toolchain{local}
	if slow {
		for _, v := range others {
			toolchains = append(toolchains, toolchain{GOROOT: download(t, v), GOVERSION: v, GOOS: "linux", GOARCH: "arm64"})
		}
	}
	for _, tc := range toolchains {
		if err := tc.check(); err != nil {
			t.Errorf("%s: %v", tc.GOVERSION, err)
		}
		files, err := tc.files()
		if err != nil {
			t.Errorf("%v\nrun again: go test ./gort -run TestTable", err)
		}
		for name, text := range files {
			if minor(tc.GOVERSION) != minor(local.GOVERSION) {
				break // its syntax may be newer than this parser
			}
			if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s: %v", tc.GOVERSION, err)
			}
		}
	}
}

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

// TestOtherVersions builds the corpus with the other toolchains and repeats the main checks. It is slow.
func TestOtherVersions(t *testing.T) {
	if !slow {
		return
	}
	for _, v := range others {
		t.Run(v, func(t *testing.T) {
			download(t, v)
			b := buildCorpus(t, BuildConfig{Env: append(os.Environ(), "GOTOOLCHAIN="+v)})
			findAndReplay(t, b, "TestLostUpdate", 10, 50)
			findAndReplay(t, b, "TestLeakedSender", 10, 50)
			own := repeat(t, b, "TestLostUpdateBug", Control{Seed: 3}, 5)
			r := mustRunner(t, b, "TestLostUpdateBug", Control{})
			if d := same(own, mustAgain(t, r, Control{Seed: 3})); d != "" || r.alone {
				t.Errorf("the run in a copy differs in %s", d)
			}
		})
	}
}

// TestArm64 compiles the corpus for the other architecture, and vets the runtime there. It is slow.
func TestArm64(t *testing.T) {
	if !slow {
		return
	}
	env := append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	buildCorpus(t, BuildConfig{Env: env})
	tools, err := Overlay(t.Context(), ".", env, cacheDir(t))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tools.Go, "vet", "-overlay="+tools.Overlay, "runtime", "sync", "sync/atomic", "syscall")
	cmd.Env = tools.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// TestOverlayIsCached checks that the files are written once, under a key that follows what is in them.
func TestOverlayIsCached(t *testing.T) {
	cache := t.TempDir()
	first, err := Overlay(context.Background(), ".", nil, cache)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.Overlay)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Overlay(context.Background(), ".", nil, cache)
	if err != nil || second.Overlay != first.Overlay {
		t.Fatalf("second call: %v, %v; want %v", second, err, first)
	}
	again, err := os.Stat(first.Overlay)
	if err != nil || !again.ModTime().Equal(info.ModTime()) {
		t.Errorf("the overlay was written twice: %v", err)
	}
	tc := localToolchain(t)
	files, err := tc.files()
	if err != nil {
		t.Fatal(err)
	}
	key := tc.key(files)
	if filepath.Base(filepath.Dir(first.Overlay)) != key {
		t.Errorf("the overlay is %s, want it in %s", first.Overlay, key)
	}
	files["runtime/proc.go"] += "\n"
	if tc.key(files) == key {
		t.Error("the key does not depend on the files")
	}
}

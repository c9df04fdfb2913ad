package patch

import (
	"errors"
	"os"
	"path/filepath"
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
		want anchorError
	}{
		{edit{all, "p.go", "absent", "x", before, ""}, anchorError{"go9.9", "p.go", "absent", "", 0}},
		{edit{all, "p.go", "f", "g()", before, ""}, anchorError{"go9.9", "p.go", "f", "g()", 2}},
		{edit{all, "p.go", "f", "i()", after, ""}, anchorError{"go9.9", "p.go", "f", "i()", 0}},
		{edit{all, "p.go", "g", "", before, ""}, anchorError{"go9.9", "p.go", "g", "{", 0}},
	} {
		_, err := cut("go9.9", "p.go", src, []edit{test.edit})
		var got *anchorError
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
		{all, "p.go", "f", "h()", swap, "i()"}, {all, "p.go", "f", "", before, "x();"}, {all, "p.go", "f", "g()", after,
			";y()"},
		{all, "p.go", "type s", "b int", before, "c int;"}, {all, "p.go", "(*s).M", "", before, "m()"},
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
		tc := Toolchain{GOVERSION: test.version, GOOS: test.os, GOARCH: test.arch}
		if err := tc.Check(); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v: %v", tc, err)
		}
	}
}

// TestVersions checks that a row of the table is for the versions that it names, which must be supported ones.
func TestVersions(t *testing.T) {
	for _, e := range edits {
		for v := range strings.FieldsSeq(string(e.versions)) {
			if !slices.Contains(supported, "go"+v) {
				t.Errorf("the edit of %s in %s is for %q, which is not supported", e.fn, e.file, v)
			}
		}
	}
	for _, test := range []struct {
		versions versions
		want     []string
	}{{all, supported}, {"1.26", []string{"go1.26"}}, {"1.25 1.27", []string{"go1.25", "go1.27"}}} {
		var got []string
		for _, version := range supported {
			if test.versions.has(version) {
				got = append(got, version)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("the versions %q are %v, want %v", test.versions, got, test.want)
		}
	}
}

// TestFilesOfAVersion checks that a row for one version changes the files of no other.
func TestFilesOfAVersion(t *testing.T) {
	root, was := t.TempDir(), edits
	defer func() { edits = was }()
	edits = []edit{{"1.26", "p/p.go", "f", "", before, "x()"}, {"1.27", "p/p.go", "absent", "", before, ""}}
	if err := os.MkdirAll(filepath.Join(root, "src", "p"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "src", "p", "p.go"), []byte("package p\n\nfunc f() {}\n"),
		0o666); err != nil {
		t.Fatal(err)
	}
	files := func(version string) (string, error) {
		all, err := Toolchain{GOROOT: root, GOVERSION: version, GOARCH: "amd64"}.Files()
		return all["p/p.go"], err
	}
	if text, err := files("go1.25.14"); text != "" || err != nil {
		t.Errorf("go1.25.14: %q, %v; want an untouched file", text, err)
	}
	if text, err := files("go1.26.8"); text != "package p\n\nfunc f() {x()}\n" || err != nil {
		t.Errorf("go1.26.8: %q, %v", text, err)
	}
	if _, err := files("go1.27rc1"); !errors.Is(err, ErrUnsupported) {
		t.Errorf("go1.27rc1: %v, want %v", err, ErrUnsupported)
	}
}

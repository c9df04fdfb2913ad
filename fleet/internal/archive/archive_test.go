package archive

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// files are the files of a module, by their paths.
var files = map[string]string{
	"go.mod": "module m\n", "p/p_test.go": "package p\n", "p/testdata/a/b.txt": "b", "p/.git/config": "secret",
	"p/nested/go.mod": "module n\n", "p/nested/n.go": "package n\n", "q/q.go": "package q\n", "shared/s.txt": "s",
}

// TestPack: the folder of a package, and what else is named, is unpacked as it was packed, without nested modules and
// hidden folders; and the archive does not depend on anything else.
func TestPack(t *testing.T) {
	var archives [2]bytes.Buffer
	for i := range archives {
		root := t.TempDir()
		for name, text := range files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := Pack(&archives[i], root, []string{"p", "go.mod", "shared/s.txt", "p/testdata"}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0].Bytes(), archives[1].Bytes()) {
		t.Error("two archives of the same files differ")
	}
	out := t.TempDir()
	if err := Unpack(&archives[0], out); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		b, err := os.ReadFile(filepath.Join(out, name))
		wanted := map[string]bool{"go.mod": true, "p/p_test.go": true, "p/testdata/a/b.txt": true, "shared/s.txt": true}[name]
		if wanted && string(b) != text || wanted == (err != nil) {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// hostile returns an archive with one entry.
func hostile(t testing.TB, h tar.Header) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUnpackHostile: an archive writes nothing outside of the folder, and no links.
func TestUnpackHostile(t *testing.T) {
	for _, h := range []tar.Header{
		{Name: "../out", Typeflag: tar.TypeReg}, {Name: "/tmp/out", Typeflag: tar.TypeReg},
		{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, {Name: "big", Typeflag: tar.TypeReg, Size: maxFiles + 1},
		{Name: "d", Typeflag: tar.TypeDir},
	} {
		if err := Unpack(bytes.NewReader(hostile(t, h)), t.TempDir()); err == nil {
			t.Errorf("%+v is unpacked", h)
		}
	}
}

// FuzzUnpack: no archive makes unpack panic, or names a file outside of its folder or more than it may.
func FuzzUnpack(f *testing.F) {
	f.Add(hostile(f, tar.Header{Name: "a/b", Typeflag: tar.TypeReg}))
	f.Add(hostile(f, tar.Header{Name: "a/../../b", Typeflag: tar.TypeReg}))
	f.Fuzz(func(t *testing.T, b []byte) {
		size := int64(0)
		_ = entries(bytes.NewReader(b), func(name string, mode fs.FileMode, r io.Reader) error { // any error will do
			n, err := io.Copy(io.Discard, r)
			if size += n; !filepath.IsLocal(name) || mode&^fs.ModePerm != 0 || size > maxFiles {
				t.Fatalf("%q, mode %v, %d bytes", name, mode, size)
			}
			return err
		})
	})
}

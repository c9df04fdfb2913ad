// Package archive packs the files that the tests of a package may read, and unpacks them on another machine. It must
// not know what the files are for.
package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFiles is the greatest size in bytes of the files that the tests of a package get.
const maxFiles = 256 << 20

// Pack writes an archive of files below a root: of the folders and files with the given paths relative to it, without
// nested modules and folders that begin with a dot. Equal files give equal archives.
func Pack(w io.Writer, root string, paths []string) error {
	t := tar.NewWriter(w)
	size, seen := int64(0), map[string]bool{}
	for _, path := range paths {
		err := filepath.WalkDir(filepath.Join(root, path), func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			if d.IsDir() {
				_, module := os.Stat(filepath.Join(name, "go.mod"))
				if rel != path && (strings.HasPrefix(d.Name(), ".") || module == nil) {
					return fs.SkipDir
				}
				return nil
			}
			if !d.Type().IsRegular() || seen[rel] {
				return nil
			}
			seen[rel] = true
			n, err := packFile(t, name, rel)
			if size += n; err == nil && size > maxFiles {
				err = fmt.Errorf("the files of %s are larger than %d MB, and a worker needs them all; "+
					"run reprise-fleet on packages in smaller folders", path, maxFiles>>20)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return t.Close()
}

// packFile adds a file, and returns its size.
func packFile(t *tar.Writer, name, rel string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close() // of a file that was only read
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	h := &tar.Header{Name: filepath.ToSlash(rel), Typeflag: tar.TypeReg, Size: info.Size()}
	h.Mode = int64(info.Mode().Perm())
	if err := t.WriteHeader(h); err != nil {
		return 0, err
	}
	return io.CopyN(t, f, h.Size)
}

// Unpack unpacks an archive into a folder. Nothing outside of it is written, and nothing but files and folders.
func Unpack(r io.Reader, folder string) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return entries(r, func(name string, mode fs.FileMode, r io.Reader) error { return unpackFile(root, r, name, mode) })
}

// entries calls write with each file of an archive, whose name is a path that leads out of no folder.
func entries(r io.Reader, write func(name string, mode fs.FileMode, r io.Reader) error) error {
	size := int64(0)
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(h.Name)
		if size += h.Size; h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) || h.Size < 0 || size > maxFiles {
			return fmt.Errorf("archive: it has an entry that Pack does not write: %.80q", h.Name)
		}
		if err := write(name, fs.FileMode(h.Mode)&0o777|0o600, t); err != nil {
			return err
		}
	}
}

// unpackFile writes one file.
func unpackFile(root *os.Root, r io.Reader, name string, mode fs.FileMode) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

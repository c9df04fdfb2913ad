// Package atomicfile replaces files: at any moment a name stands for the whole old file or for the new one, never for
// something between. It knows nothing of what is in the files.
//
// A [File] is written under another name in the same folder and renamed. An existing file keeps its permissions, and a
// symbolic link its place: what it points to is replaced. What is no regular file, such as a pipe or a device, is
// written to as it is, and the promise does not hold.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// File is a file that is being written. It ends with Commit or Abort. It is not for concurrent use.
type File struct {
	file *os.File
	tmp  string // its name until it gets the right one; then ""
	path string
	asIs bool // no regular file
}

// Create starts a file that is to have the name path. The errors are those of the file system; nothing is left then.
func Create(path string) (*File, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &File{file: file, path: path, asIs: true}, err
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	file, err := createBeside(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &File{file: file, tmp: file.Name(), path: path}
	if info != nil {
		if err := file.Chmod(info.Mode().Perm()); err != nil {
			return nil, errors.Join(err, f.Abort())
		}
	}
	return f, nil
}

// createBeside makes a file of a new name in the folder of path.
func createBeside(path string) (*os.File, error) {
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), i))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return f, err
		}
	}
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (int, error) { return f.file.Write(b) }

// Sync returns when what was written is on the disk. What is no regular file may have no disk; then it does nothing.
func (f *File) Sync() error {
	if f.asIs {
		return nil
	}
	return f.file.Sync()
}

// Named reports whether what was written so far stands under its name; of no regular file it always does.
func (f *File) Named() bool { return f.tmp == "" }

// Publish gives the file its name now; more can be written to it. What was written so far should be synced before.
func (f *File) Publish() error {
	if f.tmp == "" {
		return nil
	}
	if runtime.GOOS != "windows" {
		return f.rename()
	}
	if err := f.file.Close(); err != nil { // Windows renames no open file
		return err
	}
	if err := f.rename(); err != nil {
		return err
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		f.file = file
	}
	return err
}

// Commit syncs and closes the file and gives it its name. If something fails nothing is left of a file that has no name
// yet, and the old one stays.
func (f *File) Commit() error {
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Abort())
	}
	if err := f.file.Close(); err != nil {
		return errors.Join(err, f.discard())
	}
	if f.tmp == "" {
		return nil
	}
	if err := f.rename(); err != nil {
		return errors.Join(err, f.discard())
	}
	return nil
}

// Abort closes the file, and removes it if it has no name yet.
func (f *File) Abort() error { return errors.Join(f.file.Close(), f.discard()) }

// discard removes a file that has no name yet.
func (f *File) discard() error {
	if f.tmp == "" {
		return nil
	}
	return os.Remove(f.tmp)
}

// rename gives the file its name.
func (f *File) rename() error {
	if err := os.Rename(f.tmp, f.path); err != nil {
		return err
	}
	f.tmp = ""
	syncFolder(f.path)
	return nil
}

// syncFolder makes the name of a file last. Not every system can sync a folder, and the file itself is safe by now, so
// that an error here is none for the caller.
func syncFolder(path string) {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

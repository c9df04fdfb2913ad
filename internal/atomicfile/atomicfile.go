// Package atomicfile replaces files atomically: at any moment a name refers to the complete old file or to the
// complete new one. It knows nothing of the content of the files.
//
// A [File] is written under a temporary name in the same folder and then renamed. An existing file keeps its
// permissions. A symbolic link stays, and its target is replaced. Anything that is not a regular file, such as a
// pipe or a device, is written in place, without the promise.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// File is a file that is being written. The caller must end it with Commit or Abort. It is not safe for concurrent use.
type File struct {
	file *os.File
	tmp  string // temporary name; "" once the file has its final name
	path string
	asIs bool // not a regular file: written in place
}

// Create starts a file for the name path. The errors are those of the file system; after an error no file is left
// behind.
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

// createBeside creates a file with an unused name in the folder of path. On the way it removes those of writers for the
// same path that were killed.
func createBeside(path string) (*os.File, error) {
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), i))
		if abandoned(name) {
			_ = os.Remove(name) // if it stays, the next name is taken
		}
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			_ = lock(f) // without a lock the file is taken for a living writer's
		}
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return f, err
		}
	}
}

// grace is how old a temporary file must be to be taken for that of a killed writer, which may be about to lock it.
const grace = 10 * time.Second

// abandoned reports whether name is the temporary file of a writer that is no more.
func abandoned(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < grace {
		return false
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return lock(f) == nil
}

// Scratch creates a file for what is read again before the process ends, in the folder of temporary files. Close
// removes it; where the system permits it the file has no name from the start, so that a killed process leaves
// nothing.
func Scratch() (*ScratchFile, error) {
	f, err := os.CreateTemp("", "reprise-*.tmp")
	if err != nil {
		return nil, err
	}
	if removable {
		if err := os.Remove(f.Name()); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return &ScratchFile{f}, nil
}

// ScratchFile is a file that Scratch has made.
type ScratchFile struct{ *os.File }

// Close closes and removes the file.
func (f *ScratchFile) Close() error {
	err := f.File.Close()
	if !removable {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// Write implements io.Writer.
func (f *File) Write(b []byte) (int, error) { return f.file.Write(b) }

// Sync writes the data to the disk. It does nothing for a file that is written in place, which may have no disk.
func (f *File) Sync() error {
	if f.asIs {
		return nil
	}
	return f.file.Sync()
}

// Named reports whether the file has its final name. A file that is written in place always has it.
func (f *File) Named() bool { return f.tmp == "" }

// Publish gives the file its final name now; more can be written afterwards. Call Sync before Publish if the data
// written so far must be on the disk.
func (f *File) Publish() error {
	if f.tmp == "" {
		return nil
	}
	if runtime.GOOS != "windows" {
		return f.rename()
	}
	if err := f.file.Close(); err != nil { // Windows cannot rename an open file
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

// Commit syncs and closes the file and gives it its final name. After an error, a file without its final name is
// removed, and the old file stays.
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

// Abort closes the file, and removes it if it does not have its final name yet.
func (f *File) Abort() error { return errors.Join(f.file.Close(), f.discard()) }

// discard removes a file that does not have its final name yet.
func (f *File) discard() error {
	if f.tmp == "" {
		return nil
	}
	return os.Remove(f.tmp)
}

// rename gives the file its final name.
func (f *File) rename() error {
	if err := os.Rename(f.tmp, f.path); err != nil {
		return err
	}
	f.tmp = ""
	syncFolder(f.path)
	return nil
}

// syncFolder makes the new name of a file durable. It ignores errors: not every system can sync a folder, and the
// content of the file is already safe.
func syncFolder(path string) {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

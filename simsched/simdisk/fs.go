package simdisk

import (
	"io/fs"
	"path"
	"time"

	"github.com/reprise-go/reprise/event"
)

// Stat describes a file or directory.
func (d *Disk) Stat(name string) (fs.FileInfo, error) {
	if err := d.begin("Disk.Stat", "stat", name); err != nil {
		return nil, err
	}
	n := d.live.find(name)
	if n == nil {
		return nil, fail(d.reg, "stat", name, event.IONotFound.Err())
	}
	d.reg.Result(0)
	return n.info(name), nil
}

// ReadDir lists a directory, sorted by name.
func (d *Disk) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := d.begin("Disk.ReadDir", "readdir", name); err != nil {
		return nil, err
	}
	switch n := d.live.find(name); {
	case n == nil:
		return nil, fail(d.reg, "readdir", name, event.IONotFound.Err())
	case !n.dir:
		return nil, fail(d.reg, "readdir", name, event.IOInvalidInput.Err())
	}
	d.reg.Result(0)
	return d.live.entries(name), nil
}

// FS returns a read-only view of the disk for package io/fs. It is also an [fs.ReadDirFS], [fs.ReadFileFS] and
// [fs.StatFS]; each of its files is a [*File].
func (d *Disk) FS() fs.FS { return diskFS{d} }

type diskFS struct{ disk *Disk }

var _ interface {
	fs.ReadDirFS
	fs.ReadFileFS
	fs.StatFS
} = diskFS{}

func (f diskFS) Open(name string) (fs.File, error) {
	file, err := f.disk.Open(name)
	if err != nil {
		return nil, err
	}
	return file, nil
}

func (f diskFS) ReadDir(name string) ([]fs.DirEntry, error) { return f.disk.ReadDir(name) }
func (f diskFS) ReadFile(name string) ([]byte, error)       { return f.disk.ReadFile(name) }
func (f diskFS) Stat(name string) (fs.FileInfo, error)      { return f.disk.Stat(name) }

// entries lists a directory in its current state.
func (t tree) entries(dir string) []fs.DirEntry {
	var list []fs.DirEntry
	for _, e := range t.list(dir) {
		list = append(list, fs.FileInfoToDirEntry(e.node.info(e.name)))
	}
	return list
}

// fileInfo is the state of a node at one moment.
type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
	mod  time.Time
}

func (n *node) info(name string) fs.FileInfo {
	mode := n.perm
	if n.dir {
		mode |= fs.ModeDir
	}
	return fileInfo{path.Base(name), int64(len(n.data)), mode, n.mod}
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return i.mod }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }

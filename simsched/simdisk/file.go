package simdisk

import (
	"io"
	"io/fs"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// File is an open file or directory of a [Disk]. It has the methods of [os.File] of the same names. Each File has a
// position of its own; the data are those of the disk.
//
// [os.File]: https://pkg.go.dev/os#File
type File struct {
	disk    *Disk
	reg     *simsched.Registration
	node    *node
	name    string
	flag    OpenFlag
	pos     int64
	closed  bool
	crashes int // number of crashes of the disk when it was opened

	listed  bool
	listing []fs.DirEntry // entries that ReadDir has not returned yet
}

var _ interface {
	io.ReadWriteSeeker
	io.ReaderAt
	io.WriterAt
	fs.ReadDirFile
} = (*File)(nil)

// begin starts every operation except Close.
func (f *File) begin(method, op string) error {
	f.reg.Enter(method)
	f.disk.sim.Sleep(f.disk.latency)
	return f.open(op)
}

// open returns an error if f is no longer open.
func (f *File) open(op string) error {
	if f.closed || f.crashes != f.disk.crashes {
		return &fs.PathError{Op: op, Path: f.name, Err: fs.ErrClosed}
	}
	return nil
}

func (f *File) fail(op string, err error) error { return fail(f.reg, op, f.name, err) }

// beginData is begin for a data operation, which needs at least one of the flags.
func (f *File) beginData(method, op string, needs OpenFlag) error {
	if err := f.begin(method, op); err != nil {
		return err
	}
	switch err := f.disk.takeFailure(); {
	case err != nil:
		return f.fail(op, err)
	case f.node.dir:
		return f.fail(op, event.IOInvalidInput.Err())
	case f.flag&needs == 0:
		return f.fail(op, event.IOPermissionDenied.Err())
	}
	return nil
}

// Name returns the name under which f was opened.
func (f *File) Name() string { return f.name }

// Read reads as many bytes as fit into b and exist. At the end of the file it returns io.EOF.
func (f *File) Read(b []byte) (int, error) {
	if err := f.beginData("File.Read", "read", OpenRead); err != nil {
		return 0, err
	}
	n := f.read(b, f.pos)
	f.pos += int64(n)
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadAt fills b with the bytes from an offset on. If there are fewer, it reads those and returns io.EOF.
func (f *File) ReadAt(b []byte, off int64) (int, error) {
	if err := f.beginData("File.ReadAt", "read", OpenRead); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, f.fail("read", event.IOInvalidInput.Err())
	}
	n := f.read(b, off)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *File) read(b []byte, off int64) int {
	n := 0
	if off < int64(len(f.node.data)) {
		n = copy(b, f.node.data[off:])
	}
	f.reg.Result(n)
	return n
}

// Write writes all of b, at the end of the file if f was opened with [OpenAppend]. The maximum size of a file is 1
// GiB; a write beyond it fails with [event.IOInvalidInput].
func (f *File) Write(b []byte) (int, error) {
	if err := f.beginData("File.Write", "write", OpenWrite|OpenAppend); err != nil {
		return 0, err
	}
	if f.flag&OpenAppend != 0 {
		f.pos = int64(len(f.node.data))
	}
	n, err := f.write(b, f.pos)
	f.pos += int64(n)
	return n, err
}

// WriteAt writes all of b at an offset, under the same limit as Write. It fails if f was opened with [OpenAppend].
func (f *File) WriteAt(b []byte, off int64) (int, error) {
	if err := f.beginData("File.WriteAt", "write", OpenWrite|OpenAppend); err != nil {
		return 0, err
	}
	if f.flag&OpenAppend != 0 {
		return 0, f.fail("write", event.IOInvalidInput.Err())
	}
	return f.write(b, off)
}

func (f *File) write(b []byte, off int64) (int, error) {
	if off < 0 || off > maxFileSize || len(b) > maxFileSize-int(off) {
		return 0, f.fail("write", event.IOInvalidInput.Err())
	}
	f.node.write(b, int(off), f.disk.sim.Now())
	f.reg.Result(len(b))
	return len(b), nil
}

// Truncate changes the size, to at most 1 GiB. A file that becomes longer is extended with zeros.
func (f *File) Truncate(size int64) error {
	if err := f.beginData("File.Truncate", "truncate", OpenWrite|OpenAppend); err != nil {
		return err
	}
	if size < 0 || size > maxFileSize {
		return f.fail("truncate", event.IOInvalidInput.Err())
	}
	f.node.truncate(int(size), f.disk.sim.Now())
	f.reg.Result(0)
	return nil
}

// Sync makes the content of the file durable, but not its name. For a directory it is [Disk.SyncDir].
func (f *File) Sync() error {
	if err := f.begin("File.Sync", "sync"); err != nil {
		return err
	}
	if err := f.disk.takeFailure(); err != nil {
		return f.fail("sync", err)
	}
	if f.node.dir {
		f.disk.syncDir(f.node)
	} else {
		f.node.sync()
	}
	f.reg.Result(0)
	return nil
}

// Seek sets the position of the next Read or Write and returns it. It takes no time and is not I/O, so it emits an
// event only if it fails.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	f.reg.Enter("File.Seek")
	f.disk.sim.Sleep(0)
	if err := f.open("seek"); err != nil {
		return 0, err
	}
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += int64(len(f.node.data))
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd || f.node.dir {
		return 0, f.fail("seek", event.IOInvalidInput.Err())
	}
	f.pos = offset
	return offset, nil
}

// Stat describes f. The name is the last element of the name under which f was opened.
func (f *File) Stat() (fs.FileInfo, error) {
	if err := f.begin("File.Stat", "stat"); err != nil {
		return nil, err
	}
	f.reg.Result(0)
	return f.node.info(f.name), nil
}

// ReadDir returns the next n entries of a directory, sorted by name, or all remaining entries if n is not positive.
// If none remain and n is positive, it returns io.EOF. The entries are those at the time of the first call.
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	if err := f.begin("File.ReadDir", "readdir"); err != nil {
		return nil, err
	}
	if !f.node.dir {
		return nil, f.fail("readdir", event.IOInvalidInput.Err())
	}
	f.reg.Result(0)
	if !f.listed {
		f.listed = true
		if name, ok := f.disk.live.nameOf(f.node); ok {
			f.listing = f.disk.live.entries(name)
		}
	}
	if n > 0 && len(f.listing) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.listing) {
		n = len(f.listing)
	}
	entries := f.listing[:n:n]
	f.listing = f.listing[n:]
	return entries, nil
}

// Close closes f. It syncs nothing, takes no time and emits no event. Closing twice is an error.
func (f *File) Close() error {
	if !f.reg.Release("File.Close") {
		return nil
	}
	f.disk.sim.Sleep(0)
	err := f.open("close")
	f.closed = true
	return err
}

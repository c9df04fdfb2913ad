// Package simdisk simulates a disk: a file system whose operations take virtual time and can fail, and that can
// crash. It is a device of package simsched, built on a [simsched.Registration] like a program's own devices, and
// must not know anything else of the scheduler.
package simdisk

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Disk is a file system that can crash. It outlives the tasks that use it: tasks that open it after a crash find
// what the crash left.
//
// Names must be valid for [fs.ValidPath]; "." is the root. As with package os, directories must be made by
// [Disk.Mkdir] before anything is created in them. There are no links and no users: permissions are stored for
// [fs.FileInfo] but never checked. The modification time is that of the last change of a file's data; a directory
// keeps the time of its creation.
//
// Every operation begins with a scheduling point, followed by the latency, and takes effect at once at its end. An
// operation that reads or changes the disk is one event: an IoResult with the bytes moved, 0 if it moves none, or
// an IoError. Operations on an open file have a token for each time a file is opened; all others have the token of
// the disk. Reads and writes move all bytes; nothing is chosen. Errors, including those of Rename, are
// [*fs.PathError] with the (old) name. They wrap the Go error of an [event.IOErrorKind]; [fs.ErrInvalid] for an
// invalid name; or, without an event, [fs.ErrClosed] for a file that was closed or was open during a crash. Errors
// that package os reports as ENOTDIR, EISDIR or EFBIG are [event.IOInvalidInput] here, ENOTEMPTY is
// [event.IOAlreadyExists], and an operation that the flags of the file do not allow is [event.IOPermissionDenied].
//
// # Crashes
//
// [Disk.Crash] closes everything that is open and drops a part of the unsynced data. The part is decided by values
// of the random stream "disk " plus the name, each an RngValue event, drawn only if there is something to decide;
// the value 0 keeps everything. Exactly the following combinations are possible:
//
//   - Names. Create, mkdir, rename and remove go to one journal, in order. A crash keeps a prefix of it, so that the
//     names are those of some moment since the last sync, and a rename is there wholly or not at all. [Disk.SyncDir]
//     makes the journal durable up to the last operation in that directory.
//   - Data. A write is cut into pieces at multiples of 512 bytes of the file. Each block of a file keeps some of the
//     states that it had since the last [File.Sync], whatever other blocks keep: of the pieces of one block a prefix is
//     kept. A kept piece beyond the end makes the file longer, and what was never written or was lost before it reads
//     as zero.
//   - Truncations, also those by opening, are kept as a prefix; what was written after a lost one is lost too.
//   - Names and data are independent. A file that was renamed but not synced can have its new name and no content; a
//     file that was synced can be missing unless its directory was synced.
//
// This is like ext4 in ordered mode, but weaker where portable programs must not rely on it: in ext4, File.Sync
// also commits the journal, so that a synced file has its name; appended blocks are kept in order, without zeros
// between them; and names and truncations share one order. Two effects of some file systems are not simulated: a
// write after a lost truncation never survives, and a file never becomes longer without any of the data that made
// it longer.
type Disk struct {
	sim     *simsched.Sim
	name    string
	reg     *simsched.Registration
	live    tree     // the state that programs see
	durable tree     // the durable state
	journal []change // changes from durable to live
	crashes int
	latency time.Duration
	failing error // error of the next data operation; nil if it succeeds
}

// OpenFlag sets what [Disk.OpenFile] allows and does. At least one of OpenRead, OpenWrite and OpenAppend is needed.
type OpenFlag uint8

// The flags. Package os has the same flags as O_RDONLY and so on, with different numbers on each system.
const (
	OpenRead      OpenFlag = 1 << iota // reading is allowed
	OpenWrite                          // writing is allowed
	OpenAppend                         // writing is allowed, and Write writes at the end
	OpenCreate                         // create the file if it does not exist
	OpenExclusive                      // with OpenCreate: fail if the file exists
	OpenTruncate                       // make the file empty; needs OpenWrite or OpenAppend
)

const openForChange = OpenWrite | OpenAppend | OpenCreate

// New returns an empty disk. The name is used in reports and for the random stream that decides crashes.
func New(s *simsched.Sim, name string) *Disk {
	reg := s.Register("disk " + name)
	root := tree{{".", &node{dir: true, perm: 0o777, mod: s.Now()}}}
	return &Disk{sim: s, name: name, reg: reg, live: root, durable: slices.Clone(root)}
}

// Name returns the name of the disk.
func (d *Disk) Name() string { return d.name }

// SetLatency sets the virtual time that every operation takes. The default is 0.
func (d *Disk) SetLatency(latency time.Duration) { d.latency = latency }

// Fail makes the next data operation, on any file, fail without effect with the error of kind. Data operations are
// reads, writes, truncations by [File.Truncate], and syncs. A later sync can still make durable what a failed one
// did not. A kind of 0 means [event.IOOther]. [simsched.Chaos] fails no operation of a disk.
func (d *Disk) Fail(kind event.IOErrorKind) { d.failing = kind.Err() }

// takeFailure returns the error with which the current data operation must fail, if any.
func (d *Disk) takeFailure() (err error) {
	err, d.failing = d.failing, nil
	return err
}

// begin starts every operation on names.
func (d *Disk) begin(method, op string, names ...string) error {
	d.reg.Enter(method)
	crashes := d.crashes
	d.sim.Sleep(d.latency)
	if d.crashes != crashes {
		return &fs.PathError{Op: op, Path: names[0], Err: fs.ErrClosed}
	}
	for _, name := range names {
		if !fs.ValidPath(name) {
			return fail(d.reg, op, name, fs.ErrInvalid)
		}
	}
	return nil
}

// end ends every operation on names.
func (d *Disk) end(op, name string, err error) error {
	if err != nil {
		return fail(d.reg, op, name, err)
	}
	d.reg.Result(0)
	return nil
}

// fail reports a failed operation and returns its error.
func fail(r *simsched.Registration, op, name string, err error) error {
	_ = r.Fail(event.IOErrorKindOf(err)) // for its event
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Create opens a file for reading and writing. It creates the file, or makes it empty if it exists.
func (d *Disk) Create(name string) (*File, error) {
	return d.OpenFile(name, OpenRead|OpenWrite|OpenCreate|OpenTruncate, 0o666)
}

// Open opens a file or a directory for reading.
func (d *Disk) Open(name string) (*File, error) { return d.OpenFile(name, OpenRead, 0) }

// OpenFile opens a file. A file that it creates has the permissions perm. A directory can be opened only for reading.
func (d *Disk) OpenFile(name string, flag OpenFlag, perm fs.FileMode) (*File, error) {
	if err := d.begin("Disk.OpenFile", "open", name); err != nil {
		return nil, err
	}
	n, err := d.openNode(name, flag, perm)
	if err := d.end("open", name, err); err != nil {
		return nil, err
	}
	if flag&OpenTruncate != 0 {
		n.truncate(0, d.sim.Now())
	}
	return &File{disk: d, reg: d.sim.Register(name), node: n, name: name, flag: flag, crashes: d.crashes}, nil
}

func (d *Disk) openNode(name string, flag OpenFlag, perm fs.FileMode) (*node, error) {
	writable := flag&(OpenWrite|OpenAppend) != 0
	n := d.live.find(name)
	switch {
	case flag&OpenRead == 0 && !writable, flag&OpenTruncate != 0 && !writable:
		return nil, event.IOInvalidInput.Err()
	case n == nil && flag&OpenCreate == 0:
		return nil, event.IONotFound.Err()
	case n == nil:
		return d.makeNode(name, false, perm)
	case flag&OpenCreate != 0 && flag&OpenExclusive != 0:
		return nil, event.IOAlreadyExists.Err()
	case n.dir && flag&openForChange != 0:
		return nil, event.IOInvalidInput.Err()
	}
	return n, nil
}

// makeNode creates a file or directory with an unused name.
func (d *Disk) makeNode(name string, dir bool, perm fs.FileMode) (*node, error) {
	parent, err := d.live.parent(name)
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, perm: perm & fs.ModePerm, mod: d.sim.Now()}
	d.change(change{name: name, node: n, dirs: [2]*node{parent}})
	return n, nil
}

// Mkdir creates a directory.
func (d *Disk) Mkdir(name string, perm fs.FileMode) error {
	if err := d.begin("Disk.Mkdir", "mkdir", name); err != nil {
		return err
	}
	err := event.IOAlreadyExists.Err()
	if d.live.find(name) == nil {
		_, err = d.makeNode(name, true, perm)
	}
	return d.end("mkdir", name, err)
}

// MkdirAll creates a directory and its missing parents.
func (d *Disk) MkdirAll(name string, perm fs.FileMode) error {
	if err := d.begin("Disk.MkdirAll", "mkdir", name); err != nil {
		return err
	}
	return d.end("mkdir", name, d.mkdirAll(name, perm))
}

func (d *Disk) mkdirAll(name string, perm fs.FileMode) error {
	switch n := d.live.find(name); {
	case n != nil && n.dir:
		return nil
	case n != nil:
		return event.IOInvalidInput.Err()
	}
	if err := d.mkdirAll(path.Dir(name), perm); err != nil {
		return err
	}
	_, err := d.makeNode(name, true, perm)
	return err
}

// Remove removes a file or an empty directory. It stays usable where it is already open.
func (d *Disk) Remove(name string) error {
	if err := d.begin("Disk.Remove", "remove", name); err != nil {
		return err
	}
	return d.end("remove", name, d.remove(name))
}

func (d *Disk) remove(name string) error {
	n := d.live.find(name)
	switch {
	case name == ".":
		return event.IOInvalidInput.Err()
	case n == nil:
		return event.IONotFound.Err()
	case n.dir && len(d.live.list(name)) > 0:
		return event.IOAlreadyExists.Err()
	}
	d.change(change{name: name, dirs: [2]*node{d.live.find(path.Dir(name))}})
	return nil
}

// Rename renames a file or directory in one step. A file replaces an existing file of the new name, a directory an
// empty directory.
func (d *Disk) Rename(from, to string) error {
	if err := d.begin("Disk.Rename", "rename", from, to); err != nil {
		return err
	}
	return d.end("rename", from, d.rename(from, to))
}

func (d *Disk) rename(from, to string) error {
	n, target := d.live.find(from), d.live.find(to)
	switch {
	case n == nil:
		return event.IONotFound.Err()
	case from == "." || to == "." || n.dir && strings.HasPrefix(to, from+"/"):
		return event.IOInvalidInput.Err()
	case n == target:
		return nil
	case target != nil && target.dir != n.dir:
		return event.IOInvalidInput.Err()
	case target != nil && target.dir && len(d.live.list(to)) > 0:
		return event.IOAlreadyExists.Err()
	}
	parent, err := d.live.parent(to)
	if err == nil {
		d.change(change{name: from, to: to, dirs: [2]*node{d.live.find(path.Dir(from)), parent}})
	}
	return err
}

// change applies a change of names, which is not durable yet.
func (d *Disk) change(c change) {
	d.live = c.apply(d.live)
	d.journal = append(d.journal, c)
}

// SyncDir makes the names in a directory durable, and with them every change of names, in any directory, that was
// made before the last change in this one. [File.Sync] on the open directory does the same.
func (d *Disk) SyncDir(name string) error {
	if err := d.begin("Disk.SyncDir", "sync", name); err != nil {
		return err
	}
	n, err := d.live.find(name), d.takeFailure()
	switch {
	case err != nil:
	case n == nil:
		err = event.IONotFound.Err()
	case !n.dir:
		err = event.IOInvalidInput.Err()
	default:
		d.syncDir(n)
	}
	return d.end("sync", name, err)
}

func (d *Disk) syncDir(dir *node) {
	for i := len(d.journal); i > 0; i-- {
		if slices.Contains(d.journal[i-1].dirs[:], dir) {
			d.commit(i)
			return
		}
	}
}

// commit makes the first n changes of the journal durable.
func (d *Disk) commit(n int) {
	for _, c := range d.journal[:n] {
		d.durable = c.apply(d.durable)
	}
	d.journal = slices.Delete(d.journal, 0, n)
}

// ReadFile returns the content of a file, up to its size when it was opened. It is an Open, a ReadAt and a Close.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	b := make([]byte, len(f.node.data))
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return b[:n], f.Close()
}

// WriteFile creates a file with data in it, or replaces the content of an existing one. It is an OpenFile, a Write
// and a Close, and syncs nothing.
func (d *Disk) WriteFile(name string, data []byte, perm fs.FileMode) error {
	f, err := d.OpenFile(name, OpenWrite|OpenCreate|OpenTruncate, perm)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Close()
}

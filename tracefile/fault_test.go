package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/reprise-go/reprise/tracefile"
)

// Disks fill up and connections break, at any byte. The error of the reader or writer must come through, must not be
// mistaken for a damaged file, and must never be swallowed; and what was flushed before it is there.

var errDisk = errors.New("the disk is on fire")

// A fullWriter takes room bytes and then fails with err, or, if err is nil, breaks the rule of io.Writer and writes
// short without saying so.
type fullWriter struct {
	bytes.Buffer
	room int
	err  error
	late int // bytes offered after the failure
}

func (w *fullWriter) Write(p []byte) (int, error) {
	if w.room < 0 {
		w.late += len(p)
		return 0, errDisk
	}
	n := min(w.room, len(p))
	w.Buffer.Write(p[:n])
	if w.room -= n; n < len(p) {
		w.room = -1
		return n, w.err
	}
	return n, nil
}

// flushed records p into w, with a Flush after every few events, goes on after errors, and returns how many events the
// last Flush without an error vouches for, -1 if there was none, and all errors in order.
func (p tape) flushed(w io.Writer, every uint64) (sure int, errs []error) {
	tw, err := tracefile.NewWriter(w, p.metadata(), p.config())
	if err != nil {
		return -1, []error{err}
	}
	for i := range p.n {
		errs = append(errs, p.append(tw, p.first+i))
		if i%every == every-1 {
			err := tw.Flush()
			if errs = append(errs, err); err == nil {
				sure = int(i) + 1
			}
		}
	}
	tw.SetEnd(p.end())
	errs = append(errs, tw.Close())
	if again := tw.Close(); again != errs[len(errs)-1] {
		errs = append(errs, fmt.Errorf("the second Close gives %w", again))
	}
	return sure, errs
}

// checkStays: from the first error on there are only errors, and each is want.
func checkStays(t *testing.T, what string, errs []error, want error) {
	t.Helper()
	failed := false
	for k, err := range errs {
		if failed = failed || err != nil; failed && !errors.Is(err, want) {
			t.Fatalf("%s: call %d of %d gives %v after an error, want %v", what, k, len(errs), err, want)
		}
	}
	if !failed {
		t.Fatalf("%s: no error, want %v", what, want)
	}
}

// checkFlushed: of what was written before a failure, the events up to the last Flush are readable on all roads.
func checkFlushed(t *testing.T, what string, p tape, written []byte, sure int) {
	t.Helper()
	if sure < 0 {
		return
	}
	for _, w := range roads[:2] {
		s := tell(t, written, w)
		p.judge(t, what, s)
		if len(s.events) < sure {
			t.Fatalf("%s: %s gives %d events, then %v; Flush vouched for %d", what, w.name, len(s.events), s.err, sure)
		}
	}
	checkRecovery(t, what, p, written, wanted{events: p.all()[:sure]})
}

// TestWriterFailsAnywhere: the writer fails, or writes short, after each byte of a recording.
func TestWriterFailsAnywhere(t *testing.T) {
	p := tape{salt: 7, first: 100, n: 15, chunk: 4}
	for _, every := range []uint64{1, 5, 1000} {
		whole := &fullWriter{room: 1 << 30}
		if sure, errs := p.flushed(whole, every); errors.Join(errs...) != nil || every < 1000 && sure == 0 {
			t.Fatalf("%d events flushed, %v; want them all and no error", sure, errors.Join(errs...))
		}
		for room := range whole.Len() {
			for _, fault := range []error{errDisk, nil}[:1+every%2] { // short as well, but with 1000
				want := fault
				if fault == nil {
					want = io.ErrShortWrite
				}
				w := &fullWriter{room: room, err: fault}
				sure, errs := p.flushed(w, every)
				what := fmt.Sprintf("Flush after %d events, room for %d bytes of %d, then %v", every, room, whole.Len(), want)
				checkStays(t, what, errs, want)
				checkFlushed(t, what, p, w.Bytes(), sure)
				if w.late > 0 {
					t.Fatalf("%s: %d bytes are written after that", what, w.late)
				}
				if !bytes.HasPrefix(whole.Bytes(), w.Bytes()) {
					t.Fatalf("%s: other bytes than without the failure", what)
				}
			}
		}
		just := &fullWriter{room: whole.Len(), err: errDisk}
		if _, errs := p.flushed(just, every); errors.Join(errs...) != nil {
			t.Errorf("just enough room: %v", errors.Join(errs...))
		}
	}
}

// TestWriterFailsInBackground: an error of the compressing goroutine reaches Append by itself, without a Flush.
func TestWriterFailsInBackground(t *testing.T) {
	p := tape{salt: 5, chunk: 4, bare: true}
	w := &fullWriter{room: 1000, err: errDisk}
	tw, err := tracefile.NewWriter(w, p.metadata(), p.config())
	if err != nil {
		t.Fatal(err)
	}
	var i uint64
	for ; err == nil && i < 1_000_000; i++ {
		err = p.append(tw, i)
	}
	if !errors.Is(err, errDisk) {
		t.Errorf("%d events were appended to a full disk, then %v; want %v", i, err, errDisk)
	}
	for k, call := range []func() error{tw.Flush, tw.Sync, func() error { return p.append(tw, i) }, tw.Close, tw.Close} {
		if err := call(); !errors.Is(err, errDisk) {
			t.Errorf("call %d after the error gives %v, want %v", k, err, errDisk)
		}
	}
}

// TestAbortAfterFailure: Abort tells of the failure too, and ends the goroutine.
func TestAbortAfterFailure(t *testing.T) {
	p := tape{salt: 5, chunk: 4, bare: true}
	tw, err := tracefile.NewWriter(&fullWriter{room: 500, err: errDisk}, p.metadata(), p.config())
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(1000) {
		err = p.append(tw, i)
	}
	if aborted := tw.Abort(); !errors.Is(err, errDisk) || !errors.Is(aborted, errDisk) {
		t.Errorf("Append gives %v, Abort %v; want %v", err, aborted, errDisk)
	}
}

// A syncWriter is a file whose fsync fails.
type syncWriter struct {
	bytes.Buffer
	err   error
	calls int
}

func (w *syncWriter) Sync() error { w.calls++; return w.err }

// TestSyncFails: after a failed fsync nobody knows what is on disk, so that the error stays like any other.
func TestSyncFails(t *testing.T) {
	w := &syncWriter{}
	tw, err := tracefile.NewWriter(w, smallTape.metadata(), smallTape.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := tw.Sync(); err != nil || w.calls == 0 {
		t.Fatalf("Sync: %v, the file was synced %d times; want it synced", err, w.calls)
	}
	before := w.calls
	if err := tw.Flush(); err != nil || w.calls != before {
		t.Errorf("Flush: %v, synced %d times; want no fsync", err, w.calls-before)
	}
	w.err = errDisk
	errs := []error{tw.Sync(), smallTape.append(tw, smallTape.first), tw.Flush(), tw.Close()}
	for k, err := range errs {
		if !errors.Is(err, errDisk) {
			t.Errorf("call %d from the failing Sync on gives %v, want %v", k, err, errDisk)
		}
	}
}

// TestCloseSyncs: the fsync of Close counts.
func TestCloseSyncs(t *testing.T) {
	w := &syncWriter{}
	tw, err := tracefile.NewWriter(w, smallTape.metadata(), smallTape.config())
	if err != nil {
		t.Fatal(err)
	}
	w.err = errDisk
	if err := tw.Close(); !errors.Is(err, errDisk) {
		t.Errorf("Close gives %v, want %v", err, errDisk)
	}
}

// TestFullDevice: where the system has a disk that is always full, Create says so and does not replace it.
func TestFullDevice(t *testing.T) {
	const device = "/dev/full"
	info, err := os.Stat(device)
	if errors.Is(err, fs.ErrNotExist) {
		return // TestWriterFailsAnywhere covers the failure itself
	}
	if err != nil {
		t.Fatal(err)
	}
	w, err := tracefile.Create(device, smallTape.metadata(), smallTape.config())
	var path *fs.PathError
	if w != nil || !errors.As(err, &path) || path.Path != device {
		t.Errorf("Create(%s) gives %v, %v; want the error of the device", device, w, err)
	}
	if after, err := os.Stat(device); err != nil || after.Mode() != info.Mode() {
		t.Errorf("%s is %v now, %v; want %v", device, after.Mode(), err, info.Mode())
	}
}

// TestCreateFails: without a folder to write in, an existing file stays and nothing is left beside it.
func TestCreateFails(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{"no folder": filepath.Join(dir, "none", "x.reprise"), "a folder": dir} {
		if w, err := tracefile.Create(path, smallTape.metadata(), smallTape.config()); w != nil || err == nil {
			t.Errorf("Create of %s gives %v, %v; want an error", name, w, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the folder holds %v, %v; want nothing left", entries, err)
	}
}

// TestReaderFailsAnywhere: a stream breaks after each byte.
func TestReaderFailsAnywhere(t *testing.T) {
	file := smallTape.file(t)
	blocks := cutBlocks(t, file)
	for n := range len(file) + 1 {
		for _, late := range []bool{false, true} {
			var r io.Reader = io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(errDisk))
			if late {
				r = &errWithData{file[:n]}
			}
			w := road{"", func([]byte) (*tracefile.Reader, error) { return tracefile.NewReader(r) }}
			if n%2 == 0 {
				w.open = ahead(w.open)
			}
			s := tell(t, file, w)
			what := fmt.Sprintf("broken after %d bytes, with the last byte: %v", n, late)
			if n == len(file) && s.err == nil {
				t.Fatalf("%s: no error, but nothing says that the file ends there", what)
			}
			checkReadError(t, what, s, wholeBefore(blocks, n))
		}
	}
}

// errWithData gives its bytes and errDisk in one call where they fit.
type errWithData struct{ rest []byte }

func (r *errWithData) Read(p []byte) (int, error) {
	n := copy(p, r.rest)
	if r.rest = r.rest[n:]; len(r.rest) > 0 {
		return n, nil
	}
	return n, errDisk
}

// checkReadError: the story is the start of the tape with at least some events, and then the error of the disk.
func checkReadError(t *testing.T, what string, s story, least int) {
	t.Helper()
	smallTape.judge(t, what, s)
	if !errors.Is(s.err, errDisk) || errors.Is(s.err, tracefile.ErrCorrupt) || errors.Is(s.err, tracefile.ErrTruncated) {
		t.Fatalf("%s: error %v, want %v and no word of damage", what, s.err, errDisk)
	}
	if len(s.events) < least {
		t.Fatalf("%s: %d events, want the %d of the chunks before", what, len(s.events), least)
	}
}

// A badSector is a file of which some bytes cannot be read.
type badSector struct {
	file     []byte
	from, to int
}

func (b *badSector) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(b.file).ReadAt(p, off)
	if int(off) < b.to && int(off)+n > b.from {
		return max(b.from-int(off), 0), errDisk
	}
	return n, err
}

func TestReaderAtFailsAnywhere(t *testing.T) {
	file := smallTape.file(t)
	blocks := cutBlocks(t, file)
	for from := range file {
		for _, to := range []int{from + 1, len(file)} {
			disk := &badSector{file, from, to}
			w := road{"", func([]byte) (*tracefile.Reader, error) { return tracefile.NewReaderAt(disk, int64(len(file))) }}
			if from%2 == 0 {
				w.open = ahead(w.open)
			}
			what := fmt.Sprintf("bytes %d to %d are unreadable", from, to)
			s := tell(t, file, w)
			if s.opened {
				checkReadError(t, what, s, wholeBefore(blocks, from))
			} else {
				checkReadError(t, what, s, 0)
			}
			checkSeekBad(t, what, disk)
		}
	}
}

// checkSeekBad: what Seek leads to is right or an error, and never damage.
func checkSeekBad(t *testing.T, what string, disk *badSector) {
	t.Helper()
	r, err := tracefile.NewReaderAt(disk, int64(len(disk.file)))
	if err != nil {
		return
	}
	index := smallTape.first + smallTape.n/2
	if err = r.Seek(index); err == nil {
		e, nextErr := r.Next()
		if err = nextErr; err == nil && e != smallTape.event(index) {
			t.Fatalf("%s: Seek(%d) leads to %v, want %v", what, index, e, smallTape.event(index))
		}
	}
	if err != nil && !errors.Is(err, errDisk) {
		t.Fatalf("%s: Seek(%d) and Next give %v, want %v", what, index, err, errDisk)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReaderStuck: a reader that gives nothing and says nothing does not hang the program.
func TestReaderStuck(t *testing.T) {
	file := smallTape.file(t)
	for _, n := range []int{0, 5, 100, len(file) / 2, len(file)} {
		r := io.MultiReader(bytes.NewReader(file[:n]), stuckReader{})
		s := tell(t, file, road{"stuck", func([]byte) (*tracefile.Reader, error) { return tracefile.NewReader(r) }})
		if smallTape.judge(t, "stuck", s); !errors.Is(s.err, io.ErrNoProgress) {
			t.Errorf("stuck after %d bytes: %v, want io.ErrNoProgress", n, s.err)
		}
	}
}

type stuckReader struct{}

func (stuckReader) Read([]byte) (int, error) { return 0, nil }

// A shortReaderAt breaks the rule of io.ReaderAt and gives less than was asked for without saying so.
type shortReaderAt struct{ file []byte }

func (r shortReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(r.file)) {
		return 0, io.EOF
	}
	return copy(p[:(len(p)+1)/2], r.file[off:]), nil
}

// TestFileShrinks: the size that was given is wrong, as after another process has cut the file.
func TestFileShrinks(t *testing.T) {
	file := smallTape.file(t)
	for n := range file {
		s := tell(t, file, road{"", func([]byte) (*tracefile.Reader, error) {
			return tracefile.NewReaderAt(bytes.NewReader(file[:n]), int64(len(file)))
		}})
		what := fmt.Sprintf("%d bytes are said to be %d", n, len(file))
		if smallTape.judge(t, what, s); s.err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for _, size := range []int64{-1, 0, 1, int64(len(file)) - 1, int64(len(file)) + 1, 1 << 62} {
		s := tell(t, file, road{"", func([]byte) (*tracefile.Reader, error) {
			return tracefile.NewReaderAt(bytes.NewReader(file), size)
		}})
		if smallTape.judge(t, fmt.Sprint("size ", size), s); s.err == nil && size < int64(len(file)) {
			t.Errorf("size %d of %d: no error", size, len(file))
		}
	}
	s := tell(t, file, road{"", func([]byte) (*tracefile.Reader, error) {
		return tracefile.NewReaderAt(shortReaderAt{file}, int64(len(file)))
	}})
	smallTape.judge(t, "short ReadAt", s)
}

// TestRecoverFails: an error of the disk is not taken for damage by Recover either, unless it says what it could not
// read; it never panics and never gives wrong events.
func TestRecoverFails(t *testing.T) {
	file := smallTape.file(t)
	for from := range file {
		what := fmt.Sprintf("byte %d is unreadable", from)
		checkRecoveryFails(t, what, smallTape, &badSector{file, from, from + 1}, int64(len(file)))
	}
}

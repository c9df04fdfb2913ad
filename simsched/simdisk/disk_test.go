package simdisk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
	"github.com/reprise-go/reprise/source"
)

// failer is a testing.T or a rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// play records a run that must not fail, checks the laws, and replays it to equal events.
func play(t failer, cfg simsched.Config, body func(*simsched.Sim) error) *event.Trace {
	t.Helper()
	trace, err := recorder.Run(cfg, body)
	if err != nil {
		t.Fatalf("seed %d: Run = %v", cfg.Seed, err)
	}
	if err := tracecheck.Check(trace); err != nil {
		t.Fatalf("seed %d: %v", cfg.Seed, err)
	}
	again := recorder.New(trace.Metadata)
	result, err := replayer.Run(source.FromTrace(trace), replayer.Config{Sim: simsched.Config{Observer: again}}, body)
	if err != nil || result.Err != nil || !again.Trace().Equal(trace) {
		t.Fatalf("seed %d: the replay = %+v, %v, events equal: %v", cfg.Seed, result, err, again.Trace().Equal(trace))
	}
	return trace
}

// playDisk plays a program of one task and one disk.
func playDisk(t *testing.T, body func(s *simsched.Sim, d *simdisk.Disk)) *event.Trace {
	t.Helper()
	return play(t, simsched.Config{Seed: 1}, func(s *simsched.Sim) error { body(s, simdisk.New(s, "d")); return nil })
}

// ioEvents are the I/O events and drawn values of a trace as text.
func ioEvents(trace *event.Trace) (lines []string) {
	for _, e := range trace.All() {
		switch e.Kind() {
		case event.KindIoResult, event.KindIoError, event.KindIoReady:
			lines = append(lines, e.String())
		case event.KindRngValue:
			lines = append(lines, "RngValue")
		}
	}
	return lines
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

// wantErr checks that an error is an *fs.PathError that says op, name and target.
func wantErr(t *testing.T, err error, op, name string, target error) {
	t.Helper()
	pe, isPath := errors.AsType[*fs.PathError](err)
	if !isPath || pe.Op != op || pe.Path != name || !errors.Is(err, target) {
		t.Errorf("the error is %v, want a PathError of %s %s that is %v", err, op, name, target)
	}
}

func wantData(t *testing.T, d *simdisk.Disk, name, want string) {
	t.Helper()
	if got := must[[]byte](t)(d.ReadFile(name)); string(got) != want {
		t.Errorf("%s holds %q, want %q", name, got, want)
	}
}

// TestDiskKeepsCopies: the slices of a caller stay the caller's.
func TestDiskKeepsCopies(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f, b := must[*simdisk.File](t)(d.Create("f")), []byte("abc")
		must[int](t)(f.Write(b))
		b[0] = 'x'
		ok(t, f.Sync())
		ok(t, d.SyncDir("."))
		must[[]byte](t)(d.ReadFile("f"))[1] = 'x'
		wantData(t, d, "f", "abc")
		for range 2 { // what the second crash drops must not have reached what the first one left
			f := must[*simdisk.File](t)(d.OpenFile("f", simdisk.OpenWrite, 0))
			must[int](t)(f.Write([]byte("xyz")))
			d.CrashSynced()
			wantData(t, d, "f", "abc")
		}
	})
}

// names lists a disk, directories with a slash.
func names(fsys fs.FS) (list []string) {
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			name += "/"
		}
		list = append(list, name)
		return err
	})
	if err != nil {
		list = append(list, err.Error())
	}
	return list[1:]
}

func wantNames(t *testing.T, d *simdisk.Disk, want ...string) {
	t.Helper()
	if got := names(d.FS()); !slices.Equal(got, want) {
		t.Errorf("the disk holds %q, want %q", got, want)
	}
}

func TestDiskFile(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		if n, err := io.WriteString(f, "hello world"); n != 11 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		if n, err := f.WriteAt([]byte("W"), 6); n != 1 || err != nil {
			t.Errorf("WriteAt = %d, %v", n, err)
		}
		b := make([]byte, 5)
		if n, err := f.ReadAt(b, 6); string(b[:n]) != "World" || err != nil {
			t.Errorf("ReadAt = %q, %v", b[:n], err)
		}
		if n, err := f.ReadAt(b, 9); string(b[:n]) != "ld" || err != io.EOF {
			t.Errorf("ReadAt near the end = %q, %v", b[:n], err)
		}
		if n, err := f.Read(b); n != 0 || err != io.EOF {
			t.Errorf("Read at the end = %d, %v", n, err)
		}
		if n, err := f.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of nothing at the end = %d, %v", n, err)
		}
		ok(t, f.Truncate(3))
		ok(t, f.Truncate(5))
		wantData(t, d, "f", "hel\x00\x00")
		for _, c := range []struct {
			offset int64
			whence int
			want   int64
		}{{2, io.SeekStart, 2}, {2, io.SeekCurrent, 4}, {-1, io.SeekEnd, 4}, {7, io.SeekStart, 7}} {
			if got := must[int64](t)(f.Seek(c.offset, c.whence)); got != c.want {
				t.Errorf("Seek(%d, %d) = %d, want %d", c.offset, c.whence, got, c.want)
			}
		}
		must[int](t)(f.Write([]byte("!")))
		wantData(t, d, "f", "hel\x00\x00\x00\x00!")
		if info := must[fs.FileInfo](t)(f.Stat()); info.Name() != "f" || info.Size() != 8 || info.Mode() != 0o666 {
			t.Errorf("Stat = %s", fs.FormatFileInfo(info))
		}
		ok(t, f.Sync())
		ok(t, f.Close())
		if f.Name() != "f" || d.Name() != "d" {
			t.Errorf("the names are %q and %q", f.Name(), d.Name())
		}
	})
}

func TestDiskFileErrors(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		inval, perm := event.IOInvalidInput.Err(), fs.ErrPermission
		f := must[*simdisk.File](t)(d.Create("f"))
		_, err := f.ReadAt(nil, -1)
		wantErr(t, err, "read", "f", inval)
		_, err = f.WriteAt(nil, -1)
		wantErr(t, err, "write", "f", inval)
		_, err = f.WriteAt([]byte("x"), 1<<30)
		wantErr(t, err, "write", "f", inval)
		_, err = f.WriteAt([]byte("x"), 1<<62)
		wantErr(t, err, "write", "f", inval)
		wantErr(t, f.Truncate(-1), "truncate", "f", inval)
		wantErr(t, f.Truncate(1<<30+1), "truncate", "f", inval)
		_, err = f.Seek(-1, io.SeekStart)
		wantErr(t, err, "seek", "f", inval)
		_, err = f.Seek(0, 3)
		wantErr(t, err, "seek", "f", inval)
		_, err = f.ReadDir(0)
		wantErr(t, err, "readdir", "f", inval)

		r := must[*simdisk.File](t)(d.Open("f"))
		_, err = r.Write([]byte("x"))
		wantErr(t, err, "write", "f", perm)
		_, err = r.WriteAt([]byte("x"), 0)
		wantErr(t, err, "write", "f", perm)
		wantErr(t, r.Truncate(0), "truncate", "f", perm)
		a := must[*simdisk.File](t)(d.OpenFile("f", simdisk.OpenAppend, 0))
		_, err = a.Read(make([]byte, 1))
		wantErr(t, err, "read", "f", perm)
		_, err = a.WriteAt([]byte("x"), 0)
		wantErr(t, err, "write", "f", inval)
		dir := must[*simdisk.File](t)(d.Open("."))
		_, err = dir.Read(make([]byte, 1))
		wantErr(t, err, "read", ".", inval)
		_, err = dir.Seek(0, io.SeekStart)
		wantErr(t, err, "seek", ".", inval)
		wantData(t, d, "f", "")
	})
}

// wantClosed checks that f can be used no more and that trying is no event.
func wantClosed(t *testing.T, f *simdisk.File) {
	t.Helper()
	b := []byte("x")
	for _, op := range []func() error{
		func() error { _, err := f.Read(b); return err },
		func() error { _, err := f.ReadAt(b, 0); return err },
		func() error { _, err := f.Write(b); return err },
		func() error { _, err := f.WriteAt(b, 0); return err },
		func() error { _, err := f.Seek(0, 0); return err },
		func() error { _, err := f.Stat(); return err },
		func() error { _, err := f.ReadDir(0); return err },
		func() error { return f.Truncate(0) },
		f.Sync, f.Close,
	} {
		if err := op(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("an operation on a closed file = %v", err)
		}
	}
}

func TestDiskClosed(t *testing.T) {
	trace := playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f, g := must[*simdisk.File](t)(d.Create("f")), must[*simdisk.File](t)(d.Create("g"))
		ok(t, f.Close())
		wantClosed(t, f)
		d.CrashSynced()
		wantClosed(t, g)
		wantNames(t, d)
	})
	if got := ioEvents(trace); len(got) != 4 { // two opened, one walk
		t.Errorf("closed files made events: %q", got)
	}
}

func TestDiskOpenFile(t *testing.T) {
	const r, w, a, c, x, tr = simdisk.OpenRead, simdisk.OpenWrite, simdisk.OpenAppend, simdisk.OpenCreate,
		simdisk.OpenExclusive, simdisk.OpenTruncate
	exist, missing, inval := fs.ErrExist, fs.ErrNotExist, event.IOInvalidInput.Err()
	for _, c := range []struct {
		name string
		flag simdisk.OpenFlag
		want error
		then string // what the file holds after "!" was written
	}{
		{"f", r, nil, ""}, {"f", w, nil, "!ld"}, {"f", a, nil, "old!"}, {"f", r | w | tr, nil, "!"},
		{"f", w | c, nil, "!ld"}, {"f", w | c | x, exist, ""}, {"f", w | x, nil, "!ld"},
		{"f", 0, inval, ""}, {"f", c, inval, ""}, {"f", r | tr, inval, ""},
		{"n", r, missing, ""}, {"n", w, missing, ""}, {"n", w | c, nil, "!"}, {"n", a | c | x, nil, "!"},
		{"n", r | c, nil, ""}, {"x/n", w | c, missing, ""}, {"f/n", w | c, inval, ""},
		{"d", r, nil, ""}, {"d", w, inval, ""}, {"d", a, inval, ""}, {"d", r | c, inval, ""}, {".", w | c | tr, inval, ""},
		{"/f", r, fs.ErrInvalid, ""}, {"", w | c, fs.ErrInvalid, ""}, {"d/../f", r, fs.ErrInvalid, ""},
	} {
		playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
			ok(t, d.Mkdir("d", 0o700))
			ok(t, d.WriteFile("f", []byte("old"), 0o600))
			f, err := d.OpenFile(c.name, c.flag, 0o640)
			if c.want != nil {
				wantErr(t, err, "open", c.name, c.want)
				wantNames(t, d, "d/", "f")
				return
			}
			ok(t, err)
			if c.flag&(w|a) != 0 {
				must[int](t)(f.Write([]byte("!")))
				wantData(t, d, c.name, c.then)
			}
			mode := map[string]fs.FileMode{"f": 0o600, "n": 0o640, "d": fs.ModeDir | 0o700}[c.name]
			if got := must[fs.FileInfo](t)(d.Stat(c.name)).Mode(); got != mode {
				t.Errorf("the mode of %s is %v, want %v", c.name, got, mode)
			}
		})
	}
}

func TestDiskNames(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		inval := event.IOInvalidInput.Err()
		ok(t, d.MkdirAll("a/b/c", 0o755))
		ok(t, d.MkdirAll("a/b", 0o755))
		ok(t, d.Mkdir("e", 0o755))
		ok(t, d.WriteFile("a/b/f", []byte("f"), 0o644))
		ok(t, d.WriteFile("a/g", []byte("g"), 0o644))
		ok(t, d.WriteFile("a.txt", nil, 0o644))
		wantNames(t, d, "a/", "a/b/", "a/b/c/", "a/b/f", "a/g", "a.txt", "e/")

		wantErr(t, d.Mkdir("a", 0), "mkdir", "a", fs.ErrExist)
		wantErr(t, d.Mkdir("x/y", 0), "mkdir", "x/y", fs.ErrNotExist)
		wantErr(t, d.Mkdir("a/g/y", 0), "mkdir", "a/g/y", inval)
		wantErr(t, d.MkdirAll("a/g", 0), "mkdir", "a/g", inval)
		wantErr(t, d.MkdirAll("a/g/x/y", 0), "mkdir", "a/g/x/y", inval)
		wantErr(t, d.Remove("a"), "remove", "a", fs.ErrExist)
		wantErr(t, d.Remove("."), "remove", ".", inval)
		wantErr(t, d.Remove("x"), "remove", "x", fs.ErrNotExist)
		wantErr(t, d.Rename("x", "y"), "rename", "x", fs.ErrNotExist)
		wantErr(t, d.Rename(".", "y"), "rename", ".", inval)
		wantErr(t, d.Rename("a", "."), "rename", "a", inval)
		wantErr(t, d.Rename("a", "a/b/x"), "rename", "a", inval)
		wantErr(t, d.Rename("a", "a.txt"), "rename", "a", inval)
		wantErr(t, d.Rename("a.txt", "a"), "rename", "a.txt", inval)
		wantErr(t, d.Rename("e", "a"), "rename", "e", fs.ErrExist)
		wantErr(t, d.Rename("e", "x/y"), "rename", "e", fs.ErrNotExist)
		wantErr(t, d.Rename("e", "a//b"), "rename", "a//b", fs.ErrInvalid)
		_, err := d.Stat("x")
		wantErr(t, err, "stat", "x", fs.ErrNotExist)
		_, err = d.ReadDir("a/g")
		wantErr(t, err, "readdir", "a/g", inval)
		_, err = d.ReadDir("x")
		wantErr(t, err, "readdir", "x", fs.ErrNotExist)
		_, err = d.ReadFile("a")
		wantErr(t, err, "read", "a", inval)
		wantErr(t, d.SyncDir("x"), "sync", "x", fs.ErrNotExist)
		wantErr(t, d.SyncDir("a/g"), "sync", "a/g", inval)
		wantNames(t, d, "a/", "a/b/", "a/b/c/", "a/b/f", "a/g", "a.txt", "e/")

		ok(t, d.Rename("a/g", "a/g"))
		ok(t, d.Rename("a/g", "a/b/f"))
		ok(t, d.Rename("a", "e"))
		wantNames(t, d, "a.txt", "e/", "e/b/", "e/b/c/", "e/b/f")
		wantData(t, d, "e/b/f", "g")
		ok(t, d.Rename("e", "ee"))
		ok(t, d.Rename("ee", "e"))
		ok(t, d.Remove("e/b/c"))
		ok(t, d.Remove("a.txt"))
		wantNames(t, d, "e/", "e/b/", "e/b/f")
	})
}

func TestDiskRemovedFileStaysOpen(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		ok(t, d.Remove("f"))
		must[int](t)(f.Write([]byte("abc")))
		b := make([]byte, 3)
		if n, err := f.ReadAt(b, 0); string(b[:n]) != "abc" || err != nil {
			t.Errorf("ReadAt of a removed file = %q, %v", b[:n], err)
		}
		ok(t, d.Mkdir("d", 0))
		dir := must[*simdisk.File](t)(d.Open("d"))
		ok(t, d.Remove("d"))
		if list := must[[]fs.DirEntry](t)(dir.ReadDir(0)); len(list) != 0 {
			t.Errorf("a removed directory holds %v", list)
		}
		wantNames(t, d)
	})
}

func TestDiskFS(t *testing.T) {
	for _, latency := range []time.Duration{0, time.Millisecond} {
		playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
			ok(t, fstest.TestFS(d.FS()))
			d.SetLatency(latency)
			ok(t, d.MkdirAll("a/b/empty", 0o755))
			ok(t, d.WriteFile("a/b/f", []byte(strings.Repeat("0123456789", 100)), 0o644))
			ok(t, d.WriteFile("a.b", []byte("x"), 0o644))
			ok(t, d.WriteFile("z", nil, 0o644))
			ok(t, fstest.TestFS(d.FS(), "a", "a/b", "a/b/empty", "a/b/f", "a.b", "z"))
			if f, err := d.FS().Open("missing"); f != nil || err == nil {
				t.Errorf("Open of a missing file = %v, %v", f, err)
			}
			d.CrashSynced()
			ok(t, fstest.TestFS(d.FS()))
		})
	}
}

func TestDiskEvents(t *testing.T) {
	trace := playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		must[int](t)(f.Write(make([]byte, 2000)))
		ok(t, f.Sync())
		must[int](t)(f.ReadAt(make([]byte, 7), 0))
		ok(t, f.Close())
		_, err := d.Open("g")
		wantErr(t, err, "open", "g", fs.ErrNotExist)
		wantErr(t, d.Remove("/"), "remove", "/", fs.ErrInvalid)
		ok(t, d.SyncDir("."))
		d.Crash() // nothing to decide
		ok(t, d.Remove("f"))
		d.Crash()
	})
	want := []string{
		"IoResult token=1 bytes=0", "IoResult token=2 bytes=2000", "IoResult token=2 bytes=0",
		"IoResult token=2 bytes=7", "IoError token=1 kind=not found", "IoError token=1 kind=invalid input",
		"IoResult token=1 bytes=0", "IoResult token=1 bytes=0", "RngValue",
	}
	if got := ioEvents(trace); !slices.Equal(got, want) {
		t.Errorf("events:\n got %q\nwant %q", got, want)
	}
}

func TestDiskFail(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		b := make([]byte, 1)
		for i, op := range []func() error{
			func() error { _, err := f.Write([]byte("abc")); return err },
			func() error { _, err := f.WriteAt([]byte("abc"), 0); return err },
			func() error { _, err := f.Read(b); return err },
			func() error { _, err := f.ReadAt(b, 0); return err },
			func() error { return f.Truncate(1) },
			f.Sync,
			func() error { return d.SyncDir(".") },
		} {
			d.Fail(event.IOTimedOut)
			ok(t, d.Mkdir(fmt.Sprint(i), 0)) // not a data operation
			if err := op(); event.IOErrorKindOf(err) != event.IOTimedOut {
				t.Errorf("operation %d = %v, want the injected error", i, err)
			}
			if info := must[fs.FileInfo](t)(f.Stat()); info.Size() != 0 {
				t.Errorf("operation %d failed and left %d bytes", i, info.Size())
			}
		}
		must[int](t)(f.Write([]byte("abc")))
		d.Fail(event.IOOther)
		wantErr(t, f.Sync(), "sync", "f", event.ErrOther)
		ok(t, d.SyncDir("."))
		d.CrashSynced()
		wantData(t, d, "f", "")
		d.Fail(0)
		_, err := d.ReadFile("f")
		wantErr(t, err, "read", "f", event.ErrOther)
	})
}

func TestDiskLatency(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		d.SetLatency(time.Second)
		f := must[*simdisk.File](t)(d.Create("f"))
		must[int](t)(f.Write([]byte("abc")))
		if info := must[fs.FileInfo](t)(f.Stat()); !info.ModTime().Equal(time.Date(2000, 1, 1, 0, 0, 2, 0, time.UTC)) {
			t.Errorf("written at %v", info.ModTime())
		}
		must[int64](t)(f.Seek(0, 0))
		ok(t, f.Close())
		if s.Elapsed() != 3*time.Second {
			t.Errorf("three operations of a second took %v", s.Elapsed())
		}
	})
}

// TestDiskCrashMeanwhile: what has begun when the disk crashes has no effect afterwards.
func TestDiskCrashMeanwhile(t *testing.T) {
	playDisk(t, func(s *simsched.Sim, d *simdisk.Disk) {
		f := must[*simdisk.File](t)(d.Create("f"))
		ok(t, d.SyncDir("."))
		d.SetLatency(time.Second)
		for _, op := range []func() error{
			func() error { return d.WriteFile("g", nil, 0) },
			func() error { return d.Rename("f", "g") },
			func() error { _, err := f.Write([]byte("abc")); return err },
		} {
			s.Go("user", func() error {
				if err := op(); !errors.Is(err, fs.ErrClosed) {
					t.Errorf("an operation during a crash = %v", err)
				}
				return nil
			})
		}
		s.Sleep(time.Millisecond)
		d.Crash()
		s.Sleep(time.Minute)
		wantNames(t, d, "f")
		wantData(t, d, "f", "")
	})
}

// TestDiskUnwinding: deferred calls of a task that is unwound leave the disk alone.
func TestDiskUnwinding(t *testing.T) {
	var f *simdisk.File
	closed := false
	err := simsched.Run(simsched.Config{}, func(s *simsched.Sim) error {
		d := simdisk.New(s, "d")
		f = must[*simdisk.File](t)(d.Create("f"))
		s.Go("stuck", func() error {
			defer func() { closed = f.Close() == nil }()
			defer func() { _, _ = f.Write([]byte("abc")) }()
			s.Park()
			return nil
		})
		return nil
	})
	if !errors.Is(err, simsched.ErrLeak) || !closed {
		t.Errorf("Run = %v, closed: %v", err, closed)
	}
	defer func() {
		if v := fmt.Sprint(recover()); !strings.Contains(v, "File.Write called outside the run") {
			t.Errorf("Write after the run panics with %q", v)
		}
	}()
	_, _ = f.Write(nil)
}

// TestDiskSharedFile: each operation is a scheduling point and atomic, so appends of tasks never overlap.
func TestDiskSharedFile(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(20) {
		play(t, simsched.Config{Seed: seed}, func(s *simsched.Sim) error {
			d := simdisk.New(s, "d")
			err := s.InRegion("writers", func(*simsched.Region) error {
				for _, word := range []string{"aa", "bb"} {
					s.Go(word, func() error {
						f, err := d.OpenFile("f", simdisk.OpenAppend|simdisk.OpenCreate, 0)
						for range 3 {
							must[int](t)(io.WriteString(f, word))
						}
						return err
					})
				}
				return nil
			})
			got, _ := d.ReadFile("f")
			if bytes.Count(got, []byte("aa")) != 3 || len(got) != 12 {
				t.Errorf("seed %d: %q", seed, got)
			}
			orders[string(got)] = true
			return err
		})
	}
	if len(orders) < 5 {
		t.Errorf("20 seeds gave %d orders of appends: %v", len(orders), orders)
	}
}

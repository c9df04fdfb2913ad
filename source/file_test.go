package source_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forms maps each form to a function that writes it.
var forms = map[source.Form]func(io.Writer, *event.Trace) error{
	source.Reprise: writeReprise,
	source.Msgpack: func(w io.Writer, tr *event.Trace) error { return tr.WriteMsgpack(w) },
	source.JSONL:   func(w io.Writer, tr *event.Trace) error { return tr.WriteJSONL(w) },
}

func writeReprise(w io.Writer, tr *event.Trace) error {
	x, err := tracefile.NewWriter(w, tr.Metadata, tracefile.Config{ChunkEvents: 1000})
	if err != nil {
		return err
	}
	for _, e := range tr.All() {
		if err := x.Append(e); err != nil {
			return err
		}
	}
	return x.Close()
}

// write makes a file.
func write(t testing.TB, form source.Form, tr *event.Trace) string {
	t.Helper()
	var b bytes.Buffer
	if err := forms[form](&b, tr); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trace"+string(form))
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// opener opens a file of a form that holds a trace.
func opener(form source.Form, cfg source.Config) func(testing.TB, *event.Trace) source.Seeker {
	return func(t testing.TB, tr *event.Trace) source.Seeker { return open(t, write(t, form, tr), cfg) }
}

func open(t testing.TB, path string, cfg source.Config) *source.File {
	t.Helper()
	f, err := source.Open(path, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// TestStreams reads each form from a stream of single bytes.
func TestStreams(t *testing.T) {
	tr := numbered(250)
	for form, writeForm := range forms {
		var b bytes.Buffer
		if err := writeForm(&b, tr); err != nil {
			t.Fatal(err)
		}
		f, err := source.NewReader(iotest.OneByteReader(&b), source.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if f.Form() != form || f.Metadata() != tr.Metadata {
			t.Errorf("%s: read as %s with %+v", form, f.Form(), f.Metadata())
		}
		for i := range tr.Len() {
			wantNext(t, f, tr, i)
		}
		if _, err := f.Next(); err != io.EOF {
			t.Errorf("%s: the stream ends with %v, want io.EOF", form, err)
		}
		if _, seeks := source.Source(f).(source.Seeker); seeks {
			t.Errorf("%s: a stream says that it can be sought", form)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestErrorsNameTheFile opens and reads damaged files.
func TestErrorsNameTheFile(t *testing.T) {
	tr := numbered(250)
	for form := range forms {
		path := write(t, form, tr)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 9, len(b) / 2, len(b) - 2} {
			if err := os.WriteFile(path, b[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if err := readAll(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s cut after %d bytes gives the error %v, want one that names the file", form, n, err)
			}
		}
	}
	if _, err := source.Open(t.TempDir(), source.Config{}); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder gives %v", err)
	}
	if _, err := source.Open(filepath.Join(t.TempDir(), "missing"), source.Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}

// readAll reads a file to its end and returns nil for io.EOF.
func readAll(path string) error {
	f, err := source.Open(path, source.Config{})
	if err != nil {
		return err
	}
	for err == nil {
		_, err = f.Next()
	}
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// TestFailingReader reads a stream that fails and expects its error unchanged.
func TestFailingReader(t *testing.T) {
	boom := errors.New("boom")
	if _, err := source.NewReader(iotest.ErrReader(boom), source.Config{}); !errors.Is(err, boom) {
		t.Errorf("the error is %v, want boom", err)
	}
}

// TestNotes writes what a trace file and annotated JSON lines hold besides events, and reads it back.
func TestNotes(t *testing.T) {
	region, task := event.NewRegionID(3, 1), event.NewTaskID(7, 2)
	for _, form := range []source.Form{source.Reprise, source.JSONL} {
		path := filepath.Join(t.TempDir(), "trace"+string(form))
		cfg := tracefile.Config{Identity: tracefile.Identity{"test": "TestNotes", "omitted": "RngValue"}, First: 40,
			Time: 1000}
		writeNotes(t, form, path, cfg, func(w notesWriter) {
			w.NameRegion(region, "pool")
			w.Site("pool.go:5")
			_ = w.Append(event.RootRegionCreated(region, 3)) // Close returns the error
			w.NameTask(task, "worker")
			w.Note(tracefile.Note{Act: tracefile.ActStart, Task: task, Reason: "pool.New"})
			_ = w.Append(event.TaskSpawned(task, region, 3))
			w.Note(tracefile.Note{Act: tracefile.ActLeft, Task: task})
			w.SetEnd(tracefile.End{Reason: "failed", Message: "boom"})
		})
		f := open(t, path, source.Config{})
		if f.First() != 40 || f.FirstTime() != 1000 || f.Pos() != 40 || f.Identity()["test"] != "TestNotes" {
			t.Errorf("%s begins at event %d, %d ns, of %v", form, f.First(), f.FirstTime(), f.Identity())
		}
		if f.Omitted() != event.NewKindSet(event.KindRngValue) {
			t.Errorf("%s omits %v, want RngValue", form, f.Omitted())
		}
		if e, err := f.Next(); err != nil || e.Region() != region || f.Site() != "pool.go:5" ||
			f.RegionName(region) != "pool" {
			t.Errorf("%s: the first event is %v, %v at %q in %q", form, e, err, f.Site(), f.RegionName(region))
		}
		if e, err := f.Next(); err != nil || e.Task() != task || f.Site() != "" || f.TaskName(task) != "worker" {
			t.Errorf("%s: the second event is %v, %v at %q by %q", form, e, err, f.Site(), f.TaskName(task))
		}
		wantNote(t, &f.Stream, tracefile.ActStart)
		if _, err := f.Next(); err != io.EOF {
			t.Errorf("%s: %v after the last event", form, err)
		}
		wantNote(t, &f.Stream, tracefile.ActLeft)
		if end, known := f.End(); !known || end != (tracefile.End{Reason: "failed", Message: "boom"}) {
			t.Errorf("%s: the end is %v, %v", form, end, known)
		}
		if err := f.Seek(39); !errors.Is(err, source.ErrSeek) || f.Pos() != 42 {
			t.Errorf("%s: seeking before the first event gives %v at %d, want ErrSeek at 42", form, err, f.Pos())
		}
		if err := source.Rewind(f); err != nil || f.Pos() != 40 {
			t.Errorf("%s: rewinding gives %v at %d, want 40", form, err, f.Pos())
		}
	}
}

// wantNote checks that there is one note where f is.
func wantNote(t *testing.T, f *source.Stream, act tracefile.Act) {
	t.Helper()
	if notes, err := f.Notes(); err != nil || len(notes) != 1 || notes[0].Act != act {
		t.Errorf("the notes are %+v, %v, want one that says %q", notes, err, act)
	}
}

// TestStopped checks the reasons for which a recording ends early.
func TestStopped(t *testing.T) {
	for reason, want := range map[string]string{
		tracefile.EndFinished: "", tracefile.EndFailed: "", "": "",
		tracefile.EndLimit:    "the recording stopped at a limit",
		tracefile.EndRotated:  "the recording goes on in another file",
		tracefile.EndSnapshot: "the recording was saved while the run went on",
	} {
		path := filepath.Join(t.TempDir(), "trace.reprise")
		writeNotes(t, source.Reprise, path, tracefile.Config{},
			func(w notesWriter) { w.SetEnd(tracefile.End{Reason: reason}) })
		if got := open(t, path, source.Config{}).Stopped(); got != want {
			t.Errorf("a file that ends because of %q was stopped because %q, want %q", reason, got, want)
		}
	}
}

type notesWriter interface {
	Append(event.Event) error
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
	Site(string)
	Note(tracefile.Note)
	SetEnd(tracefile.End)
	Close() error
}

// writeNotes makes a file of a form that has notes.
func writeNotes(t *testing.T, form source.Form, path string, cfg tracefile.Config, fill func(notesWriter)) {
	t.Helper()
	var b bytes.Buffer
	var w notesWriter
	var err error
	if form == source.Reprise {
		w, err = tracefile.NewWriter(&b, event.NewMetadata(1), cfg)
	} else {
		w, err = tracefile.NewJSONLWriter(&b, event.NewMetadata(1), cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	fill(w)
	if err := errors.Join(w.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestSeekTime looks for times in all forms, and compares with a search from the beginning.
func TestSeekTime(t *testing.T) {
	tr := event.NewTrace(event.NewMetadata(1))
	for i := range uint64(500) {
		tr.Append(event.RngValue(i))
		if i%3 == 0 {
			tr.Append(event.TimeAdvanced(i*10, (i+3)*10))
		}
	}
	for form := range forms {
		f := open(t, write(t, form, tr), source.Config{})
		for _, nanos := range []uint64{0, 1, 30, 31, 2999, 3000, 4990, 5010, 5011, 1 << 60} {
			want, now := 0, uint64(0)
			for want < tr.Len() {
				if e := tr.At(want); e.Kind() == event.KindTimeAdvanced {
					now = e.ToNanos()
				}
				if now >= nanos {
					break
				}
				want++
			}
			if err := f.SeekTime(nanos); err != nil || f.Pos() != uint64(want) {
				t.Errorf("%s: SeekTime(%d) gives %v at event %d, want event %d", form, nanos, err, f.Pos(), want)
			}
		}
	}
}

// TestProgress reads files of all forms and checks the calls of Progress.
func TestProgress(t *testing.T) {
	tr := numbered(50_000)
	for form := range forms {
		path := write(t, form, tr)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		var calls int
		var last int64
		f := open(t, path, source.Config{Progress: func(read, size int64) {
			if read < last || read > size || size != info.Size() {
				t.Errorf("%s: %d of %d bytes read after %d", form, read, size, last)
			}
			last = read
			calls++
		}})
		for err == nil {
			_, err = f.Next()
		}
		if err != io.EOF || calls < 5 || last < info.Size()/2 {
			t.Errorf("%s: %d calls up to %d of %d bytes, then %v", form, calls, last, info.Size(), err)
		}
	}
}

// TestLen checks what is known of the length before the end.
func TestLen(t *testing.T) {
	tr := numbered(250)
	for form, known := range map[source.Form]bool{source.Reprise: true, source.Msgpack: true, source.JSONL: false} {
		if n, ok := open(t, write(t, form, tr), source.Config{}).Len(); ok != known || known && n != 250 {
			t.Errorf("%s: the length is %d, %v", form, n, ok)
		}
	}
}

// TestConstantMemory checks that the allocations for a stream do not grow with its length.
func TestConstantMemory(t *testing.T) {
	for form, writeForm := range forms {
		allocated := func(n int) float64 {
			var b bytes.Buffer
			if err := writeForm(&b, numbered(n)); err != nil {
				t.Fatal(err)
			}
			return testing.AllocsPerRun(1, func() {
				f, err := source.NewReader(bytes.NewReader(b.Bytes()), source.Config{})
				for err == nil {
					_, err = f.Next()
				}
				if err != io.EOF {
					t.Error(err)
				}
			})
		}
		if short, long := allocated(20_000), allocated(100_000); long > short+1000 {
			t.Errorf("%s: reading 80,000 more events takes %v more allocations", form, long-short)
		}
	}
}

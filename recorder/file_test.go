package recorder_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// create returns a file and a Recorder that records into it.
func create(t *testing.T, cfg recorder.Config) (string, *recorder.Recorder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.reprise")
	w, err := tracefile.Create(path, event.NewMetadata(5), tracefile.Config{Identity: cfg.Identity})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Sink = w
	t.Cleanup(func() { _ = w.Close() }) // twice is allowed
	return path, newRecorder(t, cfg)
}

// closeSink closes the file that a test made, and the next one.
func closeSink(t *testing.T, r *recorder.Recorder, path string) {
	t.Helper()
	if err := errors.Join(r.RotateFile(path+".next"), r.Close()); err != nil {
		t.Fatal(err)
	}
}

// file is what is in a trace file.
type file struct {
	First    uint64
	Time     uint64
	Identity tracefile.Identity
	Events   []event.Event
	Names    []string // of the tasks and regions that an event of the file brings into use
	Sites    []string
	End      tracefile.End
}

func readFile(t *testing.T, path string) (f file) {
	t.Helper()
	r, err := tracefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f = file{First: r.First(), Time: r.FirstTime(), Identity: r.Identity()}
	for e, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		f.Events = append(f.Events, e)
		f.Sites = append(f.Sites, r.Site())
		switch e.Kind() {
		case event.KindTaskSpawned:
			f.Names = append(f.Names, r.TaskName(e.Task()))
		case event.KindRegionCreated:
			f.Names = append(f.Names, r.RegionName(e.Region()))
		}
	}
	f.End, _ = r.End()
	return f
}

func TestRunIntoFile(t *testing.T) {
	path, r := create(t, recorder.Config{Identity: tracefile.Identity{"test": "TestRunIntoFile"}})
	if err := r.Run(simsched.Config{Seed: 5}, busy); err != nil {
		t.Fatal(err)
	}
	closeSink(t, r, path)
	whole, err := recorder.Run(simsched.Config{Seed: 5}, busy)
	if err != nil {
		t.Fatal(err)
	}
	got := readFile(t, path)
	want := file{
		Identity: tracefile.Identity{"test": "TestRunIntoFile"},
		Events:   whole.Slice(0, whole.Len()),
		Names:    []string{"root", "main", "pool", "worker-0", "worker-1", "worker-2"},
		Sites:    make([]string, whole.Len()),
		End:      tracefile.End{Reason: tracefile.EndRotated},
	}
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Errorf("another file than expected (-want +got):\n%s", diff)
	}
}

// TestFileKnowsHowTheRunEnded closes the file as a user does.
func TestFileKnowsHowTheRunEnded(t *testing.T) {
	for _, c := range []struct {
		cfg  recorder.Config
		err  error
		want tracefile.End
	}{
		{recorder.Config{}, nil, tracefile.End{Reason: tracefile.EndFinished}},
		{recorder.Config{}, errors.New("boom\nand more"), tracefile.End{Reason: tracefile.EndFailed, Message: "boom"}},
		{recorder.Config{MaxEvents: 3}, errBoom, tracefile.End{Reason: tracefile.EndLimit, Message: "the limit on events"}},
	} {
		path := filepath.Join(t.TempDir(), "run.reprise")
		w, err := tracefile.Create(path, event.NewMetadata(5), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		c.cfg.Sink = w
		if err := newRecorder(t, c.cfg).Run(simsched.Config{Seed: 5}, small(c.err)); err != c.err {
			t.Errorf("the run ended with %v, want %v", err, c.err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, path).End; got != c.want {
			t.Errorf("the file ends with %+v, want %+v", got, c.want)
		}
	}
}

// TestSites looks at the lines of this file that the events come from.
func TestSites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.reprise")
	r := newRecorder(t, recorder.Config{Sites: true})
	err := r.Run(simsched.Config{Seed: 5}, func(s *simsched.Sim) error {
		s.Yield()
		s.Rand("x").Uint64()
		s.Sleep(time.Second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(path, tracefile.End{}); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("file_test.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(source), "\n")
	got := readFile(t, path)
	var seen []string
	for i, e := range got.Events {
		base, number, _ := strings.Cut(got.Sites[i], ":")
		if base != "recorder/file_test.go" {
			continue
		}
		n := 0
		for _, digit := range number {
			n = 10*n + int(digit-'0')
		}
		seen = append(seen, e.Kind().String()+" at "+strings.TrimSpace(lines[n-1]))
	}
	want := []string{
		"TaskYielded at s.Yield()", "TaskScheduled at s.Yield()", "RngValue at s.Rand(\"x\").Uint64()",
		"TaskScheduled at s.Sleep(time.Second)", "TimerCreated at s.Sleep(time.Second)",
		"TaskScheduled at s.Sleep(time.Second)", "TaskCompleted at s.Sleep(time.Second)",
		"RegionClosed at s.Sleep(time.Second)",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("other lines than expected (-want +got):\n%s", diff)
	}
}

// TestRotateFile cuts a run into files. Together they hold all of it, and each knows the names that it needs.
func TestRotateFile(t *testing.T) {
	path, r := create(t, recorder.Config{Identity: tracefile.Identity{"test": "x"}})
	paths := []string{path}
	rotate := func() {
		next := path + "." + strings.Repeat("i", len(paths))
		if err := r.RotateFile(next); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, next)
	}
	whole := recorder.New(event.NewMetadata(5))
	err := r.Run(simsched.Config{Seed: 5, Observer: whole}, func(s *simsched.Sim) error {
		return s.InRegion("pool", func(region *simsched.Region) error {
			region.Go("early", func() error { s.Sleep(time.Minute); return nil })
			region.Go("gone", func() error { return nil })
			s.Sleep(time.Second)
			rotate()
			region.Go("late", func() error { return nil })
			s.Sleep(time.Second)
			rotate()
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for i, p := range paths[:3] {
		f := readFile(t, p)
		if f.First != uint64(len(events)) || f.Time != uint64(i)*uint64(time.Second) || f.Identity["test"] != "x" {
			t.Errorf("file %d begins at event %d, %d ns, of %v; want event %d, %d s", i, f.First, f.Time, f.Identity,
				len(events), i)
		}
		events = append(events, f.Events...)
	}
	if diff := cmp.Diff(whole.Trace().Slice(0, whole.Trace().Len()), events, byValue); diff != "" {
		t.Errorf("the files together hold other events than the run had (-run +files):\n%s", diff)
	}
	last, err := tracefile.Open(paths[2])
	if err != nil {
		t.Fatal(err)
	}
	defer last.Close()
	if _, err := last.Next(); err != nil {
		t.Fatal(err)
	}
	second, err := tracefile.Open(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	for {
		if _, err := second.Next(); err != nil {
			break // the file was read before
		}
	}
	if got := second.TaskName(event.NewTaskID(2, 1)); got != "late" {
		t.Errorf("the task of the second file is called %q, want late", got)
	}
	names := map[int]string{0: "main", 1: "early", 2: ""} // arena index 2 has had two tasks by then, both gone
	for i, want := range names {
		if got := last.TaskName(event.NewTaskID(uint32(i), 0)); got != want {
			t.Errorf("task %d is called %q in the last file, want %q", i, got, want)
		}
	}
}

// TestLastFileIsWhole rotates once in a run: both files say how they end.
func TestLastFileIsWhole(t *testing.T) {
	path, r := create(t, recorder.Config{})
	err := r.Run(simsched.Config{Seed: 5}, func(s *simsched.Sim) error {
		s.Yield()
		if err := r.RotateFile(path + ".2"); err != nil {
			t.Error(err)
		}
		s.Yield()
		return errBoom
	})
	if err != errBoom {
		t.Fatalf("the run ended with %v, want boom", err)
	}
	first, second := readFile(t, path), readFile(t, path+".2")
	if first.End.Reason != tracefile.EndRotated || second.End.Reason != tracefile.EndFailed ||
		second.First != uint64(len(first.Events)) {
		t.Errorf("the files end with %+v and %+v; the second begins at event %d of %d", first.End, second.End, second.First,
			len(first.Events))
	}
	if last := second.Events[len(second.Events)-1].Kind(); last != event.KindRegionClosed {
		t.Errorf("the last event is %v, want that of the run", last)
	}
}

// TestCloseWithoutRotation: a file of the caller stays open.
func TestCloseWithoutRotation(t *testing.T) {
	_, r := create(t, recorder.Config{})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	record(t, r, values(0, 2))
}

// TestFailureFileOfAStoppedRecording: a file that ends at a limit does not say that the run failed there.
func TestFailureFileOfAStoppedRecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failed.reprise")
	r := newRecorder(t, recorder.Config{MaxEvents: 4, FailureFile: path})
	if err := r.Run(simsched.Config{Seed: 5}, small(errBoom)); err != errBoom {
		t.Fatalf("the run ended with %v, want boom", err)
	}
	if end := readFile(t, path).End; end != (tracefile.End{Reason: tracefile.EndLimit, Message: "the limit on events"}) {
		t.Errorf("the file ends with %+v", end)
	}
}

// TestFailureFile keeps the last events of a run, and finds them in a file when it fails, with the names they need.
func TestFailureFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "failed.reprise")
	cfg := recorder.Config{AtLimit: recorder.DropOldest, MaxEvents: 8, FailureFile: path,
		Omit: event.NewKindSet(event.KindRngValue)}
	body := func(end error) func(*simsched.Sim) error {
		return func(s *simsched.Sim) error {
			return s.InRegion("pool", func(region *simsched.Region) error {
				worker := region.Go("worker", func() error { s.Sleep(time.Hour); return nil })
				for range 50 {
					s.Sleep(time.Second)
				}
				_ = worker
				return end
			})
		}
	}
	if err := newRecorder(t, cfg).Run(simsched.Config{Seed: 5}, body(nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a run that passes leaves a file: %v", err)
	}
	r := newRecorder(t, cfg)
	if err := r.Run(simsched.Config{Seed: 5}, body(errBoom)); !errors.Is(err, errBoom) {
		t.Fatalf("the run ended with %v, want boom", err)
	}
	part := r.Snapshot()
	got := readFile(t, path)
	want := file{
		First: part.First, Time: part.Time, Identity: tracefile.Identity{"omitted": "RngValue"},
		Events: part.Trace.Slice(0, 8), Sites: make([]string, 8),
		End: tracefile.End{Reason: tracefile.EndFailed, Message: "boom"},
	}
	if diff := cmp.Diff(want, got, byValue); diff != "" {
		t.Errorf("another file than expected (-want +got):\n%s", diff)
	}
	f, err := tracefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Next(); err != nil {
		t.Fatal(err)
	}
	if a, b := f.TaskName(event.NewTaskID(1, 0)), f.RegionName(event.NewRegionID(1, 0)); a != "worker" || b != "pool" {
		t.Errorf("the names are %q and %q, want worker and pool", a, b)
	}
}

// TestNamesAreForgotten: a ring that drops the end of a task drops its name.
func TestNamesAreForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.reprise")
	r := newRecorder(t, recorder.Config{AtLimit: recorder.DropOldest, MaxEvents: 20})
	err := r.Run(simsched.Config{Seed: 5}, func(s *simsched.Sim) error {
		for range 1000 {
			_ = s.Go(strings.Repeat("n", 1000), func() error { return nil }).Join()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(path, tracefile.End{}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 2000 || bytes.Count(b, []byte("n")) > 1500 {
		t.Errorf("the file has %d bytes: the names of tasks that are gone are still there", len(b))
	}
}

// TestFileSize ends a recording by the size of its file, always with the same bytes.
func TestFileSize(t *testing.T) {
	var files [2][]byte
	for i := range files {
		path, r := create(t, recorder.Config{MaxFileSize: 30_000})
		err := r.Run(simsched.Config{Seed: 5, MaxSteps: 1e6}, func(s *simsched.Sim) error {
			for range 100_000 {
				s.Rand("x").Uint64() // does not compress
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if r.Stopped() != "the limit on file size" {
			t.Errorf("stopped because of %q, want the limit on file size", r.Stopped())
		}
		closeSink(t, r, path)
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(files[0]); n < 30_000 || n > 200_000 {
		t.Errorf("the file has %d bytes; the limit was 30,000 and a chunk", n)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same run with the same limit gives other bytes")
	}
}

// TestRotateFileCountsAnew: the limit on events is one for each file.
func TestRotateFileCountsAnew(t *testing.T) {
	path, r := create(t, recorder.Config{MaxEvents: 3, AtLimit: recorder.Fail})
	record(t, r, values(0, 2))
	if err := r.RotateFile(path + ".2"); err != nil {
		t.Fatal(err)
	}
	record(t, r, values(2, 5))
	if err := r.Observe(event.RngValue(5)); !errors.Is(err, recorder.ErrLimit) {
		t.Errorf("the fourth event of the second file gives %v, want ErrLimit", err)
	}
}

// TestNamesStandAtTheirChunk writes a long run: a name comes with the chunk that needs it first.
func TestNamesStandAtTheirChunk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.reprise")
	r := newRecorder(t, recorder.Config{})
	err := r.Run(simsched.Config{Seed: 5}, func(s *simsched.Sim) error {
		for range 10_000 {
			s.Rand("x").Uint64()
		}
		s.Go("late", func() error { return nil })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(path, tracefile.End{}); err != nil {
		t.Fatal(err)
	}
	f, err := tracefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Next(); err != nil {
		t.Fatal(err)
	}
	for _, n := range f.Names() {
		if n.Name == "late" {
			t.Error("a name stands before the chunk that needs it")
		}
	}
}

// TestWriteFileErrors writes where that cannot be.
func TestWriteFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "run.reprise")
	r := newRecorder(t, recorder.Config{FailureFile: path})
	err := r.Run(simsched.Config{Seed: 5}, small(errBoom))
	if !errors.Is(err, errBoom) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the run ended with %v, want its own error and that of the file", err)
	}
	_, r = create(t, recorder.Config{})
	if err := r.RotateFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("RotateFile gives %v, want the error of the file", err)
	}
	if err := r.Observe(event.RngValue(1)); err == nil {
		t.Error("a Recorder without a file goes on")
	}
}

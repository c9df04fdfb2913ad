package recorder_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// newRecorder returns a Recorder with settings that are right.
func newRecorder(t rapid.TB, cfg recorder.Config) *recorder.Recorder {
	t.Helper()
	r, err := recorder.NewConfig(event.NewMetadata(5), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// byValue compares events with ==.
var byValue = cmp.Comparer(func(a, b event.Event) bool { return a == b })

// values are events that can be told apart.
func values(from, to int) (s []event.Event) {
	for i := from; i < to; i++ {
		s = append(s, event.RngValue(uint64(i)))
	}
	return s
}

// observeAll records events and returns the error of the first that fails, with its index.
func observeAll(r *recorder.Recorder, events []event.Event) (int, error) {
	for i, e := range events {
		if err := r.Observe(e); err != nil {
			return i, err
		}
	}
	return len(events), nil
}

func record(t rapid.TB, r *recorder.Recorder, events []event.Event) {
	t.Helper()
	if i, err := observeAll(r, events); err != nil {
		t.Fatalf("event %d was refused: %v", i, err)
	}
}

func wantPart(t rapid.TB, got recorder.Part, first, nanos uint64, events []event.Event) {
	t.Helper()
	if got.First != first || got.Time != nanos {
		t.Errorf("the part begins at event %d, %d ns; want event %d, %d ns", got.First, got.Time, first, nanos)
	}
	if diff := cmp.Diff(events, got.Trace.Slice(0, got.Trace.Len()), cmpopts.EquateEmpty(), byValue); diff != "" {
		t.Errorf("other events than expected (-want +got):\n%s", diff)
	}
}

func TestStopAtLimit(t *testing.T) {
	for name, cfg := range map[string]recorder.Config{
		"events": {MaxEvents: 3}, "memory": {MaxMemory: 3*32 + 31}, "both": {MaxEvents: 5, MaxMemory: 96},
	} {
		r := newRecorder(t, cfg)
		record(t, r, values(0, 3))
		if r.Stopped() != "" {
			t.Errorf("%s: stopped because of %s before the limit was reached", name, r.Stopped())
		}
		record(t, r, values(3, 10))
		want := map[string]string{"events": "the limit on events", "memory": "the limit on memory",
			"both": "the limit on memory"}[name]
		if r.Stopped() != want {
			t.Errorf("%s: stopped because of %q, want %q", name, r.Stopped(), want)
		}
		wantPart(t, r.Snapshot(), 0, 0, values(0, 3))
	}
}

func TestFailAtLimit(t *testing.T) {
	r := newRecorder(t, recorder.Config{MaxEvents: 4, AtLimit: recorder.Fail})
	i, err := observeAll(r, append(values(0, 3), event.TimeAdvanced(0, 70), event.RngValue(9)))
	var le *recorder.LimitError
	if i != 4 || !errors.Is(err, recorder.ErrLimit) || !errors.As(err, &le) {
		t.Fatalf("event %d failed with %v, want event 4 with a LimitError", i, err)
	}
	if want := (recorder.Limit{Name: "events", Value: 4, Events: 4, Time: 70}); le.Limit != want {
		t.Errorf("the limit is %+v, want %+v", le.Limit, want)
	}
	want := "recorder: the limit on events, 4, was reached after 4 events; raise it, or choose another action for it"
	if err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}

// TestFailEndsTheRun: the error of the limit is that of the run.
func TestFailEndsTheRun(t *testing.T) {
	r := newRecorder(t, recorder.Config{MaxEvents: 4, AtLimit: recorder.Fail})
	if err := r.Run(simsched.Config{Seed: 5}, small(nil)); !errors.Is(err, recorder.ErrLimit) {
		t.Errorf("the run ended with %v, want ErrLimit", err)
	}
}

// TestStopDoesNotEndTheRun: a run goes on when its recording has ended.
func TestStopDoesNotEndTheRun(t *testing.T) {
	r := newRecorder(t, recorder.Config{MaxEvents: 4})
	if err := r.Run(simsched.Config{Seed: 5}, small(errBoom)); err != errBoom {
		t.Errorf("the run ended with %v, want its own error", err)
	}
	if n := r.Snapshot().Trace.Len(); n != 4 {
		t.Errorf("%d events were recorded, want 4", n)
	}
}

// TestAsk answers in turn: extend twice, then keep the last ones.
func TestAsk(t *testing.T) {
	var asked []string
	answers := []recorder.Action{recorder.Extend, recorder.Extend, recorder.DropOldest}
	r := newRecorder(t, recorder.Config{MaxEvents: 2, AtLimit: recorder.Ask,
		OnLimit: func(l recorder.Limit) recorder.Action {
			asked = append(asked, fmt.Sprintf("%s %d after %d", l.Name, l.Value, l.Events))
			return answers[len(asked)-1]
		}})
	record(t, r, values(0, 20))
	if diff := cmp.Diff([]string{"events 2 after 2", "events 4 after 4", "events 8 after 8"}, asked); diff != "" {
		t.Errorf("other questions than expected (-want +got):\n%s", diff)
	}
	wantPart(t, r.Snapshot(), 12, 0, values(12, 20))
}

// TestDropAfterRotation turns a recording into a ring when a part of it has been taken.
func TestDropAfterRotation(t *testing.T) {
	r := newRecorder(t, recorder.Config{MaxEvents: 4, AtLimit: recorder.Ask,
		OnLimit: func(recorder.Limit) recorder.Action { return recorder.DropOldest }})
	record(t, r, append(values(0, 2), event.TimeAdvanced(0, 8)))
	r.Rotate()
	record(t, r, values(3, 7))
	record(t, r, values(7, 9))
	wantPart(t, r.Snapshot(), 5, 8, values(5, 9))
}

// TestRingGrows lets the ring turn before it is full.
func TestRingGrows(t *testing.T) {
	r := newRecorder(t, recorder.Config{AtLimit: recorder.DropOldest, MaxEvents: 10_000, KeepTime: time.Second})
	record(t, r, values(0, 700))
	record(t, r, []event.Event{event.TimeAdvanced(0, 1), event.TimeAdvanced(1, 2e9)})
	all := append(values(0, 700), event.TimeAdvanced(0, 1), event.TimeAdvanced(1, 2e9))
	record(t, r, values(702, 4000))
	wantPart(t, r.Snapshot(), 701, 1, append(all[701:], values(702, 4000)...))
}

// TestAnswersThatMakeNoSense: a run does not go on as if the limit had not been reached.
func TestAnswersThatMakeNoSense(t *testing.T) {
	for _, answer := range []recorder.Action{recorder.Fail, recorder.Ask, 99} {
		r := newRecorder(t, recorder.Config{MaxEvents: 2, AtLimit: recorder.Ask,
			OnLimit: func(recorder.Limit) recorder.Action { return answer }})
		if i, err := observeAll(r, values(0, 5)); i != 2 || !errors.Is(err, recorder.ErrLimit) {
			t.Errorf("the answer %d: event %d failed with %v, want event 2 with ErrLimit", answer, i, err)
		}
	}
	sink := sinkFunc(func(event.Event) error { return nil })
	drop := func(recorder.Limit) recorder.Action { return recorder.DropOldest }
	r := newRecorder(t, recorder.Config{MaxEvents: 2, Sink: sink, AtLimit: recorder.Ask, OnLimit: drop})
	if i, err := observeAll(r, values(0, 5)); i != 2 || !errors.Is(err, recorder.ErrLimit) {
		t.Errorf("a Sink cannot drop: event %d failed with %v, want event 2 with ErrLimit", i, err)
	}
}

type sinkFunc func(event.Event) error

func (f sinkFunc) Append(e event.Event) error { return f(e) }

// TestDropOldestAgainstRival keeps the last events of random runs, by number and by time, with snapshots and rotations
// on the way, and compares with a rival that keeps everything.
func TestDropOldestAgainstRival(t *testing.T) {
	dropped := false
	rapid.Check(t, func(t *rapid.T) {
		cfg := recorder.Config{AtLimit: recorder.DropOldest}
		limit := rapid.IntRange(1, 3000).Draw(t, "limit")
		cfg.MaxEvents = uint64(limit)
		if rapid.Bool().Draw(t, "by time too") {
			cfg.KeepTime = time.Duration(rapid.IntRange(1, 50).Draw(t, "keep"))
		}
		r := newRecorder(t, cfg)
		var all []event.Event
		from, now := 0, uint64(0)
		for range rapid.IntRange(0, 40).Draw(t, "rounds") {
			for range rapid.IntRange(0, 300).Draw(t, "events") {
				e := event.RngValue(uint64(len(all)))
				if rapid.IntRange(0, 9).Draw(t, "advance") == 0 {
					to := now + uint64(rapid.IntRange(1, 30).Draw(t, "by"))
					e, now = event.TimeAdvanced(now, to), to
				}
				all = append(all, e)
				record(t, r, []event.Event{e})
			}
			first := rivalFirst(all, from, limit, cfg.KeepTime)
			dropped = dropped || first > from
			got := r.Snapshot()
			if rapid.Bool().Draw(t, "rotate") {
				got, from = r.Rotate(), len(all)
			}
			wantPart(t, got, uint64(first), timeBefore(all, first), slices.Clone(all[first:]))
		}
	})
	if !dropped {
		t.Error("no event was ever dropped: the property says too little")
	}
}

// rivalFirst returns the index of the oldest event that must be kept.
func rivalFirst(all []event.Event, from, limit int, keep time.Duration) int {
	first := max(from, len(all)-limit)
	if keep == 0 {
		return first
	}
	oldest := timeBefore(all, len(all))
	oldest -= min(oldest, uint64(keep))
	for first < len(all) && timeBefore(all, first+1) < oldest {
		first++
	}
	return first
}

// timeBefore returns the virtual time before the event with index i.
func timeBefore(all []event.Event, i int) (now uint64) {
	for _, e := range all[:i] {
		if e.Kind() == event.KindTimeAdvanced {
			now = e.ToNanos()
		}
	}
	return now
}

func TestRotateCountsAnew(t *testing.T) {
	r := newRecorder(t, recorder.Config{MaxEvents: 3})
	record(t, r, append(values(0, 2), event.TimeAdvanced(0, 8)))
	wantPart(t, r.Rotate(), 0, 0, append(values(0, 2), event.TimeAdvanced(0, 8)))
	record(t, r, values(3, 9))
	wantPart(t, r.Rotate(), 3, 8, values(3, 6))
}

// TestRotateWithoutSettings: a Recorder without limits counts too.
func TestRotateWithoutSettings(t *testing.T) {
	r := recorder.New(event.NewMetadata(5))
	record(t, r, append(values(0, 2), event.TimeAdvanced(0, 8)))
	r.Rotate()
	record(t, r, values(3, 4))
	wantPart(t, r.Rotate(), 3, 8, values(3, 4))
	record(t, r, values(4, 5))
	wantPart(t, r.Snapshot(), 4, 8, values(4, 5))
}

func TestSnapshotIsACopy(t *testing.T) {
	r := newRecorder(t, recorder.Config{})
	record(t, r, values(0, 2))
	part := r.Snapshot()
	record(t, r, values(2, 4))
	wantPart(t, part, 0, 0, values(0, 2))
}

func TestOmit(t *testing.T) {
	omit := event.NewKindSet(event.KindRngValue, event.KindWakerWake)
	whole, err := recorder.Run(simsched.Config{Seed: 5}, busy)
	if err != nil {
		t.Fatal(err)
	}
	r := newRecorder(t, recorder.Config{Omit: omit})
	if err := r.Run(simsched.Config{Seed: 5}, busy); err != nil {
		t.Fatal(err)
	}
	var want []event.Event
	for _, e := range whole.All() {
		if !omit.Has(e.Kind()) {
			want = append(want, e)
		}
	}
	if len(want) == whole.Len() {
		t.Fatal("nothing was to be omitted: the test says too little")
	}
	wantPart(t, r.Snapshot(), 0, 0, want)
}

// busy has tasks, regions, timers, random values and wakes.
func busy(s *simsched.Sim) error {
	return s.InRegion("pool", func(region *simsched.Region) error {
		c := simsched.NewChan[int](s, "jobs", 1)
		for i := range 3 {
			region.Go(fmt.Sprintf("worker-%d", i), func() error {
				for range 4 {
					s.Sleep(time.Duration(1 + s.Rand("pause").Uint64N(1000)))
					c.Send(i)
					c.Recv()
				}
				return nil
			})
		}
		return nil
	})
}

func TestDisabledRecordsNothing(t *testing.T) {
	r := newRecorder(t, recorder.Config{Disabled: true, FailureFile: "must-not-appear"})
	if err := r.Run(simsched.Config{Seed: 5}, small(errBoom)); err != errBoom {
		t.Errorf("the run ended with %v, want its own error", err)
	}
	wantPart(t, r.Snapshot(), 0, 0, []event.Event{})
}

func TestConfigErrors(t *testing.T) {
	sink := sinkFunc(func(event.Event) error { return nil })
	ask := func(recorder.Limit) recorder.Action { return recorder.Stop }
	for _, c := range []struct {
		cfg  recorder.Config
		want string
	}{
		{recorder.Config{Sink: (*tracefile.Writer)(nil)}, "a nil *tracefile.Writer"},
		{recorder.Config{Omit: event.NewKindSet(event.KindTaskSpawned, event.KindRngValue)},
			"the kinds TaskSpawned are to be omitted; only RngValue,WakerWake,WakerBatchWake can be"},
		{recorder.Config{AtLimit: recorder.Extend}, "AtLimit is 4"},
		{recorder.Config{AtLimit: recorder.Ask}, "AtLimit Ask and OnLimit need each other"},
		{recorder.Config{OnLimit: ask}, "AtLimit Ask and OnLimit need each other"},
		{recorder.Config{Sink: sink, AtLimit: recorder.DropOldest, MaxEvents: 1}, "there is a Sink"},
		{recorder.Config{Sink: sink, MaxMemory: 1000}, "there is a Sink"},
		{recorder.Config{Sink: sink, FailureFile: "x"}, "FailureFile is for events in memory"},
		{recorder.Config{MaxMemory: 31}, "MaxMemory is 31 bytes; an event takes 32"},
		{recorder.Config{MaxFileSize: 1000}, "MaxFileSize is 1000"},
		{recorder.Config{Sink: sink, MaxFileSize: 1000}, "MaxFileSize is 1000"},
		{recorder.Config{MaxFileSize: math.MinInt64}, "MaxFileSize is -9223372036854775808"},
		{recorder.Config{KeepTime: time.Second}, "KeepTime is 1s"},
		{recorder.Config{KeepTime: -1, AtLimit: recorder.DropOldest}, "KeepTime is -1ns"},
		{recorder.Config{AtLimit: recorder.DropOldest}, "DropOldest needs MaxEvents, MaxMemory or KeepTime"},
	} {
		_, err := recorder.NewConfig(event.NewMetadata(1), c.cfg)
		if err == nil || !strings.HasPrefix(err.Error(), "recorder: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v gives the error %v, want one with %q", c.cfg, err, c.want)
		}
	}
}

// TestMisuse calls what a Recorder cannot do.
func TestMisuse(t *testing.T) {
	sink := newRecorder(t, recorder.Config{Sink: sinkFunc(func(event.Event) error { return nil })})
	ring := newRecorder(t, recorder.Config{MaxEvents: 3, AtLimit: recorder.DropOldest})
	for want, f := range map[string]func(){
		"recorder: Trace of":    func() { ring.Trace() },
		"recorder: Reset of":    func() { sink.Reset(event.NewMetadata(1)) },
		"recorder: Snapshot, R": func() { sink.Snapshot() },
		"recorder: RotateFile ": func() { _ = ring.RotateFile("x") },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.HasPrefix(p, want) {
					t.Errorf("the panic is %q, want %q...", p, want)
				}
			}()
			f()
		}()
	}
}

// TestSinkErrorEndsTheRun fails in every event in turn.
func TestSinkErrorEndsTheRun(t *testing.T) {
	whole, err := recorder.Run(simsched.Config{Seed: 5}, small(nil))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole.Len() {
		var got []event.Event
		r := newRecorder(t, recorder.Config{Sink: sinkFunc(func(e event.Event) error {
			if len(got) == n {
				return errBoom
			}
			got = append(got, e)
			return nil
		})})
		if err := r.Run(simsched.Config{Seed: 5}, small(nil)); !errors.Is(err, errBoom) {
			t.Errorf("the Sink refused event %d, the run ended with %v, want boom", n, err)
		}
		if !slices.Equal(got, whole.Slice(0, n)) {
			t.Errorf("the Sink refused event %d, it had got %v", n, got)
		}
	}
}

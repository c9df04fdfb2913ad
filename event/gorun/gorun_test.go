package gorun_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/tracecheck"
)

// tape is a sink that stores the events.
type tape struct {
	events []event.Event
	sites  map[int]string // by index of the event
}

func (t *tape) Append(e event.Event) error { t.events = append(t.events, e); return nil }

func (t *tape) Site(text string) { t.sites[len(t.events)] = text }

// run drives a Writer and records what a Reader must return, with slow bookkeeping of its own.
type run struct {
	t      *rapid.T
	out    *tape
	w      *gorun.Writer
	want   []gorun.Choice
	ready  []event.TaskID
	now    int64
	told   int64 // the time of the last TimeAdvanced
	prev   uint32
	live   []uint32
	starts uint32
}

func (r *run) spawn() {
	r.starts++
	r.w.Spawn(r.starts, "a.go:1")
	r.live = append(r.live, r.starts)
	r.ready = append(r.ready, gorun.Task(r.starts))
}

func (r *run) wake(g uint32) {
	if !slices.Contains(r.ready, gorun.Task(g)) {
		r.ready = append(r.ready, gorun.Task(g))
	}
}

// turn stops the running goroutine in a way that rapid draws, and chooses the next one.
func (r *run) turn() {
	why := gorun.Why(rapid.IntRange(int(gorun.Blocked), int(gorun.Ended)).Draw(r.t, "why"))
	leap := uint64(rapid.SampledFrom([]uint32{0, 0, 1, 5e6, math.MaxUint32}).Draw(r.t, "leap"))
	if r.prev == 0 || why == gorun.Ended && len(r.live) == 1 {
		why = gorun.Blocked
	}
	switch why {
	case gorun.Blocked:
		r.w.Block(r.prev, "b.go:2")
	case gorun.Yielded:
		r.w.Yield(r.prev, "b.go:3")
		r.wake(r.prev)
	case gorun.Preempted:
		r.w.Preempt(r.prev, leap, "b.go:4")
		r.wake(r.prev)
	case gorun.Ended:
		r.w.Complete(r.prev, event.OutcomeOK)
		r.live = slices.DeleteFunc(r.live, func(g uint32) bool { return g == r.prev })
		r.ready = slices.DeleteFunc(r.ready, func(id event.TaskID) bool { return id == gorun.Task(r.prev) })
	}
	g := rapid.SampledFrom(r.live).Draw(r.t, "next")
	points := rapid.Uint32Range(0, 3).Draw(r.t, "points")
	r.now += int64(leap) + 1000
	r.w.Decide(g, why, points, leap, r.now)
	if r.now-r.told > 1e6 {
		r.told = r.now
	}
	r.ready = slices.DeleteFunc(r.ready, func(id event.TaskID) bool { return id == gorun.Task(g) })
	r.want = append(r.want, gorun.Choice{G: g, Prev: r.prev, Why: why, Points: points, Leap: leap, Time: r.told})
	r.prev = g
}

func (r *run) start() {
	r.w.Start(r.now)
	r.told, r.want = r.now, nil
}

func (r *run) letIn() {
	g := rapid.SampledFrom(r.live).Draw(r.t, "let in")
	r.w.LetIn(g, r.now)
	r.told = r.now
	r.wake(g)
	r.want = append(r.want, gorun.Choice{LetIn: true, G: g, Time: r.told})
}

// drawRun draws a run. Before main.main starts, only the first goroutine stops.
func drawRun(t *rapid.T) *run {
	r := &run{t: t, out: &tape{sites: map[int]string{}}}
	r.w = gorun.NewWriter(r.out, rapid.Uint64().Draw(t, "seed"))
	r.spawn()
	r.turn()
	r.start()
	for _, op := range rapid.SliceOfN(rapid.IntRange(0, 5), 1, 40).Draw(t, "program") {
		switch op {
		case 0:
			r.spawn()
		case 1:
			r.letIn()
		case 2:
			g := rapid.SampledFrom(r.live).Draw(t, "woken")
			r.w.Wake(g)
			r.wake(g)
		default:
			r.turn()
		}
	}
	return r
}

// read reads the choices of events, and the tasks that are ready at their end.
func read(events []event.Event) (list []gorun.Choice, ready []event.TaskID, err error) {
	var r gorun.Reader
	for _, e := range events {
		c, ok, err := r.Read(e)
		if err != nil {
			return nil, nil, err
		}
		if gorun.MeaningOf(e) == gorun.Start {
			list = nil
		}
		if ok {
			list = append(list, c)
		}
		ready = gorun.Ready(ready, e)
	}
	return list, ready, nil
}

// TestRoundTrip checks that choices are read back as they were written, and that the events obey the laws of the
// schema.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRun(t)
		got, ready, err := read(r.out.events)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, r.want) {
			t.Fatalf("the choices\n%+v, want\n%+v", got, r.want)
		}
		if !slices.Equal(ready, r.ready) {
			t.Fatalf("ready are %v, want %v", ready, r.ready)
		}
		r.w.Close(r.prev, event.OutcomeErr)
		md := event.NewMetadata(r.out.events[0].Value())
		checker := tracecheck.New(md)
		for i, e := range r.out.events {
			if err := checker.Event(e); err != nil {
				t.Fatalf("event %d, %v: %v", i, e, err)
			}
		}
	})
}

// TestSites checks that a decision comes from the line at which its task stopped before.
func TestSites(t *testing.T) {
	out := &tape{sites: map[int]string{}}
	w := gorun.NewWriter(out, 1)
	w.Spawn(1, "main.go:1")
	w.Decide(1, gorun.Blocked, 0, 0, 0)
	w.Spawn(2, "main.go:5")
	w.Block(1, "main.go:6")
	w.Decide(2, gorun.Blocked, 0, 0, 1)
	w.Preempt(2, 0, "main.go:9")
	w.Decide(1, gorun.Preempted, 0, 0, 2)
	w.Decide(2, gorun.Blocked, 0, 0, 3)
	var got []string
	for i, e := range out.events {
		if e.Kind() == event.KindTaskScheduled {
			got = append(got, out.sites[i])
		}
	}
	if want := []string{"", "", "main.go:6", "main.go:9"}; !slices.Equal(got, want) {
		t.Errorf("decisions come from %q, want %q", got, want)
	}
}

// TestClose checks that the region stays open while goroutines are left, and that no goroutine ends twice.
func TestClose(t *testing.T) {
	out := &tape{sites: map[int]string{}}
	w := gorun.NewWriter(out, 1)
	w.Spawn(1, "")
	w.Spawn(2, "")
	w.Complete(2, event.OutcomeOK)
	w.Complete(2, event.OutcomeErr)
	w.Complete(7, event.OutcomeErr)
	w.Complete(0, event.OutcomeErr)
	n := len(out.events)
	w.Close(0, event.OutcomeOK)
	if n != 5 || len(out.events) != n {
		t.Errorf("%v", out.events)
	}
	w.Close(1, event.OutcomePanicked)
	want := []event.Event{
		event.TaskCompleted(gorun.Task(1), event.OutcomePanicked), event.RegionClosed(gorun.Region, event.OutcomePanicked),
	}
	if !slices.Equal(out.events[n:], want) {
		t.Errorf("%v, want %v", out.events[n:], want)
	}
}

// TestNumbers checks that Task and Goroutine are inverses.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := rapid.Uint32Min(1).Draw(t, "goroutine")
		id := gorun.Task(g)
		if gorun.Goroutine(id) != g || id.Index() != g-1 || id.Generation() != 0 {
			t.Errorf("goroutine %d is task %v, and that is goroutine %d", g, id, gorun.Goroutine(id))
		}
	})
}

// TestMeanings checks what every kind of event means.
func TestMeanings(t *testing.T) {
	task := gorun.Task(3)
	for _, c := range []struct {
		e    event.Event
		want gorun.Meaning
	}{
		{event.Event{}, gorun.Other},
		{event.Checkpoint(1, 0, 1, 1), gorun.Start},
		{event.TaskScheduled(task, 4), gorun.Decision},
		{event.ChaosInjectionInto(task, event.ChaosDelay, 0), gorun.Preemption},
		{event.ChaosInjection(event.ChaosDelay, 5), gorun.Leap},
		{event.IoReady(event.Token(task), event.Readable), gorun.LetIn},
		{event.IoResult(event.Token(task), 7), gorun.Read},
		{event.IoResult(event.Token(event.NewTaskID(2, 7)), 7), gorun.Other},
		{event.IoResult(event.Token(event.NewTaskID(2, 1<<31|7)), 2), gorun.Selects},
		{event.WakerWake(task), gorun.Other},
		{event.TaskYielded(task), gorun.Other},
	} {
		if got := gorun.MeaningOf(c.e); got != c.want {
			t.Errorf("%v means %q, want %q", c.e, got, c.want)
		}
	}
	if got := gorun.Admitted(event.IoReady(event.Token(task), event.Readable)); got != task {
		t.Errorf("let in is %v, want %v", got, task)
	}
	if got := gorun.Reading(event.IoResult(event.Token(task), 7)); got != task {
		t.Errorf("%v reads, want %v", got, task)
	}
	if got := gorun.Meaning(99).String(); got != "unknown meaning" {
		t.Error(got)
	}
}

// TestSecondStart checks that a second start of main.main is an error.
func TestSecondStart(t *testing.T) {
	start := event.Checkpoint(1, 0, 1, 1)
	if _, _, err := read([]event.Event{start, start}); !errors.Is(err, gorun.ErrStart) {
		t.Errorf("the error is %v, want ErrStart", err)
	}
}

// FuzzReader checks that any events in any order are read without a panic, and that no event makes two choices.
func FuzzReader(f *testing.F) {
	var list []byte
	task := gorun.Task(1)
	for _, e := range []event.Event{
		event.TaskScheduled(task, 9), event.TaskScheduled(task, 1), event.TaskYielded(task),
		event.IoReady(math.MaxUint64, 0),
		event.ChaosInjection(event.ChaosDelay, math.MaxUint64),
		event.TaskScheduled(event.TaskID(math.MaxUint64), math.MaxUint64),
		event.Checkpoint(1, 2, 3, 4), event.TimeAdvanced(0, math.MaxUint64),
		event.TaskCompleted(event.TaskID(math.MaxUint64), 0),
	} {
		list = e.AppendMsgpack(list)
	}
	f.Add(list)
	f.Fuzz(func(t *testing.T, data []byte) {
		var events []event.Event
		for d := event.NewDecoder(bytes.NewReader(data)); ; {
			e, err := d.Decode()
			if err != nil {
				break
			}
			events = append(events, e)
		}
		list, ready, err := read(events)
		if err != nil && !errors.Is(err, gorun.ErrStart) {
			t.Fatal(err)
		}
		if len(list) > len(events) || len(ready) > len(events) {
			t.Errorf("%d choices and %d ready of %d events", len(list), len(ready), len(events))
		}
		for _, c := range list {
			if !c.LetIn && (c.Why < gorun.Blocked || c.Why > gorun.Ended) {
				t.Errorf("the choice %+v", c)
			}
		}
	})
}

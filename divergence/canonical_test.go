package divergence_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
)

// letter is an event with the actors that it belongs to, as text: the rival's idea of dependence.
type letter struct {
	e       event.Event
	run     string
	barrier bool
}

// letters reads a run as the doc comment of CompareCanonical tells.
func letters(run events) []letter {
	var list []letter
	task := "scheduler"
	for _, e := range run {
		l := letter{e: divergence.Comparable(e)}
		switch e.Kind() {
		case event.KindTimeAdvanced, event.KindCheckpoint, event.KindRngSeed, event.KindWakerBatchWake:
			l.barrier = true
		case event.KindChaosInjection:
			_, ok := e.ChaosTask()
			l.barrier = !ok
		case event.KindTaskScheduled:
			task = e.Task().String()
		}
		if l.barrier {
			task = "scheduler"
		}
		l.run = task
		list = append(list, l)
	}
	return list
}

// owners are what a letter belongs to.
func (l letter) owners() []string {
	list := []string{l.run}
	if l.e.Kind() == event.KindRngValue {
		list = append(list, "randomness")
	}
	for f, v := range l.e.Fields() {
		if !v.Present() {
			continue
		}
		switch f.Type {
		case event.TypeTask, event.TypeOptionalTask, event.TypeRegion, event.TypeOptionalRegion:
			list = append(list, v.String())
		case event.TypeTimer:
			list = append(list, "timer "+v.String())
		case event.TypeToken:
			list = append(list, "token "+v.String())
		}
	}
	return list
}

func dependent(a, b letter) bool {
	return a.barrier || b.barrier ||
		slices.ContainsFunc(a.owners(), func(o string) bool { return slices.Contains(b.owners(), o) })
}

// equivalent is the quadratic definition: two words are equal up to the order of independent letters if and only if
// their projections onto each pair of dependent letters are equal (Diekert and Rozenberg, The Book of Traces).
func equivalent(a, b []letter) bool {
	if len(a) != len(b) {
		return false
	}
	var alphabet []letter
	for _, l := range slices.Concat(a, b) {
		if !slices.Contains(alphabet, l) {
			alphabet = append(alphabet, l)
		}
	}
	for i, x := range alphabet {
		for _, y := range alphabet[:i+1] {
			onto := func(w []letter) []letter {
				return slices.DeleteFunc(slices.Clone(w), func(l letter) bool { return l != x && l != y })
			}
			if dependent(x, y) && !slices.Equal(onto(a), onto(b)) {
				return false
			}
		}
	}
	return true
}

// anyStep draws what one task does in a row, or a barrier.
var anyStep = rapid.Custom(func(t *rapid.T) events {
	task := event.NewTaskID(rapid.Uint32Range(0, 3).Draw(t, "task"), 0)
	if rapid.IntRange(0, 11).Draw(t, "barrier") == 0 {
		return rapid.SampledFrom([]events{
			{event.TimeAdvanced(0, 1), event.TimerFired(1)}, {event.Checkpoint(1, 2, 3, 4)}, {event.WakerBatchWake(1)},
		}).Draw(t, "of")
	}
	step := events{event.TaskScheduled(task, rapid.Uint64Range(0, 9).Draw(t, "tick"))}
	n := uint64(rapid.IntRange(0, 2).Draw(t, "n"))
	other := event.NewTaskID(uint32(n), 0)
	region := event.NewRegionID(uint32(n), 0)
	for range rapid.IntRange(0, 2).Draw(t, "events") {
		step = append(step, rapid.SampledFrom([]event.Event{
			event.TaskYielded(task), event.RngValue(n), event.WakerWake(other), event.TimerCreated(event.TimerID(n), n),
			event.IoResult(event.Token(n), int64(n)), event.RegionCreated(region, r0, 0), event.TaskSpawned(other, region, 0),
			event.ChaosInjectionInto(other, event.ChaosDelay, n), event.TimerCancelled(event.TimerID(n)),
			event.RootRegionCreated(region, 3), event.RegionClosed(region, event.OutcomeOK), event.IoReady(event.Token(n), 1),
			event.RegionCancelled(region, event.CancelUser), event.TaskCompleted(other, event.OutcomeErr),
		}).Draw(t, "event"))
	}
	return step
})

// commuted swaps neighbouring steps that are independent, and sometimes, to be caught, ones that are not.
func commuted(t *rapid.T, steps []events) []events {
	steps = slices.Clone(steps)
	for range rapid.IntRange(0, 12).Draw(t, "swaps") {
		if len(steps) < 2 {
			break
		}
		i := rapid.IntRange(1, len(steps)-1).Draw(t, "at")
		free := true
		for _, x := range letters(steps[i-1]) {
			for _, y := range letters(steps[i]) {
				free = free && !dependent(x, y)
			}
		}
		if free || rapid.IntRange(0, 9).Draw(t, "force") == 0 {
			steps[i-1], steps[i] = steps[i], steps[i-1]
		}
	}
	return steps
}

func canonical(t rapid.TB, a, b events) *divergence.Canonical {
	t.Helper()
	d, err := divergence.CompareCanonical(cursor(a...), cursor(b...))
	if err != nil {
		t.Fatalf("CompareCanonical fails with %v", err)
	}
	return d
}

func TestCanonicalAgainstRival(t *testing.T) {
	var same, other, reordered int
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(anyStep, 0, 12).Draw(t, "steps")
		a, b := slices.Concat(steps...), slices.Concat(commuted(t, steps)...)
		if rapid.IntRange(0, 4).Draw(t, "alter") == 0 && len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "place")] = anyEvent.Draw(t, "other")
		}
		want, got := equivalent(letters(a), letters(b)), canonical(t, a, b)
		if want != (got == nil) {
			t.Fatalf("the definition says equivalent: %v; CompareCanonical says %v", want, got)
		}
		back := canonical(t, b, a)
		if (got == nil) != (back == nil) {
			t.Fatal("swapping the runs gives another answer")
		}
		switch {
		case got == nil && !slices.Equal(a, b):
			reordered++
		case got == nil:
			same++
		default:
			other++
			if got.Layer != back.Layer || got.Segment != back.Segment ||
				cmp.Diff(got.ExpectedOnly, back.ActualOnly, byValue) != "" {
				t.Fatalf("swapping the runs gives more than swapped sides:\n%s\n%s", report.OfCanonical(got).Text(),
					report.OfCanonical(back).Text())
			}
			wantPlaced(t, got.ExpectedOnly, a)
			wantPlaced(t, got.ActualOnly, b)
		}
	})
	if same == 0 || other == 0 || reordered == 0 {
		t.Errorf("%d equal, %d equivalent, %d different runs were drawn: the property says too little", same, reordered,
			other)
	}
}

// TestCanonicalOfEveryPair swaps any two things that two tasks can do: the runs are equivalent if and only if the two
// are independent by the definition.
func TestCanonicalOfEveryPair(t *testing.T) {
	var letters1 events
	for k := range event.Kinds() {
		if k == event.KindTaskScheduled {
			continue
		}
		for n := 1; n <= 2; n++ {
			letters1 = append(letters1, filled(k, n))
		}
	}
	spare, region := event.NewTaskID(8, 0), event.NewRegionID(0, 1) // filled has the region 1, which is this one
	letters1 = append(letters1, event.TaskSpawned(spare, region, 0), event.TaskSpawned(event.NewTaskID(9, 0), region, 0),
		event.RegionCreated(r2, region, 0), event.RootRegionCreated(region, 0), event.ChaosInjection(event.ChaosDelay,
			1), event.RegionClosed(r1, 0))
	independent := 0
	for _, x := range letters1 {
		for _, y := range letters1 {
			a, b := events{event.TaskScheduled(t1, 0), x}, events{event.TaskScheduled(t2, 0), y}
			there, back := slices.Concat(a, b), slices.Concat(b, a)
			want := equivalent(letters(there), letters(back))
			if want {
				independent++
			}
			if got := canonical(t, there, back); (got == nil) != want {
				t.Errorf("%v of one task and %v of another: equivalent %v, want %v", x, y, got == nil, want)
			}
		}
	}
	if n := len(letters1); independent < n || independent > n*n-n {
		t.Errorf("%d of %d pairs are independent: the test says too little", independent, n*n)
	}
}

// wantPlaced checks that events stand where they are said to stand.
func wantPlaced(t rapid.TB, list []divergence.Placed, run events) {
	t.Helper()
	for _, p := range list {
		if p.Index >= uint64(len(run)) || run[p.Index] != p.Event {
			t.Fatalf("event %d is said to be %v", p.Index, p.Event)
		}
	}
}

func TestCanonicalGoldens(t *testing.T) {
	yields := func(tasks ...event.TaskID) (s events) {
		for _, task := range tasks {
			s = append(s, event.TaskScheduled(task, uint64(len(s))), event.TaskYielded(task))
		}
		return s
	}
	draw := func(v uint64) events { return events{event.RngValue(v)} }
	advance := events{event.TimeAdvanced(0, 5)}
	var text string
	for _, c := range []struct {
		name             string
		expected, actual events
	}{
		{"independent tasks", yields(t0, t1, t2), yields(t2, t0, t1)},
		{"seeds alone", events{event.RngSeed(1)}, events{event.RngSeed(2)}},
		{"draws in another order", slices.Concat(yields(t0), draw(1), yields(t1), draw(2)),
			slices.Concat(yields(t1), draw(2), yields(t0), draw(1))},
		{"across a barrier", slices.Concat(yields(t0), advance, yields(t1)), slices.Concat(yields(t1), advance, yields(t0))},
		{"an event less", yields(t0, t1, t1), yields(t1, t0)},
		{"another barrier", slices.Concat(yields(t0), advance), slices.Concat(yields(t0), events{event.TimeAdvanced(0, 6)})},
		{"timers of one instant", slices.Concat(advance, events{event.TimerFired(1), event.TimerFired(2)}),
			slices.Concat(advance, events{event.TimerFired(2), event.TimerFired(1)})},
		{"the end", slices.Concat(yields(t0), advance), yields(t0)},
		{"many", yields(slices.Repeat([]event.TaskID{t0, t1}, 6)...), yields(slices.Repeat([]event.TaskID{t2}, 12)...)},
		{"wide", wide(0), wide(20)},
	} {
		answer := "equivalent\n"
		if d := canonical(t, c.expected, c.actual); d != nil {
			answer = report.OfCanonical(d).Text()
		}
		text += fmt.Sprintf("== %s\n%s\n", c.name, answer)
	}
	golden.Check(t, "canonical.golden", text)
}

// wide is a layer of many tasks.
func wide(from uint32) (run events) {
	for i := range uint32(15) {
		run = append(run, event.TaskScheduled(event.NewTaskID(from+i, 0), 1))
	}
	return run
}

func TestCanonicalNotes(t *testing.T) {
	a := traceOf(event.NewMetadata(1), event.RngValue(1))
	b := traceOf(event.NewMetadata(2), event.RngValue(2))
	d, err := divergence.CompareCanonical(cursorOf(a), cursorOf(b))
	if err != nil || !slices.Equal(d.Notes, []string{"the seeds differ: 1 and 2"}) {
		t.Errorf("the notes are %q, %v", d.Notes, err)
	}
}

func TestCanonicalOfFailingSources(t *testing.T) {
	run := slices.Concat(opening, opening)
	for n := range len(run) + 1 {
		for _, swap := range []bool{false, true} {
			a, b := cursor(run...), cursor(run...)
			var err error
			if failing := (&sourcetest.Failing{Source: a, Calls: n}); swap {
				_, err = divergence.CompareCanonical(b, failing)
			} else {
				_, err = divergence.CompareCanonical(failing, b)
			}
			if err == nil {
				t.Fatalf("a source whose call %d fails gives no error", n)
			}
		}
	}
	same := cursor(run...)
	if _, err := divergence.CompareCanonical(same, same); err == nil {
		t.Error("one source for both runs gives no error")
	}
	if _, err := divergence.CompareCanonical(lateSource{Source: cursor(run...)}, cursor(run...)); err == nil {
		t.Error("a run without its first events gives no error")
	}
}

// TestCanonicalOfManyActors has more tasks between two barriers than any table starts with.
func TestCanonicalOfManyActors(t *testing.T) {
	zero, others := events{event.TaskScheduled(t0, 0)}, events{}
	for i := range uint32(500) {
		others = append(others, event.TaskScheduled(event.NewTaskID(i+1, 0), 0))
	}
	around, behind := slices.Concat(zero, others, zero), slices.Concat(others, zero, zero)
	if d := canonical(t, around, behind); d != nil {
		t.Errorf("the order of independent tasks counts:\n%s", report.OfCanonical(d).Text())
	}
	if d := canonical(t, slices.Concat(around, zero), behind); d == nil || d.Layer != 3 {
		t.Errorf("the third step of a task is not missed in layer 3: %+v", d)
	}
}

package tracecheck

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// feedPartial hands the events from start on to a partial checker and returns what it said, nil if it found nothing.
// What it may know of the events before is known to it or not.
func feedPartial(d drawn, start int, told bool) *Error {
	s := Start{First: uint64(start)}
	if told {
		s.Timed, s.Time = true, timeAfter(d.events[:start])
	}
	c := NewPartial(d.md, s)
	var broken *Error
	for _, e := range d.events[start:] {
		if errors.As(c.Event(e), &broken) {
			return broken
		}
	}
	errors.As(c.End(), &broken)
	return broken
}

// TestEverySuffixOfALawfulTracePasses checks the property that a partial check accepts every suffix of a lawful trace.
func TestEverySuffixOfALawfulTracePasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		md, events := lawfulTrace(t)
		told := rapid.Bool().Draw(t, "time told")
		for start := range len(events) + 1 {
			if err := feedPartial(drawn{md, events}, start, told); err != nil {
				list(t, events)
				t.Fatalf("from event %d on: %v", start, err)
			}
		}
	})
}

// TestPartialIsNeverHarder checks the property that a partial check never fails before the check of the whole trace,
// if the part it does not see is lawful. If both fail at the same event, the partial check does not report a lower law.
func TestPartialIsNeverHarder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := traces().Draw(t, "trace")
		index, law := rivalCheck(d.md, d.events)
		for start := range len(d.events) + 1 {
			if index >= 0 && start > index {
				break // the beginning is not lawful
			}
			err := feedPartial(d, start, rapid.Bool().Draw(t, "time told"))
			switch {
			case err == nil:
			case index < 0 || err.Index < index:
				list(t, d.events)
				t.Fatalf("from event %d on: %v; the whole trace breaks law %d at event %d", start, err, law, index)
			case err.Index == index && err.Law < law:
				list(t, d.events)
				t.Fatalf("from event %d on: %v; in the whole trace that is law %d", start, err, law)
			}
		}
	})
}

// TestPartialFindsWhatItCanSee checks on traces that are the same in every run that a partial check which starts in the
// first third finds most of what the whole check finds later, law by law.
func TestPartialFindsWhatItCanSee(t *testing.T) {
	const total = 10_000
	var broken, found [9]int
	for i := range total {
		d := traces().Example(i)
		index, law := rivalCheck(d.md, d.events)
		start := len(d.events) / 3
		if index < start {
			continue
		}
		broken[law]++
		if err := feedPartial(d, start, false); err != nil && err.Index == index {
			found[law]++
		}
	}
	t.Logf("broken after the start, by law from 1: %v; found by the partial check: %v", broken[1:], found[1:])
	least := [9]float64{1: 0.9, 2: 0.4, 3: 0.6, 4: 0.2, 5: 0.8, 6: 0.6, 7: 0.6, 8: 0.4}
	for law := 1; law <= 8; law++ {
		if broken[law] < 20 || float64(found[law]) < least[law]*float64(broken[law]) {
			t.Errorf("law %d is broken %d times and found %d times", law, broken[law], found[law])
		}
	}
}

// TestPartialLaws shows what each law finds in a part of a run, and what it passes over. The first event is number 10.
func TestPartialLaws(t *testing.T) {
	t1g1, t1g2 := event.NewTaskID(1, 1), event.NewTaskID(1, 2)
	point := func(n, now uint64, tasks, regions uint32) event.Event {
		return event.Checkpoint(n, now, tasks, regions)
	}
	cases := []lawCase{
		{"1 a seed", []event.Event{event.RngSeed(42)},
			"law 1, event 10 (RngSeed seed=42): the seed belongs at event 0"},
		{"2 learnt tasks and regions", []event.Event{event.TaskYielded(t1), child(r2, r1), spawn(t2, r2), closed(r0),
			done(t2)}, ""},
		{"2 an index that is held", []event.Event{child(r2, r1), event.TaskYielded(t1), spawn(t1g1, r2)},
			"law 2, event 12 (TaskSpawned task=T1g1 region=R2 at_tick=0): index 1 is held by task T1, spawned before the first event here"},
		{"2 a generation never used", []event.Event{event.TaskYielded(t1), event.TaskYielded(t1g1)},
			"law 2, event 11 (TaskYielded task=T1g1): task T1g1 was not spawned before"},
		{"5 all are known", []event.Event{event.TaskYielded(t1), point(7, 0, 1, 0), event.TaskYielded(t2)},
			"law 5, event 12 (TaskYielded task=T2): task T2 completed before the first event here, or was never spawned: all that are live have been named"},
		{"6 a region of which nothing is left", []event.Event{event.TaskYielded(t1), point(7, 0, 1, 0), closed(r1)},
			"law 6, event 12 (RegionClosed region=R1 outcome=ok): region R1 closed before the first event here, or was never created: all that are live have been named"},
		{"2 the first region comes after its task", []event.Event{spawn(t0, r0), root(r0), done(t0), closed(r0)}, ""},
		{"2 the first region was there", []event.Event{spawn(t0, r0), child(r1, r0), closed(r1), closed(r0)},
			"law 6, event 13 (RegionClosed region=R0 outcome=ok): task T0, spawned at event 10, has not completed"},
		{"2 no region by the end", []event.Event{spawn(t0, r0)}, ""},
		{"3 any first time", []event.Event{event.TimeAdvanced(70, 80), event.TimeAdvanced(81, 82)},
			"law 3, event 11 (TimeAdvanced from_nanos=81ns to_nanos=82ns): the time so far is 80ns since event 10"},
		{"3 backwards at once", []event.Event{event.TimeAdvanced(70, 70)},
			"law 3, event 10 (TimeAdvanced from_nanos=70ns to_nanos=70ns): to_nanos is not after from_nanos"},
		{"3 after a checkpoint", []event.Event{point(7, 50, 0, 0), event.TimeAdvanced(70, 71)},
			"law 3, event 11 (TimeAdvanced from_nanos=70ns to_nanos=71ns): the time so far is 50ns since event 10"},
		{"4 fired twice", []event.Event{event.TimerFired(3), event.TimerFired(3)},
			"law 4, event 11 (TimerFired timer_id=3): the timer fired at event 10"},
		{"4 created after it fired", []event.Event{event.TimerFired(3), event.TimerCreated(3, 0)},
			"law 4, event 11 (TimerCreated timer_id=3 deadline_nanos=0s): the timer fired at event 10"},
		{"4 too early", []event.Event{event.TimeAdvanced(5, 6), event.TimerCreated(3, 9), event.TimerFired(3)},
			"law 4, event 12 (TimerFired timer_id=3): the timer, created at event 11, is due at 9ns, the time is 6ns"},
		{"4 the time is not known", []event.Event{event.TimerCreated(3, 9), event.TimerFired(3)}, ""},
		{"5 completed", []event.Event{done(t1), event.TaskScheduled(t1, 9)},
			"law 5, event 11 (TaskScheduled task=T1 at_tick=9): task T1 completed at event 10"},
		{"5 an older generation", []event.Event{event.TaskYielded(t1g1), event.TaskYielded(t1)},
			"law 5, event 11 (TaskYielded task=T1): task T1 completed before T1g1 was spawned before the first event here"},
		{"5 a wake tells of no life", []event.Event{event.WakerWake(t1), child(r2, r1), spawn(t1g1, r2), event.WakerWake(t1)},
			""},
		{"5 a wake, then life", []event.Event{event.WakerWake(t1), event.TaskYielded(t1), done(t1), event.TaskYielded(t1)},
			"law 5, event 13 (TaskYielded task=T1): task T1 completed at event 12"},
		{"5 woken under two generations", []event.Event{event.WakerWake(t1), event.WakerWake(t1g2), event.TaskYielded(t1g1)},
			"law 5, event 12 (TaskYielded task=T1g1): task T1g1 completed before T1g2 was spawned before the first event here"},
		{"5 older than one that was woken", []event.Event{event.WakerWake(t1g2), event.TaskYielded(t1g1)},
			"law 5, event 11 (TaskYielded task=T1g1): task T1g1 completed before T1g2 was spawned before the first event here"},
		{"6 a task that began here", []event.Event{event.TaskYielded(t1), spawn(t2, r1), closed(r1)},
			"law 6, event 12 (RegionClosed region=R1 outcome=ok): task T2, spawned at event 11, has not completed"},
		{"7 ticks", []event.Event{event.TaskScheduled(t1, 9), event.TaskScheduled(t1, 8)},
			"law 7, event 11 (TaskScheduled task=T1 at_tick=8): at_tick was 9 at event 10"},
		{"8 the sequence", []event.Event{point(7, 0, 0, 0), point(9, 0, 0, 0)},
			"law 8, event 11 (Checkpoint sequence=9 time_nanos=0s active_tasks=0 active_regions=0): the sequence was 7 at event 10"},
		{"8 fewer than are known", []event.Event{event.TaskYielded(t1), point(7, 0, 0, 0)},
			"law 8, event 11 (Checkpoint sequence=7 time_nanos=0s active_tasks=0 active_regions=0): the number of live tasks is at least 1"},
		{"8 the hidden ones count", []event.Event{point(7, 0, 5, 0), done(t1), point(8, 0, 5, 0)},
			"law 8, event 12 (Checkpoint sequence=8 time_nanos=0s active_tasks=5 active_regions=0): the number of live tasks is 4"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checker := NewPartial(event.NewMetadata(42), Start{First: 10})
			got := ""
			for _, e := range c.events {
				if err := checker.Event(e); err != nil {
					got = err.Error()
					break
				}
			}
			if want := c.want; want != "" && got != "tracecheck: "+want || want == "" && got != "" {
				t.Errorf("\ngot  %s\nwant tracecheck: %s", got, want)
			}
			if err := checker.End(); c.want == "" && err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTimersFarApart checks that timers are remembered when they no longer stand in the short memory.
func TestTimersFarApart(t *testing.T) {
	const many = 3 * mostTimers
	take := func(t *testing.T, c *Checker, e event.Event, want string) {
		t.Helper()
		got := ""
		if err := c.Event(e); err != nil {
			got = err.(*Error).Msg
		}
		if got != want {
			t.Fatalf("%v: got %q, want %q", e, got, want)
		}
	}
	start := func(t *testing.T, id func(n int) event.TimerID) *Checker {
		c := New(event.NewMetadata(0))
		for n := range many {
			take(t, c, event.TimerCreated(id(n), 0), "")
			if n%mostTimers != 5 {
				take(t, c, event.TimerFired(id(n)), "")
			}
		}
		return c
	}
	for name, id := range map[string]func(n int) event.TimerID{
		"ascending":  func(n int) event.TimerID { return event.TimerID(n) },
		"with gaps":  func(n int) event.TimerID { return event.TimerID(n * 3) },
		"descending": func(n int) event.TimerID { return math.MaxUint64 - event.TimerID(n) },
		"one place":  func(n int) event.TimerID { return event.TimerID(n) << 32 },
	} {
		t.Run(name, func(t *testing.T) {
			take(t, start(t, id), event.TimerFired(id(6)), "the timer fired or was cancelled long before")
			take(t, start(t, id), event.TimerCreated(id(6), 0), "the timer fired or was cancelled long before")
			c := start(t, id)
			take(t, c, event.TimerFired(id(5)), "")
			take(t, c, event.TimerFired(id(5)), fmt.Sprintf("the timer fired at event %d", 2*many-3))
			c = start(t, id)
			take(t, c, event.TimerFired(id(5)), "")
			take(t, c, event.TimerCancelled(id(5+mostTimers)), "")
			take(t, c, event.TimerCreated(id(many), 0), "")
		})
	}
}

// TestPartialRemembersOldTimers checks that a timer from before the first event fires once, however long ago that was.
func TestPartialRemembersOldTimers(t *testing.T) {
	c := NewPartial(event.NewMetadata(0), Start{First: 10})
	for n := range event.TimerID(2 * mostTimers) {
		if err := c.Event(event.TimerFired(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err, ok := c.Event(event.TimerCancelled(5)).(*Error); !ok || err.Law != 4 {
		t.Errorf("a timer that fired long ago is cancelled: %v", err)
	}
}

package props_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// window is that of all replays here under policy resync.
const window = 32

// policies draws a policy under which d, unchanged, must replay its own recording of n events. That is not so past the
// end where faults are injected: after the last event there can be a chance of one, and no event tells that none came.
func (d drawn) policies(t *rapid.T, n int) replayer.Config {
	cfg := replayer.Config{Policy: replayer.Policy(rapid.IntRange(0, 3).Draw(t, "policy"))}
	switch {
	case cfg.Policy == replayer.PastEnd && d.chaos != simsched.Chaos{}:
		cfg.Policy = replayer.Strict
	case cfg.Policy == replayer.Resync:
		cfg.Window = rapid.IntRange(1, window).Draw(t, "window")
	case cfg.Policy == replayer.Prefix:
		cfg.Index = uint64(n)
	}
	return cfg
}

// under replays tr under cfg and returns what the run emitted.
func (d drawn) under(cfg replayer.Config, tr *event.Trace) (*event.Trace, replayer.Result, error) {
	again := recorder.New(tr.Metadata)
	cfg.Sim = d.replayConfig()
	cfg.Sim.Observer = again
	result, err := replayer.Run(source.FromTrace(tr), cfg, d.program.body)
	return again.Trace(), result, err
}

func TestReplayEqualsRecordingUnderEveryPolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, runErr := d.record()
		cfg := d.policies(t, tr.Len())
		again, result, err := d.under(cfg, tr)
		if err != nil {
			t.Fatalf("%v: %v", cfg.Policy, err)
		}
		if diff := cmp.Diff(lines(tr), lines(again)); diff != "" {
			t.Fatalf("%v: the replay emitted other events (-recorded +replayed):\n%s", cfg.Policy, diff)
		}
		n := uint64(tr.Len())
		if fmt.Sprint(result.Err) != fmt.Sprint(runErr) || result.Events != n || result.Emitted != n || result.First != nil {
			t.Fatalf("%v: the replay ended with %+v, the recording of %d events with\n%v", cfg.Policy, result, n, runErr)
		}
		if resync := cfg.Policy == replayer.Resync; resync &&
			(result.Fidelity != 1 || result.Stats != divergence.Stats{Matched: n}) {
			t.Fatalf("%v: fidelity %v, %+v; want 1 and all matched", cfg.Policy, result.Fidelity, result.Stats)
		}
	})
}

// interactive opens a Replayer of tr whose events go to a new recorder each time the program is executed.
func (d drawn) interactive(t *rapid.T, cfg replayer.Config, tr *event.Trace) *replayer.Replayer {
	cfg.Sim = d.replayConfig()
	r, err := replayer.New(source.FromTrace(tr), cfg, d.program.body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// picture is all that can be asked of a Replayer that stands.
func picture(r *replayer.Replayer) string {
	s := r.State()
	chosen := s.Chosen
	s.Chosen = nil
	return fmt.Sprintf("%+v %+v", s, chosen)
}

func TestSteppingEqualsRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, runErr := d.record()
		r := d.interactive(t, d.policies(t, tr.Len()), tr)
		defer r.Close()
		for i, want := range tr.All() {
			if e, err := r.Step(); e != want || err != nil || r.Pos() != uint64(i+1) {
				t.Fatalf("step %d: %v, %v, Pos %d; recorded %v", i, e, err, r.Pos(), want)
			}
		}
		if _, err := r.Step(); err != io.EOF {
			t.Fatalf("after the last event Step says %v, want io.EOF", err)
		}
		result, err := r.Run()
		if err != nil || fmt.Sprint(result.Err) != fmt.Sprint(runErr) || result.Events != uint64(tr.Len()) {
			t.Fatalf("stepped to the end: %+v, %v; recorded %d events and %v", result, err, tr.Len(), runErr)
		}
	})
}

// TestWalk goes to and fro at random: wherever the Replayer stands at an index, everything it tells is the same.
func TestWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, runErr := d.record()
		r := d.interactive(t, d.policies(t, tr.Len()), tr)
		defer r.Close()
		seen := map[uint64]string{}
		look := func() {
			at := r.Pos()
			now := picture(r)
			if before, ok := seen[at]; ok && before != now {
				t.Fatalf("at %d:\n%s\nbefore it was\n%s", at, now, before)
			}
			seen[at] = now
		}
		for range rapid.IntRange(1, 12).Draw(t, "moves") {
			look()
			var err error
			at, n := r.Pos(), uint64(tr.Len())
			switch move := rapid.SampledFrom([]string{"step", "back", "seek", "to", "reset"}).Draw(t, "move"); {
			case move == "step" && at < n:
				var e event.Event
				if e, err = r.Step(); e != tr.At(int(at)) {
					t.Fatalf("step to %v, recorded %v", e, tr.At(int(at)))
				}
			case move == "back" && at > 0:
				if err = r.Back(1); r.Pos() != at-1 {
					t.Fatalf("stepped back from %d to %d", at, r.Pos())
				}
			case move == "seek":
				index := rapid.Uint64Range(0, n).Draw(t, "index")
				if err = r.Seek(index); r.Pos() != index {
					t.Fatalf("sought %d, at %d", index, r.Pos())
				}
			case move == "to" && at < n:
				index := rapid.Uint64Range(at, n-1).Draw(t, "index")
				var e event.Event
				if e, err = r.RunTo(replayer.AtIndex(index)); e != tr.At(int(index)) || r.Pos() != index+1 {
					t.Fatalf("ran to %d: %v at %d", index, e, r.Pos())
				}
			case move == "reset":
				if err = r.Reset(); r.Pos() != 0 {
					t.Fatalf("reset to %d", r.Pos())
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if result, err := r.Run(); err != nil || fmt.Sprint(result.Err) != fmt.Sprint(runErr) || r.Pos() != uint64(tr.Len()) {
			t.Fatalf("the rest ends with %+v, %v at %d; recorded %d events and %v", result, err, r.Pos(), tr.Len(), runErr)
		}
	})
}

// TestPrefixThenLive forks a run: the first events are those of the recording, the same seed gives the same rest, and
// what comes out is a run like any other, whose recording replays.
func TestPrefixThenLive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		n := rapid.IntRange(0, tr.Len()).Draw(t, "index")
		cfg := replayer.Config{Policy: replayer.Prefix, Index: uint64(n), Seed: rapid.Uint64().Draw(t, "fork")}
		if rapid.Bool().Draw(t, "round robin") {
			cfg.Strategy = simsched.NewRoundRobin
		}
		fork, result, err := d.under(cfg, tr)
		if err != nil {
			t.Fatal(err)
		}
		if fork.Len() < n || !slices.Equal(fork.Slice(0, n), tr.Slice(0, n)) {
			t.Fatalf("the first %d events differ:\n%s", n, cmp.Diff(lines(tr), lines(fork)))
		}
		if !result.Live || result.LiveAt != uint64(n) || result.Events != uint64(n) || result.Emitted != uint64(fork.Len()) {
			t.Fatalf("live from %d on, of %d events: %+v", n, fork.Len(), result)
		}
		again, second, err := d.under(cfg, tr)
		if err != nil || !again.Equal(fork) || fmt.Sprint(second.Err) != fmt.Sprint(result.Err) {
			t.Fatalf("the same fork again: %v\n%s", err, cmp.Diff(lines(fork), lines(again)))
		}
		if _, _, err := d.replay(fork); err != nil {
			t.Fatalf("the recording of the fork does not replay: %v", err)
		}
	})
}

// TestPastEnd cuts a recording: the run goes on live after it, as a fork at the cut does.
func TestPastEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		n := rapid.IntRange(0, tr.Len()-1).Draw(t, "cut")
		cut := event.NewTrace(tr.Metadata)
		for _, e := range tr.Slice(0, n) {
			cut.Append(e)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		run, result, err := d.under(replayer.Config{Policy: replayer.PastEnd, Seed: seed}, cut)
		if err != nil || !slices.Equal(run.Slice(0, n), cut.Slice(0, n)) {
			t.Fatalf("past the end of %d events: %v", n, err)
		}
		live := result.Live && result.LiveAt == uint64(n) || run.Len() == n
		if !live || result.Events != uint64(n) || result.Emitted != uint64(run.Len()) {
			t.Fatalf("live from %d on, of %d events: %+v", n, run.Len(), result)
		}
		fork, _, err := d.under(replayer.Config{Policy: replayer.Prefix, Index: uint64(n), Seed: seed}, tr)
		if err != nil || !fork.Equal(run) {
			t.Fatalf("a fork at the cut gives another run: %v\n%s", err, cmp.Diff(lines(run), lines(fork)))
		}
	})
}

// decides reports whether an event can tell the outcome of a choice.
func decides(e event.Event) bool {
	switch e.Kind() {
	case event.KindTaskScheduled, event.KindTimerFired, event.KindWakerWake, event.KindRngValue, event.KindIoResult,
		event.KindChaosInjection:
		return true
	}
	return false
}

// once reports whether a run has only one event that an alignment takes for e.
func once(events []event.Event, e event.Event) bool {
	n := 0
	for _, other := range events {
		if divergence.Comparable(other) == divergence.Comparable(e) {
			n++
		}
	}
	return n == 1
}

// apart is how far changes of a recording are from each other for the alignment to be sure again in between.
const apart = 12

// TestResyncRecovers takes events out of a recording and inserts others: out, those that decide no choice, and in,
// before an event that cannot be taken for another. The run must be that of the recording before the changes, and no
// more of it may be lost than was changed. Where several changes are in one place, or what is around them looks alike,
// the run can be led astray, since which alignment is right shows only later.
func TestResyncRecovers(t *testing.T) {
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		d.chaos = simsched.Chaos{} // no event tells of no fault
		tr, _ := d.record()
		events := tr.Slice(0, tr.Len())
		k := 0
		for i := rapid.IntRange(0, apart).Draw(t, "first"); i < len(events); i += rapid.IntRange(apart, 3*apart).Draw(t,
			"gap") {
			switch insert := rapid.Bool().Draw(t, "insert"); {
			case !once(events, events[i]):
				continue
			case insert:
				events = slices.Insert(events, i, event.IoReady(event.Token(900+i), event.Readable))
			case len(events) > 1 && !decides(events[i]):
				events = slices.Delete(events, i, i+1)
			default:
				continue
			}
			k++
		}
		other := event.NewTrace(tr.Metadata)
		for _, e := range events {
			other.Append(e)
		}
		run, result, err := d.under(replayer.Config{Policy: replayer.Resync, Window: window}, other)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines(tr), lines(run)); diff != "" {
			t.Fatalf("%d changes made another run (-recorded +replayed):\n%s", k, diff)
		}
		s := result.Stats
		if lost := s.Inserted + s.Deleted + 2*(s.Changed+s.Reordered); s.GaveUp || lost > uint64(k) ||
			s.Matched != result.Events {
			t.Fatalf("%d changes, but %+v", k, s)
		}
		if (result.First == nil) != (firstDifference(other, tr) < 0) || (result.Fidelity == 1) != (result.First == nil) {
			t.Fatalf("%d changes: fidelity %v, first difference %v", k, result.Fidelity, result.First)
		}
		if at := firstDifference(other, tr); at >= 0 && result.First.Index != uint64(at) {
			t.Fatalf("the first difference is at %d, not %d", result.First.Index, at)
		}
		changed += k
	})
	if changed == 0 {
		t.Fatal("nothing was ever changed: the property says nothing")
	}
}

// TestResyncAlwaysEnds changes anything: whatever comes of it, the counts add up.
func TestResyncAlwaysEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		other := tr
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			if other.Len() > 0 {
				other = change(t, other)
			}
		}
		run, result, err := d.under(replayer.Config{Policy: replayer.Resync,
			Window: rapid.IntRange(1, window).Draw(t, "window")}, other)
		if err != nil {
			t.Fatal(err)
		}
		s := result.Stats
		expected, actual := s.Matched+s.Deleted+s.Reordered+s.Changed, s.Matched+s.Inserted+s.Reordered+s.Changed
		if !s.GaveUp && (expected != uint64(other.Len()) || actual != uint64(run.Len())) {
			t.Fatalf("%d events recorded, %d replayed, but %+v", other.Len(), run.Len(), s)
		}
		if result.Live != s.GaveUp || s.GaveUp && result.LiveAt < s.GaveUpAt || result.Fidelity < 0 || result.Fidelity > 1 {
			t.Fatalf("%+v", result)
		}
		if result.Emitted != uint64(run.Len()) {
			t.Fatalf("%d events emitted, %d counted", run.Len(), result.Emitted)
		}
	})
}

// TestOmittedKinds leaves out of a recording what the seed can give: the replay is the run nevertheless.
func TestOmittedKinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		kinds := rapid.SampledFrom([]event.KindSet{
			event.NewKindSet(event.KindRngValue), event.NewKindSet(event.KindWakerWake, event.KindWakerBatchWake),
			event.NewKindSet(event.KindRngValue, event.KindWakerWake, event.KindTimerFired),
		}).Draw(t, "omitted")
		some := event.NewTrace(tr.Metadata)
		for _, e := range tr.All() {
			if !kinds.Has(e.Kind()) {
				some.Append(e)
			}
		}
		cfg := d.policies(t, some.Len())
		if cfg.Policy == replayer.Prefix {
			return // the events of omitted kinds after the last other one would be live
		}
		cfg.Omitted = kinds
		if d.roundRobin {
			cfg.Recorded = simsched.NewRoundRobin
		}
		for _, recording := range []*event.Trace{some, tr} {
			run, result, err := d.under(cfg, recording)
			if err != nil {
				t.Fatalf("%v without %v: %v", cfg.Policy, kinds, err)
			}
			if diff := cmp.Diff(lines(tr), lines(run)); diff != "" {
				t.Fatalf("%v without %v is another run (-recorded +replayed):\n%s", cfg.Policy, kinds, diff)
			}
			if result.Events != uint64(some.Len()) {
				t.Fatalf("%v without %v: %d events match, want %d", cfg.Policy, kinds, result.Events, some.Len())
			}
		}
	})
}

// TestSteppingIntoADivergence: stepping finds the divergence that Run finds, and the tasks are those of the moment.
func TestSteppingIntoADivergence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		other := change(t, tr)
		_, _, want := d.replay(other)
		r := d.interactive(t, replayer.Config{}, other)
		defer r.Close()
		var err error
		for err == nil {
			_, err = r.Step()
		}
		var got, expected *divergence.Error
		if want == nil {
			if err != io.EOF {
				t.Fatalf("stepping ends with %v, Run with none", err)
			}
			return
		}
		if !errors.As(err, &got) || !errors.As(want, &expected) ||
			report.Of(got.Divergence).Text() != report.Of(expected.Divergence).Text() {
			t.Fatalf("stepping ends with\n%v\nRun with\n%v", err, want)
		}
		if r.Pos() != got.Divergence.Index || r.State().Time < got.Divergence.Time { // the event itself may move the time
			t.Fatalf("the Replayer stands at %d, %v; the divergence is at %d, %v", r.Pos(), r.State().Time, got.Divergence.Index,
				got.Divergence.Time)
		}
	})
}

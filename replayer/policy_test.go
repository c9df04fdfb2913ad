package replayer_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// TestChangesUnderResync replays the changed programs of TestChanges to their end. What is made of each change stands
// in testdata/resync.txt: how much of the recording is found again, the first difference, and how the run ended.
func TestChangesUnderResync(t *testing.T) {
	var got strings.Builder
	for _, c := range changes {
		tr, _ := record(c.recorded) // a failure is a recording too
		cfg := replayer.Config{Sim: settings, Policy: replayer.Resync, Window: 16}
		if c.settings != nil {
			cfg.Sim = *c.settings
		}
		result, err := replayer.Run(source.FromTrace(tr), cfg, c.replayed)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s := result.Stats
		fmt.Fprintf(&got, "%s\n\tof %d events %d matched, %d reordered, %d changed, %d deleted; %d inserted; fidelity %.3f\n",
			c.name, tr.Len(), s.Matched, s.Reordered, s.Changed, s.Deleted, s.Inserted, result.Fidelity)
		if result.Live {
			fmt.Fprintf(&got, "\tgave up, live from event %d on\n", result.LiveAt)
		}
		if result.First != nil {
			fmt.Fprintf(&got, "\tfirst: %s\n", result.First.Summary())
		}
		if result.Err != nil {
			first, _, _ := strings.Cut(result.Err.Error(), "\n")
			fmt.Fprintf(&got, "\tthe run ended: %s\n", first)
		}
		if (s == divergence.Stats{Matched: uint64(tr.Len())}) != (result.First == nil) {
			t.Errorf("%s: %+v, but the first difference is %v", c.name, s, result.First)
		}
	}
	golden.Check(t, "resync.txt", got.String())
}

// TestResyncGivesUp replays a program that has nothing to do with the recording.
func TestResyncGivesUp(t *testing.T) {
	tr := recordOK(t, yieldTimes(100))
	draws := repeat(200, func(s *simsched.Sim) { s.Rand("x").Uint64() })
	for _, seed := range []uint64{1, 2} {
		var runs [2]events
		for i := range runs {
			cfg := replayer.Config{Sim: settings, Policy: replayer.Resync, Window: 8, Seed: seed}
			cfg.Sim.Observer = observe(func(e event.Event) error { runs[i] = append(runs[i], e); return nil })
			result, err := replayer.Run(source.FromTrace(tr), cfg, draws)
			if err != nil || !result.Live || !result.Stats.GaveUp || result.LiveAt != 4+8+1 || result.Emitted != 206 ||
				result.Err != nil {
				t.Errorf("%+v, %v; want to be live from event 13 on", result, err)
			}
		}
		if !slices.Equal(runs[0], runs[1]) {
			t.Errorf("seed %d gives two runs", seed)
		}
	}
}

// TestResyncStepping asks a Replayer that resyncs what comes next, before a difference and after it.
func TestResyncStepping(t *testing.T) {
	tr := recordOK(t, draw("dice", "dice"))
	r := start(t, source.FromTrace(tr), replayer.Config{Policy: replayer.Resync, Window: 8}, draw("dice", "dice", "coin"))
	if err := r.Seek(5); err != nil {
		t.Fatal(err)
	}
	if s := r.State(); !s.More || s.Next != tr.At(5) {
		t.Errorf("next is %v, want %v", s.Next, tr.At(5))
	}
	for want := uint64(6); want <= 8; want++ {
		if _, err := r.Step(); err != nil || r.Pos() != want {
			t.Errorf("a step: %v, Pos %d", err, r.Pos())
		}
	}
	if s := r.State(); s.Recorded != uint64(tr.Len()-1) {
		t.Errorf("after the extra draw %d recorded events have come; want %d", s.Recorded, tr.Len()-1)
	}
	result, err := r.Run()
	if err != nil || result.Stats != (divergence.Stats{Matched: uint64(tr.Len()), Inserted: 1}) ||
		result.Emitted != uint64(tr.Len()+1) {
		t.Errorf("%+v, %v", result, err)
	}
}

// TestStrategyOfALivePart: it is asked for a new Chooser in each execution, with the seed.
func TestStrategyOfALivePart(t *testing.T) {
	tr := recordOK(t, office)
	var seeds []uint64
	cfg := replayer.Config{Policy: replayer.PastEnd, Seed: 42, Strategy: func(seed uint64) simsched.Chooser {
		seeds = append(seeds, seed)
		return simsched.NewRoundRobin(seed)
	}}
	r := start(t, source.FromTrace(traceOf(tr, tr.Slice(0, 20)...)), cfg, office)
	for _, index := range []uint64{30, 10, 40} {
		if err := r.Seek(index); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(seeds, []uint64{42, 42}) {
		t.Errorf("the strategy was asked with %v, want 42 twice", seeds)
	}
	result, err := r.Run()
	if err != nil || !result.Live || result.LiveAt != 20 || result.Events != 20 || result.Emitted != uint64(tr.Len()) {
		t.Errorf("%+v, %v; want to be live from event 20 on, and in turns as recorded", result, err)
	}
}

// here returns the code line of its caller, as a replay gives it.
func here() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("replayer/%s:%d", filepath.Base(file), line)
}

// sited is a source that knows names and code lines: that of event n is "recorded.go:n".
type sited struct {
	*source.Cursor
	sourcetest.Unknown
	read int
}

func (s *sited) TaskName(event.TaskID) string     { return "recorded task" }
func (s *sited) RegionName(event.RegionID) string { return "recorded region" }
func (s *sited) Site() string                     { return fmt.Sprintf("recorded.go:%d", s.read) }

func (s *sited) Next() (event.Event, error) {
	e, err := s.Cursor.Next()
	if err == nil {
		s.read = int(s.Pos()) - 1
	}
	return e, err
}

// sitedStream is a sited that cannot seek.
type sitedStream struct{ source.Recording }

// TestWhatADivergenceKnows looks at all that only a replay can tell, for sources that can go back to a line and not.
func TestWhatADivergenceKnows(t *testing.T) {
	var line string
	body := func(changed bool) program {
		return func(s *simsched.Sim) error {
			s.Go("sleeper", func() error { s.Sleep(time.Second); return nil })
			s.Go("other", func() error { s.Yield(); return nil })
			for range 40 {
				s.Yield()
			}
			if changed {
				line = here()
				_, _ = s.Rand("x").Uint64(), 1
				return errBoom
			}
			return nil
		}
	}
	tr := recordOK(t, body(false))
	n := uint64(0)
	for _, src := range []source.Source{&sited{Cursor: source.FromTrace(tr)},
		sitedStream{&sited{Cursor: source.FromTrace(tr)}}} {
		cfg := replayer.Config{Sim: settings, Reproduce: "go test -run X"}
		result, err := replayer.Run(src, cfg, body(true))
		var de *divergence.Error
		if !errors.As(err, &de) {
			t.Fatalf("the replay ended with %v, want a divergence", err)
		}
		d := de.Divergence
		n = d.Index
		if want := fmt.Sprintf("recorded.go:%d", d.Index); d.ExpectedSite != want {
			t.Errorf("expected at %q, want %q", d.ExpectedSite, want)
		}
		if file, _, _ := strings.Cut(line, ":"); !strings.HasPrefix(d.ActualSite, file+":") || d.ActualSite <= line {
			t.Errorf("actual at %q, want the line after %q", d.ActualSite, line)
		}
		if d.RunError != "boom" || result.Err != errBoom || d.Reproduce != "go test -run X" {
			t.Errorf("run error %q, result %v, reproduce %q", d.RunError, result.Err, d.Reproduce)
		}
		var runnable []string
		for _, e := range d.Runnable {
			runnable = append(runnable, e.String())
		}
		if fmt.Sprint(runnable) != fmt.Sprint([]string{`task T0 "recorded task", in the actual run "main"`}) {
			t.Errorf("runnable: %q", runnable)
		}
		if d.Entities[0].ActualName != "main" {
			t.Errorf("entities: %+v", d.Entities)
		}
	}
	if n < 2*divergence.Lookahead {
		t.Errorf("the divergence is at event %d, within the first events that are read ahead: the test says too little", n)
	}
}

// TestRunErrorIsOfTheRun: a run that the replay ended has none.
func TestRunErrorIsOfTheRun(t *testing.T) {
	tr := recordOK(t, yieldTimes(3))
	for want, body := range map[string]program{
		"":                            endless,
		"boom":                        func(s *simsched.Sim) error { s.Sleep(1); return errBoom },
		"simsched: deadlock: 1 tasks": func(s *simsched.Sim) error { s.Park(); return nil },
	} {
		if got := diverge(t, tr, settings, body).RunError; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("the run ended with %q, want %q", got, want)
		}
	}
}

// TestAttachReachesTheObserver: an Observer of the settings that wants the Sim gets it.
func TestAttachReachesTheObserver(t *testing.T) {
	tr := recordOK(t, office)
	a := &attached{}
	if _, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: simsched.Config{
		Observer: a, MaxSteps: settings.MaxSteps, CheckpointEvery: settings.CheckpointEvery}}, office); err != nil {
		t.Fatal(err)
	}
	if a.sim == nil || a.sim.Steps() == 0 || a.Trace().Len() != tr.Len() {
		t.Error("the Observer was not given the Sim")
	}
}

type attached struct {
	recorder.Recorder
	sim *simsched.Sim
}

func (a *attached) Attach(s *simsched.Sim) { a.sim = s }

// TestStrictUpToTheLivePart: before a run goes on live, the first difference ends it, under every policy that is
// strict.
func TestStrictUpToTheLivePart(t *testing.T) {
	tr := recordOK(t, yieldTimes(3))
	for _, cfg := range []replayer.Config{
		{}, {Policy: replayer.PastEnd}, {Policy: replayer.Prefix, Index: uint64(tr.Len())}, {Policy: replayer.Prefix,
			Index: 7},
	} {
		cfg.Sim = settings
		for _, body := range []program{yieldTimes(1), func(s *simsched.Sim) error { s.Yield(); s.Park(); return nil }} {
			result, err := replayer.Run(source.FromTrace(tr), cfg, body)
			var de *divergence.Error
			if !errors.As(err, &de) || de.Divergence.Index != 6 || result.Live || result.Events != 6 {
				t.Errorf("policy %v: %+v, %v; want a divergence at event 6", cfg.Policy, result, err)
			}
		}
	}
}

// TestNothingIsToldAfterADivergence: the Observer sees no event after the first difference, of whatever kind.
func TestNothingIsToldAfterADivergence(t *testing.T) {
	tr := recordOK(t, draw("dice"))
	cfg := replayer.Config{Sim: settings, Omitted: event.NewKindSet(event.KindRngValue)}
	var seen events
	cfg.Sim.Observer = observe(func(e event.Event) error { seen = append(seen, e); return nil })
	_, err := replayer.Run(source.FromTrace(tr), cfg, func(s *simsched.Sim) error {
		s.Rand("dice").Uint64()
		s.Yield()
		s.Rand("dice").Uint64()
		return nil
	})
	if want := tr.Slice(0, 4); !errors.Is(err, divergence.ErrDiverged) || len(seen) != 5 || !slices.Equal(seen[:4], want) {
		t.Errorf("%v, seen %v; want %v and the first draw", err, seen, want)
	}
}

// TestOmittedUnderARandomStrategy leaves out the events that tell of choices which the default strategy has made: they
// are made again from the seed of the recording.
func TestOmittedUnderARandomStrategy(t *testing.T) {
	omitted := event.NewKindSet(event.KindRngValue, event.KindWakerWake, event.KindTimerFired, event.KindIoResult)
	for seed := range uint64(20) {
		cfg := settings
		cfg.Seed = seed
		tr, _ := recorder.Run(cfg, everything) // a failure is a recording too
		for _, policy := range []replayer.Config{{}, {Policy: replayer.Resync, Window: 8}} {
			policy.Sim, policy.Omitted = settings, omitted
			again := recorder.New(tr.Metadata)
			policy.Sim.Observer = again
			if _, err := replayer.Run(source.FromTrace(tr), policy, everything); err != nil || !again.Trace().Equal(tr) {
				t.Errorf("seed %d, policy %v: %v, events equal: %v", seed, policy.Policy, err, again.Trace().Equal(tr))
			}
		}
	}
}

// TestLiveWithoutAnEvent: a run that was free to go on live past the end says so, even if it does nothing there.
func TestLiveWithoutAnEvent(t *testing.T) {
	body := func(s *simsched.Sim) error { _, err := s.NewPipe("pipe", 8).Read(make([]byte, 1)); return err }
	cfg := replayer.Config{Sim: simsched.Config{Chaos: simsched.Chaos{Storm: 1}}, Policy: replayer.PastEnd}
	tr, _ := recorder.Run(cfg.Sim, body) // deadlocks
	result, err := replayer.Run(source.FromTrace(tr), cfg, body)
	if n := uint64(tr.Len()); err != nil || !result.Live || result.LiveAt != n || result.Emitted != n ||
		!errors.Is(result.Err, simsched.ErrDeadlock) {
		t.Errorf("%+v, %v; want to be live after all %d events", result, err, n)
	}
}

// TestExpectedWindow diverges at many indices: what the recording would have gone on with is shown, and the line of
// its first event, wherever the reading ahead stood.
func TestExpectedWindow(t *testing.T) {
	tr := recordOK(t, yieldTimes(80))
	for n := range 70 {
		for _, src := range []source.Source{source.FromTrace(tr), stream{source.FromTrace(tr)},
			&sited{Cursor: source.FromTrace(tr)}} {
			_, err := replayer.Run(src, replayer.Config{Sim: settings}, yieldTimes(n))
			var de *divergence.Error
			if !errors.As(err, &de) {
				t.Fatalf("%d yields: %v, want a divergence", n, err)
			}
			d, i := de.Divergence, int(de.Divergence.Index)
			if want := tr.Slice(i, i+1+divergence.DefaultContext); !slices.Equal(d.Expected, want) ||
				!slices.Equal(d.Before, tr.Slice(max(i-5, 0), i)) {
				t.Errorf("%d yields: after %v expected is %v, want %v", n, d.Before, d.Expected, want)
			}
			if _, ok := src.(*sited); ok && d.ExpectedSite != fmt.Sprintf("recorded.go:%d", i) {
				t.Errorf("%d yields: the line is %s, want that of event %d", n, d.ExpectedSite, i)
			}
		}
	}
}

// TestResyncGivesUpAtTheEnd: the last event of the run is one too many.
func TestResyncGivesUpAtTheEnd(t *testing.T) {
	tr := recordOK(t, yieldTimes(0))
	cfg := replayer.Config{Sim: settings, Policy: replayer.Resync, Window: 1}
	result, err := replayer.Run(source.FromTrace(traceOf(tr, tr.Slice(0, 4)...)), cfg, yieldTimes(0))
	if err != nil || !result.Stats.GaveUp || !result.Live || result.LiveAt != 6 || result.Emitted != 6 {
		t.Errorf("%+v, %v; want to have given up after 6 events", result, err)
	}
}

// TestSiteBehindTheLibrary: a read comes through io, a draw through math/rand/v2, and the line is that of the program.
func TestSiteBehindTheLibrary(t *testing.T) {
	tr := recordOK(t, func(s *simsched.Sim) error { s.NewPipe("pipe", 8); return nil })
	var line string
	for name, op := range map[string]func(*simsched.Sim, io.Reader){
		"io":   func(_ *simsched.Sim, r io.Reader) { line = here(); _, _ = io.ReadFull(r, make([]byte, 4)) },
		"rand": func(s *simsched.Sim, _ io.Reader) { line = here(); s.Rand("x").IntN(7) },
	} {
		cfg := settings
		cfg.CallSites = true // the read begins with a choice of a task
		d := diverge(t, tr, cfg, func(s *simsched.Sim) error { op(s, s.NewPipe("pipe", 8)); return nil })
		if d.ActualSite != line || !strings.HasPrefix(line, "replayer/policy_test.go:") {
			t.Errorf("%s: the line is %q, want %q", name, d.ActualSite, line)
		}
	}
}

package replayer_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// failures are programs whose runs fail, each in its own way.
var failures = []struct {
	name string
	body program
	is   []error
}{
	{"error", func(*simsched.Sim) error { return fmt.Errorf("wrapped: %w", errBoom) }, []error{errBoom}},
	{"error of a task", worker(func() error { return errBoom }), []error{errBoom}},
	{"deadlock", meet(false), []error{simsched.ErrDeadlock}},
	{"leak", func(s *simsched.Sim) error { s.Go("worker", func() error { s.Park(); return nil }); return nil },
		[]error{simsched.ErrLeak}},
	{"step limit", endless, []error{simsched.ErrStepLimit}},
	{"panic", worker(func() error { panic(errBoom) }), []error{errBoom}},
	{"I/O error", writeToClosed, []error{event.IOUnexpectedEOF.Err()}},
	{"deadlock after an error", func(s *simsched.Sim) error {
		s.Go("worker", func() error { return errBoom })
		s.Park()
		return nil
	}, []error{simsched.ErrDeadlock, errBoom}},
}

func TestFailureIsReproduced(t *testing.T) {
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			tr, recorded := record(c.body)
			result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: settings}, c.body)
			if err != nil {
				t.Fatalf("the replay differs: %v", err)
			}
			if fmt.Sprint(result.Err) != fmt.Sprint(recorded) {
				t.Errorf("the replay ended with\n%v\nwant the recorded\n%v", result.Err, recorded)
			}
			for _, class := range c.is {
				if !errors.Is(recorded, class) || !errors.Is(result.Err, class) {
					t.Errorf("recorded %v, replayed %v: want both to be %v", recorded, result.Err, class)
				}
			}
			if result.Events != uint64(tr.Len()) {
				t.Errorf("%d events matched, want all %d", result.Events, tr.Len())
			}
		})
	}
}

// TestRunErrorAfterDivergence pins what Result.Err is after a divergence: what the run ended with, unless the replay
// ended it.
func TestRunErrorAfterDivergence(t *testing.T) {
	for _, c := range []struct {
		name string
		body program
		want error
	}{
		{"ended by the replay", endless, nil},
		{"ended by itself, well", func(*simsched.Sim) error { return nil }, nil},
		{"ended by itself, with an error", func(*simsched.Sim) error { return errBoom }, errBoom},
		{"ended by the replay, after an error", func(s *simsched.Sim) error {
			defer func() {
				for range 100 {
					s.Yield()
				}
			}()
			return errBoom
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := recordOK(t, yieldTimes(0))
			tr = traceOf(tr, tr.Slice(0, 4)...)
			result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: settings}, c.body)
			if !errors.Is(err, divergence.ErrDiverged) {
				t.Errorf("the replay ended with %v, want a divergence", err)
			}
			if result.Err != c.want {
				t.Errorf("the run ended with %v, want %v", result.Err, c.want)
			}
		})
	}
}

// TestErrorKeepsItsShape: an error of the program that joins others comes out of a replay as it is.
func TestErrorKeepsItsShape(t *testing.T) {
	both := fmt.Errorf("both failed: %w, %w", errBoom, errors.New("bang"))
	body := func(*simsched.Sim) error { return both }
	tr, err := record(body)
	if err != both {
		t.Fatalf("recorded error %v, want %v", err, both)
	}
	result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: settings}, body)
	if err != nil || result.Err != both {
		t.Errorf("replayed %v, %v; want %v", result.Err, err, both)
	}
}

// TestPanicBeforeTheStop: a panic that happened before the replay ended the run is not forgotten, and the report has
// it too.
func TestPanicBeforeTheStop(t *testing.T) {
	with := func(worker func() error) program {
		return func(s *simsched.Sim) error {
			s.Go("worker", worker)
			return repeat(30, (*simsched.Sim).Yield)(s)
		}
	}
	tr := recordOK(t, with(func() error { return nil }))
	result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: settings}, with(func() error { panic("boom") }))
	var de *divergence.Error
	if !errors.As(err, &de) {
		t.Fatalf("the replay ended with %v, want a divergence", err)
	}
	var p *simsched.PanicError
	if !errors.As(result.Err, &p) || p.Value != "boom" {
		t.Errorf("the run ended with %v, want the panic", result.Err)
	}
	if want := "simsched: panic in task T1 worker: boom"; de.Divergence.RunError != want {
		t.Errorf("the report has the error %q, want %q", de.Divergence.RunError, want)
	}
}

// TestRunError: what the report tells of how a run ended is short, and has what matters.
func TestRunError(t *testing.T) {
	deadlock := func(tasks int) error {
		return simsched.Run(settings, func(s *simsched.Sim) error {
			for range tasks {
				s.Go("clerk", func() error { s.Park(); return nil })
			}
			s.Park()
			return nil
		})
	}
	panicking := &simsched.PanicError{Name: "clerk", Value: "boom\nboom"}
	for _, c := range []struct {
		err     error
		stopped bool
		want    string
	}{
		{nil, false, ""},
		{errBoom, false, "boom"},
		{errBoom, true, ""},
		{panicking, false, "simsched: panic in task T0 clerk: boom\nboom"},
		{errors.Join(errBoom, panicking), true, "simsched: panic in task T0 clerk: boom\nboom"},
		{deadlock(1),
			false, "simsched: deadlock: 2 tasks wait and none can go on\n\tT0 main waits to be woken\n\tT1 clerk waits to be woken"},
		{deadlock(5),
			false, "simsched: deadlock: 6 tasks wait and none can go on\n\tT0 main waits to be woken\n\tT1 clerk waits to be woken" +
				"\n\tT2 clerk waits to be woken\n\tT3 clerk waits to be woken\n\tand 2 lines more"},
	} {
		if got := replayer.RunError(c.err, c.stopped); got != c.want {
			t.Errorf("%v, stopped %v: %q, want %q", c.err, c.stopped, got, c.want)
		}
	}
}

// TestFailingSource lets every call of a source fail in turn, in a replay that matches and in replays that diverge.
func TestFailingSource(t *testing.T) {
	tr := recordOK(t, everything)
	settings := settings
	settings.Observer = observe(func(event.Event) error { return nil })
	for _, body := range []program{everything, endless, yieldTimes(0)} {
		const many = 10_000
		whole := &sourcetest.Failing{Source: source.FromTrace(tr), Calls: many}
		_, err := replayer.Run(whole, replayer.Config{Sim: settings}, body)
		if errors.Is(err, sourcetest.Err) {
			t.Fatalf("a source that does not fail gives %v", err)
		}
		for n := range many - whole.Calls {
			_, err := replayer.Run(&sourcetest.Failing{Source: source.FromTrace(tr), Calls: n}, replayer.Config{Sim: settings},
				body)
			if err != sourcetest.Err {
				t.Errorf("the source fails in call %d, the replay ended with %v, want the error of the source", n, err)
			}
		}
	}
}

// TestFailingObserver fails in every event in turn. It saw all events up to that one.
func TestFailingObserver(t *testing.T) {
	tr := recordOK(t, everything)
	for n := range tr.Len() {
		var seen events
		cfg := settings
		cfg.Observer = observe(func(e event.Event) error {
			if seen = append(seen, e); len(seen) > n {
				return errBoom
			}
			return nil
		})
		result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, everything)
		if err != errBoom {
			t.Fatalf("the Observer fails in event %d, the replay ended with %v, want its error", n, err)
		}
		if diff := cmp.Diff(tr.Slice(0, n+1), seen, cmp.Comparer(equal)); diff != "" || result.Events != uint64(n+1) {
			t.Fatalf("the Observer failed in event %d, %d events matched, it saw (-want +got):\n%s", n, result.Events, diff)
		}
	}
}

func equal(a, b event.Event) bool { return a == b }

func TestObserverSeesWhatMatched(t *testing.T) {
	tr := recordOK(t, yieldTimes(2))
	for n, body := range map[int]program{tr.Len(): yieldTimes(2), 8: yieldTimes(3), 6: yieldTimes(1)} {
		seen := recorder.New(tr.Metadata)
		cfg := settings
		cfg.Observer = seen
		_, _ = replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, body)
		if want := traceOf(tr, tr.Slice(0, n)...); !seen.Trace().Equal(want) {
			t.Errorf("the Observer saw %d events, want the %d that matched", seen.Trace().Len(), n)
		}
	}
}

// lastAlternative is a strategy of its own: the wildest choice everywhere, and values that no seed gives.
type lastAlternative struct {
	asked map[simsched.Point]int
	value uint64
}

func (l *lastAlternative) Choose(c *simsched.Choice) uint64 {
	l.asked[c.Point]++
	if c.N == 0 {
		l.value += 0x9e3779b97f4a7c15
		return l.value
	}
	return uint64(c.N - 1)
}

// TestReplayNeedsNeitherSeedNorStrategy records under a seed and a strategy that the replay does not get.
func TestReplayNeedsNeitherSeedNorStrategy(t *testing.T) {
	strategy := &lastAlternative{asked: map[simsched.Point]int{}}
	cfg := settings
	cfg.Seed, cfg.Chooser = 77, strategy
	tr, err := recorder.Run(cfg, everything)
	if err != nil {
		t.Fatal(err)
	}
	for p := simsched.PointTask; p <= simsched.PointValue; p++ {
		if strategy.asked[p] == 0 {
			t.Errorf("the program asks for no %v: the test says too little", p)
		}
	}
	again := recorder.New(tr.Metadata)
	replaying := settings
	replaying.Observer = again
	if _, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: replaying}, everything); err != nil {
		t.Fatalf("the replay differs: %v", err)
	}
	if !again.Trace().Equal(tr) {
		t.Error("the replay matched but emitted other events")
	}
}

// never is a Chooser that must not be asked.
type never struct{ t *testing.T }

func (n never) Choose(c *simsched.Choice) uint64 {
	n.t.Errorf("the Chooser of the config was asked for a %v", c.Point)
	return 0
}

func TestSeedAndChooserOfTheConfigAreReplaced(t *testing.T) {
	tr := recordOK(t, everything)
	cfg := settings
	cfg.Seed, cfg.Chooser = 999, never{t}
	for _, body := range []program{everything, spawn("long", "long", "long")} { // the second diverges and chooses on
		_, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, body)
		var de *divergence.Error
		if errors.As(err, &de) && de.Divergence.Index == 0 {
			t.Errorf("the seed of the config was used: %v", err)
		}
	}
}

// TestTruncatedRecording cuts recordings at every length: the replay diverges exactly there.
func TestTruncatedRecording(t *testing.T) {
	for _, body := range []program{everything, meet(false), worker(func() error { return errBoom }), endless} {
		tr, _ := record(body)
		for n := range tr.Len() {
			d := diverge(t, traceOf(tr, tr.Slice(0, n)...), settings, body)
			if d.Index != uint64(n) || d.Category != divergence.LengthMismatch || len(d.Expected) != 0 || len(d.Actual) == 0 {
				t.Fatalf("cut after %d events: %s, want a length-mismatch there because the recording ended", n, d.Summary())
			}
		}
		if _, err := replayer.Run(source.FromTrace(traceOf(tr, tr.Slice(0, tr.Len())...)), replayer.Config{Sim: settings},
			body); err != nil {
			t.Errorf("the whole recording does not match: %v", err)
		}
	}
}

// TestTooLongRecording has an event after the last one of the run.
func TestTooLongRecording(t *testing.T) {
	for _, body := range []program{everything, meet(false), endless} {
		tr, _ := record(body)
		extra := traceOf(tr, append(tr.Slice(0, tr.Len()), event.RngValue(1))...)
		d := diverge(t, extra, settings, body)
		if d.Index != uint64(tr.Len()) || d.Category != divergence.LengthMismatch || len(d.Expected) != 1 ||
			len(d.Actual) != 0 {
			t.Errorf("one event too many: %s, want a length-mismatch at event %d because the run ended", d.Summary(), tr.Len())
		}
	}
}

func TestEmptyRecording(t *testing.T) {
	for name, tr := range map[string]*event.Trace{
		"zero trace":    {},
		"metadata only": event.NewTrace(event.Metadata{Version: 1, Seed: 5, ConfigHash: 1, Description: "empty"}),
	} {
		d := diverge(t, tr, settings, everything)
		if d.Index != 0 || d.Category != divergence.LengthMismatch || len(d.Actual) != 1+divergence.DefaultContext ||
			d.Actual[0] != event.RngSeed(tr.Metadata.Seed) {
			t.Errorf("%s: %s, want a length-mismatch at event 0 with the seed of the recording", name, d.Summary())
		}
	}
}

// TestMovedSource gives Run a cursor that stands elsewhere.
func TestMovedSource(t *testing.T) {
	tr := recordOK(t, everything)
	src := source.FromTrace(tr)
	if err := src.Seek(uint64(tr.Len())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := replayer.Run(src, replayer.Config{Sim: settings}, everything); err != nil {
			t.Errorf("a source that was read before does not match: %v", err)
		}
	}
}

// TestRunAfterDivergence replays programs that would not end: each is stopped soon after the divergence, its parked
// tasks are unwound, and goleak finds nothing.
func TestRunAfterDivergence(t *testing.T) {
	for name, op := range map[string]func(*simsched.Sim){
		"yields": (*simsched.Sim).Yield,
		"draws":  func(s *simsched.Sim) { s.Rand("x").Uint64() },
		"sleeps": func(s *simsched.Sim) { s.Sleep(time.Second) },
		"fails":  func(s *simsched.Sim) { _ = s.Register("io").Fail(event.IOTimedOut) },
		"spawns": func(s *simsched.Sim) { s.Go("child", func() error { s.Park(); return nil }) },
	} {
		tr, _ := record(repeat(30, op))
		for _, n := range []int{4, 5, 10, 20} {
			var sim *simsched.Sim
			unwound := 0
			d := diverge(t, traceOf(tr, tr.Slice(0, n)...), settings, func(s *simsched.Sim) error {
				sim = s
				defer func() { unwound++ }()
				return repeat(math.MaxInt, op)(s)
			})
			if want := 1 + divergence.DefaultContext; len(d.Actual) != want {
				t.Errorf("%s: %d events are shown from the divergence on, want %d", name, len(d.Actual), want)
			}
			if most := uint64(n + divergence.Lookahead); sim.Steps() > most {
				t.Errorf("%s: the run took %d steps, want at most one for each of %d events", name, sim.Steps(), most)
			}
			if unwound != 1 {
				t.Errorf("%s: %d deferred calls of the main task ran, want 1", name, unwound)
			}
		}
	}
}

func repeat(n int, op func(*simsched.Sim)) program {
	return func(s *simsched.Sim) error {
		for range n {
			op(s)
		}
		return nil
	}
}

// TestNamesAtTheDivergence diverges at the end of a task whose identifier is used again at once: the report still names
// it.
func TestNamesAtTheDivergence(t *testing.T) {
	loop := func(bad int) program {
		return func(s *simsched.Sim) error {
			return s.InRegion("pool", func(r *simsched.Region) error {
				for i := range 5 {
					_ = r.Go(fmt.Sprintf("worker-%d", i), func() error {
						if i == bad {
							return errBoom
						}
						return nil
					}).Join()
				}
				return nil
			})
		}
	}
	tr := recordOK(t, loop(-1))
	wantEntities(t, diverge(t, tr, settings, loop(2)), `running task T1g2 "worker-2"`, `both task T1g2 "worker-2"`)

	closed := slices.Index(tr.Slice(0, tr.Len()), event.RegionClosed(event.NewRegionID(1, 0), event.OutcomeOK))
	other := tr.Slice(0, tr.Len())
	other[closed] = event.RegionClosed(event.NewRegionID(1, 0), event.OutcomeErr)
	wantEntities(t, diverge(t, traceOf(tr, other...), settings, loop(-1)), `running task T0 "main"`,
		`both region R1 "pool"`)
}

func wantEntities(t *testing.T, d *divergence.Divergence, want ...string) {
	t.Helper()
	var got []string
	for _, e := range d.Entities {
		got = append(got, e.Role+" "+e.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("other entities than expected (-want +got):\n%s\n%s", diff, report.Of(d).Text())
	}
}

// TestGuidedAfterDivergence replays a recording that always went on with the running task, against a program that
// draws once more. After that the recording still tells who goes on.
func TestGuidedAfterDivergence(t *testing.T) {
	cfg := settings
	cfg.Chooser = &lastAlternative{asked: map[simsched.Point]int{}}
	body := func(draws int) program {
		return func(s *simsched.Sim) error {
			s.Go("other", func() error { return nil })
			for range draws {
				s.Rand("more").Uint64()
			}
			s.Sleep(0)
			return nil
		}
	}
	tr, err := recorder.Run(cfg, body(0))
	if err != nil {
		t.Fatal(err)
	}
	d := diverge(t, tr, settings, body(1))
	main := event.NewTaskID(0, 0)
	if want := event.TaskScheduled(main, 3); d.Expected[0] != want || d.Actual[1] != want {
		t.Errorf("the recording goes on with %v, the run after the draw with %v; want %v", d.Expected[0], d.Actual[1], want)
	}
	if d.Relation != divergence.RelationExtra || d.Count != 1 {
		t.Errorf("%s, %d events; want one extra", d.Relation, d.Count)
	}
}

// TestTurnsAfterTheEnd: where the recording has nothing left to say, the tasks take turns.
func TestTurnsAfterTheEnd(t *testing.T) {
	tr := recordOK(t, func(s *simsched.Sim) error { s.Yield(); return nil })
	body := func(s *simsched.Sim) error {
		for range 2 {
			s.Go("other", func() error { return repeat(3, (*simsched.Sim).Yield)(s) })
		}
		return nil
	}
	_, err := replayer.Run(source.FromTrace(traceOf(tr, tr.Slice(0, 4)...)), replayer.Config{Sim: settings}, body)
	var de *divergence.Error
	if !errors.As(err, &de) {
		t.Fatalf("the replay ended with %v, want a divergence", err)
	}
	again := recorder.New(tr.Metadata)
	cfg := settings
	cfg.Chooser, cfg.Observer = simsched.NewRoundRobin(1), again
	if err := simsched.Run(cfg, body); err != nil {
		t.Fatal(err)
	}
	if got, want := de.Divergence.Actual, again.Trace().Slice(4, 4+len(de.Divergence.Actual)); !slices.Equal(got, want) {
		t.Errorf("the run goes on with %v, want %v", got, want)
	}
}

func TestProgramName(t *testing.T) {
	for _, c := range []struct {
		recorded, replayed string
		refused            bool
	}{
		{"", "", false}, {"a", "", false}, {"", "a", false}, {"a", "a", false}, {"a", "b", true},
	} {
		cfg := settings
		cfg.Program = c.recorded
		tr, err := recorder.Run(cfg, yieldTimes(1))
		if err != nil {
			t.Fatal(err)
		}
		ran := false
		cfg.Program = c.replayed
		_, err = replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, func(s *simsched.Sim) error {
			ran = true
			return yieldTimes(1)(s)
		})
		if errors.Is(err, replayer.ErrProgram) != c.refused || ran == c.refused || !c.refused && err != nil {
			t.Errorf("recorded %q, replayed %q: ran %v, error %v; want refused %v", c.recorded, c.replayed, ran, err, c.refused)
		}
	}
}

func TestProgramErrorNamesBoth(t *testing.T) {
	tr := event.NewTrace(event.Metadata{Version: 1, Description: "TestTransfer"})
	_, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: simsched.Config{Program: "TestDeposit"}},
		yieldTimes(1))
	want := `replayer: the recording is of "TestTransfer", the program is "TestDeposit"; replay it against its own program, ` +
		`or leave Config.Sim.Program empty`
	if err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	if errors.Is(err, divergence.ErrDiverged) {
		t.Error("another program is no divergence")
	}
}

// TestGoexit ends a replay by runtime.Goexit, as testing.T.FailNow does: Run does not return.
func TestGoexit(t *testing.T) {
	quit := func(s *simsched.Sim) error { s.Yield(); runtime.Goexit(); return nil }
	tr := recordOK(t, yieldTimes(1))
	seen := recorder.New(tr.Metadata)
	cfg := settings
	cfg.Observer = seen
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, quit)
		returned = true
	}()
	<-done
	if returned {
		t.Error("Run returned although a task called runtime.Goexit")
	}
	if n := seen.Trace().Len(); n != 6 {
		t.Errorf("the Observer saw %d events before the end, want 6", n)
	}
}

// TestReplayAllocatesNothingPerEvent compares the allocations of a replay with those of the run alone.
func TestReplayAllocatesNothingPerEvent(t *testing.T) {
	cfg := simsched.Config{Seed: 1}
	body := yielders(5, 50_000)
	tr, err := recorder.Run(cfg, body)
	if err != nil {
		t.Fatal(err)
	}
	if tr.Len() < 100_000 {
		t.Fatalf("the run has %d events, want 100,000", tr.Len())
	}
	run := testing.AllocsPerRun(1, func() {
		if err := simsched.Run(cfg, body); err != nil {
			t.Error(err)
		}
	})
	replay := testing.AllocsPerRun(1, func() {
		if _, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, body); err != nil {
			t.Error(err)
		}
	})
	if more := replay - run; more > 100 {
		t.Errorf("replaying %d events allocates %v times more than running them, want at most 100", tr.Len(), more)
	}
}

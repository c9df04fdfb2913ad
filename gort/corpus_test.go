//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/tracefile"
)

// cacheDir is a folder of overlays that all tests share, so that the go command's own cache serves the next run.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "reprise", "gort")
}

// buildCorpus builds the tests of testdata/corpus.
func buildCorpus(t testing.TB, cfg BuildConfig) *Binary {
	t.Helper()
	cfg.Cache = cacheDir(t)
	b, err := Build(t.Context(), filepath.Join("testdata", "corpus"), ".", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

var shared1 struct {
	once sync.Once
	b    *Binary
	err  error
}

// corpus returns the binary that most tests share; TestMain removes it.
func corpus(t testing.TB) *Binary {
	t.Helper()
	shared1.once.Do(func() {
		shared1.b, shared1.err = Build(t.Context(), filepath.Join("testdata", "corpus"), ".", BuildConfig{Cache: cacheDir(t)})
	})
	if shared1.err != nil {
		t.Fatal(shared1.err)
	}
	return shared1.b
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, b := range []*Binary{shared1.b, network1.b, faulty.b} {
		if b != nil {
			_ = b.Close()
		}
	}
	os.Exit(code)
}

// mustRun runs a test of a binary.
func mustRun(t testing.TB, b *Binary, test string, c Control) *Outcome {
	t.Helper()
	o, err := b.Run(t.Context(), test, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// unsure matches what a traceback prints of arguments that are no longer alive: whatever the stack holds.
var unsure = regexp.MustCompile(`0x[0-9a-f]+\?`)

// same says how two outcomes differ, "" if they do not. A replay may end with other memory in dead stack slots.
func same(a, b *Outcome) string {
	switch {
	case a.Verdict != b.Verdict:
		return "verdicts " + a.Verdict.String() + " and " + b.Verdict.String() + "\n" + b.describe()
	case a.Recording.Hash != b.Recording.Hash || len(a.Recording.Records) != len(b.Recording.Records):
		return "decisions"
	case a.Virtual != b.Virtual:
		return "times " + a.Virtual.String() + " and " + b.Virtual.String()
	case !bytes.Equal(unsure.ReplaceAll(a.Output, nil), unsure.ReplaceAll(b.Output, nil)):
		return "output:\n" + string(a.Output) + "\nand\n" + string(b.Output)
	}
	for i, r := range a.Recording.Records {
		if r != b.Recording.Records[i] {
			return "records"
		}
	}
	return ""
}

// repeat checks that n more runs with a control are equal to the first.
func repeat(t *testing.T, b *Binary, test string, c Control, n int) *Outcome {
	t.Helper()
	first := mustRun(t, b, test, c)
	for range n {
		if d := same(first, mustRun(t, b, test, c)); d != "" {
			t.Fatalf("%s, seed %d: two runs differ in %s", test, c.Seed, d)
		}
	}
	return first
}

// findAndReplay looks for a seed that fails, replays its trace file, and checks that the repaired twin does not fail.
func findAndReplay(t *testing.T, b *Binary, class string, replays, twins int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "failure.reprise")
	bug, fixed := mustRunner(t, b, class+"Bug", Control{}), mustRunner(t, b, class+"Fixed", Control{})
	for seed := range uint64(1000) {
		o := mustAgain(t, bug, Control{Seed: seed})
		if o.Verdict == Passed {
			continue
		}
		t.Logf("%s: seed %d %s after %d decisions", class, seed, o.Verdict, o.Recording.Steps)
		if err := o.Save(path, class, tracefile.Identity{tracefile.KeyTest: class + "Bug"}); err != nil {
			t.Fatal(err)
		}
		choices, id, err := Load(path)
		if err != nil || id[tracefile.KeyTest] != class+"Bug" {
			t.Fatalf("Load: %v, %v", id, err)
		}
		for range replays {
			if p := mustRun(t, b, class+"Bug", Control{Choices: choices}); same(o, p) != "" {
				t.Fatalf("%s, seed %d: the replay differs in %s; mismatch %v", class, seed, same(o, p), p.Mismatch)
			}
		}
		for seed := range uint64(twins) {
			if o := mustAgain(t, fixed, Control{Seed: seed}); o.Verdict != Passed {
				t.Fatalf("%sFixed, seed %d: %s\n%s", class, seed, o.describe(), o.Output)
			}
		}
		return
	}
	t.Errorf("%s: no failure in 1000 seeds", class)
}

// classes are the bugs of the corpus, with how each shows.
var classes = map[string][]Verdict{
	"TestLostUpdate":   {Failed},
	"TestLockOrder":    {Deadlocked},
	"TestMissedSignal": {Deadlocked},
	"TestWaitGroup":    {Failed, Panicked},
	"TestOnce":         {Deadlocked},
	"TestDoubleClose":  {Panicked},
	"TestSelectOrder":  {Failed},
	"TestTimer":        {Failed},
	"TestLeakedSender": {Leaked},
	"TestContextLeak":  {Leaked},
}

// TestCorpus finds every bug of the corpus within 1,000 runs and replays it from its trace file. With
// REPRISE_GORT_SLOW=1 it replays 100 times and runs each twin 1,000 times.
func TestCorpus(t *testing.T) {
	b := corpus(t)
	replays, twins := 20, 300
	if slow {
		replays, twins = 100, 1000
	}
	for class := range classes {
		t.Run(class, func(t *testing.T) { findAndReplay(t, b, class, replays, twins) })
	}
}

// TestVerdicts checks that each bug shows as what it is, and that every trace keeps the laws.
func TestVerdicts(t *testing.T) {
	b := corpus(t)
	for class, want := range classes {
		for seed := range uint64(30) {
			o := mustRun(t, b, class+"Bug", Control{Seed: seed})
			if o.Verdict != Passed && o.Verdict != want[0] && o.Verdict != want[len(want)-1] {
				t.Errorf("%s, seed %d: %s\n%s", class, seed, o.describe(), o.Output)
			}
			lawful(t, o)
		}
	}
}

// memory is a sink in memory.
type memory struct {
	*event.Trace
	names []string
	sites []string
}

func (m *memory) Append(e event.Event) error           { m.Trace.Append(e); return nil }
func (m *memory) NameTask(_ event.TaskID, name string) { m.names = append(m.names, name) }
func (m *memory) NameRegion(event.RegionID, string)    {}
func (m *memory) Site(site string)                     { m.sites = append(m.sites, site) }
func (m *memory) Note(tracefile.Note)                  {}
func (m *memory) count(k event.Kind) (n int) {
	return m.countIf(func(e event.Event) bool { return e.Kind() == k })
}
func (m *memory) countIf(f func(event.Event) bool) (n int) {
	for _, e := range m.All() {
		if f(e) {
			n++
		}
	}
	return n
}

// lawful checks that the events of a run keep the laws of the schema.
func lawful(t *testing.T, o *Outcome) *memory {
	t.Helper()
	m := &memory{Trace: event.NewTrace(event.NewMetadata(o.Recording.Seed))}
	if err := o.translate(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := tracecheck.Check(m.Trace); err != nil {
		t.Errorf("%v", err)
	}
	return m
}

// TestDeterminism checks that 20 runs of a seed are equal, and that 100 seeds give many schedules.
func TestDeterminism(t *testing.T) {
	b := corpus(t)
	for _, c := range []Control{{Seed: 1}, {Seed: 2, Strategy: "pct", Length: 500}, {Seed: 3, Gap: 2}} {
		repeat(t, b, "TestLostUpdateFixed", c, 19)
	}
	schedules := map[uint64]bool{}
	for seed := range uint64(100) {
		schedules[mustRun(t, b, "TestLostUpdateFixed", Control{Seed: seed}).Recording.Hash] = true
	}
	t.Logf("100 seeds gave %d schedules", len(schedules))
	if len(schedules) < 50 {
		t.Errorf("100 seeds gave only %d schedules", len(schedules))
	}
}

// TestPackageTesting checks that package testing is not preempted between starting a test and waiting for it, and
// between the end of a test and that of its goroutine.
func TestPackageTesting(t *testing.T) {
	for _, test := range []string{"TestSubtests", "TestParallelParts"} {
		r := mustRunner(t, corpus(t), test, Control{})
		for seed := range uint64(100) {
			if o := mustAgain(t, r, Control{Seed: seed}); o.Verdict != Passed {
				t.Fatalf("%s, seed %d: %s\n%s", test, seed, o.describe(), o.Output)
			}
		}
	}
}

// TestBusyWait checks that a goroutine that polls does not starve another one, although hardly any preemption is due.
func TestBusyWait(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestBusyWait", Control{})
	for seed := range uint64(30) {
		if o := mustAgain(t, r, Control{Seed: seed, Strategy: "random", Gap: 1 << 20, Late: -1}); o.Verdict != Passed {
			t.Fatalf("seed %d: %s\n%s", seed, o.describe(), o.Output)
		}
	}
}

// TestRandomness checks that what is random follows from the seed and differs between seeds.
func TestRandomness(t *testing.T) {
	b := corpus(t)
	seen := map[string]bool{}
	for seed := range uint64(5) {
		o := repeat(t, b, "TestRandom", Control{Seed: seed}, 3)
		seen[string(o.Output)] = true
		if p := mustRun(t, b, "TestRandom", Control{Choices: o.Recording.Choices()}); same(o, p) != "" {
			t.Errorf("seed %d: the replay differs in %s", seed, same(o, p))
		}
		if m := lawful(t, o); m.count(event.KindRngValue) < 3 {
			t.Errorf("seed %d: %d random values recorded", seed, m.count(event.KindRngValue))
		}
	}
	if len(seen) != 5 {
		t.Errorf("5 seeds gave %d outputs", len(seen))
	}
}

// TestCollector checks that the garbage collector changes nothing.
func TestCollector(t *testing.T) {
	b := corpus(t)
	for seed := range uint64(3) {
		o := repeat(t, b, "TestGarbage", Control{Seed: seed}, 4)
		if o.Verdict != Passed {
			t.Fatalf("%s\n%s", o.describe(), o.Output)
		}
		if p := mustRun(t, b, "TestGarbage", Control{Choices: o.Recording.Choices()}); same(o, p) != "" {
			t.Errorf("seed %d: the replay differs in %s; mismatch %v", seed, same(o, p), p.Mismatch)
		}
	}
}

// TestConcurrentRuns checks that runs at once do not disturb each other.
func TestConcurrentRuns(t *testing.T) {
	b := corpus(t)
	want := mustRun(t, b, "TestLostUpdateFixed", Control{Seed: 9})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				o, err := b.Run(t.Context(), "TestLostUpdateFixed", Control{Seed: 9})
				if err != nil || same(want, o) != "" {
					t.Errorf("%v, or a difference in %s", err, same(want, o))
				}
			}
		})
	}
	wg.Wait()
}

// TestCancelled checks that the end of the context ends the run.
func TestCancelled(t *testing.T) {
	b := corpus(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := b.Run(ctx, "TestHour", Control{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", o, err)
	}
}

// TestWall checks that a process that does not end is killed.
func TestWall(t *testing.T) {
	o := mustRun(t, corpus(t), "TestForever", Control{Wall: 300 * time.Millisecond})
	at := regexp.MustCompile(`running at bench_test\.go:\d+ corpus\.TestForever$`) // the line of an empty loop is any
	if o.Verdict != TimedOut || !at.MatchString(o.Failure()) {
		t.Errorf("%s\n%s\n%s", o.describe(), o.Failure(), o.Output)
	}
}

// TestWallReplayed checks that the replay of a run that was killed while it waited for an answer waits there too:
// behind the last choice the poller may still owe what it had given the recorded run at once.
func TestWallReplayed(t *testing.T) {
	c := Control{Seed: 1, Wall: time.Second, RealNetwork: true}
	o := mustRun(t, corpus(t), "TestSilent", c)
	c.Choices = o.Recording.Choices()
	p := mustRun(t, corpus(t), "TestSilent", c)
	if o.Verdict != TimedOut || p.Verdict != TimedOut || p.Recording.Hash != o.Recording.Hash ||
		p.Signature() != o.Signature() {
		t.Errorf("%s and then %s; mismatch %v\n%s", o.describe(), p.describe(), p.Mismatch, p.Output)
	}
}

// TestPCT checks that priorities find a lost update too.
func TestPCT(t *testing.T) {
	b := corpus(t)
	for seed := range uint64(1000) {
		if o := mustRun(t, b, "TestLostUpdateBug", Control{Seed: seed, Strategy: "pct", Length: 500}); o.Verdict == Failed {
			return
		}
	}
	t.Error("no failure in 1000 seeds")
}

// TestEditedProgram checks that a replay of an edited program stops at the first decision that differs, and that it
// may go on live.
func TestEditedProgram(t *testing.T) {
	b := corpus(t)
	o := mustRun(t, b, "TestLostUpdateBug", Control{Seed: 1})
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	p := mustRun(t, edited, "TestLostUpdateBug", Control{Choices: o.Recording.Choices()})
	if p.Verdict != Diverged || p.Mismatch == nil {
		t.Fatalf("the replay of an edited program %s\n%s", p.describe(), p.Output)
	}
	t.Log(p.Mismatch)
	if m := p.Mismatch; m.Expected.Kind != record.Sched ||
		m.Actual.Points == m.Expected.Points && m.Actual.N == m.Expected.N {
		t.Errorf("the mismatch does not say what differs: %v", m)
	}
	c := o.Recording.Choices()
	c.Records = c.Records[:p.Mismatch.Index]
	p = mustRun(t, edited, "TestLostUpdateBug", Control{Choices: c})
	if p.Verdict != Diverged || p.Mismatch.Expected.Kind != 0 {
		t.Errorf("past the last choice: %s, %v", p.describe(), p.Mismatch)
	}
	c.Records = c.Records[:3]
	if p := mustRun(t, edited, "TestLostUpdateBug", Control{Choices: c, Continue: true}); p.Verdict == Diverged {
		t.Errorf("past the last choice, live: %s, %v", p.describe(), p.Mismatch)
	}
}

// TestStreams checks that one more random value in one goroutine shifts no other.
func TestStreams(t *testing.T) {
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	for seed := range uint64(5) {
		o := mustRun(t, corpus(t), "TestStreams", Control{Seed: seed})
		p := mustRun(t, edited, "TestStreams", Control{Seed: seed})
		if o.Verdict != Passed || !bytes.Equal(o.Output, p.Output) {
			t.Errorf("seed %d: the second goroutine drew %q, and %q when the first drew more", seed, o.Output, p.Output)
		}
	}
}

// TestLeap checks that a timer fires before ready goroutines run often enough, and never when that is switched off.
func TestLeap(t *testing.T) {
	b := corpus(t)
	leaked := func(leap time.Duration) (n int) {
		for seed := range uint64(300) {
			if mustRun(t, b, "TestLeakedSenderBug", Control{Seed: seed, Late: leap}).Verdict == Leaked {
				n++
			}
		}
		return n
	}
	if n := leaked(20 * time.Millisecond); n < 5 {
		t.Errorf("with leaps %d of 300 seeds leak", n)
	}
	if n := leaked(-1); n != 0 {
		t.Errorf("without leaps %d of 300 seeds leak", n)
	}
}

// TestLeapReplayed checks that every leap of time is in the trace file, also one that comes with a preemption.
func TestLeapReplayed(t *testing.T) {
	b := corpus(t)
	path := filepath.Join(t.TempDir(), "run.reprise")
	for seed := range uint64(20) {
		o := mustRun(t, b, "TestTicking", Control{Seed: seed})
		if err := o.Save(path, "leaps", nil); err != nil {
			t.Fatal(err)
		}
		choices, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if p := mustRun(t, b, "TestTicking", Control{Choices: choices}); same(o, p) != "" {
			t.Fatalf("seed %d: the replay differs in %s; mismatch %v", seed, same(o, p), p.Mismatch)
		}
	}
}

// TestTraceFile checks that equal runs give equal files, with names and lines.
func TestTraceFile(t *testing.T) {
	b := corpus(t)
	var files [2][]byte
	var o *Outcome
	for i := range files {
		o = mustRun(t, b, "TestWaitGroupFixed", Control{Seed: 5})
		path := filepath.Join(t.TempDir(), "run.reprise")
		if err := o.Save(path, "twice", nil); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two runs of a seed gave different files")
	}
	m := lawful(t, o)
	if text := strings.Join(m.names, "\n"); !strings.Contains(text, "0.0.2 corpus.TestWaitGroupFixed.func1") {
		t.Errorf("the names lack the third goroutine of the test:\n%s", text)
	}
	if text := strings.Join(m.sites, " "); !strings.Contains(text, "signal_test.go:") {
		t.Errorf("the sites lack the file of the test: %s", text)
	}
	for _, k := range []event.Kind{event.KindTaskScheduled, event.KindTaskSpawned, event.KindTaskCompleted,
		event.KindWakerWake} {
		if m.count(k) == 0 {
			t.Errorf("the trace has no %v", k)
		}
	}
}

// TestLeft checks what is said of a goroutine that is left.
func TestLeft(t *testing.T) {
	for seed := range uint64(1000) {
		o := mustRun(t, corpus(t), "TestContextLeakBug", Control{Seed: seed})
		if o.Verdict != Leaked {
			continue
		}
		for _, w := range o.Left {
			if w.Leaked() && strings.HasSuffix(w.Start, "corpus.lookup.gowrap1") && w.Reason == "chan receive" &&
				strings.Contains(w.Where, "chan_test.go:") && strings.HasSuffix(w.Where, " example.com/corpus.watch") &&
				strings.Contains(w.Site, "corpus.lookup") && strings.HasPrefix(w.Stack, w.Where+"\n") {
				return
			}
		}
		t.Fatalf("seed %d: %s\n%+v", seed, o.describe(), o.Left)
	}
	t.Error("no leak in 1000 seeds")
}

// TestVirtualTime checks that an hour of ticks takes no time, and what it leaves in the trace.
func TestVirtualTime(t *testing.T) {
	o := repeat(t, corpus(t), "TestHour", Control{Seed: 1, Late: -1}, 3)
	if o.Verdict != Passed || o.Virtual < time.Hour {
		t.Fatalf("%s after %v\n%s", o.describe(), o.Virtual, o.Output)
	}
	m := lawful(t, o)
	if n := m.count(event.KindTimerFired); n < 61 {
		t.Errorf("%d timers fired, want at least 61", n)
	}
}

// TestOutside checks that what comes through the poller is counted, and that a replay waits for it.
func TestOutside(t *testing.T) {
	b := corpus(t)
	o := mustRun(t, b, "TestEcho", Control{Seed: 1, RealNetwork: true})
	if o.Verdict != Passed || o.Admitted == 0 {
		t.Fatalf("%s, %d admitted\n%s", o.describe(), o.Admitted, o.Output)
	}
	if got := strings.Join(o.Outside(), " "); got != "sockets" && got != "files sockets" {
		t.Errorf("outside: %q", got)
	}
	lawful(t, o)
	for range 10 {
		p := mustRun(t, b, "TestEcho", Control{Choices: o.Recording.Choices(), RealNetwork: true})
		if d := differ(t, o, p); d != "" {
			t.Errorf("the replay differs in %s; mismatch %v", d, p.Mismatch)
		}
	}
}

// differ says how the events of two runs differ, "" if they do not.
func differ(t *testing.T, a, b *Outcome) string {
	t.Helper()
	x, y := lawful(t, a), lawful(t, b)
	next, stop := iter.Pull2(y.All())
	defer stop()
	for i, e := range x.All() {
		if _, f, ok := next(); !ok || e != f {
			return fmt.Sprintf("event %d, %v and %v", i, e, f)
		}
	}
	if !slices.Equal(x.sites, y.sites) {
		return "sites"
	}
	if a.Verdict != b.Verdict {
		return "verdicts, " + a.Verdict.String() + " and " + b.Verdict.String()
	}
	return ""
}

// TestChild checks that a run that reads from a child process replays although the child's timing differs each time: a
// read of the replay returns as many bytes as in the recording, whether the child has written more by then or less.
func TestChild(t *testing.T) {
	b := corpus(t)
	path := filepath.Join(t.TempDir(), "child.reprise")
	for seed := range uint64(5) {
		o := mustRun(t, b, "TestPipe", Control{Seed: seed})
		if o.Verdict != Passed || o.Admitted == 0 || len(o.Recording.Choices().Reads) < 2 {
			t.Fatalf("%s, %d admitted\n%s", o.describe(), o.Admitted, o.Output)
		}
		lawful(t, o)
		if err := o.Save(path, "", nil); err != nil {
			t.Fatal(err)
		}
		loose, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*record.Choices{o.Recording.Choices(), loose} {
			for range 3 {
				p := mustRun(t, b, "TestPipe", Control{Choices: c})
				if d := differ(t, o, p); d != "" {
					t.Errorf("seed %d: the replay differs in %s; mismatch %v", seed, d, p.Mismatch)
				}
			}
		}
	}
}

// TestPauses checks that a replay does not depend on when a child writes: neither in the sizes of reads, nor in a
// system call in which the recorded run was stuck.
func TestPauses(t *testing.T) {
	for _, function := range []string{"TestChunks", "TestStuck"} {
		for _, pauses := range [][2]string{{"0.20", "0.00"}, {"0.00", "0.20"}} {
			b := *corpus(t)
			run := func(pause string, c Control) *Outcome {
				b.Env = append(os.Environ(), "PAUSE="+pause)
				return mustRun(t, &b, function, c)
			}
			o := run(pauses[0], Control{Seed: 3})
			if o.Verdict != Passed {
				t.Fatalf("%s: %s\n%s", function, o.describe(), o.Output)
			}
			for range 2 {
				p := run(pauses[1], Control{Choices: o.Recording.Choices()})
				if d := differ(t, o, p); d != "" {
					t.Errorf("%s, %s: the replay differs in %s; mismatch %v", function, pauses, d, p.Mismatch)
				}
			}
		}
	}
}

// TestUnrecordedWake checks that a replay ends at once, as different, when something wakes it from outside that the
// recording does not have.
func TestUnrecordedWake(t *testing.T) {
	for _, function := range []string{"TestSignalWakes", "TestPipe"} {
		o := mustRun(t, corpus(t), function, Control{Seed: 1})
		c := o.Recording.Choices()
		c.Records = slices.DeleteFunc(c.Records, func(r record.Record) bool { return r.Kind == record.Admit })
		if p := mustRun(t, corpus(t), function, Control{Choices: c, Wall: 30 * time.Second}); p.Verdict != Diverged {
			t.Errorf("%s: %s\n%s", function, p.describe(), p.Output)
		}
	}
}

// TestSignalSoon checks that time does not leap while a signal is on its way, and that such runs replay.
func TestSignalSoon(t *testing.T) {
	for seed := range uint64(40) {
		o := mustRun(t, corpus(t), "TestSignalSoon", Control{Seed: seed, Late: 10 * time.Millisecond})
		if o.Verdict != Passed {
			t.Fatalf("seed %d: %s\n%s", seed, o.describe(), o.Output)
		}
		if p := mustRun(t, corpus(t), "TestSignalSoon", Control{Choices: o.Recording.Choices()}); differ(t, o, p) != "" {
			t.Errorf("seed %d: the replay differs in %s; mismatch %v", seed, differ(t, o, p), p.Mismatch)
		}
	}
}

// TestStopped checks that a goroutine without points is not preempted because its process does not get to run: it is
// stopped for longer than the time after which it would be.
func TestStopped(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestCompute", Control{})
	mustAgain(t, r, Control{}) // start the server
	if err := r.output.Truncate(0); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			if out, err := r.read(); err == nil && strings.Contains(string(out), "computing") {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond) // sysmon has seen that it computes
		pid := int(atomic.LoadUint32(&r.s.header().pid))
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	}()
	o := mustAgain(t, r, Control{})
	<-done
	if o.Verdict != Passed || o.Forced != 0 {
		t.Errorf("%s, %d preemptions by force\n%s", o.describe(), o.Forced, o.Output)
	}
}

// TestSignal checks that a signal on its way is no deadlock.
func TestSignal(t *testing.T) {
	for seed := range uint64(40) {
		o := mustRun(t, corpus(t), "TestSignal", Control{Seed: seed})
		if o.Verdict != Passed {
			t.Fatalf("seed %d: %s\n%s", seed, o.describe(), o.Output)
		}
		lawful(t, o)
	}
}

// TestForced checks that a loop without a point ends all the same, and that the outcome tells.
func TestForced(t *testing.T) {
	o := mustRun(t, corpus(t), "TestSpin", Control{Seed: 1})
	for seed := uint64(2); o.Forced == 0 && seed < 20; seed++ { // the other goroutine runs first
		o = mustRun(t, corpus(t), "TestSpin", Control{Seed: seed})
	}
	if o.Verdict != Passed || o.Forced == 0 {
		t.Errorf("%s, %d forced\n%s", o.describe(), o.Forced, o.Output)
	}
}

// TestWithoutControl checks that the patched runtime behaves as the ordinary one when nobody asks for control.
func TestWithoutControl(t *testing.T) {
	b := corpus(t)
	out, err := run(t.Context(), b.Dir, nil, b.Path, "-test.run=Fixed$|Echo", "-test.v", "-test.cpu=1,4")
	if err != nil || strings.Count(string(out), "--- PASS") < 2*len(classes) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run(t.Context(), b.Dir, nil, b.Path, "-test.run=TestHour", "-test.timeout=100ms"); err == nil ||
		!strings.Contains(string(out)+err.Error(), "timed out") {
		t.Errorf("an hour passed within 100 ms: %v\n%s", err, out)
	}
}

// TestLimits checks the ends that no program reaches by itself.
func TestLimits(t *testing.T) {
	b := corpus(t)
	for _, test := range []struct {
		c    Control
		want Verdict
	}{
		{Control{MaxSteps: 5}, Limited},
		{Control{MaxTime: time.Minute}, TimedOut},
	} {
		if o := mustRun(t, b, "TestHour", test.c); o.Verdict != test.want {
			t.Errorf("%+v: %s, want %v\n%s", test.c, o.describe(), test.want, o.Output)
		}
	}
}

// TestForeignBinary checks the errors for a program that cannot be controlled.
func TestForeignBinary(t *testing.T) {
	b := &Binary{Path: "/bin/true", Dir: "."}
	if _, err := b.Run(t.Context(), "TestX", Control{}); err == nil ||
		!strings.Contains(err.Error(), "not built with gort.Build") {
		t.Errorf("Run: %v", err)
	}
	b.Path = filepath.Join(t.TempDir(), "absent")
	if _, err := b.Run(t.Context(), "TestX", Control{}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("Run: %v", err)
	}
}

// TestRace builds the corpus with the race detector. It is slow.
func TestRace(t *testing.T) {
	if !slow {
		return
	}
	b := buildCorpus(t, BuildConfig{Args: []string{"-race"}, Env: append(os.Environ(), "CGO_ENABLED=1")})
	findAndReplay(t, b, "TestLostUpdate", 5, 20)
	repeat(t, b, "TestDoubleCloseFixed", Control{Seed: 3}, 5)
}

// BenchmarkRun measures whole runs of a small test, processes included.
func BenchmarkRun(b *testing.B) {
	bin := corpus(b)
	for i := 0; b.Loop(); i++ {
		if o := mustRun(b, bin, "TestLostUpdateFixed", Control{Seed: uint64(i)}); o.Verdict != Passed {
			b.Fatal(o.describe())
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// BenchmarkDecision measures a decision with its record and the reading of it: two goroutines that hand a number back
// and forth, in copies of one process, as "reprise test" makes its runs.
func BenchmarkDecision(b *testing.B) {
	r := mustRunner(b, corpus(b), "TestBenchPing", Control{})
	mustAgain(b, r, Control{}) // starts the process that is copied
	steps := uint64(0)
	for b.Loop() {
		o := mustAgain(b, r, Control{Seed: 2, Gap: 50})
		if o.Verdict != Passed || r.alone || o.Recording.Steps < 200_000 || o.Recording.Dropped > 0 {
			b.Fatal(r.alone, o.describe())
		}
		steps += o.Recording.Steps
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/decision")
}

// plainly builds the corpus with the ordinary runtime. What it returns runs a test of it, on one processor.
func plainly(b *testing.B) func(test string) {
	plain := filepath.Join(b.TempDir(), "plain.test")
	dir := corpus(b).Dir
	if _, err := run(b.Context(), dir, nil, "go", "test", "-c", "-vet=off", "-o", plain, "."); err != nil {
		b.Fatal(err)
	}
	return func(test string) {
		env := append(os.Environ(), "GOMAXPROCS=1")
		if _, err := run(b.Context(), dir, env, plain, "-test.run=^"+test+"$"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPing measures a number that two goroutines pass to and fro over channels, with the record of the two
// decisions and the reading of it, against the ordinary runtime on one processor.
func BenchmarkPing(b *testing.B) { benchRounds(b, "TestBenchPing", 100_000) }

// BenchmarkLock measures locking and unlocking a mutex for which nobody waits, which are three points, against the
// ordinary runtime.
func BenchmarkLock(b *testing.B) { benchRounds(b, "TestBenchLock", 2_000_000) }

// benchRounds measures a round of a test of the corpus that makes at least two points in each. The ordinary run makes
// ten times as many, so that the start of its process does not count.
func benchRounds(b *testing.B, test string, rounds int) {
	b.Run("controlled", func(b *testing.B) {
		b.Setenv("CORPUS_ROUNDS", strconv.Itoa(rounds))
		r := mustRunner(b, corpus(b), test, Control{})
		mustAgain(b, r, Control{}) // starts the process that is copied
		for b.Loop() {
			o := mustAgain(b, r, Control{Seed: 1, Gap: 50})
			if o.Verdict != Passed || r.alone || o.Recording.Points < 2*uint64(rounds) || o.Recording.Dropped > 0 {
				b.Fatal(r.alone, o.describe())
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rounds), "ns/round")
	})
	b.Run("rival=plain", func(b *testing.B) {
		b.Setenv("CORPUS_ROUNDS", strconv.Itoa(10*rounds))
		runs := plainly(b)
		for b.Loop() {
			runs(test)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(10*rounds), "ns/round")
	})
}

// BenchmarkCPU compares a test that computes under control with the same under the ordinary runtime on one processor.
func BenchmarkCPU(b *testing.B) {
	bin := corpus(b)
	plain := plainly(b)
	var controlled, ordinary time.Duration
	for b.Loop() {
		start := time.Now()
		if o := mustRun(b, bin, "TestBenchCPU", Control{Seed: 1}); o.Verdict != Passed {
			b.Fatal(o.describe())
		}
		controlled += time.Since(start)
		start = time.Now()
		plain("TestBenchCPU")
		ordinary += time.Since(start)
	}
	b.ReportMetric(controlled.Seconds()/ordinary.Seconds(), "of-ordinary")
}

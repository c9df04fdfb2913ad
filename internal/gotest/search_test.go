package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// fakeRunner makes runs of which the seed says how they end.
type fakeRunner struct {
	// "", "skip", "leak", "limit", "late", "broken", or what the test logs when it fails
	end     func(seed uint64) string
	flaky   bool                            // replays pass
	again   string                          // what replays log instead
	loose   bool                            // replays make other decisions, since the real clock takes part
	drift   bool                            // replays make other decisions, and nobody knows why
	turns   func(seed uint64) int           // of other workers until it ends
	virtual func(seed uint64) time.Duration // nil: none

	decisions func(seed uint64) uint64 // nil: none

	prints *atomic.Int64 // counts the runs, and is printed; nil: every run prints the same
}

func (f *fakeRunner) Run(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	seed := c.Seed
	if c.Choices != nil {
		seed = c.Choices.Seed
	}
	for range f.turns(seed) {
		runtime.Gosched()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	records := []record.Record{{Kind: record.Spawn, G: 1}, {Kind: record.Begin, G: 1}}
	o := &gort.Outcome{Recording: &record.Recording{Seed: seed, Hash: seed, Records: records, Texts: []string{""}}}
	if f.virtual != nil {
		o.Virtual = f.virtual(seed)
	}
	if f.decisions != nil {
		o.Recording.Steps = f.decisions(seed)
	}
	if f.loose {
		o.Forced = 1
		if c.Choices != nil {
			o.Recording.Hash++
		}
	}
	how := f.end(seed)
	if c.Choices != nil {
		if f.flaky || f.again != "" {
			how = f.again
		}
		if f.drift {
			o.Recording.Hash++
		}
	}
	switch how {
	case "broken":
		return nil, errors.New("no more processes")
	case "":
		o.Output = fmt.Appendf(nil, "=== RUN   TestX\n    x_test.go:1: seed %d\n--- PASS: TestX (0.00s)\nPASS\n", seed)
		if f.prints != nil {
			o.Output = fmt.Appendf(nil, "=== RUN   TestX\n    x_test.go:1: run %d\n--- PASS: TestX (0.00s)\nPASS\n",
				f.prints.Add(1))
		}
	case "skip":
		o.Output = []byte("=== RUN   TestX\n--- SKIP: TestX (0.00s)\nPASS\n")
	case "leak":
		o.Verdict = gort.Leaked
	case "limit":
		o.Verdict = gort.Limited
	case "killed":
		o.Verdict, o.Killed = gort.TimedOut, true
	case "late":
		o.Verdict = gort.TimedOut
	default:
		o.Verdict, o.Exit = gort.Failed, 1
		o.Output = fmt.Appendf(nil, "=== RUN   TestX\n    x_test.go:1: %s\n--- FAIL: TestX (0.00s)\nFAIL\n", how)
	}
	return o, nil
}

func (f *fakeRunner) Close() error { return nil }

// numberOf says which seed of TestX this is.
var numberOf = func() func(seed uint64) int {
	numbers := map[uint64]int{}
	for i := range 200 {
		numbers[testpath.DeriveSeed("TestX", i)] = i
	}
	return func(seed uint64) int { return numbers[seed] }
}()

// fakeSession is a session of fake runs.
func fakeSession(t testing.TB, f *fakeRunner, env string, args ...string) (*session, *strings.Builder) {
	set, err := newSettings(args, environment(env))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s := &session{
		settings: set, program: &program{Binary: gort.Binary{Path: "no-such.test"}, pkg: "example.com/m",
			patience: time.Minute},
		out: &printer{w: &out}, processors: 1,
		now:  func() time.Time { return time.Time{} },
		open: func(string, gort.Control) (runner, error) { return f, nil },
	}
	return s, &out
}

// TestLimitOfLongTest: a run that a limit has ended is no failure if the test passes without control, for which it
// gets as much time as any run.
func TestLimitOfLongTest(t *testing.T) {
	f := &fakeRunner{end: func(uint64) string { return "limit" }, turns: func(uint64) int { return 0 }}
	s, out := fakeSession(t, f, "SEEDS=1 ARTIFACTS="+t.TempDir())
	s.program = buildTests(t,
		"package m\n\nimport (\n\t\"testing\"\n\t\"time\"\n)\n\nfunc TestX(t *testing.T) { time.Sleep(100 * time.Millisecond) }\n")
	s.patience = 1
	ok := s.search("TestX", 1).run(t.Context())
	if !ok || !strings.Contains(out.String(), "but it passes without control") {
		t.Errorf("passes: %v\n%s", ok, out)
	}
}

var falls = regexp.MustCompile(`(?m)^--- FAIL: TestX/(seed=0x[0-9a-f]{16}) `)

// TestCampaignOrder: what is printed does not depend on the number of workers, nor on how long runs take; and what
// fails is what a loop over the seeds finds.
func TestCampaignOrder(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		ends := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "", "", "skip", "leak", "lost", "found", "broken"}),
			1, 60).Draw(rt, "ends")
		turns := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 9).Draw(rt, "turns")
		failfast := rapid.Bool().Draw(rt, "failfast")
		leaks := rapid.SampledFrom(wire.LeakModes).Draw(rt, "leaks")
		print := func(processors int) string {
			f := &fakeRunner{
				end:   func(seed uint64) string { return ends[numberOf(seed)] },
				turns: func(seed uint64) int { return turns[numberOf(seed)%len(turns)] },
			}
			if processors == 1 {
				f.turns = func(uint64) int { return 0 }
			}
			env := fmt.Sprintf("SEEDS=%d ARTIFACTS=%s LEAKS=%s", len(ends), dir, leaks)
			s, out := fakeSession(t, f, env, fmt.Sprintf("-test.failfast=%v", failfast))
			s.processors = processors
			s.search("TestX", 1).run(t.Context())
			return strings.ReplaceAll(out.String(), marker, "")
		}
		want := print(1)
		if got := print(rapid.IntRange(2, 8).Draw(rt, "processors")); got != want {
			rt.Fatalf("with several workers\n%s\nwith one\n%s", got, want)
		}
		var failing []string
		for _, m := range falls.FindAllStringSubmatch(want, -1) {
			failing = append(failing, m[1])
		}
		if got, want := fmt.Sprint(failing), fmt.Sprint(expected(ends, failfast, leaks)); got != want {
			rt.Fatalf("%v: failing seeds %v, want %v", ends, got, want)
		}
	})
}

// expected is what a loop over the seeds finds.
func expected(ends []string, failfast bool, leaks string) (failing []string) {
	ran := 0
	for i, how := range ends {
		fails := how == "lost" || how == "found" || how == "leak" && leaks != wire.LeaksReport
		if how == "broken" || i == 0 && how == "skip" {
			break
		}
		ran++
		if fails {
			failing = append(failing, testpath.Seed(testpath.DeriveSeed("TestX", i)))
		}
		if len(failing) == 5 || len(failing) == 1 && failfast {
			break
		}
	}
	return failing
}

// at makes seeds fail by their number.
func at(ends map[int]string) func(uint64) string {
	return func(seed uint64) string { return ends[numberOf(seed)] }
}

func atOnce(uint64) int { return 0 }

// TestCampaignReports: what is told of each kind of test.
func TestCampaignReports(t *testing.T) {
	for _, c := range []struct {
		name, env string
		f         fakeRunner
		ok        bool
		want      []string // in the output, each
		not       []string
	}{
		{"passes", "SEEDS=3", fakeRunner{}, true,
			[]string{"--- PASS: TestX (0.00s)", "reprise.runs 3/3",
				fmt.Sprintf("seed %d", testpath.DeriveSeed("TestX", 0))}, []string{"FAIL", fmt.Sprintf("seed %d",
				testpath.DeriveSeed("TestX", 1))}},
		{"is skipped", "SEEDS=3", fakeRunner{end: at(map[int]string{0: "skip"})},
			true, []string{"--- SKIP: TestX (0.00s)", "reprise.runs 1/3"}, []string{"FAIL", "PASS"}},
		{"fails", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "lost 1", 6: "lost 2", 7: "found"})}, false, []string{
			"reprise.verdict reproduced", "reprise.class test failure", "reprise.failure x_test.go:1: lost 1", "reprise.seed " +
				strings.TrimPrefix(testpath.Seed(testpath.DeriveSeed("TestX", 4)), "seed="),
			"replayed twice from its trace: the same again", "fails as seed=0x", "3 of 9 runs failed", "--- FAIL: TestX (0.00s)",
			"reprise test example.com/m -run '^TestX$' --seed 0x",
		}, []string{"under every seed", "PASS"}},
		{"is flaky", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "lost"}), flaky: true}, false, []string{
			"reprise.verdict flaky", "fails (flaky, test failure)", "replayed from its trace, alone, it goes another way",
		}, []string{"reproduced", "under every seed"}},
		{"fails another way", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "lost"}), again: "found"}, false, []string{
			"reprise.verdict flaky", "reprise.failure x_test.go:1: lost",
		}, []string{"reproduced"}},
		{"fails by other decisions", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "lost"}), drift: true}, false, []string{
			"reprise.verdict flaky",
		}, []string{"reproduced"}},
		{"takes too long in virtual time", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "late"})}, false, []string{
			"1 of 9 runs failed",
		}, []string{"took all the time"}},
		{"fails loosely", "SEEDS=9", fakeRunner{end: at(map[int]string{4: "lost"}), loose: true}, false, []string{
			"reprise.verdict reproduced", "the same failure, by other decisions",
		}, []string{"flaky"}},
		{"fails always", "SEEDS=9", fakeRunner{end: func(uint64) string { return "lost" }}, false, []string{
			"all 5 runs failed, and it could not be run without control", "5 of 5 runs failed",
		}, nil},
		{"leaks", "SEEDS=2 LEAKS=report", fakeRunner{end: at(map[int]string{1: "leak"})}, true, []string{
			"reprise.class leak", "passes (leak)", "--- PASS: TestX/seed=0x", "--- PASS: TestX (0.00s)",
		}, []string{"FAIL"}},
		{"is not deterministic", "SEEDS=9 DETERMINISM=true", fakeRunner{prints: new(atomic.Int64)}, false, []string{
			"reprise.class nondeterminism", "reprise.verdict flaky", "the events are the same, but not what is printed",
			"and then", "--determinism",
			"5 of 5 runs failed",
		}, []string{"reproduced", "PASS: "}},
		{"is deterministic", "SEEDS=9 DETERMINISM=true", fakeRunner{}, true, []string{"reprise.runs 9/9"}, []string{"FAIL"}},
		{"leaks always", "SEEDS=3", fakeRunner{end: func(uint64) string { return "leak" }}, false, []string{
			"fails (leak)", "all 3 runs failed; with --leaks report a leak is no failure", "--- FAIL: TestX (0.00s)",
		}, []string{"PASS"}},
		{"leaks sometimes", "SEEDS=9", fakeRunner{end: at(map[int]string{1: "leak", 4: "leak"})}, false, []string{
			"fails (leak)", "2 of 9 runs failed", "--- FAIL: TestX (0.00s)",
		}, []string{"PASS"}},
		{"cannot run", "SEEDS=2", fakeRunner{end: at(map[int]string{1: "broken"})}, false,
			[]string{"reprise: it cannot be run on: no more processes", "--- FAIL: TestX"}, []string{"PASS"}},
	} {
		if c.f.end == nil {
			c.f.end = func(uint64) string { return "" }
		}
		c.f.turns = atOnce
		s, out := fakeSession(t, &c.f, c.env+" ARTIFACTS="+t.TempDir())
		ok := s.search("TestX", 1).run(t.Context())
		if ok != c.ok {
			t.Errorf("%s: passes %v", c.name, ok)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, out)
			}
		}
		for _, not := range c.not {
			if strings.Contains(out.String(), not) {
				t.Errorf("%s: %q in\n%s", c.name, not, out)
			}
		}
	}
}

// TestCampaignStops: while the run of one seed takes long, others are run, but not more than can be told of.
func TestCampaignStops(t *testing.T) {
	var runs atomic.Int32
	f := &fakeRunner{
		end: func(uint64) string { runs.Add(1); return "lost" },
		turns: func(seed uint64) int {
			if numberOf(seed) == 0 {
				return 20_000
			}
			return 0
		},
	}
	s, _ := fakeSession(t, f, "SEEDS=150 MINIMIZE=off ARTIFACTS="+t.TempDir())
	s.processors = 2
	s.search("TestX", 1).run(t.Context())
	if n := runs.Load(); n > 5+2+replays+enoughAgreed+2 {
		t.Errorf("%d runs", n)
	}
}

// TestArtifacts: the first failing run of a cause leaves its trace, which loads, and its report; passing runs leave
// nothing.
func TestArtifacts(t *testing.T) {
	dir := t.TempDir()
	f := &fakeRunner{end: at(map[int]string{2: "lost", 3: "lost"}), turns: atOnce}
	s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+dir, "-test.short=true")
	s.search("TestX", 1).run(t.Context())
	path := filepath.Join(testpath.Artifacts(dir, "example.com/m", "TestX"),
		testpath.Seed(testpath.DeriveSeed("TestX", 2))+testpath.Ext)
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(list) != 2 {
		t.Errorf("files %v, error %v", list, err)
	}
	_, id, err := gort.Load(path)
	if err != nil || id[tracefile.KeyArgs] != `["-test.v=true","-test.short=true"]` || id["test"] != "TestX" ||
		id["package"] != "example.com/m" {
		t.Errorf("identity %v, error %v", id, err)
	}
	report, err := os.ReadFile(strings.TrimSuffix(path, testpath.Ext) + ".txt")
	if err != nil || !strings.Contains(string(report), "x_test.go:1: lost") ||
		!strings.Contains(out.String(), "reprise replay "+path) {
		t.Errorf("report %q, error %v, output\n%s", report, err, out)
	}
}

// fakeClock is moved by the runs that workers make.
type fakeClock struct{ nanos atomic.Int64 }

func (c *fakeClock) pass(d time.Duration) { c.nanos.Add(int64(d)) }

func (c *fakeClock) now() time.Time { return time.Unix(0, c.nanos.Load()) }

// TestTime: without a word about seeds a test ends after some time, or its share of what go test gives it, and says so.
func TestTime(t *testing.T) {
	for _, c := range []struct {
		env, timeout string
		left         int
		want         string
	}{
		{"", "0s", 1, "10 of 100 seeds in 10s: --seeds N or --budget D runs more"},
		{"", "20s", 3, "6 of 100 seeds in 6s: --seeds N or --budget D runs more"},
		{"SEEDS=50", "20s", 3, "18 of 50 seeds in 18s: ended before -timeout"},
		{"BUDGET=5s", "20s", 3, "reprise.runs 5\n"},
		{"SEEDS=20", "0s", 3, "reprise.runs 20/20\n"},
		{"SEED=1,2,3", "1s", 3, "1 of 3 seeds in 1s: ended before -timeout"},
	} {
		var clock fakeClock
		f := &fakeRunner{end: func(uint64) string { clock.pass(time.Second); return "" }, turns: atOnce}
		s, out := fakeSession(t, f, "STRATEGY=random "+c.env, "-test.timeout="+c.timeout)
		s.now = clock.now
		s.setDeadline()
		if !s.search("TestX", c.left).run(t.Context()) || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s, -timeout %s, %d tests left: no %q in\n%s", c.env, c.timeout, c.left, c.want, out)
		}
	}
}

// profiled is a fake runner that says which runs were counted and which knew of the counts of another.
type profiled struct {
	*fakeRunner
	runs *[]string
}

func (p profiled) Run(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	how := "without"
	switch {
	case c.Record != nil:
		how, c.Record.Points = "counts", c.Seed
		if c.Memory {
			c.Record.Points++
		}
	case c.Profile != nil:
		how = fmt.Sprintf("knows %x", c.Profile.Points)
	}
	*p.runs = append(*p.runs, fmt.Sprintf("%x %s %v %s", c.Seed, c.Strategy, c.Memory, how))
	return p.fakeRunner.Run(ctx, c)
}

// TestMeasure: runs with and without points at accesses to memory know the counts of a run of their kind, which is the
// same whichever seeds are asked for.
func TestMeasure(t *testing.T) {
	first := testpath.DeriveSeed("TestX", 0)
	for _, c := range []struct {
		env  string
		want []string
	}{
		{"SEED=1 STRATEGY=random", []string{"1 random false without"}},
		{"SEED=1", []string{fmt.Sprintf("%x random false counts", first), fmt.Sprintf("1 mix false knows %x", first)}},
		{"SEED=1 STRATEGY=pct", []string{
			fmt.Sprintf("%x random false counts", first), fmt.Sprintf("1 pct false knows %x", first)}},
		{"SEED=1,2 MEMORY=auto", []string{
			fmt.Sprintf("%x random false counts", first), fmt.Sprintf("%x random true counts", first),
			fmt.Sprintf("1 mix true knows %x", first+1), fmt.Sprintf("2 mix false knows %x", first)}},
	} {
		var runs []string
		f := &fakeRunner{end: at(nil), turns: atOnce}
		s, _ := fakeSession(t, f, c.env)
		s.processors = 1
		s.open = func(string, gort.Control) (runner, error) { return profiled{f, &runs}, nil }
		if s.search("TestX", 1).run(t.Context()); !slices.Equal(runs, c.want) {
			t.Errorf("%s: the runs are\n%s\nwant\n%s", c.env, strings.Join(runs, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestEndless: after a run that took all the time that a run may there are no more.
func TestEndless(t *testing.T) {
	var clock fakeClock
	f := &fakeRunner{end: at(map[int]string{2: "late"}), turns: atOnce}
	s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+t.TempDir(), "-test.timeout=10m")
	s.now = clock.now
	c := s.search("TestX", 1)
	f.turns = func(seed uint64) int {
		if numberOf(seed) == 2 {
			clock.pass(c.wall)
		}
		return 0
	}
	if c.run(t.Context()) || !strings.Contains(out.String(),
		"3 of 9 seeds in 3m0s: no more, since this run took all the time that a run may") {
		t.Errorf("the output is\n%s", out)
	}
}

// TestWall: a run gets no more real time than is left until the deadline, but a second at least.
func TestWall(t *testing.T) {
	for _, c := range []struct {
		timeout      string
		passed, want time.Duration
	}{
		{"0s", time.Hour, 365 * 24 * time.Hour}, {"10m", 0, time.Minute}, {"20s", 0, 18 * time.Second}, {"20s",
			10 * time.Second, 8 * time.Second},
		{"20s", 19 * time.Second, time.Second},
	} {
		var clock fakeClock
		s, _ := fakeSession(t, &fakeRunner{}, "", "-test.timeout="+c.timeout)
		s.now = clock.now
		s.setDeadline()
		clock.pass(c.passed)
		if got := s.search("TestX", 1).wall; got != c.want {
			t.Errorf("-timeout %s, %v later: a run gets %v, want %v", c.timeout, c.passed, got, c.want)
		}
	}
}

// TestLimited: runs that a limit has ended are told of once, and neither fail nor end the campaign, nor are kept, if
// the test passes without control.
func TestLimited(t *testing.T) {
	f := &fakeRunner{turns: atOnce, decisions: func(uint64) uint64 { return 50 },
		end: func(seed uint64) string { return map[bool]string{true: "limit"}[numberOf(seed) > 1] }}
	s, out := fakeSession(t, f, "SEEDS=20 ARTIFACTS="+t.TempDir())
	s.Path = "true"
	ok := s.search("TestX", 1).run(t.Context())
	told := out.String()
	if !ok || strings.Contains(told, "replay") || !strings.Contains(told, "reprise.runs 20/20") ||
		strings.Count(told, "decisions, but it passes without control; --max-decisions raises it") != 1 {
		t.Errorf("passes %t:\n%s", ok, told)
	}
	s.Path = "false"
	if s.search("TestX", 1).run(t.Context()) || !strings.Contains(out.String()[len(told):], "5 of 7 runs failed") {
		t.Errorf("passes although it fails without control:\n%s", out.String()[len(told):])
	}
}

// TestJudgeLimits: a run that a limit has ended fails only if others have passed with much less, or the user has asked
// for that limit or that seed.
func TestJudgeLimits(t *testing.T) {
	for _, c := range []struct {
		name, env, timeout string
		late               func(number int) bool
		passed             time.Duration // virtual, of those that pass
		fails              bool
		says               string
	}{
		{"every seed", "SEEDS=9", "10m", func(int) bool { return true }, 0, false,
			"it reached a limit of reprise, 1h10m0s of virtual time, which is no failure"},
		{"one, far from the others", "SEEDS=9", "10m", func(n int) bool { return n == 4 }, time.Minute,
			true, "the limit is 1h10m0s of virtual time, and no run that passed took more than 1m0s; --max-virtual raises it"},
		{"one, near to the others", "SEEDS=9", "10m", func(n int) bool { return n == 4 }, time.Hour, false,
			"--max-virtual raises it"},
		{"a single seed", "SEED=7", "10m", func(int) bool { return true }, 0, true, "--max-virtual raises it"},
	} {
		f := &fakeRunner{turns: atOnce, virtual: func(seed uint64) time.Duration {
			if c.late(numberOf(seed)) {
				return 70 * time.Minute
			}
			return c.passed
		}}
		f.end = func(seed uint64) string { return map[bool]string{true: "late"}[c.late(numberOf(seed))] }
		s, out := fakeSession(t, f, c.env+" ARTIFACTS="+t.TempDir(), "-test.timeout="+c.timeout)
		ok := s.search("TestX", 1).run(t.Context())
		if ok == c.fails || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: passes %t, without %q:\n%s", c.name, ok, c.says, out)
		}
	}
}

// TestJudgeDecisions: a run that the limit of decisions has ended is a failure if all that passed made far fewer,
// whether they came before or after it.
func TestJudgeDecisions(t *testing.T) {
	for _, c := range []struct {
		name    string
		endless int
		passing map[int]uint64 // decisions of some that pass; 10 of others
		says    string         // "": no failure
	}{
		{"far from the others", 4, nil, "the limit is 1000 decisions, and no run that passed took more than 10; --max-dec"},
		{"near to one before it", 4, map[int]uint64{2: 101}, ""},
		{"near to one after it", 4, map[int]uint64{6: 101}, ""},
		{"the first", 0, nil, ""},
	} {
		f := &fakeRunner{turns: atOnce, end: at(map[int]string{c.endless: "limit"}), decisions: func(seed uint64) uint64 {
			if n := numberOf(seed); n != c.endless {
				return max(c.passing[n], 10)
			}
			return 1000
		}}
		s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+t.TempDir())
		s.Path = "true" // it passes without control
		ok := s.search("TestX", 1).run(t.Context())
		if ok != (c.says == "") || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: passes %t, without %q:\n%s", c.name, ok, c.says, out)
		}
	}
}

// fullRunner makes runs whose recordings are full of decisions.
type fullRunner struct{ verdict gort.Verdict }

func (f fullRunner) Run(context.Context, gort.Control) (*gort.Outcome, error) {
	records := append(make([]record.Record, 0, limitedRecords+3), record.Record{Kind: record.Spawn, G: 1},
		record.Record{Kind: record.Begin, G: 1})
	for len(records) < limitedRecords+2 {
		records = append(records, record.Record{Kind: record.Sched, G: 1})
	}
	records = append(records, record.Record{Kind: record.Left, G: 1})
	return &gort.Outcome{Verdict: f.verdict, Recording: &record.Recording{Records: records, Dropped: 1}}, nil
}

func (fullRunner) Close() error { return nil }

// TestLimitedRecords: of a run that a limit has ended not everything is kept, unless the user asks for it.
func TestLimitedRecords(t *testing.T) {
	const all, start = limitedRecords + 3, limitedRecords + 1 // with what is said of the end
	for _, c := range []struct {
		verdict gort.Verdict
		env     string
		want    int
	}{
		{gort.Limited, "", start}, {gort.TimedOut, "", start}, {gort.Failed, "", all},
		{gort.Limited, "MAX_RECORDS=1000000", all},
	} {
		s, _ := fakeSession(t, nil, "SEEDS=1 "+c.env)
		s.open = func(string, gort.Control) (runner, error) { return fullRunner{c.verdict}, nil }
		w := &subject{search: s.search("TestX", 1)}
		o, err := w.make(t.Context(), gort.Control{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(o.Recording.Records); n != c.want {
			t.Errorf("%v, %q: %d records, want %d", c.verdict, c.env, n, c.want)
		}
	}
}

// TestJudgeReal: a run that real time has ended fails if -timeout set the limit.
func TestJudgeReal(t *testing.T) {
	for timeout, want := range map[string]string{
		"10m": "it reached a limit of reprise, 1m0s of real time, which is no failure of the test; --max-real raises it",
		"20s": "the run was ended because the time that -timeout gives was over",
	} {
		f := &fakeRunner{turns: atOnce, end: func(uint64) string { return "killed" }}
		s, out := fakeSession(t, f, "SEEDS=2 ARTIFACTS="+t.TempDir(), "-test.timeout="+timeout)
		if ok := s.search("TestX", 1).run(t.Context()); ok != (timeout == "10m") || !strings.Contains(out.String(), want) {
			t.Errorf("-timeout %s: passes %t, without %q:\n%s", timeout, ok, want, out)
		}
	}
}

// TestProgress: it is told now and then if somebody looks.
func TestProgress(t *testing.T) {
	for _, env := range []string{"SEEDS=10 PROGRESS=1", "SEEDS=10"} {
		var clock fakeClock
		f := &fakeRunner{end: func(uint64) string { clock.pass(70 * time.Millisecond); return "" }, turns: atOnce}
		s, out := fakeSession(t, f, env)
		s.now = clock.now
		s.search("TestX", 1).run(t.Context())
		want := 0
		if strings.Contains(env, "PROGRESS") {
			want = 1
		}
		if n := strings.Count(out.String(), "reprise.progress"); n != want {
			t.Errorf("%s: progress is told %d times, want %d:\n%s", env, n, want, out)
		}
	}
}

// TestTooLate: a failure that there is no time to replay is told nevertheless.
func TestTooLate(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	f := &fakeRunner{end: at(map[int]string{0: "lost"}), turns: atOnce}
	s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+t.TempDir())
	c := s.search("TestX", 1)
	c.start()
	r, err := c.replays.Run(t.Context(), explore.Plan{Seed: c.nth(0)})
	if err != nil {
		t.Fatal(err)
	}
	c.campaign.Take(ctx, r, nil)
	c.campaign.Finish()
	c.tell(ctx.Err())
	for _, want := range []string{"reprise.verdict unconfirmed",
		"it could not be replayed from its trace: -timeout is over", "1 of 1 run failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestInterrupted: what has been found is told, and a test without a failure has no result.
func TestInterrupted(t *testing.T) {
	for ends, want := range map[string]string{"": "interrupted after 4 seeds", "lost": "1 of 4 runs failed"} {
		ctx, cancel := context.WithCancel(t.Context())
		f := &fakeRunner{turns: atOnce, end: func(seed uint64) string {
			switch numberOf(seed) {
			case 1:
				return ends
			case 3:
				cancel()
			}
			return ""
		}}
		s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+t.TempDir())
		if s.search("TestX", 1).run(ctx) || !strings.Contains(out.String(), want) ||
			strings.Contains(out.String(), "--- PASS") {
			t.Errorf("%q: no %q in\n%s", ends, want, out)
		}
		cancel()
	}
}

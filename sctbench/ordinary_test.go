//go:build linux && (amd64 || arm64)

package sctbench_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/strategy"
)

// programFiles are the files with the programs, which both worlds share.
var programFiles = []string{
	"always_test.go", "chess_test.go", "convul_test.go", "cs_test.go", "inspect_test.go", "programs_test.go",
}

// buildOrdinary builds the programs as ordinary tests: the files with the programs, and the model of testdata/ordinary.
func buildOrdinary(tb testing.TB) *gort.Binary {
	tb.Helper()
	dir := tb.TempDir()
	model := filepath.Join("testdata", "ordinary")
	files := []string{filepath.Join(model, "go.mod"), filepath.Join(model, "model_test.go")}
	for _, from := range append(files, programFiles...) {
		text, err := os.ReadFile(from)
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(from)), text, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	b, err := gort.Build(tb.Context(), dir, ".", gort.BuildConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

// ordinary is a program as an ordinary test.
type ordinary struct {
	testing.TB
	runner *gort.Runner
}

func ordinaryProgram(tb testing.TB, b *gort.Binary, name string) *ordinary {
	tb.Helper()
	own := *b
	own.Env = append(os.Environ(), "SCTBENCH="+name)
	r, err := own.Runner("TestProgram", gort.Control{})
	if err != nil {
		tb.Fatal(err)
	}
	return &ordinary{tb, r}
}

func (o *ordinary) close() {
	o.Helper()
	if err := o.runner.Close(); err != nil {
		o.Error(err)
	}
}

// fails makes a run.
func (o *ordinary) fails(c gort.Control) bool {
	o.Helper()
	c.Slow = -1
	out, err := o.runner.Run(o.Context(), c)
	if err != nil {
		o.Fatal(err)
	}
	return out.Verdict != gort.Passed
}

// trial returns the number of schedules to the first that fails, at most limit, and whether there is one.
func (o *ordinary) trial(c contender, trial, limit int) (n int, found bool) {
	o.Helper()
	seeds := strategy.NewRand(uint64(trial), strategy.Label("sctbench"))
	control := gort.Control{Strategy: c.named.Name, Depth: int(c.config.Depth)}
	if c.named.Profiled || c.named.Name == "pct" {
		control.Profile = &strategy.Profile{}
		o.fails(gort.Control{Strategy: strategy.Single, Seed: seeds.Uint64(), Record: control.Profile})
		n++
	}
	for n < limit {
		n++
		if control.Seed = seeds.Uint64(); o.fails(control) {
			return n, true
		}
	}
	return n, false
}

// TestOrdinaryPrograms: as ordinary tests, too, programs fail under every schedule, under none, or under some, of which
// the portfolio finds one.
func TestOrdinaryPrograms(t *testing.T) {
	b := buildOrdinary(t)
	found := map[string]bool{}
	for _, name := range usable {
		found[name] = true
	}
	for _, p := range programs {
		if !p.always && !p.correct && !found[p.name] {
			continue
		}
		o, limit := ordinaryProgram(t, b, p.name), 1000
		if p.correct {
			limit = 100
		}
		switch n, ok := o.trial(contenders[0], 0, limit); {
		case p.correct && ok:
			t.Errorf("%s: schedule %d fails", p.name, n)
		case p.always && n > 2: // the first run counts for the strategies that need it
			t.Errorf("%s: the first schedule that fails is number %d", p.name, n)
		case !p.correct && !ok:
			t.Errorf("%s: no schedule of %d fails", p.name, n)
		}
		o.close()
	}
}

// measure makes trials.
func (o *ordinary) measure(c contender, trials, limit int) result {
	o.Helper()
	return measured(trials, func(i int) (int, bool) { return o.trial(c, i, limit) })
}

// TestOrdinaryBesideSimulated: as ordinary tests with many goroutines, too, the portfolio needs at most three times
// what the best strategy needs, and SURW and RFF at most twice what they need for the simulated programs, and two
// standard errors besides, although an ordinary test has a channel more for each goroutine that it waits for.
func TestOrdinaryBesideSimulated(t *testing.T) {
	b := buildOrdinary(t)
	const trials = 40
	for _, name := range []string{"reorder_3", "reorder_20", "twostage_20"} {
		p, o := named(t, name), ordinaryProgram(t, b, name)
		mixBesideBest(t, name, trials, func(c contender, limit int) result { return o.measure(c, trials, limit) })
		for _, c := range []contender{contenders[1], contenders[6]} {
			got, simulated := o.measure(c, trials, 1000), c.measure(p.body(false), trials, 1000)
			errors := math.Hypot(got.deviation, 2*simulated.deviation) / math.Sqrt(trials)
			if got.found < trials || got.mean > 2*simulated.mean+2*errors {
				t.Errorf("%s, %s: %v schedules to the first bug, simulated %v", name, c.name, got, simulated)
			}
		}
		o.close()
	}
}

// BenchmarkOrdinaryFirstBug is BenchmarkFirstBug for the programs as ordinary tests. With -short it makes one trial of
// ten schedules at most.
func BenchmarkOrdinaryFirstBug(b *testing.B) {
	binary := buildOrdinary(b)
	trials, most := 20, 2000
	if testing.Short() {
		trials, most = 1, 10
	}
	eachContender(b, func(b *testing.B, p program, c contender) result {
		o := ordinaryProgram(b, binary, p.name)
		defer o.close()
		return o.measure(c, trials, most)
	})
}

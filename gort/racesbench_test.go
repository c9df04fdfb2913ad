//go:build linux && (amd64 || arm64)

package gort

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMemory reports what points at accesses to memory cost, without and with the race detector, and in runs of
// the same binary in which they are off, as ratios to the time of the same program built without them, and beside it
// that of the rival, "go test -race". The measure is processor time. The programs run alone in their process; what the
// start of a process takes is measured too and taken off.
func BenchmarkMemory(b *testing.B) {
	dir := filepath.Join("testdata", "races")
	plain, err := Build(b.Context(), dir, ".", BuildConfig{Cache: cacheDir(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close() // of a benchmark
	memory := buildRaces(b)
	raced := buildRaced(b, dir, ".")
	for _, p := range []struct {
		test   string
		rounds int
	}{{"TestWorkTree", 4000}, {"TestWorkSlice", 8000}, {"TestWorkMap", 2000}} {
		b.Run(p.test, func(b *testing.B) {
			var c costs
			args := []string{"-test.run=^" + p.test + "$"}
			for b.Loop() {
				took := func(run func(rounds int) float64) float64 { return run(p.rounds) - run(0) }
				c.add(
					took(func(n int) float64 { return timeOf(b, plain, p.test, 10*n, Control{}) })/10,
					took(func(n int) float64 { return timeOf(b, memory, p.test, n, Control{}) }),
					took(func(n int) float64 {
						return timeOf(b, memory, p.test, n, Control{Memory: true, pointsOnly: true})
					}),
					took(func(n int) float64 { return timeOf(b, memory, p.test, n, Control{Memory: true}) }),
					took(func(n int) float64 { return timeRaced(b, raced, dir, args, n) }))
			}
			c.report(b)
		})
	}
}

// BenchmarkMemorySuite reports the same for the suites of real modules, which are downloaded; with REPRISE_GORT_MODULES
// as for TestModules, and otherwise for none.
func BenchmarkMemorySuite(b *testing.B) {
	for _, m := range modules {
		if !chosen(m.path) {
			continue
		}
		dir := fetch(b, m.path)
		out, err := run(b.Context(), dir, nil, "go", "list", "-m")
		if err != nil {
			b.Fatal(err)
		}
		patterns := []string{strings.TrimSpace(string(out)) + "/..."}
		for _, pkg := range m.packages {
			b.Run(m.path+"/"+pkg, func(b *testing.B) { benchSuite(b, dir, pkg, patterns) })
		}
	}
}

// benchSuite runs the suite of a package, started three times in one process, so that starting counts for little.
func benchSuite(b *testing.B, dir, pkg string, patterns []string) {
	build := func(patterns []string) *Binary {
		binary, err := Build(b.Context(), dir, pkg, BuildConfig{Cache: cacheDir(b), Memory: patterns})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = binary.Close() })
		return binary
	}
	plain, memory, raced := build(nil), build(patterns), buildRaced(b, dir, pkg)
	args := []string{"-test.short", "-test.count=3"}
	took := func(binary *Binary, c Control) float64 {
		c.Args, c.NoLeaks, c.Late, c.Records, c.Wall = args, true, -1, 1<<24, 5*time.Minute
		return timeOf(b, binary, "", 0, c)
	}
	var c costs
	for b.Loop() {
		c.add(took(plain, Control{}), took(memory, Control{}), took(memory, Control{Memory: true, pointsOnly: true}),
			took(memory, Control{Memory: true}), timeRaced(b, raced, filepath.Join(dir, pkg), args, 0))
	}
	c.report(b)
}

// costs are the least times of the same program: built without points at accesses to memory, with them off, on, and on
// with the race detector, and of the rival.
type costs struct{ plain, off, points, races, rival float64 }

func (c *costs) add(plain, off, points, races, rival float64) {
	if c.plain == 0 {
		*c = costs{plain, off, points, races, rival}
	}
	c.plain, c.off, c.points = min(c.plain, plain), min(c.off, off), min(c.points, points)
	c.races, c.rival = min(c.races, races), min(c.rival, rival)
}

// report reports the ratios.
func (c *costs) report(b *testing.B) {
	b.ReportMetric(c.off/c.plain, "off-times-plain")
	b.ReportMetric(c.points/c.plain, "points-times-plain")
	b.ReportMetric(c.races/c.plain, "races-times-plain")
	b.ReportMetric(c.rival/c.plain, "rival=go-test-race-times-plain")
	b.ReportMetric(c.points/c.rival, "points-of-rival")
	b.ReportMetric(c.races/c.rival, "races-of-rival")
}

// buildRaced builds the tests of a package with the race detector of Go.
func buildRaced(b *testing.B, dir, pkg string) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "raced.test")
	cmd := exec.Command("go", "test", "-c", "-race", "-vet=off", "-o", path, pkg)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go test -race needs a C compiler: %v\n%s", err, out)
	}
	return path
}

// timeOf returns the processor time of a test of a controlled binary, in seconds.
func timeOf(b *testing.B, binary *Binary, test string, rounds int, c Control) float64 {
	b.Helper()
	own := *binary
	own.Env = append(os.Environ(), fmt.Sprintf("REPRISE_WORK=%d", rounds))
	c.MaxSteps = 1 << 40
	start := childTime(b)
	o, err := own.Run(b.Context(), test, c)
	if err != nil {
		b.Fatal(err)
	}
	if o.Verdict != Passed {
		b.Fatalf("%v: %s", o.Verdict, o.Output)
	}
	return childTime(b) - start
}

// timeRaced returns the processor time of tests of a binary with the race detector of Go, on one processor as ours.
func timeRaced(b *testing.B, path, dir string, args []string, rounds int) float64 {
	b.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), fmt.Sprintf("REPRISE_WORK=%d", rounds), "GOMAXPROCS=1")
	start := childTime(b)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return childTime(b) - start
}

// childTime returns the processor time of the processes that have ended, in seconds.
func childTime(b *testing.B) float64 {
	b.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &use); err != nil {
		b.Fatal(err)
	}
	return float64(use.Utime.Nano()+use.Stime.Nano()) / 1e9
}

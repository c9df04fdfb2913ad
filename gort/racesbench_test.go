//go:build linux && (amd64 || arm64)

package gort

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkMemory reports what points at accesses to memory and the race detector cost, as a ratio to the time of the
// same program without them, and beside it that of the rival, "go test -race". The programs run alone in their
// process; what the start of a process takes is measured too and taken off.
func BenchmarkMemory(b *testing.B) {
	dir := filepath.Join("testdata", "races")
	plain, err := Build(b.Context(), dir, ".", BuildConfig{Cache: cacheDir(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close() // of a benchmark
	memory := buildRaces(b)
	raced := filepath.Join(b.TempDir(), "raced.test")
	cmd := exec.Command("go", "test", "-c", "-race", "-vet=off", "-o", raced, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go test -race needs a C compiler: %v\n%s", err, out)
	}
	for _, p := range []struct {
		test   string
		rounds int
	}{{"TestWorkTree", 4000}, {"TestWorkSlice", 8000}, {"TestWorkMap", 2000}} {
		b.Run(p.test, func(b *testing.B) {
			var own, rival []float64
			for b.Loop() {
				took := func(run func(rounds int) time.Duration) float64 { return (run(p.rounds) - run(0)).Seconds() }
				base := took(func(n int) time.Duration { return timeOf(b, plain, p.test, n, false) })
				own = append(own, took(func(n int) time.Duration { return timeOf(b, memory, p.test, n, true) })/base)
				rival = append(rival, took(func(n int) time.Duration { return timeRaced(b, raced, p.test, n) })/base)
			}
			slices.Sort(own)
			slices.Sort(rival)
			b.ReportMetric(own[len(own)/2], "times-plain")
			b.ReportMetric(rival[len(rival)/2], "rival=go-test-race-times-plain")
			b.ReportMetric(own[len(own)/2]/rival[len(rival)/2], "of-rival")
		})
	}
}

// timeOf runs a test of a controlled binary.
func timeOf(b *testing.B, binary *Binary, test string, rounds int, memory bool) time.Duration {
	b.Helper()
	own := *binary
	own.Env = append(os.Environ(), fmt.Sprintf("REPRISE_WORK=%d", rounds))
	start := time.Now()
	o, err := own.Run(b.Context(), test, Control{Memory: memory, MaxSteps: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	if o.Verdict != Passed {
		b.Fatalf("%v: %s", o.Verdict, o.Output)
	}
	return time.Since(start)
}

// timeRaced runs a test of a binary with the race detector of Go, on one processor as ours.
func timeRaced(b *testing.B, path, test string, rounds int) time.Duration {
	b.Helper()
	cmd := exec.Command(path, "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("REPRISE_WORK=%d", rounds), "GOMAXPROCS=1")
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return time.Since(start)
}

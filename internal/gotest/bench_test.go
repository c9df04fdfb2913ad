package gotest

import (
	"testing"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/minimize"
)

// BenchmarkMinimize makes a failing run of about a thousand decisions smaller and finds the turn that decided it, with
// one process.
func BenchmarkMinimize(b *testing.B) {
	binary, err := gort.Build(b.Context(), "testdata/long", ".", gort.BuildConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer binary.Close()
	runner, err := binary.Runner("TestLong", gort.Control{Wall: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	defer runner.Close()
	s := single{test: &Rebuilt{binary: binary, runner: runner, test: "TestLong"}}
	for b.Loop() {
		var first *explore.Run
		for seed := uint64(0); first == nil || first.Finding == nil; seed++ {
			if first, err = s.Run(b.Context(), explore.Plan{Seed: seed}); err != nil {
				b.Fatal(err)
			}
		}
		start := time.Now()
		m, err := minimize.Run(b.Context(), minimize.Config{}, []minimize.Subject{s}, first)
		if err != nil {
			b.Fatal(err)
		}
		if m.Before.Length < 1000 {
			b.Fatalf("the run has %d decisions, which is less than about a thousand", m.Before.Length)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/minimal")
		start = time.Now()
		w, err := minimize.Explain(b.Context(), minimize.Config{}, []minimize.Subject{s}, m.Run, m.After.Length)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/why")
		b.ReportMetric(float64(m.Before.Length), "decisions")
		b.ReportMetric(float64(m.Runs), "runs/minimal")
		b.ReportMetric(float64(w.Runs), "runs/why")
	}
}

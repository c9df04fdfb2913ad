package replayer_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// named starts tasks, each of which does the same, in an order.
func named(n int, names ...string) program {
	return func(s *simsched.Sim) error {
		for _, name := range names {
			s.Go(name, func() error { s.Yield(); return nil })
		}
		for range n {
			s.Yield()
		}
		return nil
	}
}

// TestNamesOfEqualTasks: tasks that do the same make equal events in whatever order a range over a map starts them.
func TestNamesOfEqualTasks(t *testing.T) {
	runs := 0
	err := replayer.CheckDeterminism(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
		names := []string{"left", "right"}
		if runs++; runs%2 == 0 {
			slices.Reverse(names)
		}
		return named(0, names...)(s)
	})
	var ne *replayer.NondeterminismError
	if !errors.As(err, &ne) || !strings.Contains(err.Error(), `"left"`) || !strings.Contains(err.Error(), `"right"`) ||
		!strings.Contains(err.Error(), "event 5") || !strings.Contains(err.Error(), "replayer/names_test.go:") {
		t.Errorf("%v, want that event 5 makes a task of another name", err)
	}
	runs = 0
	err = replayer.CheckDeterminism(simsched.Config{Seed: 1}, func(s *simsched.Sim) error {
		name := "left"
		if runs++; runs == 2 {
			name = "right"
		}
		return named(0, name)(s)
	})
	if !errors.As(err, &ne) || !strings.Contains(err.Error(), "a name differs") || strings.Contains(err.Error(), "4 to") {
		t.Errorf("%v, want that a name differed in the second run only", err)
	}
}

// TestNamesInAReplay: a replay that matches warns of another name, and a divergence has it in its notes.
func TestNamesInAReplay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.reprise")
	r, err := recorder.NewConfig(settings.Metadata(), recorder.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(settings, named(3, "left", "right")); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteFile(path, tracefile.End{}); err != nil {
		t.Fatal(err)
	}
	want := []string{`another name of task T1: event 5 was recorded with "left", now it is "right"; the runs are compared by what tasks do, ` +
		`not by names: look for a range over a map, and sort its keys first`}
	for _, policy := range []replayer.Config{{}, {Policy: replayer.Resync, Window: 8}} {
		for yields, diverges := range map[int]bool{3: false, 1: true} {
			src, err := source.Open(path, source.Config{})
			if err != nil {
				t.Fatal(err)
			}
			policy.Sim = settings
			result, err := replayer.Run(src, policy, named(yields, "right", "left"))
			d := result.First
			var de *divergence.Error
			if errors.As(err, &de) {
				d = de.Divergence
			}
			if (d != nil) != diverges || err != nil && de == nil {
				t.Fatalf("%d yields: %v, %v", yields, d, err)
			}
			if !slices.Equal(result.Warnings, want) || diverges && !slices.Equal(d.Notes, want) {
				t.Errorf("%d yields: the warnings are %q, want %q; %v", yields, result.Warnings, want, d)
			}
		}
	}
	src, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := replayer.Run(src, replayer.Config{Sim: settings}, named(3, "left", "right")); err != nil ||
		result.Warnings != nil {
		t.Errorf("the same names: %v, %q", err, result.Warnings)
	}
}

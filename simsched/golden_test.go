package simsched

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/internal/golden"
)

// render runs p under both Choosers and gives the text of its golden.
func (p program) render() string {
	var b strings.Builder
	for line := range strings.Lines(p.name + ": " + p.why + "\n") {
		b.WriteString("# " + line)
	}
	for _, chooser := range []struct {
		name string
		make func(seed uint64) Chooser
	}{{"random", NewRandom}, {"round robin", NewRoundRobin}} {
		cfg := p.cfg
		cfg.Seed, cfg.Chooser = p.seed, chooser.make(p.seed)
		events, err := record(cfg, p.body)
		fmt.Fprintf(&b, "\n== %s, seed %d\n", chooser.name, p.seed)
		for _, e := range events {
			fmt.Fprintln(&b, e)
		}
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

func renderAll() string {
	var b strings.Builder
	for _, p := range programs {
		b.WriteString(p.render())
	}
	return b.String()
}

func (p program) file() string { return filepath.Join("testdata", p.name+".txt") }

func TestGoldens(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			golden.Check(t, p.name+".txt", p.render())
		})
	}
}

func TestGoldensAreAllUsed(t *testing.T) {
	used := map[string]bool{}
	for _, p := range programs {
		used[p.file()] = true
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !used[f] {
			t.Errorf("%s belongs to no program of this test", f)
		}
	}
}

func TestGoldensAgain(t *testing.T) {
	if diff := cmp.Diff(renderAll(), renderAll()); diff != "" {
		t.Errorf("the same seeds gave other runs in one process:\n%s", diff)
	}
}

func TestGoldensInAnotherProcess(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), renderVar+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(renderAll(), string(out)); diff != "" {
		t.Errorf("the same seeds gave other runs in another process:\n%s", diff)
	}
}

func TestGoldensKeepTheLaws(t *testing.T) {
	for _, p := range programs {
		for name, cfg := range schedules(50) {
			cfg.MaxSteps, cfg.CheckpointEvery = p.cfg.MaxSteps, 3
			events, _ := record(cfg, p.body)
			if err := lawful(cfg, events); err != nil {
				t.Errorf("%s, %s: %v", p.name, name, err)
			}
		}
	}
}

package strategy

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/golden"
)

// TestPicksAreInRange plays runs; the world checks each answer.
func TestPicksAreInRange(t *testing.T) {
	forEachRun(t, func(t *rapid.T, s *Strategy, r run) { play(t, s.New(r.config), r.tasks, r.script) })
}

func TestSameSeedSamePicks(t *testing.T) {
	forEachRun(t, func(t *rapid.T, s *Strategy, r run) {
		first, second := play(t, s.New(r.config), r.tasks, r.script), play(t, s.New(r.config), r.tasks, r.script)
		if diff := cmp.Diff(first, second, cmp.AllowUnexported(decision{}, Task{})); diff != "" {
			t.Fatalf("two runs of one seed differ (-first +second):\n%s", diff)
		}
	})
}

// TestPinnedPicks shows the first picks of every strategy in a run of one script. A change of the golden changes what
// every recorded seed means.
func TestPinnedPicks(t *testing.T) {
	var b strings.Builder
	script := []byte(strings.Repeat("\x00\x00\x02\x00\x04\x03\x00\x01\x00\x05", 6))
	for _, s := range All() {
		for seed := range uint64(3) {
			fmt.Fprintf(&b, "%s, seed %d:", s.Name, seed)
			for _, d := range play(t, s.New(Config{Seed: seed, Gap: 3, Depth: 2, Length: 20}), 3, script) {
				fmt.Fprintf(&b, " %d", d.pick)
			}
			b.WriteString("\n")
		}
	}
	golden.Check(t, "picks.txt", b.String())
}

// TestPicksDoNotDependOnGaps feeds the decisions and steps of a run to a second Picker whose Gap is never called. That
// is what makes the picks of an ordinary run a function of its recording.
func TestPicksDoNotDependOnGaps(t *testing.T) {
	forEachRun(t, func(t *rapid.T, s *Strategy, r run) {
		decisions := play(t, s.New(r.config), r.tasks, r.script)
		again, known := s.New(r.config), map[uint32]*Task{}
		task := func(number uint32) *Task {
			if known[number] == nil {
				known[number] = newTask(number)
			}
			return known[number]
		}
		for i, d := range decisions {
			ready := tasks{}
			for _, s := range d.steps {
				task(s.Number).Next = s.Next
				again.(Stepper).Step(task(s.Number))
			}
			for _, number := range d.ready {
				ready = append(ready, task(number))
			}
			for i, next := range d.next {
				ready[i].Next = next
			}
			pick := again.Pick(&Decision{Ready: ready, N: len(ready), Running: d.running, Why: d.reason})
			if got := ready[pick].Number; got != d.pick {
				t.Fatalf("decision %d: task %d, want %d", i, got, d.pick)
			}
		}
	})
}

type tasks []*Task

func (t tasks) At(i int) *Task { return t[i] }

// TestDecisionsDoNotAllocate: the runtime cannot.
func TestDecisionsDoNotAllocate(t *testing.T) {
	forEach(t, func(t *testing.T, s *Strategy) {
		ready := tasks{{Number: 1}, {Number: 2}, {Number: 3}}
		p := s.New(Config{Seed: 1, Gap: 3, Depth: 3, Length: 100})
		d := &Decision{Ready: ready, N: len(ready), Running: 2, Why: Preempted}
		if n := testing.AllocsPerRun(100, func() { p.Gap(); p.Pick(d) }); n != 0 {
			t.Errorf("Gap and Pick allocate %v times", n)
		}
	})
}

// FuzzStrategies plays any script under any strategy.
func FuzzStrategies(f *testing.F) {
	for i := range All() {
		f.Add(byte(i), uint64(1), byte(3), byte(3), uint64(20),
			[]byte("\x00\x01\x02\x03\x04\x05\x06\x07 some points and a yield \x01"))
	}
	f.Fuzz(func(t *testing.T, which byte, seed uint64, gap, depth byte, length uint64, script []byte) {
		s := All()[int(which)%len(All())]
		play(t, s.New(Config{Seed: seed, Gap: uint64(gap), Depth: uint64(depth), Length: length}), 3, script)
	})
}

func TestRegistry(t *testing.T) {
	var names []string
	ids := map[uint32]bool{0: true}
	for _, s := range All() {
		names = append(names, s.Name)
		if Find(s.Name) != s || FindID(s.ID()) != s || ids[s.ID()] {
			t.Errorf("%s is not found by its name and its ID %#x", s.Name, s.ID())
		}
		ids[s.ID()] = true
		if s.About == "" || strings.ContainsAny(s.About, "\n") || strings.HasSuffix(s.About, ".") {
			t.Errorf("%s: About is %q, want one line without a full stop", s.Name, s.About)
		}
		for _, p := range s.Parameters {
			if !s.Reads(p.Name) || p.About == "" {
				t.Errorf("%s: parameter %q is not read or not described", s.Name, p.Name)
			}
		}
	}
	if !slices.IsSorted(names) || Find(Default) == nil {
		t.Errorf("the names are %q: want them sorted, and %s among them", names, Default)
	}
	if Find("") != nil || Find("best") != nil || FindID(0) != nil || Find("pct").Reads("gap") {
		t.Error("a strategy or parameter was found that does not exist")
	}
}

func TestRegisterRefuses(t *testing.T) {
	for _, s := range []*Strategy{{New: newPCT}, {Name: "new"}, {Name: "pct", New: newPCT}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Register accepted %q", s.Name)
				}
			}()
			Register(s)
		}()
	}
}

// TestSourcesImportNothing: they are compiled into package runtime.
func TestSourcesImportNothing(t *testing.T) {
	list, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	sources := Sources()
	for _, entry := range list {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "sources.go" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, sources[name], 0)
		if err != nil {
			t.Error(err)
			continue
		}
		if len(tree.Imports) > 0 {
			t.Errorf("%s imports %s", name, tree.Imports[0].Path.Value)
		}
		delete(sources, name)
	}
	if len(sources) > 0 {
		t.Errorf("Sources has files that are no part of the package: %v", fmt.Sprint(sources))
	}
}

package simsched

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/strategy"
)

// access is an operation of a small program on one of its variables.
type access struct {
	task, object int
	kind         strategy.OpKind
}

// accesses runs a program of tasks that make accesses, and returns them in their order.
func accesses(s *Sim, program [][]access, log *[]access) {
	var variables []*Atomic[int]
	for range 3 {
		variables = append(variables, NewAtomic(s, 0))
	}
	for i, list := range program {
		s.Go(fmt.Sprint(i), func() error {
			for _, a := range list {
				if a.kind == strategy.Load {
					variables[a.object].Load()
				} else {
					AddAtomic(variables[a.object], 1)
				}
				*log = append(*log, a)
			}
			return nil
		})
	}
}

// foata returns the normal form of an order of accesses: in each step all that depend on nothing but earlier steps.
func foata(log []access) string {
	level := make([]int, len(log))
	for i, a := range log {
		for j, b := range log[:i] {
			if a.task == b.task || a.object == b.object && (a.kind != strategy.Load || b.kind != strategy.Load) {
				level[i] = max(level[i], level[j]+1)
			}
		}
	}
	var steps [32][8]string
	for i, a := range log {
		steps[level[i]][a.task] = fmt.Sprintf("%d%d%d", a.task, a.object, a.kind)
	}
	var b strings.Builder
	for _, step := range steps {
		b.WriteString(strings.Join(step[:], " ") + "\n")
	}
	return b.String()
}

// TestOrder: two schedules of a program are of one class if and only if they have the same normal form.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var program [][]access
		for i := range rapid.IntRange(2, 3).Draw(t, "tasks") {
			one := rapid.Custom(func(t *rapid.T) access {
				return access{i, rapid.IntRange(0, 2).Draw(t, "object"), strategy.OpKind(rapid.IntRange(0, 1).Draw(t, "kind"))}
			})
			program = append(program, rapid.SliceOfN(one, 1, 3).Draw(t, "accesses"))
		}
		var order Order
		forms, classes := map[string]uint64{}, map[uint64]string{}
		for seed := range uint64(60) {
			var log []access
			cfg := Config{Chooser: NewRandom(seed), Order: &order, CheckpointEvery: -1}
			if err := Run(cfg, func(s *Sim) error { accesses(s, program, &log); return nil }); err != nil {
				t.Fatal(err)
			}
			form, class := foata(log), order.Class()
			if known, ok := forms[form]; ok && known != class {
				t.Fatalf("two classes, %x and %x, of one form:\n%s", known, class, form)
			}
			if known, ok := classes[class]; ok && known != form {
				t.Fatalf("two forms of one class:\n%s\n%s", known, form)
			}
			forms[form], classes[class] = class, form
		}
	})
}

// classes returns the number of classes of many runs.
func classes(t *testing.T, body func(*Sim) error) int {
	t.Helper()
	var order Order
	found := map[uint64]bool{}
	for seed := range uint64(300) {
		if err := Run(Config{Chooser: NewRandom(seed), Order: &order}, body); err != nil {
			t.Fatal(err)
		}
		found[order.Class()] = true
	}
	return len(found)
}

// TestOrderOfLocks: critical sections have as many classes as orders if they use one lock, and one class if each task
// has its own. Cases of a select count, and random numbers do not.
func TestOrderOfLocks(t *testing.T) {
	sections := func(shared bool) func(*Sim) error {
		return func(s *Sim) error {
			one, n := s.NewMutex("one"), 0
			for i := range 2 {
				m := one
				if !shared {
					m = s.NewMutex(fmt.Sprint(i))
				}
				s.Go(fmt.Sprint(i), func() error {
					for range 2 {
						m.Lock()
						n++
						m.Unlock()
					}
					return nil
				})
			}
			return nil
		}
	}
	if n := classes(t, sections(false)); n != 1 {
		t.Errorf("with a lock each: %d classes", n)
	}
	if n := classes(t, sections(true)); n < 6 {
		t.Errorf("with one lock: %d classes, and there are 6 orders of the sections", n)
	}
	if n := classes(t, func(s *Sim) error { s.Rand("x").Uint64(); return nil }); n != 1 {
		t.Errorf("with a random number: %d classes", n)
	}
	if n := classes(t, func(s *Sim) error {
		a, b := NewChan[int](s, "a", 1), NewChan[int](s, "b", 1)
		a.Send(1)
		b.Send(1)
		s.Select(a.OnRecv(nil, nil), b.OnRecv(nil, nil))
		return nil
	}); n != 2 {
		t.Errorf("of a select with two cases: %d classes", n)
	}
}

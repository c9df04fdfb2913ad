package sctbench_test

import (
	"fmt"

	"github.com/reprise-go/reprise/simsched"
)

// The programs know the world that they run in only through the types and functions of this file. The file of the same
// name in testdata/ordinary defines them for ordinary Go, so that the same programs are ordinary tests there.

type (
	thread    = simsched.Task
	mutex     = simsched.Mutex
	condition = simsched.Cond
)

// world is what a program runs in.
type world struct {
	*simsched.Sim
	padded  bool // accesses to local variables are scheduling points, as in the measured binaries
	private *simsched.Atomic[int]
}

// body returns the program as one for [simsched.Run].
func (p program) body(padded bool) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		p.run(world{s, padded, simsched.NewAtomic(s, 0)})
		return nil
	}
}

// shared is a shared variable.
type shared struct{ *simsched.Atomic[int] }

func (w world) shared(v int) shared { return shared{simsched.NewAtomic(w.Sim, v)} }

func (w world) all(n int) (list []shared) {
	for range n {
		list = append(list, w.shared(0))
	}
	return list
}

// inc adds a number by a read and a write.
func (v shared) inc(d int) { v.Store(v.Load() + d) }

// exchange and add are one step each.
func (v shared) exchange(x int) int { return v.Swap(x) }
func (v shared) add(d int) int      { return simsched.AddAtomic(v.Atomic, d) - d }

// probe is a read that counts as a write.
func (v shared) probe() int { return v.add(0) }

func (w world) mutex(name string) *mutex { return w.NewMutex(name) }

// task starts a task.
func (w world) task(name string, f func()) *thread {
	return w.Go(name, func() error { f(); return nil })
}

// pad makes accesses to local variables.
func (w world) pad(n int) {
	for range n {
		if w.padded {
			w.private.Load()
		}
	}
}

// join waits for tasks in their order.
func (w world) join(tasks ...*thread) {
	for _, t := range tasks {
		w.pad(8)
		_ = t.Join() // its error is part of that of the run
	}
}

// assert fails the run unless ok.
func assert(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

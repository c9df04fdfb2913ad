package simsched

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// objects are one of each, in states in which every blocking operation blocks.
type objects struct {
	*Sim
	mutex *Mutex // locked
	full  *Chan[int]
	empty *Chan[int]
	task  *Task // parked
	ended *Task
	reg   *Registration
	pipe  *Pipe // full
	timer *Timer
	waker Waker
}

func makeObjects(s *Sim) *objects {
	o := &objects{Sim: s, mutex: s.NewMutex("m"), full: NewChan[int](s, "full", 1), empty: NewChan[int](s, "empty", 0)}
	o.reg, o.pipe, o.timer = s.Register("r"), s.NewPipe("p", 1), s.NewTimer(time.Hour)
	o.ended = s.Go("ended", func() error { return nil })
	o.mutex.Lock()
	o.full.Send(1)
	_, _ = o.pipe.Write([]byte{1})
	o.task = s.Go("parked", func() error { o.waker = s.Waker(); s.Park(); return nil })
	s.Sleep(1)
	return o
}

// blocking are the operations that wait.
var blocking = map[string]func(*objects){
	"Lock":         func(o *objects) { o.mutex.Lock() },
	"Send":         func(o *objects) { o.full.Send(2) },
	"Recv":         func(o *objects) { o.empty.Recv() },
	"All":          func(o *objects) { _ = slices.Collect(o.empty.All()) },
	"Select":       func(o *objects) { o.Select(o.full.OnSend(1), o.empty.OnRecv(nil, nil)) },
	"Join":         func(o *objects) { _ = o.task.Join() },
	"Park":         func(o *objects) { o.Park() },
	"Sleep":        func(o *objects) { o.Sleep(time.Hour) },
	"SleepContext": func(o *objects) { _ = o.SleepContext(o.Context(), time.Hour) },
	"Wait":         func(o *objects) { o.reg.Wait(event.Readable) },
	"Write":        func(o *objects) { _, _ = o.pipe.Write([]byte{2}) },
	"InRegion": func(o *objects) {
		_ = o.InRegion("r", func(*Region) error {
			o.Go("child", func() error { o.Park(); return nil })
			return nil
		})
	},
	"in a region": func(o *objects) { _ = o.InRegion("r", func(*Region) error { o.Park(); return nil }) },
	"ready": func(o *objects) {
		for {
			o.Yield()
		}
	},
}

// freeing are the operations that give something up. In a deferred call after the end they do nothing.
var freeing = map[string]func(*objects){
	"Unlock":     func(o *objects) { o.mutex.Unlock() },
	"Close":      func(o *objects) { o.full.Close() },
	"Stop":       func(o *objects) { o.timer.Stop() },
	"Wake":       func(o *objects) { o.waker.Wake() },
	"Cancel":     func(o *objects) { o.root.Cancel(event.CancelUser) },
	"SetReady":   func(o *objects) { o.reg.SetReady(event.Readable) },
	"Pipe.Close": func(o *objects) { _ = o.pipe.Close() },
	"Break":      func(o *objects) { o.pipe.Break(event.IOOther) },
}

// endWithAll runs a task for each blocking operation, ends the run when all wait, and calls deferred at the end of
// each.
func endWithAll(deferred func(*objects, string)) error {
	cfg := inTurns()
	cfg.MaxSteps = 1000
	return Run(cfg, func(s *Sim) error {
		o := makeObjects(s)
		for name, op := range blocking {
			s.Go(name, func() error {
				defer deferred(o, name)
				op(o)
				panic(name + " did not block")
			})
		}
		return nil
	})
}

func TestUnwindRunsDeferredCalls(t *testing.T) {
	ran := map[string]int{}
	err := endWithAll(func(_ *objects, name string) {
		ran[name]++
		if v := recover(); v != nil {
			t.Errorf("%s: recover = %v while the task is unwound, want nil", name, v)
		}
	})
	if _, ok := err.(*StepLimitError); !ok {
		t.Errorf("Run = %v, want a *StepLimitError alone", err)
	}
	for name := range blocking {
		if ran[name] != 1 {
			t.Errorf("the deferred call of a task in %s ran %d times, want once", name, ran[name])
		}
	}
}

func TestUnwindFreeing(t *testing.T) {
	for op, free := range freeing {
		ran := 0
		err := endWithAll(func(o *objects, _ string) {
			free(o)
			free(o) // also what would panic during the run
			ran++
		})
		if ran != len(blocking) {
			t.Errorf("%s in deferred calls went through in %d of %d tasks", op, ran, len(blocking))
		}
		if _, ok := err.(*StepLimitError); !ok {
			t.Errorf("%s in deferred calls: Run = %v, want a *StepLimitError alone", op, err)
		}
	}
}

// TestUnwindBlocking waits in deferred calls: each such call ends there, and the other deferred calls run.
func TestUnwindBlocking(t *testing.T) {
	for op, block := range blocking {
		started, finished, last := 0, 0, 0
		_ = endWithAll(func(o *objects, _ string) {
			defer func() {
				last++
				if v := recover(); v != nil {
					t.Errorf("%s in a deferred call panicked: %v", op, v)
				}
			}()
			started++
			block(o)
			finished++
		})
		if started != len(blocking) || finished != 0 || last != len(blocking) {
			t.Errorf("%s in deferred calls of %d tasks: %d began, %d went through, %d outer ones ran; want all, none, all",
				op, len(blocking), started, finished, last)
		}
	}
}

// TestUnwindPanics panics in deferred calls after the end: nobody is told, and all the others run.
func TestUnwindPanics(t *testing.T) {
	ran := 0
	err := endWithAll(func(_ *objects, name string) {
		defer func() { ran++ }()
		panic(name)
	})
	if _, ok := err.(*StepLimitError); !ok || ran != len(blocking) {
		t.Errorf("Run = %v, %d of %d deferred calls ran; want a *StepLimitError alone, all", err, ran, len(blocking))
	}
}

// TestUnwindRecoversItsOwnPanic panics and recovers inside one deferred call, as code that cleans up may do.
func TestUnwindRecoversItsOwnPanic(t *testing.T) {
	recovered := 0
	_ = endWithAll(func(*objects, string) {
		func() {
			defer func() {
				if recover() == io.EOF {
					recovered++
				}
			}()
			panic(io.EOF)
		}()
	})
	if recovered != len(blocking) {
		t.Errorf("%d of %d deferred calls recovered their panic", recovered, len(blocking))
	}
}

// TestUnwindOrder unwinds the tasks in the order in which they came to life, each from the inside to the outside.
func TestUnwindOrder(t *testing.T) {
	var order []string
	_ = Run(inTurns(), func(s *Sim) error {
		defer func() { order = append(order, "main") }()
		for i := range 3 {
			s.Go("t", func() error {
				defer func() { order = append(order, fmt.Sprint(i, " outer")) }()
				defer func() { order = append(order, fmt.Sprint(i, " inner")) }()
				s.Park()
				return nil
			})
		}
		s.Park()
		return nil
	})
	wantLines(t, "deferred calls", order, "main", "0 inner", "0 outer", "1 inner", "1 outer", "2 inner", "2 outer")
}

// TestUnwindSkipsUnstarted ends the run before a task has started: its function is not called.
func TestUnwindSkipsUnstarted(t *testing.T) {
	stop := errors.New("stop")
	cfg := inTurns()
	cfg.Observer = observerFunc(func(e event.Event) error {
		if e.Kind() == event.KindTaskSpawned && e.Task().Index() == 1 {
			return stop
		}
		return nil
	})
	err := Run(cfg, func(s *Sim) error {
		s.Go("t", func() error { t.Error("the task was started after the end"); return nil })
		s.Yield()
		t.Error("main went on after the end")
		return nil
	})
	if err != stop {
		t.Errorf("Run = %v, want the observer's error", err)
	}
}

// TestUnwindEmitsNothing calls operations in deferred calls: the observer sees none of it.
func TestUnwindEmitsNothing(t *testing.T) {
	over := errors.New("over")
	cfg, ended := inTurns(), false
	cfg.Observer = observerFunc(func(e event.Event) error {
		if ended {
			t.Errorf("the event %v after the end", e)
		}
		if ended = e.Kind() == event.KindTaskYielded; ended {
			return over
		}
		return nil
	})
	err := Run(cfg, func(s *Sim) error {
		o := makeObjects(s)
		defer func() {
			for _, free := range freeing {
				free(o)
			}
		}()
		s.Yield()
		return nil
	})
	if err != over {
		t.Errorf("Run = %v, want the observer's error", err)
	}
}

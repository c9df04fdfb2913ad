package simsched

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/semaphore"
	"pgregory.net/rapid"
)

// The primitives have the semantics of Go's: whatever a small concurrent program does under the Go runtime, some
// schedule of the simulation does too. Programs are drawn; the simulation goes through all schedules, the runtime
// through a few.

// kit is a set of primitives, simulated or real, and a way to run tasks with them to their ends.
type kit struct {
	run   func(tasks []func())
	point func() // lets others run

	mutex interface {
		sync.Locker
		TryLock() bool
	}
	rw interface {
		sync.Locker
		TryLock() bool
		RLock()
		RUnlock()
		TryRLock() bool
	}
	cond interface {
		Wait()
		Signal()
		Broadcast()
	}
	sem interface {
		TryAcquire(int64) bool
		Release(int64)
	}
	acquire        func(int64) error // of sem
	once           interface{ Do(func()) }
	wg             interface{ Done() }
	trySend        func(int) bool
	tryRecv        func() (int, bool, bool) // value, sent, ready
	load           func() int64
	add            func(int64) int64
	compareAndSwap func(before, after int64) bool

	plain, underRW, ran int  // guarded by mutex, by rw, by once
	held                int  // guarded by the whole of sem
	ready               bool // guarded by mutex
}

func simKit(s *Sim) *kit {
	mutex := s.NewMutex("m")
	c := NewChan[int](s, "c", 1)
	n := NewAtomic(s, int64(0))
	sem := s.NewSemaphore("sem", 2)
	return &kit{
		sem: sem, acquire: func(n int64) error { return sem.Acquire(s.Context(), n) },
		run: func(tasks []func()) {
			wg := s.NewWaitGroup("tasks")
			for _, f := range tasks {
				wg.Go("task", f)
			}
			wg.Wait()
		},
		point: func() {},
		mutex: mutex, rw: s.NewRWMutex("rw"), cond: s.NewCond("cond",
			mutex), once: s.NewOnce("once"), wg: s.NewWaitGroup("wg"),
		trySend: func(v int) bool { return s.Select(c.OnSend(v), Default()) == 0 },
		tryRecv: func() (v int, sent, ready bool) {
			ready = s.Select(c.OnRecv(&v, &sent), Default()) == 0
			return v, sent, ready
		},
		load: n.Load, compareAndSwap: n.CompareAndSwap,
		add: func(d int64) int64 { return AddAtomic(n, d) },
	}
}

func realKit() *kit {
	mutex := &sync.Mutex{}
	c := make(chan int, 1)
	n := &atomic.Int64{}
	sem := semaphore.NewWeighted(2)
	return &kit{
		sem: sem, acquire: func(n int64) error { return sem.Acquire(context.Background(), n) },
		run: func(tasks []func()) {
			var wg sync.WaitGroup
			for _, f := range tasks {
				wg.Go(f)
			}
			wg.Wait()
		},
		point: runtime.Gosched,
		mutex: mutex, rw: &sync.RWMutex{}, cond: sync.NewCond(mutex), once: &sync.Once{}, wg: &sync.WaitGroup{},
		trySend: func(v int) bool {
			select {
			case c <- v:
				return true
			default:
				return false
			}
		},
		tryRecv: func() (int, bool, bool) {
			select {
			case v, sent := <-c:
				return v, sent, true
			default:
				return 0, false, false
			}
		},
		load: n.Load, compareAndSwap: n.CompareAndSwap, add: n.Add,
	}
}

// goOperations are what a task of a drawn program can do; each returns what it saw. Closing is not among them: beside a
// send it is a data race to the race detector; see TestChanAgainstGo.
var goOperations = map[string]func(k *kit) string{
	"lock": func(k *kit) string {
		k.mutex.Lock()
		defer k.mutex.Unlock()
		k.plain++
		return fmt.Sprint(k.plain)
	},
	"try-lock": func(k *kit) string {
		if !k.mutex.TryLock() {
			return "busy"
		}
		defer k.mutex.Unlock()
		k.plain++
		return fmt.Sprint(k.plain)
	},
	"write": func(k *kit) string {
		k.rw.Lock()
		defer k.rw.Unlock()
		k.underRW++
		return fmt.Sprint(k.underRW)
	},
	"read": func(k *kit) string {
		k.rw.RLock()
		defer k.rw.RUnlock()
		return fmt.Sprint(k.underRW)
	},
	"try-write": func(k *kit) string {
		if !k.rw.TryLock() {
			return "busy"
		}
		defer k.rw.Unlock()
		k.underRW++
		return fmt.Sprint(k.underRW)
	},
	"try-read": func(k *kit) string {
		if !k.rw.TryRLock() {
			return "busy"
		}
		defer k.rw.RUnlock()
		return fmt.Sprint(k.underRW)
	},
	"once": func(k *kit) string {
		k.once.Do(func() { k.ran++ })
		return fmt.Sprint(k.ran)
	},
	"set": func(k *kit) string {
		k.mutex.Lock()
		k.ready = true
		k.cond.Broadcast()
		k.mutex.Unlock()
		return "set"
	},
	"await": func(k *kit) string {
		k.mutex.Lock()
		defer k.mutex.Unlock()
		for !k.ready {
			k.cond.Wait()
		}
		return fmt.Sprint(k.plain)
	},
	"send": func(k *kit) string { return fmt.Sprint(k.trySend(7)) },
	"recv": func(k *kit) string { return fmt.Sprint(k.tryRecv()) },
	"load": func(k *kit) string { return fmt.Sprint(k.load()) },
	"add":  func(k *kit) string { return fmt.Sprint(k.add(2)) },
	"cas":  func(k *kit) string { return fmt.Sprint(k.compareAndSwap(2, 3)) },
	"acquire": func(k *kit) string {
		if err := k.acquire(2); err != nil {
			return err.Error()
		}
		defer k.sem.Release(2)
		k.held++
		return fmt.Sprint(k.held)
	},
	"try-acquire": func(k *kit) string {
		if !k.sem.TryAcquire(2) {
			return "busy"
		}
		defer k.sem.Release(2)
		k.held++
		return fmt.Sprint(k.held)
	},
	"done": func(k *kit) string {
		k.wg.Done() // the counter is 0
		return "done"
	},
}

var goOperationNames = []string{"lock", "try-lock", "write", "read", "try-write", "try-read", "once", "set",
	"await", "send",
	"recv", "load", "add", "cas", "done", "acquire", "try-acquire"}

// do runs one operation; a panic is something that it saw.
func do(k *kit, name string) (saw string) {
	defer func() {
		if recover() != nil {
			saw = "panic"
		}
	}()
	return goOperations[name](k)
}

// outcome runs a program with k and returns what every task saw. If a task awaits the condition another one sets it.
func outcome(k *kit, program [][]string) string {
	logs := make([]string, len(program))
	var tasks []func()
	for i, ops := range program {
		tasks = append(tasks, func() {
			for _, op := range ops {
				logs[i] += op + "=" + do(k, op) + " "
				k.point()
			}
		})
	}
	if slices.Contains(slices.Concat(program...), "await") {
		tasks = append(tasks, func() { do(k, "set") })
	}
	k.run(tasks)
	return strings.Join(logs, "| ")
}

func TestSemanticsEqualGo(t *testing.T) {
	const most = 3000 // schedules of a program; one that has more says nothing
	programs, compared := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		op := rapid.SampledFrom(goOperationNames)
		program := [][]string{rapid.SliceOfN(op, 1, 2).Draw(rt, "first task"), {op.Draw(rt, "second task")}}
		allowed := map[string]bool{}
		schedules := 0
		for e := (&enumerator{}); ; schedules++ {
			var got string
			err := Run(Config{Chooser: e, MaxSteps: 1000}, func(s *Sim) error {
				got = outcome(simKit(s), program)
				return nil
			})
			if err != nil {
				rt.Fatalf("a schedule of %v ends with %v", program, err)
			}
			allowed[got] = true
			if schedules == most || !e.next() {
				break
			}
		}
		if programs++; schedules == most {
			return
		}
		compared++
		for range 20 {
			if got := outcome(realKit(), program); !allowed[got] {
				rt.Fatalf("Go's runtime gives\n\t%s\nwhich none of %d schedules gives", got, schedules+1)
			}
		}
	})
	if compared*10 < programs {
		t.Errorf("only %d of %d programs were compared", compared, programs)
	}
}

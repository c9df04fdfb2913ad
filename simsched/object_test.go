package simsched_test

import (
	"context"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// operations is a Noter that lists what tasks do.
type operations struct {
	sim  *simsched.Sim
	list []string
}

func (o *operations) Observe(event.Event) error { return nil }
func (o *operations) Attach(s *simsched.Sim)    { o.sim = s }
func (o *operations) Note(what string, x simsched.Object) {
	if places := o.sim.Operation(); len(places) > 0 && strings.Contains(places[0], "object_test.go:") {
		o.list = append(o.list, strings.TrimSpace(what+" "+x.Kind+" "+x.Name))
	}
}

// everything uses each kind of object once, in one task.
func everything(s *simsched.Sim) error {
	mu, rw := s.NewMutex("m"), s.NewRWMutex("rw")
	for _, pair := range [][2]func(){{mu.Lock, mu.Unlock}, {rw.Lock, rw.Unlock}, {rw.RLock, rw.RUnlock}} {
		pair[0]()
		pair[1]()
	}
	cond := s.NewCond("c", mu)
	cond.Signal()
	cond.Broadcast()
	a, b := simsched.NewChan[int](s, "a", 2), simsched.NewChan[int](s, "b", 1)
	a.Send(1)
	b.Send(2)
	s.Select(a.OnRecv(nil, nil))
	s.Select(a.OnSend(1), b.OnRecv(nil, nil))
	s.Select(b.OnRecv(nil, nil), simsched.Default())
	a.Recv()
	a.Close()
	wg := s.NewWaitGroup("w")
	wg.Add(1)
	wg.Done()
	wg.Wait()
	sem := s.NewSemaphore("s", 1)
	if err := sem.Acquire(context.Context(s.Context()), 1); err != nil {
		return err
	}
	sem.Release(1)
	n := simsched.NewAtomic(s, 0)
	n.Load()
	n.Store(1)
	n.Swap(2)
	n.CompareAndSwap(2, 3)
	simsched.AddAtomic(n, 1)
	return nil
}

// TestOperations lists what a task does to objects, as a Noter is told with call sites.
func TestOperations(t *testing.T) {
	o := &operations{}
	cfg := simsched.Config{Observer: o, CallSites: true, Chooser: simsched.NewRoundRobin(1)}
	if err := simsched.Run(cfg, everything); err != nil {
		t.Fatal(err)
	}
	want := `locks mutex m
unlocks mutex m
locks rwmutex rw
unlocks rwmutex rw
locks for reading rwmutex rw
unlocks for reading rwmutex rw
signals cond c
broadcasts to cond c
sends on channel a
sends on channel b
receives from channel a
takes the case that sends on channel a
could have taken the case that receives from channel b
takes the case that receives from channel b
receives from channel a
closes channel a
adds to wait group w
leaves wait group w
waits for wait group w
acquires semaphore s
releases semaphore s
loads atomic
stores atomic
swaps atomic
compares and swaps atomic
adds to atomic`
	if got := strings.Join(o.list, "\n"); got != want {
		t.Errorf("the operations are\n%s\nwant\n%s", got, want)
	}
	silent := &operations{}
	cfg.Observer, cfg.CallSites, cfg.Chooser = silent, false, simsched.NewRoundRobin(1)
	if err := simsched.Run(cfg, everything); err != nil {
		t.Fatal(err)
	}
	if len(silent.list) > 0 {
		t.Errorf("without call sites it tells %q", silent.list)
	}
}

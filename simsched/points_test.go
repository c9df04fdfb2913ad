package simsched

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// pointCounts says how many scheduling steps each operation takes when nothing holds it up. Zero is an operation that
// is no scheduling point: no other task can come before it.
var pointCounts = map[string]struct {
	steps uint64
	op    func(*objects)
}{
	"Yield":       {1, func(o *objects) { o.Yield() }},
	"Go":          {1, func(o *objects) { o.Go("t", func() error { o.Park(); return nil }) }},
	"Region.Go":   {1, func(o *objects) { o.root.Go("t", func() error { o.Park(); return nil }) }},
	"InRegion":    {2, func(o *objects) { _ = o.InRegion("r", func(*Region) error { return nil }) }},
	"Cancel":      {1, func(o *objects) { o.root.Cancel(event.CancelUser) }},
	"Join":        {1, func(o *objects) { _ = o.ended.Join() }},
	"Sleep of 0":  {1, func(o *objects) { o.Sleep(0) }},
	"Sleep":       {2, func(o *objects) { o.Sleep(1) }},
	"NewTimer":    {1, func(o *objects) { o.NewTimer(time.Hour) }},
	"Stop":        {1, func(o *objects) { o.timer.Stop() }},
	"Park":        {1, func(o *objects) { o.current.permit = true; o.Park() }},
	"Wake":        {1, func(o *objects) { o.Waker().Wake() }},
	"Lock":        {1, func(o *objects) { o.mutex.holder = nil; o.mutex.Lock() }},
	"TryLock":     {1, func(o *objects) { o.mutex.TryLock() }},
	"Unlock":      {1, func(o *objects) { o.mutex.Unlock() }},
	"Send":        {1, func(o *objects) { NewChan[int](o.Sim, "c", 1).Send(1) }},
	"Recv":        {1, func(o *objects) { o.full.Recv() }},
	"Close":       {1, func(o *objects) { o.full.Close() }},
	"Select":      {1, func(o *objects) { o.Select(o.full.OnRecv(nil, nil), Default()) }},
	"Wait":        {1, func(o *objects) { o.reg.readiness = event.Readable; o.reg.Wait(event.Readable) }},
	"Read":        {1, func(o *objects) { _, _ = o.pipe.Read(make([]byte, 1)) }},
	"Write":       {1, func(o *objects) { _, _ = o.pipe.Write(nil) }},
	"Pipe.Close":  {1, func(o *objects) { _ = o.pipe.Close() }},
	"Break":       {1, func(o *objects) { o.pipe.Break(event.IOOther) }},
	"SetReady":    {0, func(o *objects) { o.reg.SetReady(event.Readable) }},
	"Transfer":    {0, func(o *objects) { o.reg.Transfer(5) }},
	"Fail":        {0, func(o *objects) { _ = o.reg.Fail(event.IOOther) }},
	"NewPipe":     {0, func(o *objects) { o.NewPipe("p", 1) }},
	"Rand":        {0, func(o *objects) { o.Rand("r").Uint64() }},
	"Now":         {0, func(o *objects) { o.Now() }},
	"Context":     {0, func(o *objects) { o.Context() }},
	"Len":         {0, func(o *objects) { o.full.Len() }},
	"NewMutex":    {0, func(o *objects) { o.NewMutex("m") }},
	"OnDone":      {0, func(o *objects) { OnDone(o.Context()) }},
	"Current":     {0, func(o *objects) { o.Current() }},
	"Done":        {0, func(o *objects) { o.task.Done() }},
	"Elapsed":     {0, func(o *objects) { o.Elapsed() }},
	"Register":    {0, func(o *objects) { o.Register("r") }},
	"NewChan":     {0, func(o *objects) { NewChan[int](o.Sim, "c", 1) }},
	"Cancelled":   {0, func(o *objects) { o.root.Cancelled() }},
	"ClearReady":  {0, func(o *objects) { o.reg.ClearReady(event.Readable) }},
	"Task region": {0, func(o *objects) { o.task.Region() }},
}

func TestPoints(t *testing.T) {
	for name, c := range pointCounts {
		err := Run(preferring("main"), func(s *Sim) error {
			o := makeObjects(s)
			before := s.Steps()
			c.op(o)
			if got := s.Steps() - before; got != c.steps {
				t.Errorf("%s took %d scheduling steps, want %d", name, got, c.steps)
			}
			return nil
		})
		if !errors.Is(err, ErrLeak) {
			t.Errorf("%s: Run = %v, want a leak", name, err)
		}
	}
}

// TestObserverErrorStopsAtTheEvent ends the run at an event in the middle of an operation that is no scheduling point,
// or that has passed its point: the task must not go on.
func TestObserverErrorStopsAtTheEvent(t *testing.T) {
	stop := errors.New("stop")
	for name, op := range map[event.Kind]func(*objects){
		event.KindRngValue: func(o *objects) {
			o.Select(o.full.OnRecv(nil, nil), NewChan[int](o.Sim, "c", 1).OnSend(1))
			panic("Select went on")
		},
		event.KindIoReady:  func(o *objects) { o.reg.SetReady(event.Readable); panic("SetReady went on") },
		event.KindIoResult: func(o *objects) { o.reg.Transfer(5); panic("Transfer went on") },
		event.KindIoError:  func(o *objects) { _ = o.reg.Fail(event.IOOther); panic("Fail went on") },
	} {
		cfg, armed := inTurns(), false
		cfg.Observer = observerFunc(func(e event.Event) error {
			if armed && e.Kind() == name {
				return stop
			}
			return nil
		})
		err := Run(cfg, func(s *Sim) error {
			o := makeObjects(s)
			armed = true
			op(o)
			return nil
		})
		if err != stop {
			t.Errorf("%v: Run = %v, want the observer's error alone", name, err)
		}
	}
}

// TestCoroutinesAreUsedAgain runs many tasks of which few are live at one time.
func TestCoroutinesAreUsedAgain(t *testing.T) {
	for name, cfg := range schedules(5) {
		mustRun(t, cfg, func(s *Sim) {
			for range 100 {
				_ = s.InRegion("r", func(*Region) error {
					for range 3 {
						s.Go("t", func() error { s.Yield(); return nil })
					}
					return nil
				})
			}
			if n := len(s.coroutines); n > 4 {
				t.Errorf("%s: %d coroutines for 4 tasks at a time", name, n)
			}
			if !slices.Contains(s.coroutines, s.current.co) {
				t.Errorf("%s: the running task has no coroutine", name)
			}
		})
	}
}

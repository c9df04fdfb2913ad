package props_test

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// program is a concurrent program that can be drawn, run and read.
type program []stmt

// stmt is one statement: an operation on the n-th object, or for n steps, with the statements inside it.
type stmt struct {
	op   string
	n    int
	body program
}

// simple and nested are the operations; the nested ones have a body.
var (
	simple = []string{"yield", "sleep", "send", "recv", "close", "select", "write", "read", "shut", "break", "draw",
		"wake",
		"park", "cancel", "wait-cancel", "fail", "panic", "join", "timer",
		"tick", "after", "timeout", "await", "signal", "broadcast", "acquire", "release", "add", "once"}
	nested = []string{"go", "lock", "read-lock", "write-lock", "region", "if-even"}
)

// programs draws a program of a given depth.
func programs(depth int) *rapid.Generator[program] {
	ops := simple
	if depth > 0 {
		ops = append(append([]string{}, nested...), simple...)
	}
	one := rapid.Custom(func(t *rapid.T) stmt {
		s := stmt{op: rapid.SampledFrom(ops).Draw(t, "op"), n: rapid.IntRange(0, 3).Draw(t, "n")}
		for _, op := range nested {
			if s.op == op {
				s.body = programs(depth-1).Draw(t, "body")
			}
		}
		return s
	})
	return rapid.Map(rapid.SliceOfN(one, 0, 6), func(s []stmt) program { return s })
}

// String prints the program as an indented text.
func (p program) String() string {
	var b strings.Builder
	p.print(&b, "\n\t")
	return b.String()
}

func (p program) print(b *strings.Builder, indent string) {
	for _, s := range p {
		fmt.Fprintf(b, "%s%s %d", indent, s.op, s.n)
		s.body.print(b, indent+"\t")
	}
}

// GoString makes rapid print a drawn program for people.
func (p program) GoString() string { return p.String() }

// world holds the objects that the tasks of one run share.
type world struct {
	*simsched.Sim
	mutexes []*simsched.Mutex
	chans   []*simsched.Chan[int]
	pipes   []*simsched.Pipe
	rw      *simsched.RWMutex
	cond    *simsched.Cond
	once    *simsched.Once
	sem     *simsched.Semaphore
	held    int64
	counter *simsched.Atomic[int]
	closed  [4]bool
	tasks   []*simsched.Task
	wakers  []simsched.Waker
	steps   int
}

// body returns the program as the body of a run.
func (p program) body(s *simsched.Sim) error {
	w := &world{Sim: s, rw: s.NewRWMutex("rw"), once: s.NewOnce("once"), sem: s.NewSemaphore("sem", 3),
		cond: s.NewCond("cond", s.NewMutex("cond")), counter: simsched.NewAtomic(s, 0)}
	for i := range 4 {
		w.mutexes = append(w.mutexes, s.NewMutex(fmt.Sprintf("m%d", i)))
		w.chans = append(w.chans, simsched.NewChan[int](s, fmt.Sprintf("c%d", i), i/2))
		w.pipes = append(w.pipes, s.NewPipe(fmt.Sprintf("p%d", i), 1+3*i))
	}
	return w.run(p)
}

// run runs statements until one fails.
func (w *world) run(p program) error {
	w.wakers = append(w.wakers, w.Waker())
	for _, s := range p {
		if err := w.do(s); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) do(s stmt) error {
	w.steps++
	switch s.op {
	case "go":
		w.tasks = append(w.tasks, w.Go(fmt.Sprintf("g%d", len(w.tasks)), func() error { return w.run(s.body) }))
	case "lock":
		w.mutexes[s.n].Lock()
		defer w.mutexes[s.n].Unlock()
		return w.run(s.body)
	case "read-lock":
		w.rw.RLock()
		defer w.rw.RUnlock()
		return w.run(s.body)
	case "write-lock":
		w.rw.Lock()
		defer w.rw.Unlock()
		return w.run(s.body)
	case "region":
		return w.InRegion("r", func(*simsched.Region) error { return w.run(s.body) })
	case "if-even":
		if w.Rand("if").IntN(2) == 0 {
			return w.run(s.body)
		}
	case "join":
		if len(w.tasks) > 0 {
			return w.tasks[s.n%len(w.tasks)].Join()
		}
	case "cancel":
		w.Current().Region().Cancel(event.CancelKind(s.n))
	case "wait-cancel":
		return w.SleepContext(w.Context(), time.Duration(s.n)*time.Millisecond)
	case "fail":
		return fmt.Errorf("fail %d", s.n)
	case "panic":
		panic(s.n)
	case "timeout":
		ctx, cancel := w.WithTimeout(w.Context(), time.Duration(s.n)*time.Millisecond)
		defer cancel()
		return w.SleepContext(ctx, 2*time.Millisecond)
	case "acquire":
		ctx, cancel := w.WithTimeout(w.Context(), 5*time.Millisecond)
		defer cancel()
		err := w.sem.Acquire(ctx, int64(s.n))
		if err == nil {
			w.held += int64(s.n)
		}
		return err
	default:
		w.doSync(s)
		return w.doSimple(s)
	}
	return nil
}

// doSync does the operations that cannot fail on what the tasks of the world share.
func (w *world) doSync(s stmt) {
	switch s.op {
	case "await":
		w.cond.L.Lock()
		w.cond.Wait()
		w.cond.L.Unlock()
	case "signal":
		w.cond.Signal()
	case "broadcast":
		w.cond.Broadcast()
	case "release":
		if n := min(w.held, int64(s.n)); n > 0 {
			w.held -= n
			w.sem.Release(n)
		}
	case "add":
		simsched.AddAtomic(w.counter, s.n)
	case "once":
		w.once.Do(w.Yield)
	case "tick":
		tk := w.NewTicker(time.Duration(1+s.n) * time.Millisecond)
		tk.C.Recv()
		w.Sleep(5 * time.Millisecond)
		tk.C.Recv()
		tk.Stop()
	case "after":
		w.AfterFunc(time.Duration(s.n)*time.Millisecond, func() { w.counter.Store(s.n) })
	}
}

func (w *world) doSimple(s stmt) error {
	c, p := w.chans[s.n], w.pipes[s.n]
	switch s.op {
	case "yield":
		w.Yield()
	case "sleep":
		w.Sleep(time.Duration(s.n) * time.Millisecond)
	case "timer":
		t := w.NewTimer(time.Duration(s.n) * time.Millisecond)
		w.Yield()
		t.Stop()
	case "send":
		c.Send(w.steps)
	case "recv":
		c.Recv()
	case "close":
		if !w.closed[s.n] {
			w.closed[s.n] = true
			c.Close()
		}
	case "select":
		w.Select(c.OnRecv(nil, nil), w.chans[(s.n+1)%4].OnSend(w.steps), w.After(time.Millisecond).OnRecv(nil, nil),
			simsched.OnDone(w.Context()))
	case "write":
		_, err := p.Write(make([]byte, 1+2*s.n))
		return err
	case "read":
		_, err := p.Read(make([]byte, 1+s.n))
		return err
	case "shut":
		return p.Close()
	case "break":
		p.Break(event.IOConnectionReset)
	case "draw":
		w.Rand(fmt.Sprint("draw", s.n)).Uint64()
	case "wake":
		w.wakers[(s.n*7)%len(w.wakers)].Wake()
	case "park":
		w.Park()
	}
	return nil
}

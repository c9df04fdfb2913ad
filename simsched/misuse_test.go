package simsched

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// operations are all that must be called by a task, by the name that the message gives.
var operations = map[string]func(*objects){
	"Yield":                 func(o *objects) { o.Yield() },
	"Go":                    func(o *objects) { o.Go("t", nil) },
	"InRegion":              func(o *objects) { _ = o.InRegion("r", nil) },
	"Sleep":                 func(o *objects) { o.Sleep(1) },
	"NewTimer":              func(o *objects) { o.After(time.Second) },
	"Park":                  func(o *objects) { o.Park() },
	"Waker":                 func(o *objects) { o.Waker() },
	"Current":               func(o *objects) { o.Current() },
	"Context":               func(o *objects) { o.Context() },
	"Select":                func(o *objects) { o.Select(Default()) },
	"Register":              func(o *objects) { o.NewPipe("p", 1) },
	"Rand":                  func(o *objects) { o.Rand("r").Uint64() },
	"Mutex.Lock":            func(o *objects) { o.mutex.Lock() },
	"Mutex.TryLock":         func(o *objects) { o.mutex.TryLock() },
	"Mutex.Unlock":          func(o *objects) { o.mutex.Unlock() },
	"Chan.Send":             func(o *objects) { o.empty.Send(1) },
	"Chan.Recv":             func(o *objects) { o.full.Recv() },
	"Chan.Close":            func(o *objects) { o.full.Close() },
	"Task.Join":             func(o *objects) { _ = o.task.Join() },
	"Waker.Wake":            func(o *objects) { o.waker.Wake() },
	"Timer.Stop":            func(o *objects) { o.timer.Stop() },
	"Region.Go":             func(o *objects) { o.root.Go("t", nil) },
	"Region.Cancel":         func(o *objects) { o.root.Cancel(event.CancelUser) },
	"Registration.SetReady": func(o *objects) { o.reg.SetReady(event.Readable) },
	"Registration.Wait":     func(o *objects) { o.reg.Wait(event.Readable) },
	"Registration.Transfer": func(o *objects) { o.reg.Transfer(1) },
	"Registration.Fail":     func(o *objects) { _ = o.reg.Fail(event.IOOther) },
	"Pipe.Read":             func(o *objects) { _, _ = o.pipe.Read(nil) },
	"Pipe.Write":            func(o *objects) { _, _ = o.pipe.Write(nil) },
	"Pipe.Close":            func(o *objects) { _ = o.pipe.Close() },
	"Pipe.Break":            func(o *objects) { o.pipe.Break(event.IOOther) },
}

func outside(name string) string {
	return "simsched: " + name + " called outside the run: objects of a Sim may be used only by its tasks, during Run" +
		libraries
}

// TestAfterTheRun uses objects of runs that have ended well, by a deadlock and by runtime.Goexit.
func TestAfterTheRun(t *testing.T) {
	for end, body := range map[string]func(*Sim) error{
		"well":        func(s *Sim) error { return nil },
		"by deadlock": func(s *Sim) error { s.Park(); return nil },
		"by Goexit":   func(*Sim) error { failNow(); return nil },
	} {
		var o *objects
		ended(func() {
			_ = Run(inTurns(), func(s *Sim) error { o = makeObjects(s); return body(s) })
		})
		for name, op := range operations {
			t.Run(end+"/"+name, func(t *testing.T) {
				if how := ended(func() { op(o) }); how != "panic: "+outside(name) {
					t.Errorf("the call ended by %s, want a panic that names the method", how)
				}
			})
		}
	}
}

func TestWithoutARun(t *testing.T) {
	s := &Sim{}
	m, c := s.NewMutex("m"), NewChan[int](s, "c", 1)
	wantPanic(t, outside("Yield"), s.Yield)
	wantPanic(t, outside("Mutex.Lock"), m.Lock)
	wantPanic(t, outside("Chan.Close"), c.Close)
	wantPanic(t, outside("Select"), func() { s.Select() })
}

// TestReadersAfterTheRun asks what may be asked at any time.
func TestReadersAfterTheRun(t *testing.T) {
	var o *objects
	_ = Run(inTurns(), func(s *Sim) error { o = makeObjects(s); return nil })
	got := []any{o.Steps() > 0, o.Elapsed(), o.Now().Equal(epoch.Add(time.Hour)), o.full.Len(), o.full.Cap(),
		o.task.Done(),
		o.task.Name(), o.task.Outcome(), o.reg.Token(), o.reg.Readiness(), o.root.Name(), o.TaskName(o.task.ID())}
	want := []any{true, time.Hour, true, 1, 1, false, "parked", event.OutcomeOK, event.Token(1), event.Readiness(0),
		"root", "parked"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("answer %d after the run is %v, want %v", i, got[i], want[i])
		}
	}
}

// TestRunInsideARun simulates inside a simulation.
func TestRunInsideARun(t *testing.T) {
	var outer, inner []string
	events := mustRun(t, inTurns(), func(s *Sim) {
		s.Go("t", func() error { s.Yield(); return nil })
		inner = ofKind(mustRun(t, inTurns(), func(in *Sim) {
			in.Go("t", func() error { in.Sleep(time.Hour); return nil })
		}), event.KindTimeAdvanced)
		s.Yield()
	})
	outer = ofKind(events, event.KindTimeAdvanced)
	wantLines(t, "times of the inner run", inner, "TimeAdvanced from_nanos=0s to_nanos=1h0m0s")
	wantLines(t, "times of the outer run", outer)
}

// TestTwoRunsAtOnce runs simulations on goroutines of their own: they share nothing.
func TestTwoRunsAtOnce(t *testing.T) {
	results := make(chan string)
	for range 4 {
		go func() { results <- renderAll() }()
	}
	want := renderAll()
	for range 4 {
		if got := <-results; got != want {
			t.Errorf("runs at the same time differ: %d lines, want %d", strings.Count(got, "\n"), strings.Count(want, "\n"))
		}
	}
}

// TestForeignGoroutine: with CheckGoroutines an operation of a real goroutine panics and fails the run, and those of
// tasks do not. After the run every goroutine may ask for the time.
func TestForeignGoroutine(t *testing.T) {
	cfg := inTurns()
	cfg.CheckGoroutines = true
	var sim *Sim
	err := Run(cfg, func(s *Sim) error {
		sim = s
		mu := s.NewMutex("m")
		for range 3 {
			_ = s.Go("task", func() error { mu.Lock(); s.Yield(); mu.Unlock(); return nil })
		}
		s.Sleep(1)
		for name, op := range map[string]func(){"Mutex.Lock": mu.Lock, "Now": func() { s.Now() }} {
			panicked := make(chan any)
			go func() {
				defer func() { panicked <- recover() }()
				op()
			}()
			v, _ := (<-panicked).(string)
			if !strings.Contains(v, name+" called by a goroutine that is not the running task at ") ||
				!strings.Contains(v, "misuse_test.go:") || !strings.Contains(v, ", started at misuse_test.go:") ||
				!strings.Contains(v, "net/http") {
				t.Errorf("panic %q, want one that names the method, the places and the rule", v)
			}
		}
		return nil
	})
	if err == nil || strings.Count(err.Error(), "called by a goroutine that is not the running task") != 1 {
		t.Errorf("Run = %v, want the one operation of the goroutine", err)
	}
	elapsed := make(chan time.Duration)
	go func() { elapsed <- sim.Elapsed() }()
	if d := <-elapsed; d != 1 {
		t.Errorf("virtual time after the run is %v, want 1ns", d)
	}
}

// TestTimersAreNoForeigners: what timers do between two turns, also behind the last turn of a task that has ended, is
// no operation of a foreign goroutine: here the network delivers what asks to connect.
func TestTimersAreNoForeigners(t *testing.T) {
	cfg := inTurns()
	cfg.CheckGoroutines = true
	mustRun(t, cfg, func(s *Sim) {
		s.Network().SetDefault(Link{Latency: 10 * time.Millisecond})
		client, server := s.NewHost("client"), s.NewHost("server")
		listener, err := server.Listen("tcp", ":80")
		if err != nil {
			t.Fatal(err)
		}
		s.Go("short", func() error { s.Sleep(5 * time.Millisecond); return nil })
		conn, err := client.Dial(s.Context(), "tcp", "server:80")
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		_ = listener.Close()
	})
}

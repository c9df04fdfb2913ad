package simsched_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
)

func TestHostBasics(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		check(a.Name() == "a" && a.IP().String() == "10.0.0.1" && b.IP().String() == "10.0.0.2", "wrong names")
		for range 255 {
			b = s.NewHost(fmt.Sprint("h", s.Steps()))
		}
		check(b.IP().String() == "10.0.1.1", "address %v", b.IP())
		task := a.Go("task", func() error { return nil })
		check(task.Region().Name() == "a" && task.Region() != s.Current().Region(), "wrong region")
		noErr(task.Join())
		a.Restart() // is up
		check(a.Up() && task.Region() == a.Go("again", func() error { return nil }).Region(), "a new region")
	})
}

// TestHostsEnd ends runs in every order: main task first or last, hosts with and without tasks, crashed hosts.
func TestHostsEnd(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		var hosts []*simsched.Host
		for _, name := range []string{"a", "b", "c", "d"} {
			hosts = append(hosts, s.NewHost(name))
		}
		hosts[0].Go("long", func() error {
			return s.InRegion("inner", func(*simsched.Region) error {
				s.Go("inner", func() error { s.Sleep(ms); return nil })
				return nil
			})
		})
		hosts[1].Crash()
		hosts[2].Crash()
		hosts[2].Restart()
	})
}

func TestHostErrorsReachRun(t *testing.T) {
	for seed := range uint64(50) {
		boom, other := errors.New("boom"), errors.New("other")
		cfg := simsched.Config{Seed: seed}
		tr, err := recorder.Run(cfg, func(s *simsched.Sim) error {
			a, b := s.NewHost("a"), s.NewHost("b")
			a.Go("fails", func() error { return boom })
			noErr(b.Go("fine", func() error { b.Go("fails", func() error { return other }); return nil }).Join())
			s.Sleep(ms)
			b.Crash()
			s.NewHost("c").Go("panics", func() error { panic("oh") })
			return nil
		})
		if !errors.Is(err, boom) || !errors.Is(err, other) || !strings.Contains(err.Error(), "oh") {
			t.Fatalf("Run = %v", err)
		}
		if err := tracecheck.Check(tr); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHostServersLeak leaves a server waiting: that is a leak, as everywhere.
func TestHostServersLeak(t *testing.T) {
	tr, err := recorder.Run(simsched.Config{}, func(s *simsched.Sim) error {
		a := s.NewHost("a")
		l := got(a.Listen("tcp", ":80"))
		a.Go("server", func() error { _, err := l.Accept(); return err })
		return nil
	})
	if !errors.Is(err, simsched.ErrLeak) ||
		!strings.Contains(err.Error(), `for "tcp listener 10.0.0.1:80" (token 1) to be readable`) {
		t.Errorf("Run = %v", err)
	}
	if err := tracecheck.Check(tr); err != nil {
		t.Error(err)
	}
}

func TestHostMainFailsCancelsHosts(t *testing.T) {
	boom := errors.New("boom")
	err := simsched.Run(simsched.Config{}, func(s *simsched.Sim) error {
		s.NewHost("a").Go("server", func() error { return s.SleepContext(s.Context(), time.Hour) })
		return boom
	})
	if err != boom {
		t.Errorf("Run = %v, want only the error of the main task", err)
	}
}

func TestHostCrashKillsTasks(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a := s.NewHost("a")
		deferred, after := 0, 0
		var tasks []*simsched.Task
		m := s.NewMutex("m")
		m.Lock()
		for _, wait := range []func(){
			func() { s.Sleep(time.Hour) }, m.Lock, s.Park, func() { s.Select() },
			func() { _ = s.InRegion("inner", func(*simsched.Region) error { s.Sleep(time.Hour); return nil }) },
			func() { got(got(a.Listen("tcp", ":80")).Accept()) },
		} {
			tasks = append(tasks, a.Go("victim", func() error {
				defer func() { deferred++ }()
				wait()
				after++
				return nil
			}))
		}
		s.Sleep(ms)
		unstarted := a.Go("unstarted", func() error { s.Sleep(time.Hour); after++; return nil })
		a.Crash()
		a.Crash()
		check(!a.Up() && deferred == len(tasks) && after == 0, "%d of %d ended, %d went on", deferred, len(tasks), after)
		for _, task := range append(tasks, unstarted) {
			check(task.Done() && task.Outcome() == event.OutcomeCancelled, "%v lives", task)
			noErr(task.Join())
		}
		late := a.Go("late", func() error { after++; return nil })
		err := late.Join()
		check(err != nil && err.Error() == "simsched: host a is down" && after == 0, "Go on a dead host: %v", err)
		a.Restart()
		noErr(a.Go("alive", func() error { after++; return nil }).Join())
		check(a.Up() && after == 1, "the restarted host does not run tasks")
	})
}

func TestHostCrashOfItselfPanics(t *testing.T) {
	err := simsched.Run(simsched.Config{}, func(s *simsched.Sim) error {
		a := s.NewHost("a")
		a.Go("suicide", func() error { a.Crash(); return nil })
		return nil
	})
	var p *simsched.PanicError
	if !errors.As(err, &p) || p.Value != "simsched: Host.Crash called by a task that it would kill" {
		t.Errorf("Run = %v", err)
	}
}

// TestHostCrashIsSilent crashes a host whose peers read and write: they learn of it when the detection time has passed.
func TestHostCrashIsSilent(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, b, ca, cb := pair(s)
		s.Network().SetDetection(4 * time.Second)
		got(cb.Write([]byte("before")))
		reader := s.Go("read", func() error {
			check(readString(ca, 6) == "before", "what was sent before the crash is lost")
			_, err := ca.Read(make([]byte, 1))
			return err
		})
		writer := s.Go("write", func() error { _, err := ca.Write(make([]byte, 1<<20)); return err })
		elapsed(s, 4*time.Second, func() {
			b.Crash()
			checkErr(reader.Join(), "read", syscall.ECONNRESET)
			checkErr(writer.Join(), "write", syscall.ECONNRESET)
		})
		noErr(ca.Close())
		// the dead end fails for tasks elsewhere
		_, err := cb.Read(make([]byte, 1))
		checkErr(err, "read", syscall.ECONNABORTED)
		_, err = cb.Write(make([]byte, 1))
		checkErr(err, "write", syscall.ECONNABORTED)
		noErr(cb.CloseWrite())
		noErr(cb.Close())
		checkErr(cb.Close(), "close", net.ErrClosed)
	})
}

// TestHostRestartResets sends to a host that has been restarted: the answer is a reset.
func TestHostRestartResets(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, b, ca, _ := pair(s)
		b.Crash()
		got(ca.Write([]byte("x"))) // nobody answers
		s.Sleep(time.Second)
		b.Restart()
		elapsed(s, 2*ms, func() {
			got(ca.Write([]byte("x")))
			_, err := ca.Read(make([]byte, 1))
			checkErr(err, "read", syscall.ECONNRESET)
		})
	})
}

// TestHostCrashWakesForeignTasks crashes a host while tasks elsewhere use its objects.
func TestHostCrashWakesForeignTasks(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, b, _, cb := pair(s)
		l := got(b.Listen("tcp", ":81"))
		p := got(b.ListenPacket("udp", ":81"))
		s.Network().Isolate(b)
		var tasks []*simsched.Task
		for _, f := range []func() error{
			func() error { _, err := l.Accept(); return err },
			func() error { _, _, err := p.ReadFrom(nil); return err },
			func() error { _, err := cb.Read(make([]byte, 1)); return err },
			func() error { _, err := cb.Write(make([]byte, 1<<20)); return err },
			func() error { _, err := cb.Write(make([]byte, 1<<20)); return err },
			func() error { _, err := b.Dial(s.Context(), "tcp", "a:80"); return err },
		} {
			tasks = append(tasks, s.Go("foreign", f))
		}
		s.Sleep(time.Second)
		b.Crash()
		for i, op := range []string{"accept", "read", "read", "write", "write", "dial"} {
			checkErr(tasks[i].Join(), op, syscall.ECONNABORTED)
		}
		_, err := p.WriteTo(nil, p.LocalAddr())
		checkErr(err, "write", syscall.ECONNABORTED)
		noErr(l.Close())
		noErr(p.Close())
		s.Network().HealAll()
	})
}

// TestHostCrashDuringHandshake crashes each side at each moment of the opening of a connection.
func TestHostCrashDuringHandshake(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		for i := range 8 {
			at := time.Duration(i%4) * 700 * time.Microsecond
			a, b := s.NewHost(fmt.Sprint("a", i)), s.NewHost(fmt.Sprint("b", i))
			b.Go("server", func() error {
				l := got(b.Listen("tcp", ":80"))
				c := got(l.Accept())
				_, err := c.Read(make([]byte, 1))
				checkErr(err, "read", syscall.ECONNRESET)
				return l.Close()
			})
			client := a.Go("client", func() error {
				c, err := a.Dial(s.Context(), "tcp", b.Name()+":80")
				if err == nil {
					_, err = c.Read(make([]byte, 1))
				}
				check(errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrDeadlineExceeded), "client: %v", err)
				return nil
			})
			s.Sleep(at)
			victim := []*simsched.Host{a, b}[i/4]
			victim.Crash()
			if victim == b {
				noErr(client.Join())
			}
			s.Sleep(time.Minute)
			a.Crash()
			b.Crash()
		}
	})
}

// TestHostDialFindsRestartedServer dials while the server is down: the connection is made when it is there again.
func TestHostDialFindsRestartedServer(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		b.Crash()
		client := a.Go("client", func() error {
			c := got(a.Dial(s.Context(), "tcp", "b:80"))
			check(string(got(io.ReadAll(c))) == "hello", "bad greeting")
			return c.Close()
		})
		s.Sleep(5 * time.Second)
		b.Restart()
		b.Go("server", func() error {
			c := got(got(b.Listen("tcp", ":80")).Accept())
			got(io.WriteString(c, "hello"))
			return c.Close()
		})
		noErr(client.Join())
	})
}

// TestHostCrashDropsHeldBytes crashes the sender after and during a partition: what that holds back is lost.
func TestHostCrashDropsHeldBytes(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		s.Network().Partition(a, b)
		got(ca.Write([]byte("held up")))
		s.Sleep(ms)
		s.Network().Heal(a, b)
		check(readString(cb, 7) == "held up", "wrong bytes")
		got(ca.Write([]byte("in flight")))
		a.Crash()
		check(readString(cb, 9) == "in flight", "wrong bytes")

		a.Restart()
		ca, cb = connect(s, a, b, ":81")
		s.Network().Partition(a, b)
		got(ca.Write([]byte("never")))
		s.Sleep(ms)
		a.Crash()
		s.Network().HealAll()
		_, err := cb.Read(make([]byte, 1))
		checkErr(err, "read", syscall.ECONNRESET)
	})
}

// TestHostCrashStopsTimers crashes a host that has set timers: their functions do not run, not even after a restart.
func TestHostCrashStopsTimers(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a := s.NewHost("a")
		ran := false
		noErr(a.Go("set", func() error {
			s.AfterFunc(time.Second, func() { ran = true })
			return s.InRegion("inner", func(*simsched.Region) error {
				s.AfterFunc(time.Second, func() { ran = true })
				return nil
			})
		}).Join())
		a.Crash()
		a.Restart()
		s.Sleep(time.Minute)
		check(!ran, "a function of a crashed host ran")
	})
}

// TestHostDeferredCalls lets tasks that are unwound, by a crash and at the end of a failed run, give up everything in
// deferred calls: those do nothing.
func TestHostDeferredCalls(t *testing.T) {
	for seed := range uint64(50) {
		calls := 0
		tr, err := recorder.Run(simsched.Config{Seed: seed}, func(s *simsched.Sim) error {
			a, b, ca, _ := pair(s)
			l, p := got(a.Listen("tcp", ":1")).(*simsched.Listener), got(a.ListenPacket("udp", ":1"))
			n := s.Network()
			task := func() error {
				for _, f := range []func() error{
					ca.Close, ca.CloseRead, ca.CloseWrite, ca.Reset, l.Close, p.Close,
					func() error { return ca.SetDeadline(s.Now()) }, func() error { return l.SetDeadline(s.Now()) },
					func() error { return p.SetDeadline(s.Now()) },
					func() error { a.Crash(); a.Restart(); return nil },
					func() error {
						n.HealAll()
						n.Heal(a, b)
						n.Isolate(a)
						n.Reconnect(a)
						n.Partition(a, b)
						return nil
					},
					func() error { n.SetDefault(simsched.Link{}); n.Set(a, b, simsched.Link{}); return nil },
				} {
					defer func() {
						noErr(f())
						calls++
					}()
				}
				s.Select()
				return nil
			}
			b.Go("crashes", task)
			a.Go("hangs", task)
			s.Sleep(ms)
			b.Crash()
			check(calls == 12, "%d calls", calls)
			return nil
		})
		if !errors.Is(err, simsched.ErrLeak) || calls != 24 {
			t.Fatalf("seed %d: Run = %v after %d calls", seed, err, calls)
		}
		if err := tracecheck.Check(tr); err != nil {
			t.Fatal(err)
		}
	}
}

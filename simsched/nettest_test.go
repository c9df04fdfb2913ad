package simsched_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/reprise-go/reprise/simsched"
)

// TestNetConformance runs the tests that every net.Conn has to pass over simulated connections: in turns, and with
// random schedules and short transfers.
//
// The tests use goroutines and the real time, so that the simulation has to be driven from outside: these runs cannot
// be replayed, and nothing else may be done this way.
func TestNetConformance(t *testing.T) {
	slow := simsched.Link{Latency: 100 * time.Microsecond, Jitter: 100 * time.Microsecond}
	for _, test := range []struct {
		name    string
		link    simsched.Link
		chooser func(uint64) simsched.Chooser
	}{
		{"in turns", simsched.Link{}, simsched.NewRoundRobin},
		{"random", simsched.Link{}, simsched.NewRandom},
		{"small window", simsched.Link{Window: 700}, simsched.NewRandom},
		{"slow", slow, simsched.NewRandom},
	} {
		t.Run(test.name, func(t *testing.T) {
			nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
				return bridge(t, simsched.Config{Chooser: test.chooser(1), MaxSteps: 1 << 40}, test.link)
			})
		})
	}
}

// driver lets goroutines outside use a running simulation.
type driver struct {
	calls chan func()
	stop  chan struct{}
	ended chan error
}

// bridge starts a simulation with a connection and returns its ends for the use of goroutines.
func bridge(t *testing.T, cfg simsched.Config, link simsched.Link) (c1, c2 net.Conn, stop func(), err error) {
	d := &driver{make(chan func()), make(chan struct{}), make(chan error, 1)}
	ready := make(chan struct{})
	var ends [2]outside
	go func() {
		d.ended <- simsched.Run(cfg, func(s *simsched.Sim) error {
			s.Network().SetDefault(link)
			_, _, ca, cb := pair(s)
			ends = [2]outside{{d, s, ca}, {d, s, cb}}
			close(ready)
			d.pump(s)
			ca.Close() // fails if the test has done it
			cb.Close()
			return nil
		})
	}()
	<-ready
	return ends[0], ends[1], func() {
		close(d.stop)
		if err := <-d.ended; err != nil {
			t.Error(err)
		}
	}, nil
}

// pump starts a task for each call from outside and lets virtual time follow real time. It sleeps between the calls, so
// that all tasks get as far as they can.
func (d *driver) pump(s *simsched.Sim) {
	began := time.Now()
	for {
		s.Sleep(max(time.Since(began)-s.Elapsed(), 1))
		select {
		case f := <-d.calls:
			s.Go("call", func() error { f(); return nil })
		case <-time.After(100 * time.Microsecond):
		case <-d.stop:
			return
		}
	}
}

// call runs f as a task and reports whether it did.
func (d *driver) call(f func()) bool {
	done := make(chan struct{})
	select {
	case d.calls <- func() { defer close(done); f() }:
		<-done
		return true
	case <-d.stop:
		return false
	}
}

// outside is one end of the connection for goroutines.
type outside struct {
	d *driver
	s *simsched.Sim
	c *simsched.Conn
}

func (o outside) LocalAddr() net.Addr  { return o.c.LocalAddr() }
func (o outside) RemoteAddr() net.Addr { return o.c.RemoteAddr() }

func (o outside) Read(b []byte) (n int, err error) {
	if !o.d.call(func() { n, err = o.c.Read(b) }) {
		err = net.ErrClosed
	}
	return n, err
}

func (o outside) Write(b []byte) (n int, err error) {
	if !o.d.call(func() { n, err = o.c.Write(b) }) {
		err = net.ErrClosed
	}
	return n, err
}

func (o outside) do(f func() error) (err error) {
	if !o.d.call(func() { err = f() }) {
		err = net.ErrClosed
	}
	return err
}

func (o outside) Close() error { return o.do(o.c.Close) }

func (o outside) SetDeadline(at time.Time) error {
	return o.do(func() error { return o.c.SetDeadline(o.virtual(at)) })
}

func (o outside) SetReadDeadline(at time.Time) error {
	return o.do(func() error { return o.c.SetReadDeadline(o.virtual(at)) })
}

func (o outside) SetWriteDeadline(at time.Time) error {
	return o.do(func() error { return o.c.SetWriteDeadline(o.virtual(at)) })
}

// virtual maps a deadline in real time.
func (o outside) virtual(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return o.s.Now().Add(time.Until(at))
}

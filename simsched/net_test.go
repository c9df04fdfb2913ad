package simsched_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

const ms = time.Millisecond

// netRuns runs body in turns and under 50 random schedules. Every run must end without an error and keep the laws, and
// the replays of some must equal them. It returns the traces.
func netRuns(t *testing.T, body func(*simsched.Sim)) []*event.Trace {
	t.Helper()
	var traces []*event.Trace
	for seed := range uint64(51) {
		traces = append(traces, netRun(t, simsched.Config{Seed: seed, CheckpointEvery: 7}, seed%10 == 0, body))
	}
	return traces
}

// netRun is one run of netRuns; seed 0 goes in turns.
func netRun(t *testing.T, cfg simsched.Config, replay bool, body func(*simsched.Sim)) *event.Trace {
	t.Helper()
	if cfg.Seed == 0 {
		cfg.Chooser = simsched.NewRoundRobin(0)
	}
	run := func(s *simsched.Sim) error { body(s); return nil }
	tr, err := recorder.Run(cfg, run)
	if err != nil {
		t.Fatalf("seed %d: %v", cfg.Seed, err)
	}
	if err := tracecheck.Check(tr); err != nil {
		t.Fatalf("seed %d: %v", cfg.Seed, err)
	}
	if last := tr.At(tr.Len() - 1); last.Kind() != event.KindRegionClosed || last.Region() != tr.At(1).Region() {
		t.Fatalf("seed %d: the last event is %v, want the end of the root region", cfg.Seed, last)
	}
	if replay {
		again := recorder.New(tr.Metadata)
		cfg.Chooser, cfg.Observer = nil, again
		if _, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, run); err != nil {
			t.Fatalf("seed %d: the replay differs: %v", cfg.Seed, err)
		}
		if !again.Trace().Equal(tr) {
			t.Fatalf("seed %d: the replay gave other events", cfg.Seed)
		}
	}
	return tr
}

// check panics, in a task, unless ok.
func check(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func noErr(err error) { check(err == nil, "unexpected error: %v", err) }

func got[T any](v T, err error) T {
	noErr(err)
	return v
}

// checkErr checks that err is a *net.OpError with an operation and around a target.
func checkErr(err error, op string, target error) {
	var oe *net.OpError
	check(errors.As(err, &oe) && oe.Op == op &&
		errors.Is(err, target), "got the error %v, want %s and %v", err, op, target)
}

// pair gives two hosts, a and b, and a connection between them.
func pair(s *simsched.Sim) (a, b *simsched.Host, ca, cb *simsched.Conn) {
	a, b = s.NewHost("a"), s.NewHost("b")
	ca, cb = connect(s, a, b, ":80")
	return a, b, ca, cb
}

// connect opens a connection between two hosts; its listener is closed again.
func connect(s *simsched.Sim, a, b *simsched.Host, port string) (ca, cb *simsched.Conn) {
	l := got(b.Listen("tcp", port))
	accept := s.Go("accept", func() error {
		cb = got(l.Accept()).(*simsched.Conn)
		return nil
	})
	ca = got(a.Dial(s.Context(), "tcp", l.Addr().String())).(*simsched.Conn)
	noErr(accept.Join())
	noErr(l.Close())
	return ca, cb
}

// elapsed checks how much virtual time f takes.
func elapsed(s *simsched.Sim, want time.Duration, f func()) {
	from := s.Elapsed()
	f()
	check(s.Elapsed()-from == want, "took %v, want %v", s.Elapsed()-from, want)
}

func readString(r io.Reader, n int) string {
	b := make([]byte, n)
	got(io.ReadFull(r, b))
	return string(b)
}

func TestNetEcho(t *testing.T) {
	traces := netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		l := got(b.Listen("tcp", ":80"))
		server := b.Go("server", func() error {
			c := got(l.Accept())
			got(io.Copy(c, struct{ io.Reader }{c}))
			return c.Close()
		})
		client := a.Go("client", func() error {
			var c net.Conn
			elapsed(s, 2*ms, func() { c = got(a.Dial(s.Context(), "tcp", "b:80")) })
			check(c.RemoteAddr().String() == "10.0.0.2:80", "remote %v", c.RemoteAddr())
			got(io.WriteString(c, "hello, world"))
			check(readString(c, 12) == "hello, world", "bad echo")
			noErr(c.(*simsched.Conn).CloseWrite())
			rest := got(io.ReadAll(c))
			check(len(rest) == 0, "rest %q", rest)
			return c.Close()
		})
		noErr(server.Join())
		noErr(client.Join())
	})
	for _, tr := range traces {
		for _, e := range tr.All() {
			if e.Kind() == event.KindRngValue {
				t.Fatal("a network without faults draws random numbers")
			}
		}
	}
}

func TestNetLatencyAndBandwidth(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		n := s.Network()
		n.Set(a, b, simsched.Link{Latency: 20 * ms, Bandwidth: 1000})
		n.Set(b, a, simsched.Link{Latency: 5 * ms})
		elapsed(s, 70*ms, func() { // 50 bytes at 1000 a second, and the latency
			got(ca.Write(make([]byte, 50)))
			readString(cb, 50)
		})
		elapsed(s, 5*ms, func() {
			got(cb.Write(make([]byte, 50)))
			readString(ca, 50)
		})
		ca2, cb2 := connect(s, a, b, ":81")
		elapsed(s, 120*ms, func() { // two connections share the link
			got(ca.Write(make([]byte, 50)))
			got(ca2.Write(make([]byte, 50)))
			readString(cb2, 50)
		})
		n.SetDefault(simsched.Link{Latency: 7 * ms})
		c := s.NewHost("c")
		elapsed(s, 14*ms, func() { connect(s, a, c, ":80") })
		elapsed(s, 0, func() { connect(s, c, c, "localhost:81") })
	})
}

func TestNetJitterAndLossDelay(t *testing.T) {
	slow := 0
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		s.Network().Set(a, b, simsched.Link{Latency: 10 * ms, Jitter: 10 * ms, Loss: 500_000})
		from := s.Elapsed()
		got(ca.Write([]byte("x")))
		readString(cb, 1)
		took := s.Elapsed() - from
		late := took >= 230*ms
		check(took >= 10*ms && (late || took <= 20*ms), "took %v", took)
		if late {
			slow++
		}
		s.Network().Set(a, b, simsched.Link{Loss: 1_000_000}) // 200 ms, doubled nine times
		elapsed(s, 1023*200*ms, func() {
			got(ca.Write([]byte("x")))
			readString(cb, 1)
		})
	})
	if slow < 10 || slow > 45 {
		t.Errorf("%d of 51 runs lost a segment, want about half", slow)
	}
}

func TestNetDialErrors(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		dial := func(address string) error {
			c, err := a.Dial(context.Background(), "tcp", address)
			check(c == nil && err != nil, "%s was dialed", address)
			return err
		}
		elapsed(s, 2*ms, func() { checkErr(dial("b:80"), "dial", syscall.ECONNREFUSED) })
		elapsed(s, 0, func() { checkErr(dial(":80"), "dial", syscall.ECONNREFUSED) })
		checkErr(dial("b"), "dial", syscall.EINVAL)
		checkErr(dial("b:65536"), "dial", syscall.EINVAL)
		checkErr(dial("b:http"), "dial", syscall.EINVAL)
		var dns *net.DNSError
		check(errors.As(dial("nobody:80"), &dns) && dns.IsNotFound, "no DNS error")
		_, err := a.Dial(context.Background(), "unix", "b:80")
		checkErr(err, "dial", net.UnknownNetworkError("unix"))

		got(b.Listen("tcp", ":80"))
		s.Network().SetDialTimeout(3 * time.Second)
		for _, cut := range []func(){
			func() { s.Network().Partition(a, b) },
			func() { s.Network().Partition(b, a) },
			func() { s.Network().Isolate(b) },
			func() { b.Crash() },
		} {
			cut()
			elapsed(s, 3*time.Second, func() {
				err := dial("b:80")
				checkErr(err, "dial", os.ErrDeadlineExceeded)
				check(err.(net.Error).Timeout(), "no timeout")
			})
			s.Network().HealAll()
			s.Sleep(time.Second)
		}
		a.Crash()
		checkErr(dial("b:80"), "dial", syscall.EADDRNOTAVAIL)
	})
}

func TestNetDialContext(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		l := got(b.Listen("tcp", ":80"))
		s.Network().Isolate(b)
		ctx, cancel := s.WithTimeout(s.Context(), 50*ms)
		elapsed(s, 50*ms, func() {
			_, err := a.Dial(ctx, "tcp", "b:80")
			checkErr(err, "dial", context.DeadlineExceeded)
		})
		cancel()
		_, err := a.Dial(ctx, "tcp", "b:80")
		checkErr(err, "dial", context.DeadlineExceeded)
		ctx, cancel = s.WithCancel(s.Context())
		s.Go("cancel", func() error { s.Sleep(ms); cancel(); return nil })
		_, err = a.Dial(ctx, "tcp", "b:80")
		checkErr(err, "dial", context.Canceled)
		// what was given up does not come to the listener later
		s.Network().HealAll()
		noErr(l.(*simsched.Listener).SetDeadline(s.Now().Add(time.Minute)))
		_, err = l.Accept()
		checkErr(err, "accept", os.ErrDeadlineExceeded)
	})
}

// TestNetDialGivenUpLate gives up when the other end exists already: that gets a reset, even if the host of this end
// crashes then.
func TestNetDialGivenUpLate(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		l := got(b.Listen("tcp", ":80"))
		ctx, _ := s.WithTimeout(s.Context(), 1500*time.Microsecond)
		_, err := a.Dial(ctx, "tcp", "b:80")
		checkErr(err, "dial", context.DeadlineExceeded)
		a.Crash()
		c := got(l.Accept())
		_, err = c.Read(make([]byte, 1))
		checkErr(err, "read", syscall.ECONNRESET)
	})
}

func TestNetListenErrors(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		for _, address := range []string{":80", "a:81", "10.0.0.1:82", "localhost:83", "127.0.0.1:84", "0.0.0.0:85"} {
			l := got(a.Listen("tcp4", address))
			_, err := a.Listen("tcp", l.Addr().String())
			checkErr(err, "listen", syscall.EADDRINUSE)
			noErr(l.Close())
			checkErr(l.Close(), "close", net.ErrClosed)
			checkErr(l.(*simsched.Listener).SetDeadline(s.Now()), "set", net.ErrClosed)
			got(a.Listen("tcp", l.Addr().String()))
		}
		for i, address := range []string{"b:80", "10.0.0.9:80", "80", ":-1"} {
			want := []error{syscall.EADDRNOTAVAIL, syscall.EADDRNOTAVAIL, syscall.EINVAL, syscall.EINVAL}[i]
			_, err := a.Listen("tcp", address)
			checkErr(err, "listen", want)
			_, err = a.ListenPacket("udp", address)
			checkErr(err, "listen", want)
		}
		_, err := a.Listen("udp", ":1")
		checkErr(err, "listen", net.UnknownNetworkError("udp"))
		_, err = a.ListenPacket("tcp", ":1")
		checkErr(err, "listen", net.UnknownNetworkError("tcp"))

		auto, other := got(a.Listen("tcp", ":0")).Addr().(*net.TCPAddr), got(a.Listen("tcp", ":0")).Addr().(*net.TCPAddr)
		check(auto.Port >= 49152 && other.Port >= 49152 && auto.Port != other.Port, "ports %v %v", auto, other)
		b.Crash()
		_, err = b.Listen("tcp", ":80")
		checkErr(err, "listen", syscall.EADDRNOTAVAIL)
	})
}

func TestNetBacklog(t *testing.T) {
	netRun(t, simsched.Config{Seed: 1}, true, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		l := got(b.Listen("tcp", ":80"))
		var conns []net.Conn
		for range 128 {
			conns = append(conns, got(a.Dial(s.Context(), "tcp", "b:80")))
		}
		_, err := a.Dial(s.Context(), "tcp", "b:80")
		checkErr(err, "dial", syscall.ECONNREFUSED)
		accepted := got(l.Accept())
		check(accepted.RemoteAddr().String() == conns[0].LocalAddr().String(), "accepted %v first", accepted.RemoteAddr())
		waiting := s.Go("accept", func() error {
			for {
				if _, err := l.Accept(); err != nil {
					checkErr(err, "accept", net.ErrClosed)
					return nil
				}
			}
		})
		s.Sleep(ms)
		conns = append(conns, got(a.Dial(s.Context(), "tcp", "b:80")))
		s.Sleep(ms)
		noErr(l.Close())
		noErr(waiting.Join())
		got(conns[0].Write([]byte("still there")))
		check(readString(accepted, 11) == "still there", "an accepted connection has ended")
	})
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		l := got(b.Listen("tcp", ":80"))
		c := got(a.Dial(s.Context(), "tcp", "b:80"))
		noErr(l.Close())
		_, err := c.Read(make([]byte, 1))
		checkErr(err, "read", syscall.ECONNRESET)
	})
}

func TestNetDeadlines(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		s.Network().Set(b, a, simsched.Link{Latency: 10 * ms})
		one := make([]byte, 1)
		timedOut := func(op string, err error) {
			checkErr(err, op, os.ErrDeadlineExceeded)
			check(err.(net.Error).Timeout(), "no timeout: %v", err)
		}
		noErr(ca.SetReadDeadline(s.Now().Add(5 * ms)))
		elapsed(s, 5*ms, func() {
			_, err := ca.Read(one)
			timedOut("read", err)
		})
		got(cb.Write(one))
		s.Sleep(20 * ms)
		_, err := ca.Read(one) // although there is something
		timedOut("read", err)
		got(ca.Write(one)) // the other deadline is another one
		noErr(ca.SetReadDeadline(time.Time{}))
		got(ca.Read(one))

		reader := s.Go("read", func() error { _, err := ca.Read(one); return err })
		s.Sleep(ms)
		noErr(ca.SetDeadline(s.Now().Add(-ms))) // ends what waits already
		timedOut("read", reader.Join())
		_, err = ca.Write(one)
		timedOut("write", err)

		noErr(ca.SetDeadline(time.Time{}))
		noErr(ca.SetWriteDeadline(s.Now().Add(time.Second)))
		n, err := ca.Write(make([]byte, 1<<17))
		timedOut("write", err)
		check(n == 1<<16-1, "%d bytes were written", n) // one byte is there already, nobody reads
	})
}

func TestNetHalfClose(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, _, ca, cb := pair(s)
		got(io.WriteString(ca, "question"))
		noErr(ca.CloseWrite())
		noErr(ca.CloseWrite())
		_, err := ca.Write([]byte("more"))
		checkErr(err, "write", syscall.EPIPE)
		check(string(got(io.ReadAll(cb))) == "question", "bad question")
		got(cb.Write([]byte("answer"))) // the other direction is open
		noErr(cb.Close())
		check(string(got(io.ReadAll(ca))) == "answer", "bad answer")
		noErr(ca.Close())
		for _, c := range []*simsched.Conn{ca, cb} {
			_, err = c.Read(make([]byte, 1))
			checkErr(err, "read", net.ErrClosed)
			_, err = c.Write(nil)
			checkErr(err, "write", net.ErrClosed)
			for i, f := range []func() error{
				c.Close, c.CloseWrite, c.CloseRead, c.Reset, func() error { return c.SetDeadline(s.Now()) },
			} {
				checkErr(f(), []string{"close", "close", "close", "reset", "set"}[i], net.ErrClosed)
			}
		}
	})
}

func TestNetCloseRead(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, _, ca, cb := pair(s)
		got(cb.Write([]byte("old")))
		s.Sleep(2 * ms)
		reader := s.Go("read", func() error { readString(ca, 3); _, err := ca.Read(make([]byte, 1)); return err })
		s.Sleep(ms)
		noErr(ca.CloseRead())
		check(reader.Join() == io.EOF, "no end")
		got(cb.Write(make([]byte, 1<<18))) // goes nowhere, but does not stop
		got(io.WriteString(ca, "x"))
		check(readString(cb, 1) == "x", "the other direction is shut")
	})
}

func TestNetCloseDeliversWhatIsInFlight(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		s.Network().Set(a, b, simsched.Link{Latency: time.Second, Jitter: time.Second, Loss: 100_000})
		data := bytes.Repeat([]byte("0123456789"), 100)
		for i := range 10 {
			got(ca.Write(data[i*100 : i*100+100]))
		}
		noErr(ca.Close())
		check(bytes.Equal(got(io.ReadAll(cb)), data), "data in flight was lost")
	})
}

func TestNetReset(t *testing.T) {
	one := make([]byte, 1)
	netRuns(t, func(s *simsched.Sim) {
		_, _, ca, cb := pair(s)
		got(ca.Write([]byte("last words")))
		noErr(ca.Reset())
		check(readString(cb, 10) == "last words", "what was sent before is lost")
		_, err := cb.Read(one)
		checkErr(err, "read", syscall.ECONNRESET)
		_, err = cb.Write(one)
		checkErr(err, "write", syscall.ECONNRESET)
		noErr(cb.CloseWrite())
		noErr(cb.CloseRead())
		noErr(cb.Close())
	})
	netRuns(t, func(s *simsched.Sim) { // closing with unread bytes is a reset
		_, _, ca, cb := pair(s)
		got(cb.Write(one))
		s.Sleep(2 * ms)
		noErr(ca.Close())
		_, err := cb.Read(one)
		checkErr(err, "read", syscall.ECONNRESET)
	})
	netRuns(t, func(s *simsched.Sim) { // and so are bytes that arrive after the end
		_, _, ca, cb := pair(s)
		noErr(ca.Close())
		check(len(got(io.ReadAll(cb))) == 0, "bytes from nowhere")
		got(cb.Write(one))
		s.Sleep(2 * ms)
		_, err := cb.Write(one)
		checkErr(err, "write", syscall.ECONNRESET)
		_, err = cb.Read(one)
		check(err == io.EOF, "got %v, want the end that came first", err)
	})
	netRuns(t, func(s *simsched.Sim) { // a writer that waits is told
		_, _, ca, cb := pair(s)
		writer := s.Go("write", func() error { _, err := cb.Write(make([]byte, 1<<20)); return err })
		s.Sleep(5 * ms)
		noErr(ca.Close())
		checkErr(writer.Join(), "write", syscall.ECONNRESET)
	})
}

func TestNetWindow(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		s.Network().Set(a, b, simsched.Link{Latency: ms, Window: 100})
		ca, cb := connect(s, a, b, ":80")
		written := 0
		writer := s.Go("write", func() error {
			for range 30 {
				written += got(ca.Write(make([]byte, 10)))
			}
			return nil
		})
		s.Sleep(time.Second)
		check(written == 100, "%d bytes are ahead of the reader, want 100", written)
		readString(cb, 50)
		s.Sleep(time.Second)
		check(written == 150, "%d bytes were written, want 150", written)
		readString(cb, 250)
		noErr(writer.Join())
		got(cb.Write(make([]byte, 1<<16))) // the other direction has the usual window
	})
}

func TestNetWritesDoNotMix(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		s.Network().Set(a, b, simsched.Link{Window: 3})
		ca, cb := connect(s, a, b, ":80")
		for i := range 4 {
			s.Go("write", func() error { _, err := ca.Write(bytes.Repeat([]byte{byte('a' + i)}, 10)); return err })
		}
		seen := map[byte]bool{}
		for range 4 {
			word := readString(cb, 10)
			check(word == string(bytes.Repeat([]byte{word[0]}, 10)) && !seen[word[0]], "mixed: %q", word)
			seen[word[0]] = true
		}
	})
}

func TestNetPartitionStalls(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		n := s.Network()
		for i, cuts := range [][2]func(){
			{func() { n.Partition(a, b) }, func() { n.Heal(a, b) }},
			{func() { n.Isolate(a) }, func() { n.Reconnect(a) }},
			{func() { n.Isolate(b); n.Partition(a, b) }, n.HealAll},
		} {
			cuts[0]()
			got(io.WriteString(ca, "held"))
			got(io.WriteString(ca, " up"))
			if i == 0 {
				got(cb.Write([]byte("way back"))) // is open
				readString(ca, 8)
			}
			noErr(cb.SetReadDeadline(s.Now().Add(time.Minute)))
			_, err := cb.Read(make([]byte, 1))
			checkErr(err, "read", os.ErrDeadlineExceeded)
			noErr(cb.SetReadDeadline(time.Time{}))
			cuts[1]()
			elapsed(s, ms, func() { check(readString(cb, 7) == "held up", "wrong bytes") })
		}
		n.Partition(a, a)
		n.Isolate(a)
		connect(s, a, a, ":99") // is never cut
	})
}

// TestNetPartitionsOverlap heals one of two cuts of a link.
func TestNetPartitionsOverlap(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, ca, cb := pair(s)
		n := s.Network()
		n.Isolate(a)
		n.Partition(a, b)
		got(ca.Write([]byte("x")))
		s.Sleep(time.Second)
		for _, heal := range []func(){func() { n.Reconnect(a) }, func() { n.Isolate(b); n.Heal(a, b) }} {
			heal()
			noErr(cb.SetReadDeadline(s.Now().Add(time.Second)))
			_, err := cb.Read(make([]byte, 1))
			checkErr(err, "read", os.ErrDeadlineExceeded)
		}
		noErr(cb.SetReadDeadline(time.Time{}))
		n.Reconnect(b)
		readString(cb, 1)
	})
}

// TestNetAcknowledgementsStall cuts the way back: the writer stops when the window is full.
func TestNetAcknowledgementsStall(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b := s.NewHost("a"), s.NewHost("b")
		s.Network().SetDefault(simsched.Link{Latency: ms, Window: 100})
		ca, cb := connect(s, a, b, ":80")
		s.Network().Partition(b, a)
		written := 0
		writer := s.Go("write", func() error {
			for range 20 {
				written += got(ca.Write(make([]byte, 10)))
			}
			return nil
		})
		readString(cb, 60)
		readString(cb, 40)
		s.Sleep(time.Second)
		check(written == 100, "%d bytes were written", written)
		s.Network().Heal(b, a)
		readString(cb, 100)
		noErr(writer.Join())
	})
}

func TestNetMisusePanics(t *testing.T) {
	for want, f := range map[string]func(*simsched.Sim){
		`simsched: NewHost called with a name that is in use or not valid: "a"`: func(s *simsched.Sim) {
			s.NewHost("a")
			s.NewHost("a")
		},
		`simsched: NewHost called with a name that is in use or not valid: "10.0.0.1"`: func(s *simsched.Sim) {
			s.NewHost("10.0.0.1")
		},
		"simsched: Network.SetDefault called with a rate that is not between 0 and 1,000,000": func(s *simsched.Sim) {
			s.Network().SetDefault(simsched.Link{Loss: 1_000_001})
		},
		"simsched: Network.Set called with a latency or jitter that is not between 0 and 24 hours": func(s *simsched.Sim) {
			s.Network().Set(nil, nil, simsched.Link{Latency: -1})
		},
		"simsched: Network.Set called with a negative bandwidth or " +
			"a window that is not between 0 and 1 GiB": func(s *simsched.Sim) {
			s.Network().Set(nil, nil, simsched.Link{Bandwidth: -1})
		},
		"simsched: Network.SetDialTimeout called with a duration that is not positive": func(s *simsched.Sim) {
			s.Network().SetDialTimeout(0)
		},
		"simsched: Network.SetDetection called with a duration that is not positive": func(s *simsched.Sim) {
			s.Network().SetDetection(0)
		},
	} {
		err := simsched.Run(simsched.Config{}, func(s *simsched.Sim) error { f(s); return nil })
		var p *simsched.PanicError
		if !errors.As(err, &p) || p.Value != want {
			t.Errorf("got %v, want the panic %q", err, want)
		}
	}
}

func TestNetEmptyReadAndWrite(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, _, ca, cb := pair(s)
		check(got(ca.Read(nil)) == 0 && got(ca.Write(nil)) == 0, "bytes from nowhere")
		noErr(cb.Close())
		s.Sleep(2 * ms)
		check(got(ca.Read(nil)) == 0, "an empty read has no end")
	})
}

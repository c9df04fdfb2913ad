package simsched_test

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/simsched"
)

// sockets gives two hosts with a packet connection each, at port 53.
func sockets(s *simsched.Sim) (a, b *simsched.Host, pa, pb net.PacketConn) {
	a, b = s.NewHost("a"), s.NewHost("b")
	return a, b, got(a.ListenPacket("udp", ":53")), got(b.ListenPacket("udp4", "b:53"))
}

// drain reads packets until none comes for a minute.
func drain(s *simsched.Sim, p net.PacketConn) (packets []string) {
	b := make([]byte, 100)
	for {
		noErr(p.SetReadDeadline(s.Now().Add(time.Minute)))
		n, _, err := p.ReadFrom(b)
		if err != nil {
			checkErr(err, "read", os.ErrDeadlineExceeded)
			noErr(p.SetReadDeadline(time.Time{}))
			return packets
		}
		packets = append(packets, string(b[:n]))
	}
}

// send sends n packets, a millisecond apart, that tell their number.
func send(s *simsched.Sim, p net.PacketConn, to net.Addr, n int) {
	for i := range n {
		got(p.WriteTo(fmt.Append(nil, i), to))
		s.Sleep(ms)
	}
}

func TestNetPackets(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		_, _, pa, pb := sockets(s)
		elapsed(s, ms, func() {
			check(got(pa.WriteTo([]byte("hello"), pb.LocalAddr())) == 5, "short write")
			b := make([]byte, 3)
			n, from, err := pb.ReadFrom(b) // the rest is lost
			check(err == nil && string(b[:n]) == "hel" && from.String() == "10.0.0.1:53", "got %q from %v, %v", b[:n], from, err)
			_, isUDP := from.(*net.UDPAddr)
			check(isUDP, "%T", from)
		})
		for _, to := range []string{"10.0.0.2:54", "10.0.0.77:53"} { // nobody there
			got(pa.WriteTo(nil, got(net.ResolveUDPAddr("udp", to))))
		}
		_, err := pa.WriteTo(make([]byte, 65508), pb.LocalAddr())
		checkErr(err, "write", syscall.EINVAL)
		_, err = pa.WriteTo(nil, nil)
		checkErr(err, "write", syscall.EINVAL)

		noErr(pa.SetDeadline(s.Now()))
		_, err = pa.WriteTo(nil, pb.LocalAddr())
		checkErr(err, "write", os.ErrDeadlineExceeded)
		noErr(pa.SetWriteDeadline(time.Time{}))
		got(pa.WriteTo([]byte("in flight"), pb.LocalAddr()))
		noErr(pa.Close())
		_, err = pa.WriteTo(nil, pb.LocalAddr())
		checkErr(err, "write", net.ErrClosed)
		_, _, err = pa.ReadFrom(nil)
		checkErr(err, "read", net.ErrClosed)
		checkErr(pa.Close(), "close", net.ErrClosed)
		checkErr(pa.SetReadDeadline(s.Now()), "set", net.ErrClosed)
		check(len(drain(s, pb)) == 1, "what was in flight is lost")

		reader := s.Go("read", func() error { _, _, err := pb.ReadFrom(nil); return err })
		s.Sleep(ms)
		noErr(pb.Close())
		checkErr(reader.Join(), "read", net.ErrClosed)
	})
}

func TestNetPacketFaults(t *testing.T) {
	netRuns(t, func(s *simsched.Sim) {
		a, b, pa, pb := sockets(s)
		link := func(k simsched.Link) { s.Network().Set(a, b, k) }
		link(simsched.Link{Loss: 1_000_000})
		send(s, pa, pb.LocalAddr(), 10)
		check(len(drain(s, pb)) == 0, "packets got through")

		link(simsched.Link{Duplicate: 1_000_000})
		send(s, pa, pb.LocalAddr(), 3)
		check(fmt.Sprint(drain(s, pb)) == "[0 0 1 1 2 2]", "not duplicated")

		link(simsched.Link{Latency: 20 * ms, Jitter: 1})
		send(s, pa, pb.LocalAddr(), 20)
		in := fmt.Sprint(drain(s, pb))
		link(simsched.Link{Latency: 20 * ms, Reorder: 500_000})
		send(s, pa, pb.LocalAddr(), 20)
		out := drain(s, pb)
		check(len(out) == 20 && fmt.Sprint(out) != in, "not reordered: %v", out)

		link(simsched.Link{Latency: ms})
		s.Network().Partition(a, b)
		send(s, pa, pb.LocalAddr(), 3)
		s.Network().Heal(a, b)
		send(s, pb, pa.LocalAddr(), 2)
		check(len(drain(s, pb)) == 0 && len(drain(s, pa)) == 2, "a partition does not lose packets")

		link(simsched.Link{})
		send(s, pa, pb.LocalAddr(), 1030)
		check(len(drain(s, pb)) == 1024, "the queue has no limit")

		send(s, pa, pb.LocalAddr(), 2)
		b.Crash()
		got(pa.WriteTo([]byte("lost"), pb.LocalAddr()))
		s.Sleep(ms)
		b.Restart()
		pb = got(b.ListenPacket("udp", ":53"))
		got(pa.WriteTo([]byte("new"), pb.LocalAddr()))
		check(fmt.Sprint(drain(s, pb)) == "[new]", "packets survived the crash")
	})
}

// TestNetPacketLaw: what is received is what was sent, each packet as often as loss and duplication allow.
func TestNetPacketLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := drawLink(t, "link")
		sent := rapid.IntRange(0, 30).Draw(t, "sent")
		seed := rapid.Uint64Range(1, 1000).Draw(t, "seed")
		var received []string
		netDrawn(t, seed, func(s *simsched.Sim) {
			a, b, pa, pb := sockets(s)
			s.Network().Set(a, b, k)
			send(s, pa, pb.LocalAddr(), sent)
			received = drain(s, pb)
		})
		count := map[string]int{}
		for _, p := range received {
			count[p]++
		}
		for i := range sent {
			n := count[fmt.Sprint(i)]
			if n > 2 || n == 2 && k.Duplicate == 0 || n == 0 && k.Loss == 0 {
				t.Fatalf("packet %d was received %d times over %+v", i, n, k)
			}
			delete(count, fmt.Sprint(i))
		}
		if len(count) > 0 {
			t.Fatalf("packets from nowhere: %v", count)
		}
	})
}

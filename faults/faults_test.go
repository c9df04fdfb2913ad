package faults_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-go/reprise/faults"
)

// The tests pass under go test, where no fault happens, and under reprise test, where each happens at its place.
// Package gort runs them there.

// pair returns both ends of a connection, and the address of the server.
func pair(t *testing.T) (client, server net.Conn, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = client.Close(), server.Close(), l.Close() })
	return client, server, l.Addr().String()
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func TestShort(t *testing.T) {
	client, server, address := pair(t)
	send(t, server, "0123456789")
	asked := faults.Next(address, faults.Short(3))
	b := make([]byte, 20)
	n, err := client.Read(b)
	if want := map[bool]string{true: "012", false: "0123456789"}[asked]; err != nil || string(b[:n]) != want {
		t.Errorf("read %q, %v; want %q", b[:n], err, want)
	}
	if asked {
		if n, err := client.Read(b); err != nil || string(b[:n]) != "3456789" {
			t.Errorf("then read %q, %v", b[:n], err)
		}
	}
}

func TestReset(t *testing.T) {
	client, server, address := pair(t)
	if !faults.Next(address, faults.Reset()) {
		return
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("write: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("second write: %v", err)
	}
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read at the other end: %v", err)
	}
}

func TestRefuse(t *testing.T) {
	_, _, address := pair(t)
	asked := faults.Next(address, faults.Refuse())
	for i := range 2 { // once
		c, err := net.Dial("tcp", address)
		if want := asked && i == 0; errors.Is(err, syscall.ECONNREFUSED) != want || err != nil && !want {
			t.Errorf("dial %d: %v", i, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

// took checks how long something takes under reprise test.
func took(t *testing.T, asked bool, start time.Time, least, most time.Duration) {
	t.Helper()
	if d := time.Since(start); asked && (d < least || d > most) {
		t.Errorf("it took %v, want %v to %v", d, least, most)
	}
}

func TestLatency(t *testing.T) {
	client, server, address := pair(t)
	asked := faults.Next(address, faults.Latency(time.Second))
	start := time.Now()
	send(t, client, "a")
	send(t, client, "b")
	took(t, asked, start, 0, 100*time.Millisecond)
	b := make([]byte, 2)
	if _, err := io.ReadFull(server, b); err != nil || string(b) != "ab" {
		t.Errorf("read %q, %v", b, err)
	}
	took(t, asked, start, time.Second, 1100*time.Millisecond)

	asked = faults.Next(address, faults.Latency(time.Minute))
	start = time.Now()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	took(t, asked, start, time.Minute, 61*time.Second)
	_ = c.Close()
	if asked && faults.Next(address, faults.Latency(time.Minute)) {
		_, err := net.DialTimeout("tcp", address, time.Second)
		var late net.Error
		if !errors.As(err, &late) || !late.Timeout() {
			t.Errorf("a dial of a second: %v", err)
		}
	}
}

func TestBandwidth(t *testing.T) {
	client, server, address := pair(t)
	asked := faults.Next(address, faults.Bandwidth(1000))
	start := time.Now()
	go func() { _, _ = client.Write(make([]byte, 100_000)) }()
	if _, err := io.ReadFull(server, make([]byte, 100_000)); err != nil {
		t.Error(err)
	}
	took(t, asked, start, 100*time.Second, 101*time.Second)
}

func TestLoss(t *testing.T) {
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // of a socket that is only read
	asked := faults.Next(p.LocalAddr().String(), faults.Loss())
	c, err := net.Dial("udp", p.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // of a socket
	send(t, c, "1")
	send(t, c, "2")
	b := make([]byte, 10)
	n, _, err := p.ReadFrom(b)
	if want := map[bool]string{true: "2", false: "1"}[asked]; err != nil || string(b[:n]) != want {
		t.Errorf("read %q, %v; want %q", b[:n], err, want)
	}
}

func TestPartition(t *testing.T) {
	client, server, address := pair(t)
	asked := faults.Next(address, faults.Partition(10*time.Second))
	start := time.Now()
	send(t, client, "a")
	send(t, server, "b")
	for _, c := range []net.Conn{client, server} {
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Error(err)
		}
		took(t, asked, start, 10*time.Second, 11*time.Second)
	}
	if !faults.Next(address, faults.Partition(10*time.Second)) {
		return
	}
	start = time.Now()
	send(t, client, "c")
	if err := client.Close(); err != nil { // the end arrives behind the data
		t.Error(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	took(t, asked, start, 10*time.Second, 11*time.Second)
	if b, err := io.ReadAll(server); err != nil || string(b) != "c" {
		t.Errorf("read %q, %v", b, err)
	}
}

// dialFrom connects from one host of the loopback network to an address of another, and reads what the server sends.
func dialFrom(t *testing.T, host, to string) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	c, err := d.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // of a socket that is only read
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("read %q, %v", b, err)
	}
}

// greet listens on a host and greets each client.
func greet(t *testing.T, host string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}

// TestBetween: only the two hosts are separated, in both directions, until the partition ends.
func TestBetween(t *testing.T) {
	second, third := greet(t, "127.0.0.2"), greet(t, "127.0.0.3")
	asked := faults.Between("127.0.0.4:0", "127.0.0.2:0", 10*time.Second)
	start := time.Now()
	dialFrom(t, "127.0.0.4", third)
	dialFrom(t, "127.0.0.5", second)
	took(t, asked, start, 0, time.Second)
	dialFrom(t, "127.0.0.4", second)
	took(t, asked, start, 10*time.Second, 11*time.Second)
	dialFrom(t, "127.0.0.4", second)
	took(t, asked, start, 10*time.Second, 11*time.Second)

	asked = faults.Between(third, "", 10*time.Second)
	start = time.Now()
	dialFrom(t, "127.0.0.5", second)
	took(t, asked, start, 0, time.Second)
	dialFrom(t, "127.0.0.5", third)
	took(t, asked, start, 10*time.Second, 11*time.Second)
}

// TestOther: a request waits for its address, and its kind of operation.
func TestOther(t *testing.T) {
	client, server, _ := pair(t)
	faults.Next("127.0.0.1:9", faults.Reset())
	faults.Next("127.0.0.2:0", faults.Reset())
	faults.Next("", faults.Refuse())
	faults.Next("", faults.Loss())
	faults.Next("", faults.Short(5))
	if faults.Next("", faults.Fault{}) {
		t.Error("no fault is asked for")
	}
	send(t, client, "01234")
	b := make([]byte, 5)
	if n, err := server.Read(b); err != nil || n != 5 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestMisuse(t *testing.T) {
	for i, misuse := range []func(){
		func() { faults.Next("localhost:80", faults.Reset()) }, func() { faults.Next("127.0.0.1", faults.Reset()) },
		func() { faults.Next(":http", faults.Reset()) }, func() { faults.Next(":70000", faults.Reset()) },
		func() { faults.Short(0) }, func() { faults.Latency(-1) }, func() { faults.Partition(1 << 60) },
		func() { faults.Between("127.0.0.1", "", 1) }, func() { faults.Between("", "", 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("misuse %d does not panic", i)
				}
			}()
			misuse()
		}()
	}
}

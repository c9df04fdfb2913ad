package network

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c.LocalAddr(), c.RemoteAddr())
		big := bytes.Repeat([]byte("0123456789"), 200000)
		go func() { c.Write(big); c.(*net.TCPConn).CloseWrite() }()
		b, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(b, big) {
			t.Fatal(len(b), err)
		}
		c.Close()
	}
	l.Close()
	_, err = net.Dial("tcp", l.Addr().String())
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
}

func TestHTTP(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hi ", r.RemoteAddr) }))
	defer s.Close()
	t.Log(s.URL)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			r, err := http.Get(s.URL)
			if err != nil {
				t.Error(err)
				return
			}
			b, _ := io.ReadAll(r.Body)
			r.Body.Close()
			t.Log(string(b))
		})
	}
	wg.Wait()
}

func TestHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	r, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if string(b) != "HTTP/2.0" {
		t.Error(string(b))
	}
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

type Arith int

func (Arith) Mul(a [2]int, r *int) error { *r = a[0] * a[1]; return nil }

func TestRPC(t *testing.T) {
	srv := rpc.NewServer()
	srv.Register(Arith(0))
	for _, network := range []string{"tcp", "unix"} {
		addr := "127.0.0.1:0"
		if network == "unix" {
			addr = filepath.Join(t.TempDir(), "s")
		}
		l, err := net.Listen(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		if network == "unix" {
			if i, err := os.Stat(addr); err != nil || i.Mode()&os.ModeSocket == 0 {
				t.Error(i, err)
			}
		}
		go srv.Accept(l)
		c, err := rpc.Dial(network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		var r int
		if err := c.Call("Arith.Mul", [2]int{6, 7}, &r); err != nil || r != 42 {
			t.Error(r, err)
		}
		c.Close()
		l.Close()
		if network == "unix" {
			if _, err := os.Stat(addr); err == nil {
				t.Error("left")
			}
		}
	}
}

func TestUDP(t *testing.T) {
	for _, n := range []string{"udp", "udp4", "udp6"} {
		a := "127.0.0.1:0"
		if n == "udp6" {
			a = "[::1]:0"
		}
		if n == "udp" {
			a = ":0"
		}
		p, err := net.ListenPacket(n, a)
		if err != nil {
			t.Fatal(err)
		}
		port := p.LocalAddr().(*net.UDPAddr).Port
		host := "127.0.0.1"
		if n == "udp6" {
			host = "::1"
		}
		c, err := net.Dial(n, net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte("ping"))
		b := make([]byte, 100)
		k, from, err := p.ReadFrom(b)
		if err != nil || string(b[:k]) != "ping" {
			t.Fatal(err)
		}
		t.Log(from, c.LocalAddr(), c.RemoteAddr())
		p.WriteTo([]byte("pong"), from)
		k, err = c.Read(b)
		if err != nil || string(b[:k]) != "pong" {
			t.Fatal(err)
		}
		p.Close()
		c.Write([]byte("x"))
		_, err = c.Read(b)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		c.Close()
	}
}

func TestDeadline(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	c.SetReadDeadline(start.Add(time.Hour))
	_, err = c.Read(make([]byte, 1))
	if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < time.Hour {
		t.Error(err, time.Since(start))
	}
	c.SetReadDeadline(time.Time{})
	c.SetWriteDeadline(time.Now().Add(time.Minute))
	n, err := c.Write(make([]byte, 10<<20))
	t.Log(n, err)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	go func() { <-ctx.Done(); l.Close() }()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestPipeline(t *testing.T) {
	l, _ := net.Listen("tcp", ":0")
	done := make(chan string)
	go func() {
		c, _ := l.Accept()
		r := bufio.NewReader(c)
		s, _ := r.ReadString('\n')
		c.Close()
		done <- s
	}()
	c, err := net.Dial("tcp", fmt.Sprint("127.0.0.9:", l.Addr().(*net.TCPAddr).Port))
	if err != nil {
		t.Fatal(err)
	}
	t.Log(c.LocalAddr(), c.RemoteAddr())
	fmt.Fprintln(c, "hello")
	if s := <-done; strings.TrimSpace(s) != "hello" {
		t.Error(s)
	}
	b := net.Buffers{[]byte("a"), []byte("b")}
	_, err = b.WriteTo(c)
	t.Log(err)
	_, err = b.WriteTo(c)
	_, err = c.Write([]byte("more"))
	if !errors.Is(err, syscall.EPIPE) {
		t.Error(err)
	}
	l.Close()
}

func TestThousand(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			fmt.Fprintf(c, "%04d", i)
			b := make([]byte, 4)
			if _, err := io.ReadFull(c, b); err != nil || string(b) != fmt.Sprintf("%04d", i) {
				t.Error(string(b), err)
			}
		})
	}
	wg.Wait()
	l.Close()
}

func TestUnix(t *testing.T) {
	p := filepath.Join(t.TempDir(), "g")
	l, err := net.ListenPacket("unixgram", p)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("unixgram", p)
	if err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("one"))
	b := make([]byte, 10)
	n, _, err := l.ReadFrom(b)
	if err != nil || string(b[:n]) != "one" {
		t.Error(n, err)
	}
	c.Close()
	l.Close()
	q, err := net.Listen("unixpacket", "@abstract")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		c, _ := net.Dial("unixpacket", "@abstract")
		c.Write([]byte("12"))
		c.Write([]byte("3"))
		c.Close()
	}()
	s, err := q.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for {
		n, err := s.Read(b)
		if err != nil {
			break
		}
		t.Log(string(b[:n]))
	}
	q.Close()
}

// TestBounded passes much more through the network than may be in flight, and prints by how many KiB the memory of the
// process has grown.
func TestBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(io.Discard, c); c.Close() }()
		}
	}()
	b := make([]byte, 1<<16)
	pass := func(connections, writes int) {
		for range connections {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			for range writes {
				if _, err := c.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}
	}
	pass(100, 10)
	before := resident(t)
	pass(2, 800) // 100 MiB
	pass(500, 1)
	fmt.Println("grew", resident(t)-before)
	l.Close()
}

// resident returns the memory that the process has in use, in KiB, after a collection.
func resident(t *testing.T) (kib int) {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fmt.Sscan(rest, &kib)
	return kib
}

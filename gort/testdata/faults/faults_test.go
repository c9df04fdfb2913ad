package faults

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serve listens, and handles each connection in a goroutine of its own.
func serve(t *testing.T, handle func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return l.Addr().String()
}

var message = bytes.Repeat([]byte("0123456789abcdef"), 64)

// fetch dials, asks for a message, and reads it.
func fetch(addr string, read func(net.Conn, []byte) (int, error)) ([]byte, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Write([]byte("?")); err != nil {
		return nil, err
	}
	b := make([]byte, len(message))
	n, err := read(c, b)
	return b[:n], err
}

func answer(c net.Conn) {
	b := make([]byte, 1)
	for {
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		c.Write(message)
	}
}

// TestWholeRead wrongly takes one Read for a whole message.
func TestWholeRead(t *testing.T) {
	b, err := fetch(serve(t, answer), func(c net.Conn, b []byte) (int, error) { return c.Read(b) })
	if err == nil && !bytes.Equal(b, message) {
		t.Fatalf("the message has %d bytes", len(b))
	}
}

// TestFullRead is its correct twin.
func TestFullRead(t *testing.T) {
	b, err := fetch(serve(t, answer), func(c net.Conn, b []byte) (int, error) { return io.ReadFull(c, b) })
	if err == nil && !bytes.Equal(b, message) {
		t.Fatalf("the message has %d bytes", len(b))
	}
}

// broken reports whether a connection failed as one of TCP can.
func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// TestNoRetry takes an error of the network for that of the server.
func TestNoRetry(t *testing.T) {
	if _, err := fetch(serve(t, answer), func(c net.Conn, b []byte) (int, error) { return io.ReadFull(c, b) }); err != nil {
		t.Fatal(err)
	}
}

// TestRetry is its correct twin, if less than a hundred faults come in a row.
func TestRetry(t *testing.T) {
	addr := serve(t, answer)
	var err error
	for range 100 {
		if _, err = fetch(addr, func(c net.Conn, b []byte) (int, error) { return io.ReadFull(c, b) }); err == nil {
			return
		}
		if !broken(err) {
			break
		}
	}
	t.Fatal(err)
}

// TestDials dials again and again while other goroutines run.
func TestDials(t *testing.T) {
	addr := serve(t, answer)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 5 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				c.Close()
			}
		})
	}
	all.Wait()
}

// TestStreams sends numbered bytes both ways over several connections: what arrives is what was sent, in its order, up to
// an error that TCP has.
func TestStreams(t *testing.T) {
	addr := serve(t, func(c net.Conn) { io.Copy(c, c) })
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				if !broken(err) {
					t.Error(err)
				}
				return
			}
			defer c.Close()
			sent := make([]byte, 20000*(i+1))
			for j := range sent {
				sent[j] = byte(j*7 + j>>8)
			}
			all.Go(func() {
				for rest := sent; len(rest) > 0; {
					n := min(len(rest), 3000)
					if _, err := c.Write(rest[:n]); err != nil {
						if !broken(err) {
							t.Error(err)
						}
						return
					}
					rest = rest[n:]
				}
				c.(*net.TCPConn).CloseWrite()
			})
			got, err := io.ReadAll(c)
			if err != nil && !broken(err) || !bytes.HasPrefix(sent, got) || err == nil && len(got) < len(sent) && !*resets {
				t.Errorf("%d of %d bytes, equal so far: %v; %v", len(got), len(sent), bytes.HasPrefix(sent, got), err)
			}
		})
	}
	all.Wait()
}

// resets is whether connections may be reset, so that a stream can end early.
var resets = func() *bool { b := os.Getenv("FAULTS_RESETS") != ""; return &b }()

// TestTLS: HTTP over TLS, version 1 and 2, with larger bodies both ways.
func TestTLS(t *testing.T) {
	for _, two := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "%s %d %s", r.Proto, len(b), b)
		}))
		s.EnableHTTP2 = two
		s.Config.ErrorLog = nil
		s.StartTLS()
		c := s.Client()
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				body := strings.Repeat("x", 10000*i+1)
				r, err := c.Post(s.URL, "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Body.Close()
				b, err := io.ReadAll(r.Body)
				want := fmt.Sprintf("HTTP/%d.%d %d %s", 1+btoi(two), 1-btoi(two), len(body), body)
				if err != nil || string(b) != want {
					t.Errorf("%d bytes, %v", len(b), err)
				}
			})
		}
		all.Wait()
		c.CloseIdleConnections()
		s.Close()
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

var _ = tls.VersionTLS13

// TestPackets sends numbered datagrams, and prints those that arrive.
func TestPackets(t *testing.T) {
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := net.Dial("udp", p.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 40 {
		if _, err := c.Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	b := make([]byte, 10)
	p.SetReadDeadline(time.Now().Add(time.Hour))
	for {
		n, _, err := p.ReadFrom(b)
		if err != nil {
			break
		}
		if n != 1 {
			t.Error(n)
		}
		got = append(got, int(b[0]))
	}
	fmt.Println("got", len(got), slices.IsSorted(got))
}

// TestReset: both ends of a connection that is reset know of it, and keep what Linux says of it.
func TestReset(t *testing.T) {
	server := make(chan error, 10)
	addr := serve(t, func(c net.Conn) {
		_, err := io.ReadFull(c, make([]byte, 1000))
		server <- err
		_, err = c.Write([]byte("x"))
		server <- err
	})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error(err)
		}
		return
	}
	defer c.Close()
	for range 1000 {
		if _, err = c.Write([]byte("x")); err != nil {
			break
		}
	}
	if err == nil {
		return
	}
	_, again := c.Write([]byte("x"))
	n, end := c.Read(make([]byte, 1))
	fmt.Println("client", errors.Is(err, syscall.ECONNRESET), errors.Is(again, syscall.EPIPE), n, end == io.EOF)
	first, second := <-server, <-server
	fmt.Println("server", errors.Is(first, syscall.ECONNRESET), errors.Is(second, syscall.EPIPE))
}

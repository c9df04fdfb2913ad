package corpus

import (
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestEcho talks to itself through the loopback device, which is outside of the control.
func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2)
		if _, err := c.Write([]byte("hi")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "hi" {
			t.Fatalf("read %q, %v", b, err)
		}
		c.Close()
	}
}

// TestSilent waits for a server that never answers.
func TestSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 1))
	t.Fatal(err)
}

// TestPipe reads from a child process.
func TestPipe(t *testing.T) {
	out, err := exec.Command("sh", "-c", "sleep 0.01; echo one; sleep 0.01; echo two").Output()
	if err != nil || string(out) != "one\ntwo\n" {
		t.Fatalf("%q, %v", out, err)
	}
}

// TestSignal waits for a signal that it sends to itself.
func TestSignal(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	<-c
}

// TestSpin waits with functions of sync/atomic, which the compiler replaces, so that they are no preemption points.
func TestSpin(t *testing.T) {
	var ready int32
	go func() { atomic.StoreInt32(&ready, 1) }()
	for atomic.LoadInt32(&ready) == 0 {
	}
}

// TestHour sleeps for an hour, in which a ticker ticks.
func TestHour(t *testing.T) {
	start := time.Now()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	n := 0
	for end := time.After(time.Hour + time.Second); ; n++ {
		select {
		case <-tick.C:
			continue
		case <-end:
		}
		break
	}
	if d := time.Since(start).Truncate(time.Second); n != 60 || d != time.Hour+time.Second {
		t.Errorf("%d minutes in %v", n, d)
	}
}

// TestSignalSoon waits for a signal that it sends to itself, for a time that is long enough on every machine.
func TestSignalSoon(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	for range 3 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		select {
		case <-c:
		case <-time.After(time.Second):
			t.Error("no signal")
		}
	}
}

// TestCompute passes no point for a while, although a timer is pending, for which it would be preempted in the end.
func TestCompute(t *testing.T) {
	defer time.AfterFunc(time.Hour, func() {}).Stop()
	if _, err := os.Stat("."); err != nil { // a system call, which starts the thread that looks for such goroutines
		t.Fatal(err)
	}
	println("computing")
	x := 1
	for range 400_000_000 {
		x = x*5 + 1
	}
	if x == 0 {
		t.Error("none")
	}
}

// TestSignalWakes sends itself a signal for which a goroutine waits.
func TestSignalWakes(t *testing.T) {
	c, done := make(chan os.Signal, 1), make(chan bool)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	go func() {
		<-c
		close(done)
	}()
	time.Sleep(time.Millisecond)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	<-done
}

package corpus

import (
	"bufio"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// leave starts a process that outlives the test and prints its number.
func leave(t *testing.T, attr *syscall.SysProcAttr, command ...string) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.SysProcAttr, c.Stdout = attr, os.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("child", c.Process.Pid)
}

// TestChildLeft leaves a child behind, and one that is no longer in the process group of the test.
func TestChildLeft(t *testing.T) {
	leave(t, nil, "sleep", "600")
	leave(t, &syscall.SysProcAttr{Setsid: true}, "sleep", "600")
}

// TestChildAwaited waits for a child with a child of its own.
func TestChildAwaited(t *testing.T) {
	leave(t, nil, "sh", "-c", "sleep 600 & echo child $!; wait")
	leave(t, &syscall.SysProcAttr{Setpgid: true}, "sleep", "600")
	if err := exec.Command("sleep", "600").Run(); err != nil {
		t.Error(err)
	}
}

// TestChildDescriptors prints what descriptors a child inherits.
func TestChildDescriptors(t *testing.T) {
	list, err := exec.Command("ls", "/proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("descriptors", strings.Join(strings.Fields(string(list)), " "))
}

// TestChunks reads what a child writes in two parts, with a pause of PAUSE seconds between them, or at once if that is 0.
func TestChunks(t *testing.T) {
	const parts = `case $PAUSE in 0.00) printf 'one\ntwo\n' ;; *) echo one; sleep $PAUSE; echo two ;; esac`
	out, err := exec.Command("sh", "-c", parts).Output()
	if err != nil || string(out) != "one\ntwo\n" {
		t.Fatalf("%q, %v", out, err)
	}
}

// TestStuck reads from a child in a system call of which the scheduler does not know that it waits.
func TestStuck(t *testing.T) {
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", "sleep $PAUSE; echo one")
	c.Stdout = os.NewFile(uintptr(pipe[1]), "pipe")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	other := make(chan bool)
	go func() { close(other) }()
	b := make([]byte, 8)
	n, err := syscall.Read(pipe[0], b)
	<-other
	if err != nil || string(b[:n]) != "one\n" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
}

// TestChildTalks talks with a child that computes, answers, sleeps and fails, while other goroutines run.
func TestChildTalks(t *testing.T) {
	c := exec.Command("sh", "-c", `echo one; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo two; echo other >&2;
		read line; echo $line; sleep 0.03; exit 3`)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var other strings.Builder
	c.Stderr = &other
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var wg sync.WaitGroup
	lines := make(chan string)
	wg.Go(func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	})
	wg.Go(func() { fmt.Fprintln(in, "three") })
	for line := range lines {
		fmt.Println(line)
	}
	wg.Wait()
	err = c.Wait()
	fmt.Println(err, other.String(), time.Since(start).Round(time.Millisecond))
	if time.Since(start) < 30*time.Millisecond {
		t.Error("the child has slept for longer")
	}
}

// TestChildSleeps checks how long children sleep, as the clock shows it.
func TestChildSleeps(t *testing.T) {
	for _, pause := range []time.Duration{200 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond} {
		start := time.Now()
		if err := exec.Command("sleep", fmt.Sprint(pause.Seconds())).Run(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < pause {
			t.Errorf("a sleep of %v takes %v", pause, took)
		}
	}
}

// TestCallsReturn makes system calls that may wait and return at once, while other goroutines run.
func TestCallsReturn(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var others sync.WaitGroup
	for range 3 {
		others.Go(func() {
			for range 200 {
				runtime.Gosched()
			}
		})
	}
	for range 20 {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Fatal(err)
		}
	}
	others.Wait()
}

const helperVariable = "CORPUS_HELPER"

// TestHelper is the program of the child processes of TestChildHelps.
func TestHelper(t *testing.T) {
	if os.Getenv(helperVariable) == "" {
		return
	}
	f, err := os.CreateTemp("", "helper*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	key := make([]byte, 8)
	rand.Read(key)
	fmt.Println(filepath.Base(f.Name()), mathrand.IntN(1e9), key)
	squares := map[int]int{}
	for i := range 20 {
		squares[i] = i * i
	}
	for i := range squares {
		fmt.Print(i, " ")
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				fmt.Print(i, mathrand.IntN(10), " ")
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	fmt.Println()
}

// TestChildHelps runs this binary in child processes, with and without the rest of the environment.
func TestChildHelps(t *testing.T) {
	var before string
	for _, env := range [][]string{os.Environ(), os.Environ(), nil} {
		c := exec.Command(os.Args[0], "-test.run=^TestHelper$")
		c.Env = append(env, helperVariable+"=1")
		out, err := c.CombinedOutput()
		if err != nil || string(out) == before {
			t.Error(err, "the same as before:", string(out))
		}
		before = string(out)
		fmt.Print(before)
	}
}

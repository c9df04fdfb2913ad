package gotest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSlots: no more runs than slots, and everybody gets his turns.
func TestSlots(t *testing.T) {
	dir := t.TempDir()
	var inside, turns atomic.Int32
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			s, err := openSlots(dir, 2)
			if err != nil {
				t.Error(err)
				return
			}
			for range 20 {
				release, err := s.take(t.Context())
				if err != nil {
					t.Error(err)
					break
				}
				if n := inside.Add(1); n > 2 {
					t.Errorf("%d runs at once", n)
				}
				turns.Add(1)
				for range 50 {
					runtime.Gosched()
				}
				inside.Add(-1)
				release()
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if turns.Load() != 100 {
		t.Errorf("%d turns, want 100", turns.Load())
	}
}

// TestAllSlots: whoever has all slots is alone.
func TestAllSlots(t *testing.T) {
	dir := t.TempDir()
	var inside atomic.Int32
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			s, err := openSlots(dir, 2)
			if err != nil {
				t.Error(err)
				return
			}
			take, most := s.take, int32(2)
			if i%2 == 0 {
				take, most = s.takeAll, 1
			}
			for range 20 {
				release, err := take(t.Context())
				if err != nil {
					t.Error(err)
					break
				}
				inside.Add(1)
				for range 50 {
					if n := inside.Load(); n > most {
						t.Errorf("%d runs at once, want at most %d", n, most)
						break
					}
					runtime.Gosched()
				}
				inside.Add(-1)
				release()
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestSlotsOfTheDead: the slots of a process that has died are free, and those of one that lives are not.
func TestSlotsOfTheDead(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdSlot+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // which it waits for
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	s, err := openSlots(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.take(ctx); err == nil {
		t.Error("got a slot that another process has")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	release, err := s.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// holdSlot makes this test binary hold the one slot in a folder for ever.
const holdSlot = "TEST_HOLD_SLOT"

func holdForEver(dir string) {
	s, err := openSlots(dir, 1)
	if err == nil {
		_, err = s.take(context.Background())
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("held")
	_, _ = io.ReadAll(os.Stdin) // for ever
	runtime.KeepAlive(s)
}

// TestSlotsQueue: a free slot goes to whoever is the next in the queue.
func TestSlotsQueue(t *testing.T) {
	dir := t.TempDir()
	queue, err := openLock(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close() // nothing was written
	if ok, err := lockFile(queue); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s, err := openSlots(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.take(ctx); err == nil {
		t.Error("got a slot before somebody who waited longer")
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

// TestNoSlots: without a folder there is no limit.
func TestNoSlots(t *testing.T) {
	s, err := openSlots("", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.take(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}

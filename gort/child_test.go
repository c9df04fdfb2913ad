//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gone reports whether a process that ran sleep or a shell has ended, though its parent may not have taken notice. Its
// number may be that of another process by now.
func gone(pid string) bool {
	state, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return true
	}
	_, named, _ := strings.Cut(string(state), " (")
	name, rest, _ := strings.Cut(named, ") ")
	return name != "sleep" && name != "sh" || strings.HasPrefix(rest, "Z")
}

// awaitGone waits for the end of processes that were killed.
func awaitGone(t *testing.T, pids []string) {
	t.Helper()
	for _, pid := range pids {
		for i := 0; !gone(pid); i++ {
			if i == 2000 {
				t.Fatalf("process %s is still there", pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// childrenIn returns the numbers in the lines "child N" of an output.
func childrenIn(out string) (pids []string) {
	for line := range strings.Lines(out) {
		if pid, ok := strings.CutPrefix(strings.TrimSpace(line), "child "); ok {
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestChildrenEnd checks that the processes that a run starts end with it, whether it ends by itself, at a limit or
// because nobody waits for it any more, in copies and in processes of their own.
func TestChildrenEnd(t *testing.T) {
	for _, test := range []struct {
		function    string
		children    int
		interrupted bool
	}{{"TestChildLeft", 2, false}, {"TestChildAwaited", 3, false}, {"TestChildAwaited", 3, true}} {
		for _, alone := range []bool{false, true} {
			r := mustRunner(t, corpus(t), test.function, Control{Wall: 700 * time.Millisecond})
			r.alone = alone
			ctx, cancel := context.WithCancel(t.Context())
			if test.interrupted {
				time.AfterFunc(300*time.Millisecond, cancel)
			}
			o, err := r.Run(ctx, Control{})
			cancel()
			if test.interrupted != errors.Is(err, context.Canceled) || !test.interrupted && err != nil {
				t.Fatal(err)
			}
			out, err := r.read()
			if err != nil {
				t.Fatal(err)
			}
			pids := childrenIn(string(out))
			if len(pids) != test.children {
				t.Errorf("%s, alone %t: children %v, want %d\n%s", test.function, alone, pids, test.children, out)
			}
			awaitGone(t, pids)
			if o != nil && (o.Verdict == Passed) != (test.function == "TestChildLeft") {
				t.Errorf("%s, alone %t: %s", test.function, alone, o.describe())
			}
		}
	}
}

// TestChildSettles checks that runs of a seed are equal although a child process, or a system call that waits, takes
// part, whose time differs, and what a child prints that is the same binary, although that is random.
func TestChildSettles(t *testing.T) {
	t.Run("talks", func(t *testing.T) { settles(t, "TestChildTalks", 6) })
	t.Run("calls", func(t *testing.T) { settles(t, "TestCallsReturn", 6) })
	t.Run("helps", func(t *testing.T) { settles(t, "TestChildHelps", 2) })
}

func settles(t *testing.T, test string, seeds uint64) {
	t.Helper()
	r := mustRunner(t, corpus(t), test, Control{})
	for seed := range seeds {
		first := mustAgain(t, r, Control{Seed: seed})
		if first.Verdict != Passed {
			t.Fatalf("seed %d: %s\n%s", seed, first.describe(), first.Output)
		}
		for range 4 {
			again := mustAgain(t, r, Control{Seed: seed})
			if again.Recording.Hash != first.Recording.Hash || !bytes.Equal(again.Output, first.Output) {
				t.Errorf("seed %d: the run differs from another one\n%s\n%s", seed, again.Output, first.Output)
			}
		}
		again := mustAgain(t, r, Control{Choices: first.Recording.Choices()})
		if again.Verdict != Passed || again.Mismatch != nil {
			t.Errorf("seed %d: replayed: %s, %v", seed, again.describe(), again.Mismatch)
		}
	}
}

// TestChildSleeps checks that to the program a child takes at least as long as it sleeps, also after another one.
func TestChildSleeps(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestChildSleeps", Control{})
	if o := mustAgain(t, r, Control{Seed: 9}); o.Verdict != Passed {
		t.Errorf("%s\n%s", o.describe(), o.Output)
	}
}

// TestChildDescriptors checks that a child of a test inherits nothing of what the driver and the runtime share.
func TestChildDescriptors(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestChildDescriptors", Control{})
	for _, alone := range []bool{false, true} {
		r.alone = alone
		o := mustAgain(t, r, Control{})
		_, rest, _ := strings.Cut(string(o.Output), "descriptors ")
		line, _, _ := strings.Cut(rest, "\n")
		list := strings.Fields(line)
		if len(list) < 4 { // three, and the folder that is listed
			t.Errorf("alone %t: %s\n%s", alone, o.describe(), o.Output)
		}
		for _, word := range list {
			fd, err := strconv.Atoi(word)
			if err != nil || fd > 3 && !inherited(uintptr(fd)) {
				t.Errorf("alone %t: the child has descriptor %q", alone, word)
			}
		}
	}
}

// inherited reports whether this process passes a descriptor on to every child, as it does with those it did not open
// itself.
func inherited(fd uintptr) bool {
	const getFlags, closeOnExec = 1, 1
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, getFlags, 0)
	return errno == 0 && flags&closeOnExec == 0
}

// driverVariable makes this test binary the driver that TestDriverKilled kills; its value is "alone" or "copies".
const driverVariable = "REPRISE_TEST_DRIVER"

// TestDriverKilled checks that the processes of runs do not outlive a driver that is killed.
func TestDriverKilled(t *testing.T) {
	if how := os.Getenv(driverVariable); how != "" {
		r := mustRunner(t, &Binary{Path: os.Getenv(driverVariable + "_BINARY")}, "TestForever", Control{})
		r.alone = how == "alone"
		_, err := r.Run(t.Context(), Control{})
		t.Fatal(err)
	}
	binary := corpus(t).Path
	for how, want := range map[string]int{"alone": 1,
		"copies": 2} { // lint: order does not matter because each is checked by itself
		cmd := exec.Command(os.Args[0], "-test.run=^TestDriverKilled$")
		cmd.Env = append(os.Environ(), driverVariable+"="+how, driverVariable+"_BINARY="+binary)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var pids []string // the server is one
		for i := 0; len(pids) < want && i < 60_000; i++ {
			pids = processesOf(t, binary)
			time.Sleep(time.Millisecond)
		}
		if len(pids) < want {
			t.Errorf("%s: processes %v, want %d", how, pids, want)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); !strings.Contains(err.Error(), syscall.SIGKILL.String()) {
			t.Error(err)
		}
		awaitGone(t, pids)
	}
}

// processesOf returns the processes that run a program.
func processesOf(t *testing.T, program string) (pids []string) {
	t.Helper()
	list, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		path, _ := os.Readlink("/proc/" + entry.Name() + "/exe") // which a process that has ended has no more
		if _, err := strconv.Atoi(entry.Name()); err == nil && path == program {
			pids = append(pids, entry.Name())
		}
	}
	return pids
}

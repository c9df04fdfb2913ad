//go:build linux && (amd64 || arm64)

package gort

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
)

// TestRunnerCalls bounds the system calls of one more run in a copy of the process, which a tracer counts.
func TestRunnerCalls(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestLostUpdateFixed", Control{})
	mustAgain(t, r, Control{}) // starts the process that is copied
	var c callCounter
	attached, counted := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the tracer is a thread; when it ends, the processes run on without it
		err := c.attach(r.server.cmd.Process.Pid)
		attached <- err
		if err == nil {
			counted <- c.count()
		}
	}()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	mustAgain(t, r, Control{Seed: 1})
	if err := <-counted; err != nil {
		t.Fatal(err)
	}
	if calls := c.stops / 2; calls < 5 || calls > 40 {
		t.Errorf("a run in a copy makes %d system calls, want 5 to 40", calls)
	} else {
		t.Logf("a run in a copy makes %d system calls", calls)
	}
}

// callCounter traces a process and counts the system calls of the first copy that it makes of itself.
type callCounter struct {
	server int
	stops  int // two for a call, one for its last
}

const (
	ptraceSeize     = 0x4206
	ptraceEventStop = 128 // the first stop of a copy
	waitTracedOnly  = 0x20000000
)

func (c *callCounter) attach(server int) error {
	const options = syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACECLONE
	c.server = server
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceSeize, uintptr(server), 0, options, 0, 0)
	if errno != 0 {
		return fmt.Errorf("trace the process that is copied: %w", errno)
	}
	return nil
}

// count returns when the copy has ended.
func (c *callCounter) count() error {
	copied := 0
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WALL|waitTracedOnly, nil)
		switch {
		case err != nil:
			return err
		case !status.Stopped() && (pid == copied || pid == c.server):
			return nil
		case !status.Stopped(): // a thread of the copy
			continue
		case pid != c.server && copied == 0:
			copied = pid
		}
		signal := int(status.StopSignal())
		switch {
		case signal == int(syscall.SIGTRAP)|0x80:
			c.stops++
			signal = 0
		case signal == int(syscall.SIGTRAP) || int(status)>>16 == ptraceEventStop:
			signal = 0
		}
		if pid == c.server {
			err = syscall.PtraceCont(pid, signal)
		} else {
			err = syscall.PtraceSyscall(pid, signal)
		}
		if err != nil && err != syscall.ESRCH {
			return err
		}
	}
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestRunnerCalls bounds the system calls of one more run in a copy of the process, which a tracer counts. A run makes
// more if the machine is so busy that it takes 50 ms. Tracing a child needs no privileges, unless the system forbids it
// to all.
func TestRunnerCalls(t *testing.T) {
	r, err := corpus(t).Runner("TestLostUpdateFixed", Control{})
	if err != nil {
		t.Fatal(err)
	}
	mustAgain(t, r, Control{}) // starts the process that is copied
	c := callCounter{server: r.server.cmd.Process.Pid}
	attached, counted := make(chan error, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the tracer is a thread
		defer runtime.UnlockOSThread()
		err := c.attach()
		attached <- err
		if err == nil {
			err = c.count()
		}
		counted <- err
	}()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = syscall.Kill(c.server, syscall.SIGKILL) }) // the run fails then
	defer stuck.Stop()
	const runs = 10
	for seed := range uint64(runs) {
		mustAgain(t, r, Control{Seed: seed})
	}
	if err := errors.Join(r.Close(), <-counted); err != nil {
		t.Fatal(err)
	}
	if calls := c.stops / 2 / runs; calls < 5 || calls > 15 {
		t.Errorf("a run in a copy makes %d system calls, want 5 to 15", calls)
	} else {
		t.Logf("a run in a copy makes %d system calls", calls)
	}
}

// callCounter traces a process and counts the system calls of the copies that it makes of itself.
type callCounter struct {
	server int
	stops  int // two for a call, one for the last of a copy
}

const (
	ptraceSeize    = 0x4206
	ptraceListen   = 0x4208
	ptraceStopped  = 128 // PTRACE_EVENT_STOP: a new thread or process begins, or a group of threads is stopped
	waitThreadOnly = 0x20000000
)

// attach traces the threads of the server, and what they start.
func (c *callCounter) attach() error {
	const options = syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACECLONE
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", c.server))
	if err != nil {
		return err
	}
	for _, thread := range threads {
		pid := 0
		if _, err := fmt.Sscan(thread.Name(), &pid); err != nil {
			return err
		}
		if _, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceSeize, uintptr(pid), 0, options, 0, 0); errno != 0 {
			return fmt.Errorf("trace thread %d of the process that is copied: %w", pid, errno)
		}
	}
	return nil
}

// count returns when the server has ended. It leaves its status to who has started it.
func (c *callCounter) count() error {
	process := map[int]int{} // of each thread
	for {
		pid, err := changed()
		if err == syscall.ECHILD || pid == c.server && err == errEnded {
			return nil
		}
		if err != nil && err != errEnded {
			return err
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &status, syscall.WALL, nil); err != nil {
			return err
		}
		if !status.Stopped() {
			continue
		}
		if _, known := process[pid]; !known {
			process[pid] = processOf(pid)
		}
		if err := c.goOn(pid, process[pid], status); err != nil && err != syscall.ESRCH { // it was killed meanwhile
			return err
		}
	}
}

// errEnded is returned by changed for a process or thread that has ended.
var errEnded = errors.New("ended")

// changed waits until a process or thread that this thread traces stops or ends, and leaves its status.
func changed() (pid int, err error) {
	const exited, stopped, leave = 4, 2, 1 << 24 // WEXITED, WSTOPPED, WNOWAIT
	var info struct {                            // siginfo_t
		_      [2]int32
		code   int32
		_, pid int32
		_      [108]byte
	}
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, 0 /* P_ALL */, 0, uintptr(unsafe.Pointer(&info)),
			exited|stopped|leave|syscall.WALL|waitThreadOnly, 0, 0)
		switch {
		case errno == syscall.EINTR:
			continue
		case errno != 0:
			return 0, errno
		case info.code <= 3: // CLD_EXITED, CLD_KILLED, CLD_DUMPED
			return int(info.pid), errEnded
		}
		return int(info.pid), nil
	}
}

// goOn lets a stopped thread continue, to its next system call if its process is the copy.
func (c *callCounter) goOn(pid, process int, status syscall.WaitStatus) error {
	signal, event := int(status.StopSignal()), int(status)>>16
	switch {
	case signal == int(syscall.SIGTRAP)|0x80:
		c.stops++
		signal = 0
	case event == ptraceStopped && signal != int(syscall.SIGTRAP): // the group is stopped, until it is continued
		_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceListen, uintptr(pid), 0, 0, 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	case event != 0:
		signal = 0
	}
	if process == c.server {
		return syscall.PtraceCont(pid, signal)
	}
	return syscall.PtraceSyscall(pid, signal)
}

// processOf returns the process of a thread, 0 if it is gone.
func processOf(thread int) (pid int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "\nTgid:")
	_, _ = fmt.Sscan(rest, &pid)
	return pid
}

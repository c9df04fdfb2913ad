package procs

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

func setDeath(a *syscall.SysProcAttr, death syscall.Signal) { a.Pdeathsig = death }

// awaitExit waits until a child has ended, and leaves its status to be waited for. It reports whether it could.
func awaitExit(pid int) bool {
	const (
		byPid  = 1          // P_PID
		flags  = 0x01000004 // WNOWAIT | WEXITED
		result = 128        // bytes of siginfo_t
	)
	var info [result / 8]uint64
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPid, uintptr(pid), uintptr(unsafe.Pointer(&info)), flags, 0, 0)
		if errno != syscall.EINTR {
			return errno == 0
		}
	}
}

// Sweep kills the processes that were started with the variable KEY=VALUE in their environment, except those with the
// given numbers and this process itself, and returns how many it killed. A process that starts others as fast as they
// are killed is given up after a second.
func Sweep(variable string, except ...int) (killed int) {
	keep := map[int]bool{os.Getpid(): true}
	for _, pid := range except {
		keep[pid] = true
	}
	seen := map[int]bool{}
	for range 500 {
		found := holders(variable, keep)
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
			seen[pid] = true
		}
		if len(found) == 0 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return len(seen)
}

// holders returns the processes that have a variable in their environment. Those of other users cannot be looked at.
func holders(variable string, keep map[int]bool) (list []int) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1) // as many as can be read
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || keep[pid] {
			continue
		}
		env, err := os.ReadFile("/proc/" + name + "/environ")
		if err == nil && bytes.Contains(append([]byte{0}, append(env, 0)...), []byte("\x00"+variable+"\x00")) {
			list = append(list, pid)
		}
	}
	return list
}

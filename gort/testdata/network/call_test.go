package network

import (
	"syscall"
	"testing"
)

// TestCall makes system calls through a function in assembly, for which the linker checks that the stack suffices.
func TestCall(t *testing.T) {
	pid, _, err := call(syscall.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	if err != 0 || int(pid) != syscall.Getpid() {
		t.Error(pid, err)
	}
}

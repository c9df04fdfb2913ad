//go:build unix

package gotest

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes a command the head of a process group, which signals from the terminal do not reach.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup sends a signal to the processes of a group.
func signalGroup(head *os.Process, s os.Signal) {
	if number, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(-head.Pid, number) // they may have ended by themselves
	}
}

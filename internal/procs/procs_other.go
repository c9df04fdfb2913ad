//go:build !unix

package procs

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// Group does nothing on this system.
func Group(*exec.Cmd, syscall.Signal) {}

// Signal kills the head if s is [os.Kill]; other signals reach the processes without help.
func Signal(head *os.Process, s os.Signal) {
	if s == os.Kill {
		_ = head.Kill() // it may have ended by itself
	}
}

// Wait waits for the command. The error is that of [exec.Cmd.Wait].
func Wait(cmd *exec.Cmd) error { return cmd.Wait() }

// Hold is not there on this system.
func Hold(string) (release func() error, err error) { return nil, errors.ErrUnsupported }

// AwaitEnd is not there on this system.
func AwaitEnd(string) error { return errors.ErrUnsupported }

// Held is not there on this system.
func Held(string) (bool, error) { return false, errors.ErrUnsupported }

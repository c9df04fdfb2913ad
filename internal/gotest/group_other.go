//go:build !unix

package gotest

import (
	"os"
	"os/exec"
)

// ownGroup does nothing: a signal reaches the processes without help.
func ownGroup(*exec.Cmd) {}

func signalGroup(head *os.Process, s os.Signal) {
	if s == os.Kill {
		_ = head.Kill() // it may have ended by itself
	}
}

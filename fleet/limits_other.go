//go:build !linux

package fleet

import (
	"errors"
	"os/exec"
)

func separate(*exec.Cmd) {}

// become is not supported on this system. The tests of others than Linux cannot be scanned either.
func (l limits) become(string) error { return errors.ErrUnsupported }

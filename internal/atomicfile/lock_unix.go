//go:build unix

package atomicfile

import (
	"os"
	"syscall"
)

// lock marks a file as being written for as long as it is open. The mark goes with the process.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// removable reports whether the name of an open file can be removed.
const removable = true

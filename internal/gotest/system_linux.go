package gotest

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile locks a file unless somebody else has: another process, or who has opened it for himself. Closing the file,
// or the end of the process, gives the lock back.
func lockFile(f *os.File) (ok bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// become runs another program in the place of this one. It returns only if that fails.
func become(path string, args, env []string) error {
	return fmt.Errorf("%s: %w", path, syscall.Exec(path, append([]string{path}, args...), env))
}

package gotest

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile locks a file unless it is locked through another opened file, of this or another process. Closing the file,
// or the end of the process, releases the lock.
func lockFile(f *os.File) (ok bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

func unlockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// become replaces this process by another program. It returns only if that fails.
func become(path string, args, env []string) error {
	return fmt.Errorf("%s: %w", path, syscall.Exec(path, append([]string{path}, args...), env))
}

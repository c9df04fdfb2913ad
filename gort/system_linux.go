package gort

import (
	"os"
	"syscall"
)

// mapFile maps the first bytes of a file, shared with other processes.
func mapFile(f *os.File, size int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

func unmapFile(mem []byte) error { return syscall.Munmap(mem) }

// room returns the number of free bytes in a folder, or 0 if the folder does not exist.
func room(dir string) uint64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0
	}
	return fs.Bavail * uint64(fs.Bsize)
}

// signalTo returns a function that sends signals to a process, which must not have been waited for.
func signalTo(pid int) func(os.Signal) error {
	return func(s os.Signal) error { return syscall.Kill(pid, s.(syscall.Signal)) }
}

// exitStatus returns the exit status in a result of wait4, or -1 if a signal ended the process.
func exitStatus(wait uint32) int { return syscall.WaitStatus(wait).ExitStatus() }

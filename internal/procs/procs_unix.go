//go:build unix

package procs

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// Group makes a command that has not been started the head of a new process group, which signals from the terminal do
// not reach. On Linux the head gets the signal death when the thread that started it ends, which in a Go program is
// usually when the process does.
func Group(cmd *exec.Cmd, death syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	setDeath(cmd.SysProcAttr, death)
}

// Signal sends a signal to every process in the group of head. That the group has ended is no error.
func Signal(head *os.Process, s os.Signal) {
	if number, ok := s.(syscall.Signal); ok {
		_ = syscall.Kill(-head.Pid, number)
	}
}

// Wait waits for a command prepared by [Group], and kills what is left of its group. The error is that of
// [exec.Cmd.Wait].
func Wait(cmd *exec.Cmd) error {
	if awaitExit(cmd.Process.Pid) {
		Signal(cmd.Process, syscall.SIGKILL) // while the head keeps its number, which no other group can have
		return cmd.Wait()
	}
	err := cmd.Wait()
	Signal(cmd.Process, syscall.SIGKILL)
	return err
}

// Hold makes a file at path by which other processes notice the end of this one, or the call of release; see
// [AwaitEnd]. The file is held when it appears.
func Hold(path string) (release func() error, err error) {
	made := path + ".new"
	if err := syscall.Mkfifo(made, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: made, Err: err}
	}
	f, err := os.OpenFile(made, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, os.Remove(made))
	}
	if err := os.Rename(made, path); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(made))
	}
	return f.Close, nil
}

// Held reports whether a process holds path, or waits for the end of one that did. The error says that there is no such
// file.
func Held(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) { // nothing reads the pipe
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

// AwaitEnd returns when the process that holds path has ended or released it. The error says that there is no such
// file.
func AwaitEnd(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	_, _ = f.Read(make([]byte, 1)) // nothing is ever written, so it returns at the end of the last writer
	return f.Close()
}

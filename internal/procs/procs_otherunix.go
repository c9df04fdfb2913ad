//go:build unix && !linux

package procs

import "syscall"

func setDeath(*syscall.SysProcAttr, syscall.Signal) {}

// awaitExit cannot wait without taking the status.
func awaitExit(int) bool { return false }

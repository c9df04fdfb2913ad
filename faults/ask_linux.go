//go:build linux && (amd64 || arm64)

package faults

import (
	"syscall"
	"unsafe"
)

// The call that asks sets an option, at a level that does not exist, of a socket that does not exist.
const (
	level    = 0x72707273
	noSocket = ^uintptr(0)
)

// ask makes a request of the simulated network, and reports whether there is one that takes it.
func ask(r request) bool {
	_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, noSocket, level, 0, uintptr(unsafe.Pointer(&r)),
		unsafe.Sizeof(r), 0)
	return errno == 0
}

// askPair makes a request about two addresses.
func askPair(p pair) bool {
	_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, noSocket, level, 0, uintptr(unsafe.Pointer(&p)),
		unsafe.Sizeof(p), 0)
	return errno == 0
}

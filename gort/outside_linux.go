package gort

import "syscall"

// openCall is the system call that opens a file.
const openCall = syscall.SYS_OPENAT

// outsideClasses has the kind of object that a system call reaches. Calls that are not listed reach nothing outside the
// process, or many kinds of objects.
var outsideClasses = map[int]string{
	syscall.SYS_OPENAT: "files", syscall.SYS_GETDENTS64: "files", syscall.SYS_UNLINKAT: "files",
	syscall.SYS_MKDIRAT: "files", syscall.SYS_FTRUNCATE: "files", syscall.SYS_PREAD64: "files",
	syscall.SYS_PWRITE64: "files", syscall.SYS_FSYNC: "files", syscall.SYS_FLOCK: "files",
	syscall.SYS_SOCKET: "sockets", syscall.SYS_CONNECT: "sockets", syscall.SYS_BIND: "sockets",
	syscall.SYS_ACCEPT4: "sockets", syscall.SYS_SENDTO: "sockets", syscall.SYS_RECVFROM: "sockets",
	syscall.SYS_SENDMSG: "sockets", syscall.SYS_RECVMSG: "sockets",
	syscall.SYS_WAIT4: "processes", syscall.SYS_WAITID: "processes", syscall.SYS_KILL: "processes",
	syscall.SYS_PIPE2: "pipes",
}

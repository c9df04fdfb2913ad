#include "textflag.h"

// call makes a system call as package golang.org/x/sys/unix does: with no stack to spare.
TEXT ·call(SB),NOSPLIT,$0-80
	JMP	syscall·Syscall6(SB)

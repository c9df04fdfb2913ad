package event

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
)

// An injected I/O error has to look to the program like the real one, and a real one has to be recorded under its kind:
// the way there and back is pinned for each kind, number and name included.

var ioKinds = []struct {
	kind   IOErrorKind
	number uint8
	name   string
	is     []error // what Err matches by errors.Is
}{
	{IONotFound, 1, "not found", []error{fs.ErrNotExist, os.ErrNotExist, syscall.ENOENT}},
	{IOPermissionDenied, 2, "permission denied", []error{fs.ErrPermission, syscall.EACCES}},
	{IOConnectionRefused, 3, "connection refused", []error{syscall.ECONNREFUSED}},
	{IOConnectionReset, 4, "connection reset", []error{syscall.ECONNRESET}},
	{IOConnectionAborted, 5, "connection aborted", []error{syscall.ECONNABORTED}},
	{IONotConnected, 6, "not connected", []error{syscall.ENOTCONN}},
	{IOAddrInUse, 7, "address in use", []error{syscall.EADDRINUSE}},
	{IOAddrNotAvailable, 8, "address not available", []error{syscall.EADDRNOTAVAIL}},
	{IOBrokenPipe, 9, "broken pipe", []error{syscall.EPIPE}},
	{IOAlreadyExists, 10, "already exists", []error{fs.ErrExist, syscall.EEXIST}},
	{IOWouldBlock, 11, "would block", []error{syscall.EAGAIN}},
	{IOInvalidInput, 12, "invalid input", []error{syscall.EINVAL}},
	{IOInvalidData, 13, "invalid data", []error{ErrInvalidData}},
	{IOTimedOut, 14, "timed out", []error{os.ErrDeadlineExceeded}},
	{IOWriteZero, 15, "write zero", []error{io.ErrShortWrite}},
	{IOInterrupted, 16, "interrupted", []error{syscall.EINTR}},
	{IOUnexpectedEOF, 17, "unexpected EOF", []error{io.ErrUnexpectedEOF}},
	{IOOutOfMemory, 18, "out of memory", []error{syscall.ENOMEM}},
	{IOOther, 255, "other", []error{ErrOther}},
}

func TestIOErrorKinds(t *testing.T) {
	if len(ioKinds) != len(ioErrors) {
		t.Fatalf("%d kinds are pinned, the table has %d", len(ioKinds), len(ioErrors))
	}
	for _, c := range ioKinds {
		if uint8(c.kind) != c.number || c.kind.String() != c.name {
			t.Errorf("kind %d is named %q, want %d and %q", c.kind, c.kind, c.number, c.name)
		}
		for _, want := range c.is {
			if got := c.kind.Err(); !errors.Is(got, want) {
				t.Errorf("%v: Err() = %v, which is not %v", c.kind, got, want)
			}
		}
		if got := IOErrorKindOf(c.kind.Err()); got != c.kind {
			t.Errorf("%v: Err() = %v is classified as %v", c.kind, c.kind.Err(), got)
		}
	}
}

// TestIOErrorKindOfWrapped: the errors as packages os and net wrap them.
func TestIOErrorKindOfWrapped(t *testing.T) {
	for _, c := range ioKinds {
		for _, err := range append([]error{c.kind.Err()}, c.is...) {
			for _, wrapped := range []error{
				err,
				&fs.PathError{Op: "open", Path: "x", Err: err},
				&os.LinkError{Op: "rename", Old: "x", New: "y", Err: err},
				&net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)},
				fmt.Errorf("while reading: %w", err),
			} {
				if got := IOErrorKindOf(wrapped); got != c.kind {
					t.Errorf("IOErrorKindOf(%v) = %v, want %v", wrapped, got, c.kind)
				}
			}
		}
	}
}

// TestIOErrorKindOfSynonyms: errors that are not what Err returns but mean the same.
func TestIOErrorKindOfSynonyms(t *testing.T) {
	for _, c := range []struct {
		err  error
		want IOErrorKind
	}{
		{syscall.EPERM, IOPermissionDenied},
		{io.ErrClosedPipe, IOBrokenPipe},
		{syscall.EWOULDBLOCK, IOWouldBlock},
		{fs.ErrInvalid, IOInvalidInput},
		{syscall.ETIMEDOUT, IOTimedOut},
		{io.EOF, IOOther},
		{fs.ErrClosed, IOOther},
		{errors.New("anything"), IOOther},
	} {
		if got := IOErrorKindOf(c.err); got != c.want {
			t.Errorf("IOErrorKindOf(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}

// TestIOErrorKindUnnamed: every number without a name reads as other.
func TestIOErrorKindUnnamed(t *testing.T) {
	named := map[IOErrorKind]bool{}
	for _, c := range ioKinds {
		named[c.kind] = true
	}
	for n := range 256 {
		k := IOErrorKind(n)
		if named[k] {
			continue
		}
		if got, want := k.String(), fmt.Sprintf("other(%d)", n); got != want {
			t.Errorf("kind %d is named %q, want %q", n, got, want)
		}
		if got := k.Err(); got != ErrOther || IOErrorKindOf(got) != IOOther {
			t.Errorf("kind %d: Err() = %v, want %v", n, got, ErrOther)
		}
	}
}

func TestIOErrorKindOfNil(t *testing.T) {
	wantPanic(t, "event: IOErrorKindOf(nil)", func() { IOErrorKindOf(nil) })
}

package event

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// IOErrorKind is the kind of an I/O error. The zero value and every number without a name read as [IOOther] when they
// are turned into an error, but keep their number in an event.
type IOErrorKind uint8

// The I/O error kinds.
const (
	IONotFound          IOErrorKind = 1
	IOPermissionDenied  IOErrorKind = 2
	IOConnectionRefused IOErrorKind = 3
	IOConnectionReset   IOErrorKind = 4
	IOConnectionAborted IOErrorKind = 5
	IONotConnected      IOErrorKind = 6
	IOAddrInUse         IOErrorKind = 7
	IOAddrNotAvailable  IOErrorKind = 8
	IOBrokenPipe        IOErrorKind = 9
	IOAlreadyExists     IOErrorKind = 10
	IOWouldBlock        IOErrorKind = 11
	IOInvalidInput      IOErrorKind = 12
	IOInvalidData       IOErrorKind = 13
	IOTimedOut          IOErrorKind = 14
	IOWriteZero         IOErrorKind = 15
	IOInterrupted       IOErrorKind = 16
	IOUnexpectedEOF     IOErrorKind = 17
	IOOutOfMemory       IOErrorKind = 18
	IOOther             IOErrorKind = 255
)

// ErrInvalidData and ErrOther are the Go errors of the two kinds for which the standard library has none.
var (
	ErrInvalidData = errors.New("invalid data")
	ErrOther       = errors.New("other I/O error")
)

// ioErrors gives each kind its name and the Go error that a program would see. Where Go has two spellings of one
// failure (syscall.ENOENT is an fs.ErrNotExist), the more specific one stands here: errors.Is finds both.
var ioErrors = []struct {
	kind IOErrorKind
	name string
	err  error
	also error // a second error that means the same when an error is classified; may be nil
}{
	{IONotFound, "not found", syscall.ENOENT, fs.ErrNotExist},
	{IOPermissionDenied, "permission denied", syscall.EACCES, fs.ErrPermission},
	{IOConnectionRefused, "connection refused", syscall.ECONNREFUSED, nil},
	{IOConnectionReset, "connection reset", syscall.ECONNRESET, nil},
	{IOConnectionAborted, "connection aborted", syscall.ECONNABORTED, nil},
	{IONotConnected, "not connected", syscall.ENOTCONN, nil},
	{IOAddrInUse, "address in use", syscall.EADDRINUSE, nil},
	{IOAddrNotAvailable, "address not available", syscall.EADDRNOTAVAIL, nil},
	{IOBrokenPipe, "broken pipe", syscall.EPIPE, io.ErrClosedPipe},
	{IOAlreadyExists, "already exists", syscall.EEXIST, fs.ErrExist},
	{IOWouldBlock, "would block", syscall.EAGAIN, syscall.EWOULDBLOCK},
	{IOInvalidInput, "invalid input", syscall.EINVAL, fs.ErrInvalid},
	{IOInvalidData, "invalid data", ErrInvalidData, nil},
	{IOTimedOut, "timed out", os.ErrDeadlineExceeded, syscall.ETIMEDOUT},
	{IOWriteZero, "write zero", io.ErrShortWrite, nil},
	{IOInterrupted, "interrupted", syscall.EINTR, nil},
	{IOUnexpectedEOF, "unexpected EOF", io.ErrUnexpectedEOF, nil},
	{IOOutOfMemory, "out of memory", syscall.ENOMEM, nil},
	{IOOther, "other", ErrOther, nil},
}

// String returns the name of k, such as "connection reset"; a number without a name is "other" with the number.
func (k IOErrorKind) String() string {
	for i := range ioErrors {
		if ioErrors[i].kind == k {
			return ioErrors[i].name
		}
	}
	return fmt.Sprintf("other(%d)", uint8(k))
}

// Err returns the Go error that a program sees for k, for use with [errors.Is]: syscall.ECONNRESET for
// [IOConnectionReset], syscall.ENOENT (an fs.ErrNotExist) for [IONotFound], os.ErrDeadlineExceeded for [IOTimedOut].
// It is never nil; a number without a name gives [ErrOther].
func (k IOErrorKind) Err() error {
	for i := range ioErrors {
		if ioErrors[i].kind == k {
			return ioErrors[i].err
		}
	}
	return ErrOther
}

// IOErrorKindOf classifies an error that a program met: the kind whose Go error it matches by [errors.Is], or
// [IOOther]. IOErrorKindOf(k.Err()) is k for every named kind. It panics if err is nil.
func IOErrorKindOf(err error) IOErrorKind {
	if err == nil {
		panic("event: IOErrorKindOf(nil)")
	}
	for i := range ioErrors {
		if errors.Is(err, ioErrors[i].err) {
			return ioErrors[i].kind
		}
	}
	for i := range ioErrors {
		if also := ioErrors[i].also; also != nil && errors.Is(err, also) {
			return ioErrors[i].kind
		}
	}
	return IOOther
}

package tracefile

import (
	"io"
)

// source is the input of a reader: an io.ReaderAt of known size, or a stream.
type source struct {
	at   io.ReaderAt // nil for a stream
	r    io.Reader
	size int64
	done error // the error that ended a stream, which is not read again
}

const maxEmptyReads = 100

// read fills b from offset on, which for a stream is the end of the previous read. Fewer bytes without an error
// mean the end of the file.
func (s *source) read(b []byte, offset int64) (int, error) {
	if s.at != nil {
		return s.readAt(b, offset)
	}
	n := 0
	for empty := 0; n < len(b) && s.done == nil; {
		var m int
		m, s.done = s.r.Read(b[n:])
		n += m
		if empty++; m > 0 {
			empty = 0
		} else if empty == maxEmptyReads && s.done == nil {
			s.done = io.ErrNoProgress
		}
	}
	if n == len(b) || s.done == io.EOF {
		return n, nil
	}
	return n, s.done
}

func (s *source) readAt(b []byte, offset int64) (int, error) {
	b = b[:max(0, min(int64(len(b)), s.size-offset))]
	if len(b) == 0 {
		return 0, nil
	}
	n, err := s.at.ReadAt(b, offset)
	if n == len(b) || err == io.EOF {
		return n, nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// readStep is the amount of memory allocated for a stream before it has delivered as much.
const readStep = 1 << 20

// payload reads the n stored bytes at offset into buf if it is large enough. Fewer bytes without an error mean the
// end of the file.
func (s *source) payload(buf []byte, n int, offset int64) ([]byte, error) {
	if s.at != nil && s.size-offset < int64(n) {
		return buf[:0], nil
	}
	buf = buf[:0]
	for len(buf) < n {
		step := n
		if s.at == nil {
			step = min(n, max(len(buf), readStep))
		}
		old := len(buf)
		buf = extend(buf, min(n, old+step))
		got, err := s.read(buf[old:], offset+int64(old))
		buf = buf[:old+got]
		if err != nil || len(buf) < min(n, old+step) {
			return buf, err
		}
	}
	return buf, nil
}

// extend returns b extended to length n.
func extend(b []byte, n int) []byte {
	if n <= cap(b) {
		return b[:n]
	}
	return append(b, make([]byte, n-len(b))...)
}

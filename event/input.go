package event

import (
	"errors"
	"io"
)

// input is a byte source that knows its offset and lets the fast decoder look ahead. It implements io.Reader and
// io.ByteScanner, so that msgpack reads from it without a buffer of its own.
type input struct {
	r    io.Reader // nil when buf is the whole input
	buf  []byte    // buf[pos:] is not yet consumed
	pos  int
	base int64 // offset of buf[0]
	err  error // the error that ended r; nil while r can be read
}

const (
	inputBuffer   = 64 << 10
	maxEmptyReads = 100
)

func newInput(r io.Reader) *input { return &input{r: r, buf: make([]byte, 0, inputBuffer)} }

func (in *input) offset() int64 { return in.base + int64(in.pos) }

// window returns the bytes ahead without consuming them: at least n unless the input ends before.
func (in *input) window(n int) []byte {
	for len(in.buf)-in.pos < n && in.r != nil && in.err == nil {
		in.fill()
	}
	return in.buf[in.pos:]
}

// fill moves the unread bytes to the front of the buffer and reads from r once.
func (in *input) fill() {
	if in.pos > 0 {
		in.base += int64(in.pos)
		in.buf = in.buf[:copy(in.buf, in.buf[in.pos:])]
		in.pos = 0
	}
	for range maxEmptyReads {
		n, err := in.r.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		in.err = err
		if n > 0 || err != nil {
			return
		}
	}
	in.err = io.ErrNoProgress
}

// stop ends the input here, with err.
func (in *input) stop(err error) { in.buf, in.pos, in.err = nil, 0, err }

// end returns the error that ended the input, or io.EOF if r ended regularly.
func (in *input) end() error {
	if in.err != nil {
		return in.err
	}
	return io.EOF
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	w := in.window(1)
	if len(w) == 0 {
		return 0, in.end()
	}
	n := copy(p, w)
	in.pos += n
	return n, nil
}

// ReadByte implements io.ByteReader.
func (in *input) ReadByte() (byte, error) {
	w := in.window(1)
	if len(w) == 0 {
		return 0, in.end()
	}
	in.pos++
	return w[0], nil
}

// UnreadByte implements io.ByteScanner.
func (in *input) UnreadByte() error {
	if in.pos == 0 {
		return errors.New("event: nothing to unread")
	}
	in.pos--
	return nil
}

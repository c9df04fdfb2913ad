package tracefile

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// Call is a call by which a run took something from outside or sent something there, such as a read from a socket. A
// replay takes the results from here. The calls of a run are in the order in which they were made. What the fields mean
// beyond the comments is up to the program that made the recording.
type Call struct {
	What    uint8 // kind of the call, from 1
	Task    event.TaskID
	Turn    uint64 // number of choices before the call
	Object  uint64 // number of the socket or the like
	Result  uint64 // such as a number of bytes
	Error   uint64 // number of the error; 0 if there was none
	Hash    uint64
	Size    uint64 // bytes that moved
	Address []byte // at most 128 bytes
	Data    []byte // at most 8 MiB
}

// The limits of calls. A Writer drops a call that exceeds them and all that follow; a Reader refuses it.
const (
	maxCallAddress = 1 << 7
	maxCallData    = 1 << 23
	maxCallsKept   = 1 << 26 // bytes of the stored chunks
	callElements   = 10
)

// callList is the content of the calls chunks under construction.
type callList struct {
	chunks []list // the last one is not full
	end    uint64 // calls that are missing at the end of the run
}

// Call adds a call, in the order of the run. It may be called at any time before Close.
func (w *Writer) Call(c Call) {
	l := &w.calls
	if w.err != nil || l.end > 0 {
		return
	}
	if len(c.Address) > maxCallAddress || len(c.Data) > maxCallData {
		l.end++
		return
	}
	if n := len(l.chunks); n == 0 || len(l.chunks[n-1].body) >= maxList {
		l.chunks = append(l.chunks, list{})
	}
	last := &l.chunks[len(l.chunks)-1]
	last.n++
	last.body = appendCall(last.body, c)
}

// MissingCalls says that a number of calls at the end of the run are not in the file.
func (w *Writer) MissingCalls(n uint64) { w.calls.end += n }

func appendCall(b []byte, c Call) []byte {
	b = appendUint(append(b, 0x90|callElements), uint64(c.What))
	for _, v := range [...]uint64{uint64(c.Task), c.Turn, c.Object, c.Result, c.Error, c.Hash, c.Size} {
		b = appendUint(b, v)
	}
	return appendBytes(appendBytes(b, c.Address), c.Data)
}

// calls writes the calls chunks. Each starts with the number of calls that are missing behind it.
func (c *chunkWriter) calls(l *callList) {
	if len(l.chunks) == 0 && l.end > 0 {
		l.chunks = []list{{}}
	}
	for i, part := range l.chunks {
		missing := uint64(0)
		if i == len(l.chunks)-1 {
			missing = l.end
		}
		c.raw = append(appendUint(appendArray(c.raw[:0], part.n+1), missing), part.body...)
		c.chunk(chunkCalls, c.raw, 0)
	}
}

// keepCalls adds a chunk of calls, unless there are too many.
func (b *block) keepCalls(p packed) {
	if b.kept += len(p.stored) + packedOverhead; b.kept <= maxCallsKept {
		b.calls = append(b.calls, p)
	}
}

// EachCall calls f for each call of the run, until f returns false. It returns the number of calls that are missing at
// the end of the run. The calls are known after Next has returned io.EOF; before that there are none. The error wraps
// [ErrCorrupt].
func (r *Reader) EachCall(f func(Call) bool) (missing uint64, err error) {
	if r.closed {
		return 0, ErrClosed
	}
	for i := range r.cur.calls {
		p := &r.cur.calls[i]
		raw := r.open(p)
		if raw == nil {
			bad := corrupt("the payload of a chunk of calls does not decompress")
			return missing, &Error{-1, int64(p.seq), int64(p.first), bad}
		}
		n, more, bad := eachCall(raw, f)
		if missing += n; bad != nil {
			return missing, &Error{-1, int64(p.seq), int64(p.first), bad}
		}
		if !more {
			break
		}
	}
	return missing, nil
}

// eachCall calls f for each call of a chunk, until f returns false, which more reports.
func eachCall(raw []byte, f func(Call) bool) (missing uint64, more bool, err error) {
	u := unpacker{b: raw}
	n := u.array()
	if n == 0 {
		u.bad = true
	}
	missing = u.uint()
	for i := 1; i < n; i++ {
		c := u.call()
		if u.bad {
			return missing, false, corrupt("call %d of a chunk of calls is malformed", i-1)
		}
		if !f(c) {
			return missing, false, nil
		}
	}
	if !u.done() {
		return missing, false, corrupt("a chunk of calls is malformed")
	}
	return missing, true, nil
}

// call reads the next call. Its bytes share no memory with the chunk.
func (u *unpacker) call() (c Call) {
	n := u.array()
	what := u.uint()
	if n < callElements || what == 0 || what > 255 {
		u.bad = true
		return c
	}
	c.What, c.Task = uint8(what), event.TaskID(u.uint())
	for _, v := range [...]*uint64{&c.Turn, &c.Object, &c.Result, &c.Error, &c.Hash, &c.Size} {
		*v = u.uint()
	}
	c.Address, c.Data = u.bytes(maxCallAddress), u.bytes(maxCallData)
	for range n - callElements { // elements of a later version
		u.skip(maxSkipDepth)
	}
	return c
}

// bytes returns a copy of the next bytes, of which there may be so many.
func (u *unpacker) bytes(most int) []byte {
	c := u.take(1)[0]
	if c < 0xc4 || c > 0xc6 {
		u.bad = true
		return nil
	}
	n := u.number(1 << (c - 0xc4))
	if n > uint64(most) || n > uint64(len(u.b)) {
		u.bad = true
		return nil
	}
	return append([]byte(nil), u.take(int(n))...)
}

func appendBytes(b, v []byte) []byte {
	be := binary.BigEndian
	switch n := len(v); {
	case n < 1<<8:
		b = append(b, 0xc4, byte(n))
	case n < 1<<16:
		b = be.AppendUint16(append(b, 0xc5), uint16(n))
	default:
		b = be.AppendUint32(append(b, 0xc6), uint32(n))
	}
	return append(b, v...)
}

// writeCalls passes the calls of a file to w, as far as they are whole. over is the index after the last event.
func (rec *Recovery) writeCalls(z *zstd.Decoder, over uint64, w *Writer) {
	for i := range rec.side {
		c := &rec.side[i]
		if c.kind != chunkCalls || c.first != over {
			continue
		}
		raw, err := readPacked(rec.src, z, &c.header, c.offset)
		if err != nil {
			w.MissingCalls(1)
			return
		}
		missing, _, bad := eachCall(raw, func(c Call) bool { w.Call(c); return true })
		if w.MissingCalls(missing); bad != nil {
			w.MissingCalls(1)
			return
		}
	}
}

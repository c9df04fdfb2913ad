package tracefile

import (
	"errors"
	"fmt"
	"io"
)

// Seek moves to the event with an index, from First to Len; at Len, Next returns io.EOF or the error that ends the
// file. In a file with an index it takes O(log n) steps and decodes one chunk. A file without an index, left by a
// killed recording, is first scanned once from header to header. A stream can seek only forward, by reading. If
// there is no such event, the error wraps [ErrSeek]; if the file is damaged there, it is a [*Error] of another
// class. After an error the position does not change, except in a stream.
func (r *Reader) Seek(index uint64) error {
	if r.closed {
		return ErrClosed
	}
	end, known := r.Len()
	switch {
	case index < r.first.start || known && index > end:
		return r.noEvent(index, nil)
	case index >= r.cur.start && index <= r.cur.start+uint64(len(r.cur.events)) && len(r.cur.events) > 0:
		r.within(int(index - r.cur.start))
		return nil
	case r.load.src.at == nil:
		return r.forward(func() bool { return r.Pos() >= index }, index)
	}
	return r.jump(index)
}

// noEvent returns the error for an index that does not exist.
func (r *Reader) noEvent(index uint64, cause error) error {
	text := fmt.Sprintf("event %d, the file has %d to", index, r.first.start)
	if end, known := r.Len(); known {
		text += fmt.Sprintf(" %d", end)
	} else {
		text += " an unknown end"
	}
	err := fmt.Errorf("%w: %s", ErrSeek, text)
	if cause != nil {
		err = fmt.Errorf("%w: event %d: %w", ErrSeek, index, cause)
	}
	return &Error{-1, -1, -1, err}
}

// within moves to event i of the current block.
func (r *Reader) within(i int) {
	r.i, r.time, r.err = i, r.cur.time, nil
	for _, e := range r.cur.events[:i] {
		r.time = timeAfter(r.time, &e)
	}
}

// forward reads a stream until there, which is called before each event, returns true.
func (r *Reader) forward(there func() bool, index uint64) error {
	if index < r.Pos() {
		return &Error{-1, -1, -1, fmt.Errorf("%w: event %d of a stream that is at event %d", ErrSeek, index, r.Pos())}
	}
	for !there() {
		if _, err := r.Next(); err == io.EOF {
			return r.noEvent(index, nil)
		} else if err != nil {
			return r.noEvent(index, err)
		}
	}
	return nil
}

// jump moves to an event of a file by its index.
func (r *Reader) jump(index uint64) error {
	x, err := r.index()
	if err != nil {
		return fail(err)
	}
	if index > x.end {
		return r.noEvent(index, x.stop)
	}
	target := index
	if index == x.end && index > r.first.start {
		target--
	}
	n, err := x.search(func(e entry) bool { return e.first > target })
	if err != nil {
		return fail(err)
	}
	n, e, err := x.lastBefore(n, chunkEvents)
	if err != nil {
		return fail(err)
	}
	if n < 0 { // there are no events
		r.stopAhead()
		r.load.jump(r.first)
		r.restart()
		return nil
	}
	b, err := r.loadAt(x, n, e)
	if err != nil {
		return err
	}
	if i := index - b.start; i > uint64(len(b.events)) || i == uint64(len(b.events)) && index != x.end {
		return r.back(b.err)
	}
	r.use(b)
	r.within(int(index - b.start))
	return nil
}

// loadAt reads event chunk n, whose line in the index is e, and its side chunks.
func (r *Reader) loadAt(x *index, n int, e entry) (*block, error) {
	before, _, err := x.lastBefore(n, chunkEvents)
	if err != nil {
		return nil, fail(err)
	}
	start, err := x.at(before + 1)
	if err != nil {
		return nil, fail(err)
	}
	r.stopAhead()
	to := r.first
	if before >= 0 {
		to.offset, to.seq, to.next, to.time = start.offset, uint32(before+1), start.first, start.time
		to.listed = false
	}
	r.load.jump(to)
	b := &block{}
	r.load.load(b)
	if len(b.events) == 0 && b.err != nil {
		return nil, r.back(b.err)
	}
	if b.seq != uint32(n) || b.start != e.first || b.count != e.count {
		return nil, r.back(&Error{e.offset, int64(n), int64(e.first), corrupt("the index is not that of this file")})
	}
	return b, nil
}

// back restores the position of the loader before a jump that failed.
func (r *Reader) back(err error) error {
	r.load.jump(r.cur.after)
	return err
}

// index returns the index of the file: that of the trailer, or the result of a scan if there is none or it is
// damaged. An index that contradicts itself or the trailer is an error; later calls return the same error.
func (r *Reader) index() (*index, error) {
	if r.lines != nil || r.refused != nil {
		return r.lines, r.refused
	}
	src, z := r.load.src, newDecoder()
	if r.footer != nil {
		x, err := readIndex(&src, z, *r.footer, r.first)
		var lie contradiction
		switch {
		case err == nil:
			r.lines = x
			return x, nil
		case errors.As(err, &lie):
			r.refused = fail(err)
			return nil, r.refused
		case !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated):
			return nil, err
		}
	}
	r.lines = scan(&src, z)
	return r.lines, nil
}

// SeekTime moves to the first event after which the virtual time is at least nanos, in nanoseconds since the start
// of the run, or to the end of the file if there is none. Its costs and errors are those of [Reader.Seek].
func (r *Reader) SeekTime(nanos uint64) error {
	switch {
	case r.closed:
		return ErrClosed
	case r.first.began >= nanos && r.load.src.at != nil:
		return r.Seek(r.first.start)
	case r.load.src.at == nil:
		return r.forwardTime(nanos)
	}
	x, err := r.index()
	if err != nil {
		return fail(err)
	}
	n, err := x.search(func(e entry) bool { return e.time >= nanos })
	if err != nil {
		return fail(err)
	}
	n, e, err := x.lastBefore(n, chunkEvents)
	if err != nil {
		return fail(err)
	}
	cur, i, now, stays := r.cur, r.i, r.time, r.err
	switch {
	case n < 0: // no chunk of events begins before that time
		err = r.Seek(r.first.start)
	case e.first-r.cur.start < uint64(len(r.cur.events)):
		err = r.Seek(e.first)
	default:
		err = r.jump(e.first) // Seek would stop at the end of the previous chunk
	}
	if err != nil {
		return err
	}
	if !r.untilTime(nanos) && r.cur.err == nil && r.Pos() != x.end {
		err := fail(corrupt("the index gives another virtual time for event %d", r.Pos()))
		r.cur, r.i, r.time, r.err = cur, i, now, stays
		return r.back(err)
	}
	return nil
}

// untilTime moves within the current block to the first event after which the time is at least nanos, or to the end
// of the block. It reports whether there is such an event.
func (r *Reader) untilTime(nanos uint64) bool {
	for ; r.i < len(r.cur.events); r.i++ {
		now := timeAfter(r.time, &r.cur.events[r.i])
		if now >= nanos {
			return true
		}
		r.time = now
	}
	return false
}

// forwardTime is SeekTime on a stream.
func (r *Reader) forwardTime(nanos uint64) error {
	if r.time >= nanos && r.Pos() > r.first.start {
		return &Error{-1, -1, -1, fmt.Errorf("%w: %d ns on a stream that is past it", ErrSeek, nanos)}
	}
	for !r.untilTime(nanos) {
		if err := r.advance(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// lookForEnd reads the end chunk of a file with an index. It returns nil if it cannot.
func (r *Reader) lookForEnd() *End {
	x, err := r.index()
	if err != nil {
		return nil
	}
	n, e, err := x.lastBefore(x.n, chunkEnd)
	if err != nil || n < 0 {
		return nil
	}
	h, err := readHeader(x.src, e.offset)
	if err != nil || h.kind != chunkEnd || h.seq != uint32(n) {
		return nil
	}
	raw, err := readPacked(x.src, x.z, &h, e.offset)
	if err != nil {
		return nil
	}
	end, err := decodeEnd(raw)
	if err != nil {
		return nil
	}
	return &end
}

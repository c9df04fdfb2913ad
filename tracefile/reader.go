package tracefile

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// Reader reads the events of a trace file in order, and from any position if the input allows it. It holds a few
// chunks in memory, however long the file is. It is not safe for concurrent use.
//
// It works in these steps:
//
//  1. Opening reads the magic, the metadata and the identity; first is the position after them. If the input can be
//     read at any offset, findTrailer looks for the trailer. A trailer that is missing or damaged is no error at this
//     point.
//  2. cur is the current block: a chunk of events and the chunks of names, code lines and notes that precede it,
//     which stay packed until they are asked for. Next and Read return the events of cur from i on.
//  3. At the end of cur, advance fetches the next block. The loader reads chunk after chunk up to the next one with
//     events. For each it compares the header with its cursor (number of the chunk, index and virtual time of its
//     first event), compares the checksum, unpacks and decodes. After ReadAhead a goroutine does this two blocks
//     ahead.
//  4. An error belongs to a block and comes after the events of the block that are whole. It is io.EOF only if the
//     trailer agrees with what was read, and the index as well unless a Seek passed over chunks. Next repeats it
//     until a Seek.
//  5. Seek moves i if the event is in cur. In a stream it reads on. Otherwise it searches the index, which comes from
//     the trailer or, if there is none or it is damaged, from a scan of all headers; an index that contradicts itself
//     or the trailer is an error. It moves the loader to the chunk after the previous chunk with events, so that the
//     names, code lines and notes are read too, loads the block, and compares it with its line in the index. After an
//     error the loader returns to the end of cur.
//  6. Close stops the goroutine and makes cur a block without events whose error is ErrClosed.
type Reader struct {
	load   *loader
	ahead  *readAhead // nil unless a goroutine reads ahead
	cur    *block     // the chunk of the next event
	i      int        // index of the next event in cur
	time   uint64
	err    error // the error that Next returned, if any; returned again
	eager  bool  // whether ReadAhead was called
	strict bool  // whether CheckNotes was called
	closed bool

	md      event.Metadata
	id      Identity
	first   cursor   // position of the first chunk after metadata and identity
	footer  *trailer // nil if the file has none, or is a stream
	end     *End
	endRead bool   // whether end was read from the file
	last    uint64 // index after the last event
	whole   bool   // whether last is known
	lines   *index // nil until needed
	refused error  // the error of an index that contradicts itself or the trailer
	names   nameBook
	file    io.Closer
}

// NewReader returns a Reader that reads from r to the end of the file. It reads at most a few chunks beyond the
// events it has returned. It can seek only forward. It reads metadata and identity before it returns; the error is
// a [*Error].
func NewReader(r io.Reader) (*Reader, error) { return newReader(source{r: r}) }

// NewReaderAt returns a Reader of the file in r, which has size bytes. It reads the start of the file and the
// trailer before it returns; a file without a trailer can also be read. The error is a [*Error].
func NewReaderAt(r io.ReaderAt, size int64) (*Reader, error) {
	return newReader(source{at: r, size: size})
}

// Open returns a Reader of a file; Close closes the file. Anything that is not a regular file, such as a pipe, is
// read as by [NewReader]. The error is a [*Error] after the path, or that of os.Open.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tracefile: %w", err)
	}
	info, err := file.Stat()
	var r *Reader
	switch {
	case err == nil && info.Mode().IsRegular():
		r, err = NewReaderAt(file, info.Size())
	case err == nil:
		r, err = NewReader(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file = file
	return r, nil
}

func newReader(src source) (*Reader, error) {
	l := &loader{src: src, z: decoders.Get().(*zstd.Decoder)}
	r := &Reader{load: l, cur: &block{}}
	var err error
	if r.md, r.id, err = l.open(); err != nil {
		decoders.Put(l.z)
		return nil, err
	}
	r.first = l.cursor
	r.restart()
	if src.at != nil {
		r.findTrailer()
	}
	return r, nil
}

// restart moves r to the first event. It keeps what the loader found while opening.
func (r *Reader) restart() {
	r.cur = &block{start: r.first.next, time: r.first.time, seq: r.first.seq, after: r.first, consumed: r.first.offset}
	r.i, r.time, r.err = 0, r.first.time, nil
}

// findTrailer reads the trailer at the end of the file, if there is one. It leaves errors there to Next.
func (r *Reader) findTrailer() {
	src := &r.load.src
	var b [trailerSize]byte
	at := src.size - trailerSize
	if at < r.first.offset+headerSize {
		return
	}
	n, err := src.read(b[:], at)
	if err != nil || n < trailerSize {
		return
	}
	t, err := parseTrailer(b[:])
	if err != nil || t.index < r.first.offset || t.index > at-headerSize || t.total > math.MaxInt64-r.first.start {
		return
	}
	r.footer, r.whole, r.last = &t, true, r.first.start+t.total
}

// Metadata returns the metadata.
func (r *Reader) Metadata() event.Metadata { return r.md }

// Identity returns the identity of the recording, or nil if the file has none. It must not be changed.
func (r *Reader) Identity() Identity { return r.id }

// First returns the index of the first event.
func (r *Reader) First() uint64 { return r.first.start }

// FirstTime returns the virtual time before the first event, in nanoseconds since the start of the run.
func (r *Reader) FirstTime() uint64 { return r.first.began }

// ChunkFirst returns the index of the first event of the chunk of the event that Next returned last.
func (r *Reader) ChunkFirst() uint64 { return r.cur.start }

// Len returns the index after the last event, which is First plus the number of events, and whether it is known. It
// is known from the start if the file has a trailer and is not a stream, otherwise when the end was reached. The
// number in the trailer is checked against the index; if they differ, Len is not known.
func (r *Reader) Len() (n uint64, known bool) {
	if r.footer != nil && r.lines == nil && r.refused == nil && !r.closed {
		if x, err := r.index(); r.refused != nil || err == nil && x.end != r.last {
			r.whole, r.last = false, 0
		}
	}
	return r.last, r.whole
}

// End returns the end of the recording, and whether the file states one. It is known when Len is known.
func (r *Reader) End() (End, bool) {
	if r.end == nil && r.footer != nil && !r.endRead {
		r.endRead = true
		r.end = r.lookForEnd()
	}
	if r.end == nil {
		return End{}, false
	}
	return *r.end, true
}

// Next returns the next event. The error is io.EOF after the last event of a complete file, otherwise a [*Error].
// Later calls return the same error until a Seek.
func (r *Reader) Next() (event.Event, error) {
	if r.i >= len(r.cur.events) {
		if err := r.advance(); err != nil {
			return event.Event{}, err
		}
	}
	e := &r.cur.events[r.i]
	r.i++
	r.time = timeAfter(r.time, e)
	return *e, nil
}

// Read reads the next events into dst and returns their number. If it is less than len(dst), the error is that of
// Next for the missing event, otherwise nil. It is faster than Next.
func (r *Reader) Read(dst []event.Event) (n int, err error) {
	for n < len(dst) {
		if r.i >= len(r.cur.events) {
			if err := r.advance(); err != nil {
				return n, err
			}
		}
		read := dst[n : n+copy(dst[n:], r.cur.events[r.i:])]
		for i := range read {
			r.time = timeAfter(r.time, &read[i])
		}
		r.i += len(read)
		n += len(read)
	}
	return n, nil
}

// advance moves to the next chunk with events.
func (r *Reader) advance() error {
	for r.err == nil && r.i >= len(r.cur.events) {
		if r.closed {
			return ErrClosed
		}
		if r.err = r.cur.err; r.err != nil {
			break
		}
		r.use(r.fetch())
		if r.strict {
			r.checkNotes()
		}
	}
	return r.err
}

// fetch reads the block after cur, into the memory of cur.
func (r *Reader) fetch() *block {
	if r.load.src.at == nil {
		r.names.leave(r.cur)
	}
	if r.eager && r.ahead == nil {
		r.ahead = startAhead(r.load)
	}
	if r.ahead != nil {
		return r.ahead.swap(r.cur)
	}
	r.load.load(r.cur)
	return r.cur
}

// use makes b the current block.
func (r *Reader) use(b *block) {
	r.cur, r.i, r.time = b, 0, b.time
	if b.end != nil {
		r.end = b.end
	}
	if b.err == io.EOF {
		r.whole, r.last, r.endRead = true, b.after.next, true
	}
}

// Pos returns the index of the next event.
func (r *Reader) Pos() uint64 { return r.cur.start + uint64(r.i) }

// Time returns the virtual time after the event that Next returned last, or, after a Seek, after the event before
// the position. It is in nanoseconds since the start of the run.
func (r *Reader) Time() uint64 { return r.time }

// Offset returns the number of bytes of the file that were read for the events so far, in whole chunks.
func (r *Reader) Offset() int64 { return r.cur.consumed }

// All yields the remaining events, and finally an error other than io.EOF, if any. It is single-use.
func (r *Reader) All() iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for {
			e, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// ReadAhead starts a goroutine that decodes the next two chunks while the program works on one. The results are the
// same. The goroutine ends at Close, at the end, or at an error. Call it before the first Next if possible; later
// calls are allowed.
func (r *Reader) ReadAhead() { r.eager = true }

// CheckNotes makes Next and Read refuse a chunk whose notes are malformed, with the error of [Reader.Notes].
func (r *Reader) CheckNotes() { r.strict = true }

// checkNotes makes the current block fail if its notes are malformed.
func (r *Reader) checkNotes() {
	if _, err := r.Notes(); err != nil {
		r.err, r.cur.events = err, r.cur.events[:0]
	}
}

// Close ends the reading, and closes the file if Open opened it. It waits for a read from a stream that is in
// progress. A second call does nothing.
func (r *Reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.stopAhead()
	decoders.Put(r.load.z)
	r.load.z = nil
	r.cur = &block{start: r.Pos(), consumed: r.cur.consumed, err: ErrClosed}
	r.i, r.lines, r.names = 0, nil, nameBook{}
	if r.file != nil {
		if err := r.file.Close(); err != nil {
			return fmt.Errorf("tracefile: %w", err)
		}
	}
	return nil
}

// fail makes an error without a location.
func fail(err error) error {
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	return &Error{-1, -1, -1, err}
}

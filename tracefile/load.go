package tracefile

import (
	"errors"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// cursor is a position between two chunks, with the conditions that the next chunk must meet.
type cursor struct {
	offset int64
	seq    uint32
	next   uint64 // index of the next event
	time   uint64

	start   uint64 // index of the first event of the file
	began   uint64 // virtual time before it
	ended   bool   // whether the end chunk has been read
	indexAt int64  // offset of the first index chunk; 0 before it
	listed  bool   // whether all chunks from the start of the file were read, so that the index can be checked
	sum     uint32 // checksums of the index: as it should be, and as read so far
	got     uint32
	lines   int // number of entries that the index should still have
}

// check compares a header with the conditions at the cursor.
func (c *cursor) check(h *header) error {
	switch {
	case h.seq != c.seq:
		return corrupt("chunk %d stands where chunk %d should", h.seq, c.seq)
	case h.first != c.next:
		return corrupt("the chunk is for event %d, event %d should come", h.first, c.next)
	case h.time != c.time:
		return corrupt("the chunk is for virtual time %d ns, it is %d ns", h.time, c.time)
	case h.kind == chunkMetadata && h.seq != 0, h.kind == chunkIdentity && h.seq != 1:
		return corrupt("a second chunk of %s", h.kind)
	case c.ended && (h.kind == chunkEvents || h.kind == chunkEnd):
		return corrupt("a chunk of %s after the end", h.kind)
	case c.indexAt != 0 && h.kind != chunkIndex:
		return corrupt("a chunk of %s after the index", h.kind)
	}
	return nil
}

// pass moves past a chunk whose header was checked. The caller updates events and their time.
func (c *cursor) pass(h *header) {
	if h.kind == chunkIndex && c.indexAt == 0 {
		c.indexAt = c.offset
	}
	if h.kind != chunkIndex && c.listed {
		e := entry{c.offset, h.first, h.time, h.count, h.kind}
		c.sum = crc32.Update(c.sum, castagnoli, e.appendTo(nil))
		c.lines++
	}
	c.offset += headerSize + int64(h.stored)
	c.seq++
	c.ended = c.ended || h.kind == chunkEnd
}

// loader reads chunks in the order of the file.
type loader struct {
	cursor
	src    source
	z      *zstd.Decoder
	stored []byte
	raw    []byte
	ahead  *header // the header at the cursor, if it was already read
	failed error   // the error after which nothing can be read
}

// jump moves l to another position.
func (l *loader) jump(to cursor) { l.cursor, l.ahead, l.failed = to, nil, nil }

// block is an event chunk with its side chunks, or the end of the file.
type block struct {
	start  uint64 // index of the first event
	time   uint64 // virtual time before it, in ns
	events []event.Event
	count  uint32 // number of events, from the header
	seq    uint32 // number of the event chunk, or of the next chunk at the end
	names  packs
	sites  packs
	notes  packs
	calls  []packed
	kept   int // bytes of calls
	end    *End
	err    error // the error after the events; io.EOF after a complete file
	after  cursor

	siteAt   []string // code line of each event; decoded when first needed
	named    []Name   // the names; decoded when first needed
	noted    []Note   // the notes, sorted by their events; decoded when first needed
	notedAt  []int    // the events of the notes, counted from start
	notesBad error    // the error in the notes
	consumed int64    // offset after the chunk, in bytes
}

// load reads chunks up to and including the next event chunk.
func (l *loader) load(b *block) {
	*b = block{start: l.next, time: l.time, events: b.events[:0]}
	for b.err == nil && b.count == 0 {
		b.seq = l.seq
		b.err = l.step(b)
	}
	b.after, b.consumed = l.cursor, l.offset
}

// step reads one chunk. The error is io.EOF after a complete file, otherwise a *Error.
func (l *loader) step(b *block) error {
	if l.failed == nil {
		l.failed = l.chunk(b)
	}
	return l.failed
}

func (l *loader) chunk(b *block) error {
	h, err := l.header()
	if err == nil {
		err = l.check(h)
	}
	if err == nil {
		err = l.payload(h)
	}
	if err != nil {
		return l.at(err)
	}
	l.ahead = nil
	at := l.cursor
	l.pass(h)
	if err = l.use(h, b); err != nil {
		l.cursor, b.start = at, at.next
		return l.at(err)
	}
	return nil
}

// at adds the location to an error.
func (l *loader) at(err error) error {
	var done *Error
	if err == io.EOF || errors.As(err, &done) {
		return err
	}
	e := &Error{Offset: l.offset, Chunk: int64(l.seq), Index: int64(min(l.next, math.MaxInt64)), Err: err}
	return e
}

// header reads the header at the cursor. The error is io.EOF if the trailer is there and everything agrees with it.
func (l *loader) header() (*header, error) {
	if l.ahead != nil {
		return l.ahead, nil
	}
	var b [headerSize]byte
	n, err := l.src.read(b[:4], l.offset)
	if err == nil && n == 4 && string(b[:4]) == trailerMark {
		return nil, l.trailer(b[:trailerSize])
	}
	if err == nil && n == 4 {
		n, err = l.src.read(b[4:], l.offset+4)
		n += 4
	}
	if err != nil {
		return nil, err
	}
	if n < headerSize {
		return nil, l.short(b[:n])
	}
	h, err := parseHeader(b[:], l.offset)
	if err != nil {
		return nil, err
	}
	l.ahead = &h
	return &h, nil
}

// short distinguishes a file that was cut off from one with foreign bytes at its end.
func (l *loader) short(b []byte) error {
	mark := chunkMark
	if l.indexAt != 0 && len(b) == 4 {
		mark = trailerMark
	}
	n := min(len(b), len(mark))
	switch {
	case string(b[:n]) != mark[:n]:
		return corrupt("%d bytes that start no chunk, and then the end of the file", len(b))
	case n == 0:
		return truncated("it stops after a whole chunk")
	}
	return truncated("it stops in the middle of the header of a chunk")
}

// trailer reads the trailer, whose first 4 bytes were already read, and checks that nothing follows.
func (l *loader) trailer(b []byte) error {
	n, err := l.src.read(b[4:], l.offset+4)
	if err != nil {
		return err
	}
	if n < trailerSize-4 {
		return truncated("it stops in the middle of the trailer")
	}
	copy(b, trailerMark)
	t, err := parseTrailer(b)
	switch {
	case err != nil:
		return err
	case l.indexAt == 0 || t.index != l.indexAt:
		return corrupt("the trailer says that the index is at byte %d", t.index)
	case t.total != l.next-l.start:
		return corrupt("the trailer says %d events, there are %d", t.total, l.next-l.start)
	case l.listed && (l.lines != 0 || l.got != l.sum):
		return corrupt("the index is not that of this file")
	}
	var behind [1]byte
	if n, err = l.src.read(behind[:], l.offset+trailerSize); err != nil {
		return err
	}
	if n > 0 {
		return corrupt("there are bytes behind the trailer")
	}
	l.offset += trailerSize
	return io.EOF
}

// payload reads the stored bytes of a chunk and verifies their checksum.
func (l *loader) payload(h *header) (err error) {
	l.stored, err = l.src.payload(l.stored, int(h.stored), l.offset+headerSize)
	switch {
	case err != nil:
		return err
	case len(l.stored) < int(h.stored):
		return truncated("it stops in the middle of a chunk of %s", h.kind)
	case checksum(l.stored) != h.sum:
		return corrupt("the checksum of a chunk of %s is wrong", h.kind)
	}
	return nil
}

// use processes the content of a chunk, after the cursor has passed it.
func (l *loader) use(h *header, b *block) error {
	switch h.kind {
	case chunkNames, chunkSites, chunkNotes:
		side := &b.names
		if h.kind == chunkSites {
			side = &b.sites
		} else if h.kind == chunkNotes {
			side = &b.notes
		}
		side.keep(packed{*h, append([]byte(nil), l.stored...)})
		return nil
	}
	if h.kind == chunkCalls {
		b.keepCalls(packed{*h, append([]byte(nil), l.stored...)})
		return nil
	}
	if !h.kind.known() {
		return nil
	}
	var err error
	if l.raw, err = unpack(l.z, h, l.stored, l.raw); err != nil {
		return err
	}
	switch h.kind {
	case chunkEvents:
		return l.events(h, b)
	case chunkIndex:
		return l.index()
	case chunkEnd:
		var end End
		end, err = decodeEnd(l.raw)
		b.end = &end
	case chunkIdentity: // it is invalid where it is
		_, err = decodeTexts(l.raw)
	}
	return err
}

// events decodes the events of a chunk. If one is wrong, b has the events before it.
func (l *loader) events(h *header, b *block) error {
	b.count = h.count
	now := l.time
	var err error
	b.events, now, err = decodeEvents(l.raw, int(h.count), now, b.events[:0])
	if err != nil {
		at := l.offset - headerSize - int64(h.stored)
		b.err = &Error{at, int64(h.seq), int64(h.first) + int64(len(b.events)), err}
	}
	l.next += uint64(len(b.events))
	l.time = now
	return b.err
}

// decodeEvents appends the n events of raw to events. It also returns the virtual time after them, given the time
// before.
func decodeEvents(raw []byte, n int, now uint64, events []event.Event) ([]event.Event, uint64, error) {
	first := len(events)
	events, used, err := event.AppendParsed(events, raw, n)
	for i := range events[first:] {
		now = timeAfter(now, &events[first+i])
	}
	switch {
	case err != nil:
		return events, now, schemaError(err)
	case used < len(raw):
		return events, now, corrupt("%d bytes behind the last event of the chunk", len(raw)-used)
	}
	return events, now, nil
}

// timeAfter returns the virtual time after e, given the time before.
func timeAfter(now uint64, e *event.Event) uint64 {
	if e.Kind() == event.KindTimeAdvanced {
		return max(now, e.ToNanos())
	}
	return now
}

// index checks an index chunk: if all chunks were read, their list must be the same.
func (l *loader) index() error {
	n := len(l.raw) / entrySize
	if len(l.raw)%entrySize != 0 || n > indexEntries {
		return corrupt("an index chunk of %d bytes", len(l.raw))
	}
	if l.listed {
		l.got = crc32.Update(l.got, castagnoli, l.raw)
		l.lines -= n
	}
	return nil
}

// open reads the magic, the metadata and the identity.
func (l *loader) open() (md event.Metadata, id Identity, err error) {
	var b [len(magic)]byte
	n, err := l.src.read(b[:], 0)
	if err == nil {
		err = checkMagic(b[:n])
	}
	if err != nil {
		return md, nil, &Error{0, -1, -1, err}
	}
	l.cursor = cursor{offset: int64(len(magic)), listed: true}
	if md, err = l.metadata(); err != nil {
		return md, nil, l.at(err)
	}
	if id, err = l.identity(); err != nil {
		l.failed = l.at(err) // returned by Next
	}
	return md, id, nil
}

// identity reads the second chunk if it is an identity chunk.
func (l *loader) identity() (id Identity, err error) {
	h, err := l.header()
	if err != nil || h.kind != chunkIdentity {
		return nil, err
	}
	if err = l.check(h); err == nil {
		err = l.payload(h)
	}
	if err == nil {
		l.raw, err = unpack(l.z, h, l.stored, l.raw)
	}
	if err == nil {
		id, err = decodeTexts(l.raw)
	}
	if err == nil {
		l.ahead = nil
		l.pass(h)
	}
	return id, err
}

// metadata reads the first chunk, which gives the index and the time of the first event.
func (l *loader) metadata() (md event.Metadata, err error) {
	h, err := l.header()
	if err != nil {
		if err == io.EOF {
			err = corrupt("the metadata are missing")
		}
		return md, err
	}
	if h.kind != chunkMetadata || h.encoding != encodingRaw {
		return md, corrupt("the file starts with a chunk of %s, not with metadata", h.kind)
	}
	l.start, l.next, l.began, l.time = h.first, h.first, h.time, h.time
	if err = l.check(h); err == nil {
		err = l.payload(h)
	}
	if err == nil {
		md, err = decodeMetadata(l.stored)
	}
	if err == nil {
		l.ahead = nil
		l.pass(h)
	}
	return md, err
}

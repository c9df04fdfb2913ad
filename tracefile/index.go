package tracefile

import (
	"fmt"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// index finds chunks by number. Of the index of a complete file, one page is in memory; the chunks of a file
// without an index are listed once, with 40 bytes each.
type index struct {
	src   *source
	z     *zstd.Decoder
	pages []page
	held  int     // number of the page in entry
	bytes []byte  // memory for the payload of that page
	entry []entry // lines of that page
	n     int     // number of chunks
	end   uint64  // index after the last event
	stop  error   // the error that ended the listing of a file without an index; nil for a complete file
}

// page is an index chunk.
type page struct {
	header
	offset int64
	base   int   // number of the first chunk that it lists
	before entry // the last line of the previous page
}

// contradiction is the error of an index whose checksums are right although it cannot be that of the file. A
// damaged index is replaced by a scan; one that was written with wrong content is refused, because then nothing
// else in the file can be trusted.
type contradiction struct{ error }

func (c contradiction) Unwrap() error { return c.error }

func contradict(format string, args ...any) error { return contradiction{corrupt(format, args...)} }

// readIndex reads the index of a file with a trailer, once, and checks that it is one.
func readIndex(src *source, z *zstd.Decoder, t trailer, from cursor) (*index, error) {
	x := &index{src: src, z: z, held: -1}
	last := entry{}
	for offset := t.index; offset != src.size-trailerSize; {
		h, err := readHeader(src, offset)
		if err == nil && h.kind != chunkIndex {
			err = corrupt("a chunk of %s in the index", h.kind)
		}
		if err != nil {
			return nil, err
		}
		x.pages = append(x.pages, page{h, offset, x.n, last})
		if err = x.turn(len(x.pages) - 1); err != nil {
			return nil, err
		}
		if len(x.entry) == 0 {
			return nil, contradict("an empty index chunk")
		}
		x.n += len(x.entry)
		last = x.entry[len(x.entry)-1]
		offset += headerSize + int64(h.stored)
	}
	x.end = last.first + uint64(last.count)
	switch {
	case x.n == 0 || last.offset+headerSize > t.index:
		return nil, contradict("the index is not that of this file")
	case x.end-from.start != t.total:
		return nil, contradict("the trailer says %d events, the index has %d", t.total, x.end-from.start)
	}
	return x, nil
}

// readHeader reads the header at offset. Fewer bytes than a header are an ErrTruncated.
func readHeader(src *source, offset int64) (header, error) {
	var b [headerSize]byte
	n, err := src.read(b[:], offset)
	if err == nil && n < headerSize {
		err = truncated("it stops in the middle of the header of a chunk")
	}
	if err != nil {
		return header{}, err
	}
	return parseHeader(b[:], offset)
}

// turn loads a page.
func (x *index) turn(i int) error {
	if x.held == i {
		return nil
	}
	p := &x.pages[i]
	raw, err := readPackedInto(x.bytes, x.src, x.z, &p.header, p.offset)
	if err != nil {
		return err
	}
	x.bytes = raw[:0]
	if len(raw)%entrySize != 0 || len(raw) > indexEntries*entrySize {
		return contradict("an index chunk of %d bytes", len(raw))
	}
	x.held = -1
	x.entry = x.entry[:0]
	last := p.before
	for ; len(raw) > 0; raw = raw[entrySize:] {
		e, ok := parseEntry(raw)
		if !ok || !e.follows(last) {
			return contradict("line %d of the index is wrong", p.base+len(x.entry))
		}
		x.entry = append(x.entry, e)
		last = e
	}
	x.held = i
	return nil
}

// follows reports whether e may follow last in an index; the zero entry precedes the first line.
func (e *entry) follows(last entry) bool {
	if last.kind == 0 {
		return e.offset == int64(len(magic)) && e.kind == chunkMetadata && e.count == 0
	}
	return e.offset >= last.offset+headerSize && e.kind != 0 && e.kind != chunkIndex &&
		e.first == last.first+uint64(last.count) && e.time >= last.time &&
		(e.count > 0) == (e.kind == chunkEvents) && e.count <= maxChunkEvents
}

// readPacked reads and decodes the payload of the chunk at offset.
func readPacked(src *source, z *zstd.Decoder, h *header, offset int64) ([]byte, error) {
	return readPackedInto(nil, src, z, h, offset)
}

// readPackedInto is readPacked into buf, if it is large enough.
func readPackedInto(buf []byte, src *source, z *zstd.Decoder, h *header, offset int64) ([]byte, error) {
	stored, err := src.payload(nil, int(h.stored), offset+headerSize)
	switch {
	case err != nil:
		return nil, err
	case len(stored) < int(h.stored):
		return nil, truncated("it stops in the middle of a chunk of %s", h.kind)
	case checksum(stored) != h.sum:
		return nil, corrupt("the checksum of a chunk of %s is wrong", h.kind)
	}
	return unpack(z, h, stored, buf)
}

// scan lists the chunks of a file without an index by their headers. It stops at anything that is not a complete chunk.
func scan(src *source, z *zstd.Decoder) *index {
	x := &index{src: src, z: z}
	c := cursor{offset: int64(len(magic))}
	for {
		h, err := readHeader(src, c.offset)
		if err == nil && c.seq == 0 {
			c.start, c.next, c.time = h.first, h.first, h.time
		}
		if err == nil && h.time > c.time {
			c.time = h.time // only the events show the time; reading them checks it
		}
		if err == nil && h.kind == chunkIndex {
			err = truncated("it has no trailer")
		}
		if err == nil {
			err = c.check(&h)
		}
		if err == nil && src.size-c.offset-headerSize < int64(h.stored) {
			err = truncated("it stops in the middle of a chunk of %s", h.kind)
		}
		if err != nil {
			x.stop = &Error{c.offset, int64(c.seq), int64(c.next), err}
			break
		}
		x.entry = append(x.entry, entry{c.offset, h.first, h.time, h.count, h.kind})
		c.pass(&h)
		c.next += uint64(h.count)
	}
	x.n, x.end = len(x.entry), c.next
	x.pages = []page{{}}
	return x
}

// at returns the line of a chunk.
func (x *index) at(i int) (entry, error) {
	p := sort.Search(len(x.pages), func(p int) bool { return x.pages[p].base > i }) - 1
	if err := x.turn(p); err != nil {
		return entry{}, err
	}
	i -= x.pages[p].base
	if i >= len(x.entry) {
		return entry{}, fmt.Errorf("tracefile: no chunk %d", i)
	}
	return x.entry[i], nil
}

// search returns the number of the first chunk for which after is true, or n if there is none. If after is true for
// a chunk, it must be true for all later ones.
func (x *index) search(after func(entry) bool) (n int, err error) {
	n = sort.Search(x.n, func(i int) bool {
		e, failed := x.at(i)
		if failed != nil {
			err = failed
		}
		return failed != nil || after(e)
	})
	return n, err
}

// lastBefore returns the number and the line of the last chunk of a kind before chunk i, or -1 if there is none.
func (x *index) lastBefore(i int, kind chunkType) (int, entry, error) {
	for i--; i >= 0; i-- {
		e, err := x.at(i)
		if err != nil || e.kind == kind {
			return i, e, err
		}
	}
	return -1, entry{}, nil
}

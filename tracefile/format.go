package tracefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strings"
)

// Version is the version of the file format that this package writes and reads.
const Version = 1

const (
	magic        = "\x89RPR\r\n\x1a\x01" // the last byte is the version
	chunkMark    = "RPRc"
	trailerMark  = "RPRe"
	trailerEnd   = "RPRend\r\n"
	headerSize   = 48
	trailerSize  = 32
	entrySize    = 32
	indexEntries = 1 << 16 // in one index chunk

	maxRaw         = 1 << 24
	maxStored      = maxRaw + 1<<16
	maxChunkEvents = 1 << 18
	minEventBytes  = 10 // RngSeed
)

type chunkType uint8

// The chunk types. Types from firstPrivate on are not used by this package.
const (
	chunkMetadata chunkType = 1
	chunkIdentity chunkType = 2
	chunkEvents   chunkType = 3
	chunkNames    chunkType = 4
	chunkSites    chunkType = 5
	chunkEnd      chunkType = 6
	chunkIndex    chunkType = 7
	chunkNotes    chunkType = 8
	chunkCalls    chunkType = 9
)

var chunkNamesOf = [...]string{"", "metadata", "identity", "events", "names", "sites", "end", "index", "notes", "calls"}

// String returns the name of t, or its number if it has none.
func (t chunkType) String() string {
	if t.known() {
		return chunkNamesOf[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

func (t chunkType) known() bool { return t >= chunkMetadata && t <= chunkCalls }

const (
	encodingRaw  = 0
	encodingZstd = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// header is the fixed part of a chunk.
type header struct {
	kind        chunkType
	encoding    uint8
	stored, raw uint32 // lengths of the payload in bytes
	first       uint64
	time        uint64
	count       uint32
	seq         uint32
	sum         uint32 // of the stored payload
}

// put writes the 48 bytes of h.
func (h *header) put(b []byte) {
	copy(b, chunkMark)
	b[4], b[5], b[6], b[7] = byte(h.kind), h.encoding, 0, 0
	le := binary.LittleEndian
	le.PutUint32(b[8:], h.stored)
	le.PutUint32(b[12:], h.raw)
	le.PutUint64(b[16:], h.first)
	le.PutUint64(b[24:], h.time)
	le.PutUint32(b[32:], h.count)
	le.PutUint32(b[36:], h.seq)
	le.PutUint32(b[40:], h.sum)
	le.PutUint32(b[44:], checksum(b[:44]))
}

// parseHeader reads the header at an offset, and checks everything that can be checked without its payload.
func parseHeader(b []byte, offset int64) (h header, err error) {
	if string(b[:4]) != chunkMark {
		return h, corrupt("no chunk starts here")
	}
	le := binary.LittleEndian
	if le.Uint32(b[44:]) != checksum(b[:44]) {
		return h, corrupt("the checksum of the chunk's header is wrong")
	}
	h = header{
		kind: chunkType(b[4]), encoding: b[5],
		stored: le.Uint32(b[8:]), raw: le.Uint32(b[12:]),
		first: le.Uint64(b[16:]), time: le.Uint64(b[24:]),
		count: le.Uint32(b[32:]), seq: le.Uint32(b[36:]), sum: le.Uint32(b[40:]),
	}
	if b[6] != 0 || b[7] != 0 {
		return h, corrupt("a reserved byte of the chunk's header is not zero")
	}
	if err := h.validate(); err != nil {
		return h, err
	}
	return h, h.fits(offset)
}

func (h *header) validate() error {
	events := h.kind == chunkEvents
	switch {
	case h.kind == 0:
		return corrupt("chunk type 0")
	case h.stored > maxStored || h.raw > maxRaw:
		return corrupt("a chunk of %d bytes, %d decoded, is over the limit", h.stored, h.raw)
	case h.kind.known() && h.encoding > encodingZstd:
		return corrupt("encoding %d", h.encoding)
	case h.encoding == encodingRaw && h.stored != h.raw:
		return corrupt("a raw chunk of %d bytes that should have %d", h.stored, h.raw)
	case events != (h.count > 0) || h.count > maxChunkEvents || int64(h.count)*minEventBytes > int64(h.raw) && events:
		return corrupt("a chunk of %s with %d events in %d bytes", h.kind, h.count, h.raw)
	case h.first > math.MaxInt64-uint64(h.count):
		return corrupt("event index %d is out of range", h.first)
	}
	return nil
}

// entry is one line of the index: where a chunk is and what it holds.
type entry struct {
	offset int64
	first  uint64
	time   uint64
	count  uint32
	kind   chunkType
}

// appendTo appends the 32 bytes of e.
func (e *entry) appendTo(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(e.offset))
	b = le.AppendUint64(b, e.first)
	b = le.AppendUint64(b, e.time)
	b = le.AppendUint32(b, e.count)
	return append(b, byte(e.kind), 0, 0, 0)
}

// parseEntry reads 32 bytes; ok reports whether the reserved ones are zero.
func parseEntry(b []byte) (e entry, ok bool) {
	le := binary.LittleEndian
	e = entry{int64(le.Uint64(b)), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint32(b[24:]), chunkType(b[28])}
	return e, b[29] == 0 && b[30] == 0 && b[31] == 0
}

// trailer is the end of a complete file.
type trailer struct {
	index int64  // offset of the first index chunk
	total uint64 // number of events in the file
}

func (t trailer) appendTo(b []byte) []byte {
	var tail []byte
	tail = binary.LittleEndian.AppendUint64(tail, uint64(t.index))
	tail = binary.LittleEndian.AppendUint64(tail, t.total)
	tail = append(tail, trailerEnd...)
	b = append(b, trailerMark...)
	b = binary.LittleEndian.AppendUint32(b, checksum(tail))
	return append(b, tail...)
}

// parseTrailer reads 32 bytes.
func parseTrailer(b []byte) (t trailer, err error) {
	le := binary.LittleEndian
	switch {
	case string(b[:4]) != trailerMark || string(b[24:]) != trailerEnd:
		return t, corrupt("the trailer is damaged")
	case le.Uint32(b[4:]) != checksum(b[8:]):
		return t, corrupt("the checksum of the trailer is wrong")
	}
	t = trailer{int64(le.Uint64(b[8:])), le.Uint64(b[16:])}
	if t.index < 0 || t.total > math.MaxInt64 {
		return t, corrupt("the trailer is out of range")
	}
	return t, nil
}

// checkMagic returns the reason why b, the start of a file, is not the start of a trace file, or nil.
func checkMagic(b []byte) error {
	switch {
	case string(b) == magic:
		return nil
	case len(b) == 0:
		return corrupt("the file is empty")
	case len(b) == len(magic) && string(b[:7]) == magic[:7]:
		return fmt.Errorf("%w: the file has version %d, this reader reads version %d", ErrVersion, b[7], Version)
	case strings.HasPrefix(magic, string(b)):
		return truncated("only %d bytes", len(b))
	}
	return corrupt("this is no trace file: %s", guess(b))
}

// guess describes what a file that is not a trace file seems to be.
func guess(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89RPR\n")), bytes.HasPrefix(b, []byte("\x89RPR\r\r")),
		bytes.HasPrefix(b, []byte("\x09RPR")), bytes.HasPrefix(b, []byte("\xef\xbf\xbdRPR")):
		return "it was damaged by a transfer as text"
	case b[0] == 0x92 || b[0] == 0x82 || b[0] == 0xdc || b[0] == 0xdd:
		return "it looks like MessagePack, which the extension .msgpack tells"
	case b[0] == '{' || b[0] == '[':
		return "it looks like JSON, which the extension .jsonl tells"
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(b, []byte("\x1f\x8b")):
		return "it looks compressed; decompress it first"
	}
	if isText(b) {
		return fmt.Sprintf("it looks like text that starts with %q", b)
	}
	return fmt.Sprintf("it starts with % x", b)
}

// isText reports whether b consists of printable ASCII and white space.
func isText(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' && r != '\n' && r != '\r' })
}

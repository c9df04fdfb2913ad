package tracefile

import (
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// zstdLevel was chosen by measurement (BenchmarkLevels): the next level makes files 5 % smaller and takes half as
// long again.
const zstdLevel = zstd.SpeedFastest

// The compressors are reused, because making one costs more than writing a small file.
var (
	encoders = sync.Pool{New: func() any { return newEncoder(zstdLevel) }}
	decoders = sync.Pool{New: func() any { return newDecoder() }}
)

func newEncoder(level zstd.EncoderLevel) *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return z
}

// decodeRoom is the number of bytes by which a decoded payload may be too long before the decoder stops.
const decodeRoom = 64

func newDecoder() *zstd.Decoder {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRaw+decodeRoom),
		zstd.WithDecoderMaxWindow(1<<26), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return z
}

// unpack decodes a stored payload, whose checksum was verified, into buf if it is large enough.
func unpack(z *zstd.Decoder, h *header, stored, buf []byte) ([]byte, error) {
	if h.encoding == encodingRaw {
		return append(buf[:0], stored...), nil
	}
	if h.expands() {
		return buf, corrupt("a payload of %d bytes that decodes to %d", h.stored, h.raw)
	}
	if need := int(h.raw) + decodeRoom; cap(buf) < need {
		buf = make([]byte, 0, need)
	}
	raw, err := z.DecodeAll(stored, buf[:0:int(h.raw)+decodeRoom])
	if err != nil {
		return buf, corrupt("the payload does not decompress: %w", err)
	}
	if len(raw) != int(h.raw) {
		return raw, corrupt("the payload decompresses to %d bytes, not %d", len(raw), h.raw)
	}
	return raw, nil
}

// chunkWriter writes chunks in order. It is used by one goroutine at a time.
type chunkWriter struct {
	w       io.Writer
	z       *zstd.Encoder
	size    atomic.Int64 // number of bytes written
	seq     uint32
	next    uint64 // index of the next event
	time    uint64
	entries []byte // lines of the index, 32 bytes a chunk
	raw     []byte
	out     []byte
	err     error // the first error, returned by all later calls
}

// emit writes a complete chunk, or bytes that are not a chunk.
func (c *chunkWriter) emit(b []byte) error {
	if c.err != nil {
		return c.err
	}
	n, err := c.w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	c.size.Add(int64(max(0, min(n, len(b)))))
	if err != nil {
		c.err = fmt.Errorf("tracefile: write: %w", err)
	}
	return c.err
}

// pack makes a chunk of a payload in c.out and lists it for the index.
func (c *chunkWriter) pack(kind chunkType, raw []byte, count int) []byte {
	h := header{kind: kind, encoding: encodingRaw, raw: uint32(len(raw)),
		first: c.next, time: c.time, count: uint32(count), seq: c.seq}
	c.out = append(c.out[:0], make([]byte, headerSize)...)
	if kind != chunkMetadata && kind != chunkIdentity && len(raw) > 0 {
		c.out = c.z.EncodeAll(raw, c.out)
		h.encoding = encodingZstd
	}
	h.stored = uint32(len(c.out) - headerSize)
	if h.encoding == encodingRaw || h.stored >= h.raw || h.expands() {
		c.out = append(c.out[:headerSize], raw...)
		h.encoding = encodingRaw
	}
	h.stored = uint32(len(c.out) - headerSize)
	h.sum = checksum(c.out[headerSize:])
	h.put(c.out)
	return c.out
}

// chunk writes a chunk.
func (c *chunkWriter) chunk(kind chunkType, raw []byte, count int) {
	if c.err == nil && c.seq == math.MaxUint32 {
		c.err = fmt.Errorf("tracefile: more than %d chunks", uint32(math.MaxUint32))
	}
	if c.err != nil {
		return
	}
	if kind != chunkIndex {
		e := entry{c.size.Load(), c.next, c.time, uint32(count), kind}
		c.entries = e.appendTo(c.entries)
	}
	if c.emit(c.pack(kind, raw, count)) == nil {
		c.seq++
	}
}

// batch writes the chunks of a batch.
func (c *chunkWriter) batch(b *batch) {
	if len(b.names) > 0 {
		names := uniqueNames(b.names)
		c.list(chunkNames, &list{len(names), appendNames(nil, names)})
	}
	c.list(chunkSites, &b.sites)
	c.list(chunkNotes, &b.notes.list)
	if len(b.events) == 0 || c.err != nil {
		return
	}
	c.raw = c.raw[:0]
	now := c.time
	for _, e := range b.events {
		c.raw = e.AppendMsgpack(c.raw)
		now = timeAfter(now, &e)
	}
	c.chunk(chunkEvents, c.raw, len(b.events))
	c.next += uint64(len(b.events))
	c.time = now
}

// list writes a chunk with an array, unless it is empty.
func (c *chunkWriter) list(kind chunkType, l *list) {
	if l.n > 0 {
		c.raw = append(appendArray(c.raw[:0], l.n), l.body...)
		c.chunk(kind, c.raw, 0)
	}
}

// footer writes the calls, the end chunk, the index and the trailer.
func (c *chunkWriter) footer(calls *callList, end *End, total uint64) error {
	c.calls(calls)
	if end != nil {
		c.chunk(chunkEnd, encodeEnd(*end), 0)
	}
	t := trailer{c.size.Load(), total}
	for left := c.entries; ; {
		page := left[:min(len(left), indexEntries*entrySize)]
		c.chunk(chunkIndex, page, 0)
		if left = left[len(page):]; len(left) == 0 {
			break
		}
	}
	return c.emit(t.appendTo(nil))
}

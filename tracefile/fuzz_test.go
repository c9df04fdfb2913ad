package tracefile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/reprise-go/reprise/tracefile"
)

// A file may come from anywhere. The inputs here are made to hurt, by hand or by the fuzzer: a few bytes that announce
// gigabytes, frames that decode to more than they say, an index that points anywhere. Whatever the bytes: no panic,
// little memory, and one opinion by every road.

// pack returns a zstd frame.
func pack(t testing.TB, raw []byte) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(raw, nil)
}

// bomb returns a zstd frame of zeros without a size in its header: rle blocks of 128 KiB, four bytes each.
func bomb(size int) []byte {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58} // no content size, a window of 2 MiB
	for n := 0; n < size; n += 1 << 17 {
		last := uint32(0)
		if n+1<<17 >= size {
			last = 1
		}
		h := last | 1<<1 | 1<<17<<3
		frame = append(frame, byte(h), byte(h>>8), byte(h>>16), 0)
	}
	return frame
}

// packed makes the payload of b a zstd frame which is said to decode to raw bytes.
func (b *block) packed(frame []byte, raw uint32) *block {
	b.payload = frame
	b.head[atEncoding] = encodingZstd
	b.put32(atStored, uint32(len(frame)))
	b.put32(atRaw, raw)
	return b.seal()
}

// eventBytes returns the MessagePack forms of n events from index from on.
func (p tape) eventBytes(from, n uint64) (b []byte) {
	for i := range n {
		b = p.event(from + i).AppendMsgpack(b)
	}
	return b
}

// events returns a raw event chunk.
func (p tape) events(from, n uint64) *block {
	return newBlock(typeEvents, from, p.time(from), uint32(n), p.eventBytes(from, n))
}

// headBlocks returns the metadata and identity chunks of a recording.
func (p tape) headBlocks(t testing.TB) (md, id *block) {
	t.Helper()
	p.n = 0
	blocks := cutBlocks(t, p.file(t))
	return blocks[0], blocks[1]
}

// A trap is a file made to hurt.
type trap struct {
	name  string
	file  []byte
	least int  // events that must come before the error
	fine  bool // it is a good file after all
}

// trapTape is what the traps would be recordings of.
var trapTape = tape{salt: 11, first: 0, n: 8, bare: true}

// trapped returns a file with two event chunks of four events and hurt between them.
func trapped(t testing.TB, hurt ...*block) []byte {
	t.Helper()
	md, id := trapTape.headBlocks(t)
	blocks := append([]*block{md, id, trapTape.events(0, 4)}, hurt...)
	return finish(append(blocks, trapTape.events(4, 4))...)
}

// between returns a raw chunk without events that stands between the two event chunks of trapped.
func between(typ byte, payload []byte) *block {
	return newBlock(typ, 4, trapTape.time(4), 0, payload)
}

// eventTraps are files with a bad event chunk behind four good events.
func eventTraps(t testing.TB) (traps []trap) {
	md, id := trapTape.headBlocks(t)
	good := trapTape.eventBytes(4, 4)
	size := uint32(len(good))
	held := func(count uint32, payload []byte) *block {
		return newBlock(typeEvents, 4, trapTape.time(4), count, payload)
	}
	framed := func(frame []byte, raw uint32) *block { return held(4, nil).packed(frame, raw) }
	for _, c := range []struct {
		name string
		hurt *block
	}{
		{"no events in an event chunk", held(0, nil)},
		{"bytes without a count", held(0, good)},
		{"a count without bytes", held(1<<18, nil)},
		{"more counted than held", held(5, good)},
		{"fewer counted than held", held(3, good)},
		{"a count over the limit", held(1<<18+1, bytes.Repeat(good[:1], 1<<20))},
		{"half an event", held(4, good[:len(good)-1])},
		{"no event", held(1, []byte{0xc0})},
		{"a huge array", held(1, []byte("\xdd\xff\xff\xff\xff\xa7RngSeed\x2a"))},
		{"deep nesting", held(1, bytes.Repeat([]byte{0x91}, 100_000))},
		{"a bomb of 1 GiB", framed(bomb(1<<30), size)},
		{"a bomb of 16 MiB", held(1<<18, nil).packed(bomb(1<<24), 1<<24)},
		{"a bomb at the limit of raw", held(1, nil).packed(bomb(1<<30), maxRaw)},
		{"a frame that gives one byte more", framed(pack(t, append(good, 0)), size)},
		{"a frame that gives one byte less", framed(pack(t, good[1:]), size)},
		{"a frame that gives half", framed(pack(t, good), 2*size)},
		{"a frame said to give 4 GiB", framed(pack(t, good), math.MaxUint32)},
		{"an empty frame", framed(nil, size)},
		{"half a frame", framed(pack(t, good)[:20], size)},
		{"no frame", framed(good, size)},
		{"a frame with a window of terabytes", framed([]byte("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00"), size)},
		{"a frame of a dictionary", framed([]byte("\x28\xb5\x2f\xfd\x01\x58\x07\x01\x00\x00"), size)},
		{"a gap", trapTape.events(5, 3)},
		{"events again", trapTape.events(0, 4)},
		{"the largest index", newBlock(typeEvents, math.MaxUint64, trapTape.time(4), 4, good)},
		{"time going back", newBlock(typeEvents, 4, 0, 4, good)},
		{"a later time", newBlock(typeEvents, 4, math.MaxUint64, 4, good)},
	} {
		traps = append(traps, trap{name: c.name, file: finish(md, id, trapTape.events(0, 4), c.hurt), least: 4})
	}
	return traps
}

// sideTraps are files with a bad chunk that holds no events.
func sideTraps(t testing.TB) (traps []trap) {
	md, id := trapTape.headBlocks(t)
	odd := between(200, []byte("xy"))
	odd.put32(atRaw, 1)
	for _, c := range []struct {
		name string
		hurt *block
	}{
		{"metadata again", between(typeMetadata, md.payload)},
		{"a count in a chunk without events", newBlock(typeNames, 4, trapTape.time(4), 4, []byte{0x90})},
		{"type 0", between(0, nil)},
		{"a raw length that is not the stored one", odd.seal()},
		{"an end before events", between(typeEnd, []byte("\x81\xa6reason\xa6failed"))},
		{"an index before events", between(typeIndex, indexEntry(magicSize, md))},
	} {
		traps = append(traps, trap{name: c.name, file: trapped(t, c.hurt), least: 4})
	}
	for _, c := range []struct {
		name  string
		first *block
	}{
		{"no metadata", id}, {"events first", trapTape.events(0, 4)}, {"an unknown chunk first", newBlock(99, 0, 0, 0, nil)},
		{"metadata that is none", newBlock(typeMetadata, 0, 0, 0, []byte("\xc0"))},
		{"metadata and more", newBlock(typeMetadata, 0, 0, 0, append(slices.Clone(md.payload), 0))},
		{"metadata of version 2", newBlock(typeMetadata, 0, 0, 0, []byte("\x94\x02\x00\x00\x00"))},
		{"a huge description", newBlock(typeMetadata, 0, 0, 0, []byte("\x95\x01\x00\x00\x00\xdb\xff\xff\xff\xffx"))},
		{"packed metadata of 1 GiB", newBlock(typeMetadata, 0, 0, 0, nil).packed(bomb(1<<30), 100)},
	} {
		traps = append(traps, trap{name: c.name, file: finish(c.first, id, trapTape.events(0, 4), trapTape.events(4, 4))})
	}
	for name, payload := range map[string]string{
		"identity of 4 G entries": "\xdf\xff\xff\xff\xff\xa1k\xa1v", "identity with a long key": "\x81\xdb\xff\xff\xff\xff",
		"identity nested": strings.Repeat("\x81\xa1k", 50_000), "no identity": "\xc0", "identity of numbers": "\x81\xa1k\x01",
	} {
		traps = append(traps, trap{name: name, file: finish(md, newBlock(typeIdentity, 0, 0, 0, []byte(payload)),
			trapTape.events(0, 4), trapTape.events(4, 4))})
	}
	return traps
}

// quietTraps are files whose names or sites are bad. Readers decode those lazily, so that some read well without them.
func quietTraps(t testing.TB) (traps []trap) {
	for _, typ := range []byte{typeNames, typeSites, typeNotes} {
		for _, payload := range []string{
			"", "\xc0", "\xdd\xff\xff\xff\xff", "\xdc\xff\xff\x92",
			"\x91\x93\x00\x01\xdb\xff\xff\xff\xffx", "\x91\x93\x00\x01\xa1x\x00",
			"\x91\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1x", "\x92\x92\x03\xa1x\x92\x02\xa1y", "\x91\x92\x04\xa1x",
			"\x91\x93\x02\x01\xa1x", "\x91\x93\x00\x01\xa1\xff", strings.Repeat("\x91", 100_000),
			"\x91\x93\x00\x01\xda\x20\x00" + strings.Repeat("n", 1<<13), "\x92\x92\x01\xa1x\x92\x01\xa1y",
		} {
			name := fmt.Sprintf("type %d, %.20q", typ, payload)
			traps = append(traps, trap{name: name, file: trapped(t, between(typ, []byte(payload))), least: 4})
		}
		if typ == typeNotes {
			for name, payload := range noteTraps() {
				traps = append(traps, trap{name: "notes: " + name, file: trapped(t, between(typ, []byte(payload))), least: 4})
			}
		}
		frame := between(typ, nil).packed(bomb(1<<30), 100)
		traps = append(traps, trap{name: fmt.Sprintf("type %d, a bomb", typ), file: trapped(t, frame), least: 4})
	}
	return traps
}

// noteTraps are notes that are malformed.
func noteTraps() map[string]string {
	many := func(n uint16) string { return string([]byte{0xdc, byte(n >> 8), byte(n)}) }
	return map[string]string{
		"two elements":              "\x91\x92\x00\xa4stop",
		"a number of no text":       "\x91\x93\x00\x00\xc0",
		"a number of a later text":  "\x91\x94\x00\xa1x\xc0\x01",
		"events in another order":   "\x92\x93\x01\xa1x\xc0\x93\x00\xa1x\xc0",
		"an event behind the chunk": "\x91\x93\x04\xa1x\xc0",
		"many tasks":                "\x91\x99\x00\xa1x\xc0\xa0\xa0\xa0\xa0\x00" + many(65) + strings.Repeat("\x00", 65),
		"many frames":               "\x91\x9a\x00\xa1x\xc0\xa0\xa0\xa0\xa0\x00\x90" + many(65) + strings.Repeat("\x00", 65),
		"many notes":                "\xdd\x00\x01\x00\x01" + strings.Repeat("\x93\x00\xa0\xc0", 1<<16+1),
		"a deep element": "\x91\x9b\x00\xa1x\xc0\xa0\xa0\xa0\xa0\x00\x90\x90" + strings.Repeat("\x91", 1000) +
			"\xc0",
		"an element of no type": "\x91\x9b\x00\xa1x\xc0\xa0\xa0\xa0\xa0\x00\x90\x90\xc1",
	}
}

// fineTraps look bad and are not.
func fineTraps(t testing.TB) (traps []trap) {
	good := trapTape.eventBytes(4, 4)
	fake := trapTape.events(4, 4)
	fake.payload[0]++
	fake.put32(atSequence, 4)
	for _, c := range []struct {
		name string
		hurt []*block
	}{
		{"unknown chunks", []*block{between(99, []byte("?")), between(255, nil), between(128, make([]byte, 1<<20))}},
		{"an unknown chunk with a bomb", []*block{between(99, nil).packed(bomb(1<<30), 5)}},
		{"a chunk in a chunk", []*block{between(99, slices.Concat([]byte("..RPRc.."), fake.seal().bytes(), []byte("RPRc")))}},
		{"a file in a chunk", []*block{between(99, tape{salt: 1, first: 4, n: 4}.file(t))}},
		{"many chunks without events", slices.Repeat([]*block{between(99, nil)}, 500)},
	} {
		copies := make([]*block, len(c.hurt))
		for i, b := range c.hurt {
			copies[i] = &block{b.head, b.payload}
		}
		traps = append(traps, trap{name: c.name, file: trapped(t, copies...), least: 8, fine: true})
	}
	md, id := trapTape.headBlocks(t)
	framed := newBlock(typeEvents, 4, trapTape.time(4), 4, nil).packed(pack(t, good), uint32(len(good)))
	named := newBlock(typeEvents, 0, 0, 1, []byte("\x83\xa4type\xacTimeAdvanced\xaafrom_nanos\x00\xa8to_nanos\x15"))
	return append(traps, trap{"a frame", finish(md, id, trapTape.events(0, 4), framed), 8, true},
		trap{"an event as a map", finish(md, id, named, trapTape.events(1, 7)), 8, true})
}

// footerTraps are good files with an index or a trailer that lies.
func footerTraps(t testing.TB) (traps []trap) {
	p := trapTape
	p.chunk = 2
	file := p.file(t)
	blocks, trailer := cutBlocks(t, file), file[len(file)-trailerSize:]
	last := len(blocks) - 1
	indexAt := binary.LittleEndian.Uint64(trailer[trailerIndex:])
	add := func(name string, file []byte) { traps = append(traps, trap{name: name, file: file, least: 8}) }
	body := joinBlocks(blocks, nil)
	for _, offset := range []uint64{0, 1, magicSize, indexAt - 1, indexAt + 1, indexAt + headSize, uint64(len(body)),
		uint64(len(file)), uint64(len(file)) + 1, 1 << 40, math.MaxInt64, 1 << 63, math.MaxUint64,
		math.MaxUint64 - headSize + 1} {
		add(fmt.Sprintf("a trailer that points to %d", offset), slices.Concat(body, newTrailer(offset, p.n)))
	}
	for _, total := range []uint64{0, p.n - 1, p.n + 1, math.MaxInt64, math.MaxUint64} {
		add(fmt.Sprintf("a trailer that counts %d", total), slices.Concat(body, newTrailer(indexAt, total)))
	}
	add("bytes after the trailer", append(slices.Clone(file), 0))
	add("the trailer twice", slices.Concat(file, trailer))
	add("the file twice", slices.Concat(file, file))
	add("no index", slices.Concat(joinBlocks(blocks[:last], nil), newTrailer(indexAt, p.n)))
	entries := blocks[last].decoded()
	lie := func(name string, entries []byte) {
		b := newBlock(typeIndex, p.n, p.time(p.n), 0, entries)
		b.put32(atSequence, uint32(last))
		add(name, joinBlocks(append(slices.Clone(blocks[:last]), b.seal()), newTrailer(indexAt, p.n)))
	}
	for at := range entries {
		lied := slices.Clone(entries)
		lied[at] ^= 1 << (at % 8)
		lie(fmt.Sprintf("byte %d of the index", at), lied)
	}
	lie("an empty index", nil)
	lie("an index without its first entry", entries[32:])
	lie("an index without its last entry", entries[:len(entries)-32])
	lie("an index with an entry twice", append(slices.Clone(entries), entries[len(entries)-32:]...))
	lie("an index with half an entry", entries[:len(entries)-16])
	lie("an index of one entry many times", bytes.Repeat(entries[:32], 1<<16))
	lie("an index backwards", backwards(entries))
	lie("an index of over 65,536 entries", slices.Concat(entries, make([]byte, 32<<16)))
	add("a chunk within the index", p.splitIndex(t))
	b := newBlock(typeIndex, p.n, p.time(p.n), 0, nil).packed(bomb(1<<30), uint32(len(entries)))
	b.put32(atSequence, uint32(last))
	add("an index of 1 GiB", joinBlocks(append(slices.Clone(blocks[:last]), b.seal()), newTrailer(indexAt, p.n)))
	return traps
}

// unzstd decodes frames, up to the size of a payload.
var unzstd = sync.OnceValue(func() *zstd.Decoder {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRaw))
	if err != nil {
		panic(err) // the options are constants
	}
	return dec
})

// splitIndex returns a file in whose index, between two chunks of it, stands another chunk, which it lists.
func (p tape) splitIndex(t testing.TB) []byte {
	t.Helper()
	file := p.file(t)
	blocks := cutBlocks(t, file)
	last := len(blocks) - 1
	more := newBlock(99, p.first+p.n, p.time(p.first+p.n), 0, nil)
	indexAt := binary.LittleEndian.Uint64(file[len(file)-trailerSize+trailerIndex:])
	rest := newBlock(typeIndex, p.first+p.n, p.time(p.first+p.n), 0, indexEntry(indexAt+uint64(blocks[last].size()), more))
	more.put32(atSequence, uint32(last+1))
	rest.put32(atSequence, uint32(last+2))
	return joinBlocks(append(blocks, more.seal(), rest.seal()), newTrailer(indexAt, p.n))
}

// decoded returns the decoded payload of b, nil if it cannot be decoded.
func (b *block) decoded() []byte {
	if b.head[atEncoding] == encodingRaw {
		return b.payload
	}
	raw, err := unzstd().DecodeAll(b.payload, nil)
	if err != nil {
		return nil
	}
	return raw
}

func backwards(entries []byte) (b []byte) {
	for at := len(entries) - 32; at >= 0; at -= 32 {
		b = append(b, entries[at:at+32]...)
	}
	return b
}

// tinyTraps are no trace files at all.
func tinyTraps() (traps []trap) {
	magic := "\x89RPR\r\n\x1a\x01"
	for name, text := range map[string]string{
		"empty": "", "the magic alone": magic, "half of the magic": magic[:4], "MessagePack": "\x92\x94\x01\x2a\x00\x00\x90",
		"JSON": `{"version":1,"seed":42,"recorded_at":0,"config_hash":0}` + "\n", "text mode": "\x89RPR\n\x1a\x01RPRc",
		"format version 2": "\x89RPR\r\n\x1a\x02" + strings.Repeat("?", 100), "zeros": strings.Repeat("\x00", 1000),
		"magic and zeros":     magic + strings.Repeat("\x00", 1000),
		"magic and a trailer": magic + string(newTrailer(magicSize, 0)),
		"a trailer alone":     string(newTrailer(0, 0)), "chunk starts": magic + strings.Repeat("RPRc", 10_000),
	} {
		traps = append(traps, trap{name: name, file: []byte(text)})
	}
	return traps
}

func allTraps(t testing.TB) []trap {
	t.Helper()
	return slices.Concat(eventTraps(t), sideTraps(t), quietTraps(t), fineTraps(t), footerTraps(t), tinyTraps())
}

// memoryLimit is what reading a small hostile file may allocate in all: a chunk at the limit may be decoded, stored and
// decoded twice over.
const memoryLimit = 80 << 20

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestTraps(t *testing.T) {
	quiet := map[string]bool{}
	for _, c := range quietTraps(t) {
		quiet[c.name] = true
	}
	for _, c := range allTraps(t) {
		t.Run(c.name, func(t *testing.T) {
			for _, w := range roads[:4] {
				var s story
				if got := allocated(func() { s = tell(t, c.file, w) }); got > memoryLimit {
					t.Errorf("%s: %d bytes allocated, want at most %d", w.name, got, memoryLimit)
				}
				checkTrap(t, c, w, s, quiet[c.name])
			}
			checkSeeks(t, c.file)
			checkLikeReader(t, c.file)
			if c.least == 8 && !c.fine {
				checkLyingFooter(t, c.file)
			}
		})
	}
}

// checkTrap: four or eight right events, then an error that says where, and none where the file is fine.
func checkTrap(t *testing.T, c trap, w road, s story, quiet bool) {
	t.Helper()
	for i, e := range s.events {
		if i >= int(trapTape.n) || e != trapTape.event(uint64(i)) && c.name != "an event as a map" {
			t.Fatalf("%s: event %d is %v", w.name, i, e)
		}
	}
	// A footer that lies may be found out before the first event.
	if len(s.events) < c.least && s.opened {
		t.Errorf("%s: %d events before %v, want %d", w.name, len(s.events), s.err, c.least)
	}
	switch {
	case c.fine && s.err != nil:
		t.Errorf("%s: %v, want the file to be read to its end", w.name, s.err)
	case !c.fine && !quiet && !isDamage(s.err):
		t.Errorf("%s: error %v, want a *tracefile.Error for the damage", w.name, s.err)
	case s.err != nil && !isDamage(s.err):
		t.Errorf("%s: error %v, want a *tracefile.Error of a class", w.name, s.err)
	}
}

// checkLyingFooter: where only the footer is wrong, Seek leads to the right event or to an error.
func checkLyingFooter(t *testing.T, file []byte) {
	t.Helper()
	for _, start := range []uint64{7, 4, 1} {
		r, err := openAt(file)
		if err != nil {
			return
		}
		for k := range trapTape.n {
			trapTape.judgeSeek(t, "lying footer", r, (start+3*k)%trapTape.n)
		}
		trapTape.judgeRest(t, "lying footer", r)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestVersions: what a newer reprise wrote is not called damaged.
func TestVersions(t *testing.T) {
	_, id := trapTape.headBlocks(t)
	for name, file := range map[string][]byte{
		"format":   []byte("\x89RPR\r\n\x1a\x02" + strings.Repeat("?", 100)),
		"metadata": finish(newBlock(typeMetadata, 0, 0, 0, []byte("\x94\x02\x00\x00\x00")), id),
	} {
		for _, w := range roads[:2] {
			if _, err := w.open(file); !errors.Is(err, tracefile.ErrVersion) || errors.Is(err, tracefile.ErrCorrupt) {
				t.Errorf("%s of version 2, %s: %v, want ErrVersion and not ErrCorrupt", name, w.name, err)
			}
		}
	}
}

// TestAnnounced: a chunk that is announced with 16 MiB and is not there costs little.
func TestAnnounced(t *testing.T) {
	md, id := trapTape.headBlocks(t)
	for _, typ := range []byte{typeIdentity, typeEvents, typeNames, typeIndex, 99} {
		b := newBlock(typ, 0, 0, 0, nil)
		b.put32(atStored, maxRaw)
		b.put32(atRaw, maxRaw)
		b.put32(atSequence, 2)
		if typ == typeEvents {
			b.put32(atCount, 1<<18)
		}
		before := []*block{md, id}
		if typ == typeIdentity {
			before = before[:1]
			b.put32(atSequence, 1)
		}
		file := append(joinBlocks(append(before, b.seal()), nil), "a few bytes"...)
		for _, w := range roads[:4] {
			if got := allocated(func() { tell(t, file, w) }); got > 4<<20 {
				t.Errorf("type %d, %s: %d bytes allocated, the file has %d", typ, w.name, got, len(file))
			}
		}
		if got := allocated(func() { checkLikeReader(t, file) }); got > 4<<20 {
			t.Errorf("type %d, Recover: %d bytes allocated, the file has %d", typ, got, len(file))
		}
	}
}

// A flood is an endless stream: a head, and then the same chunk again and again with rising sequence numbers.
type flood struct {
	rest []byte
	next *block
	left int
}

func (f *flood) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.left == 0 {
			return 0, errDisk
		}
		f.left--
		f.next.put32(atSequence, f.next.u32(atSequence)+1)
		f.rest = f.next.seal().bytes()
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// TestFlood: chunks without events, without end, leave the reader's memory as it is.
func TestFlood(t *testing.T) {
	md, id := trapTape.headBlocks(t)
	head := joinBlocks([]*block{md, id}, nil)
	name := "\xda\x10\x00" + strings.Repeat("n", 4096)
	for label, payload := range map[string]string{
		"names":   "\xdc\x00\x10" + strings.Repeat("\x93\x00\x01"+name, 16),
		"unknown": strings.Repeat("?", 1<<16),
		"sites":   "\xdc\x00\x10" + strings.Repeat("\x92\x01"+name, 16),
	} {
		typ := map[string]byte{"names": typeNames, "unknown": 99, "sites": typeSites}[label]
		b := newBlock(typ, 0, 0, 0, []byte(payload))
		b.put32(atSequence, 1)
		r, err := tracefile.NewReader(&flood{rest: head, next: b, left: 2000})
		if err != nil {
			t.Fatal(err)
		}
		before := liveHeap()
		_, err = r.Next()
		after := liveHeap()
		if after > before+16<<20 {
			t.Errorf("%s: the heap grows from %d to %d bytes", label, before, after)
		}
		if !errors.Is(err, errDisk) && !isDamage(err) {
			t.Errorf("%s: %v", label, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// checkSeeks: where a file reads to its end, each Seek leads to the event that reading led to; elsewhere to an error or
// to an event.
func checkSeeks(t testing.TB, file []byte) {
	t.Helper()
	s := tell(t, file, roads[1])
	r, err := openAt(file)
	if err != nil {
		return
	}
	defer r.Close()
	for _, k := range []int{len(s.events) - 1, 0, len(s.events) / 2, len(s.events)} {
		if k < 0 {
			continue
		}
		err := r.Seek(s.first + uint64(k))
		if err != nil && s.err == nil {
			t.Fatalf("Seek to event %d of %d: %v", k, len(s.events), err)
		}
		if s.err != nil {
			continue
		}
		checkNext(t, r, s, k)
	}
	if s.err == nil && len(s.times) > 0 {
		if err := r.SeekTime(s.times[len(s.times)-1]); err != nil {
			t.Fatalf("SeekTime to the end: %v", err)
		}
		checkNext(t, r, s, slices.IndexFunc(s.times, func(at uint64) bool { return at >= s.times[len(s.times)-1] }))
	}
}

// checkNext: r stands before event k of s, or at its end.
func checkNext(t testing.TB, r *tracefile.Reader, s story, k int) {
	t.Helper()
	e, err := r.Next()
	if k == len(s.events) {
		if err != io.EOF {
			t.Fatalf("after a Seek to the end: %v, %v", e, err)
		}
		return
	}
	if got := notesOf(t, r); got != s.notes[k] {
		t.Fatalf("after a Seek to event %d: notes %s; reading gives %s", k, got, s.notes[k])
	}
	if err != nil || e != s.events[k] || r.Time() != s.times[k] || r.Site() != s.sites[k] {
		t.Fatalf("after a Seek to event %d: %v, %v at %d ns, site %q; reading gives %v at %d ns, site %q", k, e, err,
			r.Time(), r.Site(), s.events[k], s.times[k], s.sites[k])
	}
}

// sameStart reports whether one of two stories begins the other.
func sameStart(a, b story) bool {
	n := min(len(a.events), len(b.events))
	return slices.Equal(a.events[:n], b.events[:n]) && slices.Equal(a.times[:n], b.times[:n]) &&
		slices.Equal(a.sites[:n], b.sites[:n]) && slices.Equal(a.notes[:n], b.notes[:n])
}

// checkRoads: all ways of reading have one opinion. Decoding ahead changes nothing, not even the error; a ReaderAt may
// find damage earlier, since it looks at the end of the file first.
func checkRoads(t testing.TB, file []byte) {
	t.Helper()
	stream, at := tell(t, file, roads[0]), tell(t, file, roads[1])
	for k, s := range []story{stream, at} {
		w := roads[k+2]
		other := tell(t, file, w)
		same := sameStart(s, other) && len(s.events) == len(other.events) && s.end == other.end
		if !same || fmt.Sprint(s.err) != fmt.Sprint(other.err) {
			t.Fatalf("%d events, %v, end %v; %s %d events, %v, end %v", len(s.events), s.err, s.end, w.name, len(other.events),
				other.err, other.end)
		}
		if s.err != nil && !isDamage(s.err) {
			t.Fatalf("error %T %v, want a *tracefile.Error of a class", s.err, s.err)
		}
	}
	if !sameStart(stream, at) || (stream.err == nil) != (at.err == nil) ||
		stream.err == nil && len(stream.events) != len(at.events) {
		t.Fatalf("a stream gives %d events, %v; a ReaderAt %d, %v", len(stream.events), stream.err, len(at.events), at.err)
	}
	checkSeeks(t, file)
}

// maxFuzz caps the input, so that an execution is fast.
const maxFuzz = 1 << 14

// repair makes a file of an input in which all checksums and sequence numbers are right, so that the fuzzer reaches
// what stands behind them.
func repair(input []byte) []byte {
	file := slices.Clone(input)
	copy(file, "\x89RPR\r\n\x1a\x01")
	at := magicSize
	for n := uint32(0); at+headSize <= len(file) && string(file[at:at+4]) != "RPRe"; n++ {
		b := &block{head: [headSize]byte(file[at:])}
		copy(b.head[:], "RPRc")
		size := min(int(b.u32(atStored)), len(file)-at-headSize)
		b.payload = file[at+headSize : at+headSize+size]
		b.put32(atStored, uint32(size))
		b.put32(atSequence, n)
		at += copy(file[at:], b.seal().bytes())
	}
	if len(file)-at == trailerSize {
		binary.LittleEndian.PutUint32(file[at+trailerCRC:], crc32.Checksum(file[at+trailerIndex:], castagnoli))
	}
	return file
}

// addSeeds adds a file of each kind besides those in testdata.
func addSeeds(f *testing.F) {
	for _, p := range []tape{
		smallTape, {salt: 1}, {salt: 2, n: 3, chunk: 2, bare: true}, {salt: 3, first: 1 << 40, n: 20, chunk: 20},
	} {
		f.Add(p.file(f), false)
		f.Add(p.file(f), true)
	}
}

func FuzzReader(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte, repaired bool) {
		if len(input) > maxFuzz {
			return
		}
		if repaired {
			input = repair(input)
		}
		if got := allocated(func() { checkRoads(t, input) }); got > 10*memoryLimit {
			t.Fatalf("%d bytes allocated for an input of %d", got, len(input))
		}
	})
}

func FuzzRecover(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte, repaired bool) {
		if len(input) > maxFuzz {
			return
		}
		if repaired {
			input = repair(input)
		}
		if got := allocated(func() { checkLikeReader(t, input) }); got > 10*memoryLimit {
			t.Fatalf("%d bytes allocated for an input of %d", got, len(input))
		}
	})
}

// FuzzPayload puts any payload into a chunk of any type in a file that is good elsewhere.
func FuzzPayload(f *testing.F) {
	f.Add(byte(typeNames), []byte("\x91\x93\x00\x01\xa1x"), uint32(0), uint32(0))
	f.Add(byte(typeSites), []byte("\x91\x92\x00\xa7a.go:12"), uint32(0), uint32(0))
	f.Add(byte(typeNotes), []byte("\x92\x97\x00\xa5stops\x01\xa3why\xa5mutex\xa1a\xa6a.go:1"+
		"\x9a\x01\x00\xc0\xa0\xa0\xa0\xa0\x07\x91\x01\x91\x01"), uint32(0), uint32(0))
	f.Add(byte(typeIdentity), []byte("\x81\xa6module\xa4bank"), uint32(0), uint32(0))
	f.Add(byte(typeEnd), []byte("\x81\xa6reason\xa6failed"), uint32(0), uint32(0))
	f.Add(byte(typeEvents), trapTape.eventBytes(4, 4), uint32(4), uint32(0))
	f.Add(byte(typeEvents), pack(f, trapTape.eventBytes(4, 4)), uint32(4), uint32(len(trapTape.eventBytes(4, 4))))
	f.Fuzz(func(t *testing.T, typ byte, payload []byte, count, raw uint32) {
		if len(payload) > maxFuzz {
			return
		}
		b := newBlock(typ, 4, trapTape.time(4), count, payload)
		if raw > 0 {
			b.packed(payload, raw)
		}
		md := newBlock(typeMetadata, 0, 0, 0, []byte("\x94\x01\x0b\x00\x00"))
		id := newBlock(typeIdentity, 0, 0, 0, []byte("\x80"))
		good := []*block{md, id, trapTape.events(0, 4)}
		if typ == typeIdentity {
			b.put64(atFirst, 0)
			b.put64(atTime, 0)
			good = []*block{md, b, trapTape.events(0, 4)}
		} else {
			good = append(good, b)
		}
		file := finish(good...)
		checkRoads(t, file)
		checkLikeReader(t, file)
	})
}

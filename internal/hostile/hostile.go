// Package hostile makes inputs that are meant to hurt a reader: files that announce or expand to much more than their
// length, and texts that are markup, terminal escapes or commands somewhere. It writes the bytes of the formats itself,
// since no writer would. Tests only.
package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// File is a hostile file.
type File struct {
	Name  string // with the extension of its form
	Bytes []byte

	// Most bounds the memory, in bytes, that a reader may allocate for it beyond what a harmless file of its length
	// takes: the garbage of a limit that the format states, or 1 MiB.
	Most uint64
}

// The types of chunks.
const (
	metadata = 1 + iota
	identity
	events
	names
	sites
	end
	index
	notes
)

const (
	headerSize = 48
	raw        = 0
	packed     = 1
)

var le = binary.LittleEndian

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// builder makes a trace file, chunk by chunk, with whatever headers.
type builder struct {
	b       []byte
	seq     uint32
	next    uint64 // index of the next event
	entries []byte // of the index
}

func begin() *builder {
	f := &builder{b: []byte("\x89RPR\r\n\x1a\x01")}
	f.chunk(metadata, raw, []byte{0x94, 1, 42, 0, 0}, -1, 0)
	return f
}

// chunk appends a chunk that says that it decodes to size bytes, to as many as it stores if size is below 0.
func (f *builder) chunk(kind, encoding byte, stored []byte, size int, count uint32) *builder {
	if size < 0 {
		size = len(stored)
	}
	h := make([]byte, headerSize)
	copy(h, "RPRc")
	h[4], h[5] = kind, encoding
	le.PutUint32(h[8:], uint32(len(stored)))
	le.PutUint32(h[12:], uint32(size))
	le.PutUint64(h[16:], f.next)
	le.PutUint32(h[32:], count)
	le.PutUint32(h[36:], f.seq)
	le.PutUint32(h[40:], sum(stored))
	le.PutUint32(h[44:], sum(h[:44]))
	if kind != index {
		f.entries = append(f.entries, line(uint64(len(f.b)), f.next, count, kind)...)
	}
	f.b = append(append(f.b, h...), stored...)
	f.seq++
	f.next += uint64(count)
	return f
}

// line is a line of an index.
func line(offset, first uint64, count uint32, kind byte) []byte {
	e := make([]byte, 32)
	le.PutUint64(e, offset)
	le.PutUint64(e[8:], first)
	le.PutUint32(e[24:], count)
	e[28] = kind
	return e
}

// pack appends a compressed chunk.
func (f *builder) pack(kind byte, payload []byte, count uint32) *builder {
	return f.chunk(kind, packed, compress(payload), len(payload), count)
}

// footer appends the index and a trailer.
func (f *builder) footer(total uint64, indexAt int) []byte {
	if indexAt < 0 {
		indexAt = len(f.b)
	}
	for left := f.entries; ; {
		page := left[:min(len(left), 1<<16*32)]
		f.pack(index, page, 0)
		if left = left[len(page):]; len(left) == 0 {
			break
		}
	}
	tail := le.AppendUint64(le.AppendUint64(nil, uint64(indexAt)), total)
	tail = append(tail, "RPRend\r\n"...)
	return append(append(f.b, le.AppendUint32([]byte("RPRe"), sum(tail))...), tail...)
}

// whole ends a file with one event and a footer that fits.
func (f *builder) whole() []byte {
	f.chunk(events, raw, seed, -1, 1)
	return f.footer(f.next, -1)
}

// seed is the shortest event.
var seed = []byte("\x92\xa7RngSeed\x2a")

func compress(payload []byte) []byte {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false),
		zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return z.EncodeAll(payload, nil)
}

func array(n int) []byte { return binary.BigEndian.AppendUint32([]byte{0xdd}, uint32(n)) }

// list is an array of n elements, each of prefix, a number of its own, and suffix.
func list(n int, prefix, suffix string) []byte {
	b := array(n)
	for i := range n {
		b = binary.BigEndian.AppendUint32(append(append(b, prefix...), 0xce), uint32(i))
		b = append(b, suffix...)
	}
	return b
}

const (
	small = 1 << 20
	limit = 16 << 20 // garbage of a chunk at a limit, decoded and written again
)

// Files returns files of all forms.
var Files = sync.OnceValue(files)

func files() (files []File) {
	add := func(most uint64, name string, b []byte) { files = append(files, File{name, b, most}) }
	beyond(add)
	within(add)
	lies(add)
	others(add)
	return files
}

// beyond adds files whose chunks expand beyond a limit.
func beyond(add func(most uint64, name string, b []byte)) {
	add(small, "events.reprise", begin().pack(events, bytes.Repeat(seed, 1<<18), 1<<18).footer(1<<18, -1))
	empty := append(array(1<<22-2), bytes.Repeat([]byte{0x93, 0, 0, 0xa0}, 1<<22-2)...)
	lines := append(array(5_500_000), bytes.Repeat([]byte{0x92, 0, 0xa0}, 5_500_000)...)
	for _, c := range []struct {
		name    string
		kind    byte
		payload []byte
	}{{"names", names, empty}, {"sites", sites, lines}, {"notes", notes, empty}, {"end", end, lines}} {
		z := compress(c.payload)
		for _, n := range []int{1, 16} {
			f, each := begin(), begin()
			for range n {
				f.chunk(c.kind, packed, z, len(c.payload), 0)
				each.chunk(c.kind, packed, z, len(c.payload), 0).chunk(events, raw, seed, -1, 1)
			}
			add(small, fmt.Sprintf("%s-%d.reprise", c.name, n), f.whole())
			add(small, fmt.Sprintf("%s-each-%d.reprise", c.name, n), each.whole())
		}
	}
	texts := binary.BigEndian.AppendUint32([]byte{0xdf}, 8_000_000)
	add(small, "identity.reprise", begin().pack(identity, append(texts, bytes.Repeat([]byte{0xa0}, 16_000_000)...),
		0).whole())
	add(small, "identity-map.reprise", begin().chunk(identity, raw, []byte("\xdf\xff\xff\xff\xff\xa0"), -1, 0).whole())
}

// within adds files whose chunks are as large as the limits allow.
func within(add func(most uint64, name string, b []byte)) {
	add(limit, "most-events.reprise", begin().pack(events, bytes.Repeat(seed, 26_000), 26_000).footer(26_000, -1))
	long := "\xda\x10\x00" + strings.Repeat("n", 1<<12)
	for name, payload := range map[string][]byte{
		"names": list(26_000, "\x93\x00", "\xa1x"), "long-names": list(63, "\x93\x00", long),
	} {
		for _, n := range []int{1, 16} {
			f := begin()
			for range n {
				f.pack(names, payload, 0)
			}
			add(limit*uint64(n), fmt.Sprintf("most-%s-%d.reprise", name, n), f.whole())
		}
	}
	for name, payload := range map[string][]byte{
		"sites": list(26_000, "\x92", "\xa1x"), "long-sites": list(63, "\x92", long),
		"notes": append(array(50_000), bytes.Repeat([]byte{0x93, 0, 0xa0, 0xc0}, 50_000)...),
	} {
		kind := byte(sites)
		if name == "notes" {
			kind = notes
		}
		f := begin()
		for range 16 {
			f.pack(kind, payload, 0)
		}
		f.pack(events, bytes.Repeat(seed, 26_000), 26_000)
		add(4*limit, "most-"+name+".reprise", f.footer(26_000, -1))
	}
	message := "\x82\xa6reason\xa1x\xa7message\xdb\x00\x03\xf0\x00" + strings.Repeat("m", 0x3f000)
	add(limit, "most-end.reprise", begin().chunk(events, raw, seed, -1, 1).pack(end, []byte(message), 0).footer(1, -1))
}

// lies adds files whose headers, index or trailer are false.
func lies(add func(most uint64, name string, b []byte)) {
	z := compress(seed)
	add(small, "decodes-to-less.reprise", begin().chunk(events, packed, z, 1<<24, 1).whole())
	add(small, "decodes-to-4g.reprise", begin().chunk(events, packed, z, 1<<32-1, 1).whole())
	stored := begin()
	at := len(stored.b)
	stored.chunk(events, raw, seed, -1, 1)
	le.PutUint32(stored.b[at+8:], 1<<24)
	le.PutUint32(stored.b[at+12:], 1<<24)
	le.PutUint32(stored.b[at+44:], sum(stored.b[at:at+44]))
	add(small, "stores-less.reprise", stored.b)
	one := func() *builder { return begin().chunk(events, raw, seed, -1, 1) }
	add(small, "total.reprise", one().footer(1<<62, -1))
	add(small, "index-at-8.reprise", one().footer(1, 8))
	same, huge := one(), one()
	for i := 0; i < len(same.entries); i += 32 {
		le.PutUint64(same.entries[i:], 8)
	}
	add(small, "index-cyclic.reprise", same.footer(1, -1))
	huge.entries = huge.entries[:32]
	for i := range uint64(60_000) {
		huge.entries = append(huge.entries, line(56+48*i, i<<18, 1<<18, events)...)
	}
	add(small, "index-huge.reprise", huge.footer(60_000<<18, -1))
	window := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0xf8}, "\x00\x00\x00\x00\x00\x00\x00\x40\x01\x00\x00"...)
	add(small, "window.reprise", begin().chunk(events, packed, window, 1<<24, 1).whole())
	skipped := append(bytes.Repeat([]byte("\x50\x2a\x4d\x18\x00\x00\x00\x00"), 10_000), z...)
	add(2*small, "skippable.reprise", begin().chunk(events, packed, skipped, len(seed), 1).whole())
	for name, kind := range map[string]byte{"unknown": 100, "names": names, "sites": sites, "notes": notes} {
		f := begin()
		for range 2000 {
			f.chunk(kind, raw, []byte{0x90}, -1, 0)
		}
		add(limit, "tiny-"+name+".reprise", f.whole())
	}
}

// others adds files of the other forms.
func others(add func(most uint64, name string, b []byte)) {
	head := `{"version":1,"seed":1,"recorded_at":0,"config_hash":0`
	event := `{"type":"RngSeed","seed":1`
	for name, text := range map[string]string{
		"array.msgpack":  "\x92\x95\x01\x2a\x00\x00\xc0\xdd\xff\xff\xff\xff",
		"string.msgpack": "\x92\x94\x01\x2a\x00\xdb\xff\xff\xff\xffa",
		"nested.msgpack": strings.Repeat("\x91", 1_000_000), "map.msgpack": "\x82\xdb\xff\xff\xff\xff",
		"extension.msgpack": "\x92\xc9\xff\xff\xff\xff\x01", "count.msgpack": "\x92\x94\x01\x01\x00\x00\xdd\xff\xff\xff\xff" +
			string(seed),
		"nested.jsonl": strings.Repeat("[", 1_000_000), "number.jsonl": head +
			"}\n" + `{"type":"RngSeed","seed":1e999999999}` + "\n",
		"first.jsonl": head + `,"first":18446744073709551615,"time":18446744073709551615}` + "\n" + event + "}\n" +
			event + "}\n",
		"nul.jsonl": head + "}\n" + strings.Repeat("\x00", 100) + "\n", "lines.jsonl": head +
			"}\n" + strings.Repeat("\n", 1_000_000),
		"spaces.jsonl": strings.Repeat(" ", 1_000_000) + head + "}\n",
	} {
		add(small, name, []byte(text))
	}
	add(limit, "long.jsonl", []byte(head+`,"description":"`+strings.Repeat("a", 20<<20)))
	add(limit, "names.jsonl", []byte(head+"}\n"+event+`,"names":[`+
		strings.Repeat(`{"task":1,"name":"`+strings.Repeat("x", 4000)+`"},`, 30)+
		`{"task":2,"name":"y"}]}`+"\n"))
}

// Text is text that is markup, an escape sequence or a command for most readers of a report, valid UTF-8 and not.
const Text = "evil\x1b[31mRED\x1b]0;title\x07\n::error file=a.go,line=1::PWNED\r\n%0A::set-output name=x::y<script>alert(1)</script>" +
	"]]>&\"'`|```\n# H1\n<!-- x --> \u202eRTL\u2066\u200b\u2028\u0085\x7f\x00\x9b31m\xff"

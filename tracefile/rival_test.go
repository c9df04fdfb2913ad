package tracefile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// The rival reads a whole file that is in memory, from the package doc alone, as slowly as it likes.

type rivalFile struct {
	identity map[string]string
	events   []rivalEvent
	names    map[string]string // the last name of each "false 5", a task, and "true 5", a region
	end      map[string]string
	after    []tracefile.Note
	text     strings.Builder // the bytes with notes
}

type rivalEvent struct {
	index uint64
	time  uint64 // after it
	event event.Event
	site  string
	notes []tracefile.Note
}

// rivalCursor takes bytes off the front. It panics at the end, with what parseRival recovers.
type rivalCursor struct {
	b    []byte
	at   int
	text *strings.Builder // takes each byte, with a note
}

func (c *rivalCursor) take(n int, note string, args ...any) []byte {
	v := c.b[c.at:][:n]
	if c.text != nil && note != "" {
		for i := 0; i < n || i == 0; i += 16 {
			line := fmt.Sprintf("%04x  %-47s  ", c.at+i, fmt.Sprintf("% x", v[i:min(n, i+16)]))
			if i == 0 {
				line += fmt.Sprintf(note, args...)
			}
			c.text.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	c.at += n
	return v
}

func (c *rivalCursor) u32(note string) uint32 {
	v := binary.LittleEndian.Uint32(c.b[c.at:])
	c.take(4, "%s %d", note, v)
	return v
}

func (c *rivalCursor) u64(note string) uint64 {
	v := binary.LittleEndian.Uint64(c.b[c.at:])
	c.take(8, "%s %d", note, v)
	return v
}

func need(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Errorf(format, args...))
	}
}

func crc(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

type rivalChunk struct {
	offset, kind int
	first, time  uint64
	count        uint32
	raw          []byte
}

// parseRival reads a file.
func parseRival(file []byte) (f *rivalFile, err error) {
	f = &rivalFile{names: map[string]string{}}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	c := &rivalCursor{b: file, text: &f.text}
	need(string(c.take(8, "magic, version 1")) == "\x89RPR\r\n\x1a\x01", "magic")
	var chunks []rivalChunk
	for string(file[c.at:][:4]) == "RPRc" {
		chunks = append(chunks, c.chunk(uint32(len(chunks))))
	}
	f.trailer(c, chunks)
	need(c.at == len(file), "bytes behind the trailer")
	f.read(chunks)
	return f, nil
}

var rivalTypes = []string{"", "metadata", "identity", "events", "names", "sites", "end", "index", "notes"}

func (c *rivalCursor) chunk(seq uint32) rivalChunk {
	k := rivalChunk{offset: c.at, kind: int(c.b[c.at+4])}
	head := c.b[c.at:]
	fmt.Fprintln(c.text)
	c.take(4, "chunk")
	c.take(1, "type: %s", rivalTypes[k.kind])
	encoding := c.take(1, "encoding, 0 raw, 1 zstd")[0]
	need(string(c.take(2, "zero")) == "\x00\x00", "zero")
	stored, raw := c.u32("bytes stored"), c.u32("bytes decoded")
	k.first, k.time, k.count = c.u64("first event"), c.u64("virtual time, ns"), c.u32("events")
	need(c.u32("chunk number") == seq, "sequence of chunk %d", seq)
	sum := binary.LittleEndian.Uint32(c.take(4, "CRC-32C of the payload"))
	need(binary.LittleEndian.Uint32(c.take(4, "CRC-32C of the header")) == crc(head[:44]), "header CRC of chunk %d", seq)
	k.raw = c.take(int(stored), "payload")
	need(sum == crc(k.raw), "payload CRC of chunk %d", seq)
	if encoding == 1 {
		z, err := zstd.NewReader(nil)
		need(err == nil, "%v", err)
		defer z.Close()
		k.raw, err = z.DecodeAll(k.raw, nil)
		need(err == nil, "%v", err)
	}
	need(len(k.raw) == int(raw), "length of chunk %d", seq)
	return k
}

// trailer reads the end of the file and compares the index with the chunks.
func (f *rivalFile) trailer(c *rivalCursor, chunks []rivalChunk) {
	fmt.Fprintln(c.text)
	tail := c.b[c.at+8:]
	need(string(c.take(4, "trailer")) == "RPRe", "trailer")
	need(binary.LittleEndian.Uint32(c.take(4, "CRC-32C of what follows")) == crc(tail[:24]), "trailer CRC")
	at, total := int(c.u64("offset of the index")), c.u64("events in the file")
	need(string(c.take(8, "end")) == "RPRend\r\n", "end of the trailer")
	var want, got []byte
	for _, k := range chunks {
		switch {
		case k.kind == 7:
			need(k.offset >= at, "the index starts at %d", at)
			got = append(got, k.raw...)
			continue
		case k.kind == 3:
			total -= uint64(k.count)
		}
		need(k.offset < at, "the index starts at %d", at)
		want = binary.LittleEndian.AppendUint64(want, uint64(k.offset))
		want = binary.LittleEndian.AppendUint64(want, k.first)
		want = binary.LittleEndian.AppendUint64(want, k.time)
		want = binary.LittleEndian.AppendUint32(want, k.count)
		want = append(want, byte(k.kind), 0, 0, 0)
	}
	need(total == 0, "the total is %d off", int64(total))
	need(string(want) == string(got), "index\n% x\nwant\n% x", got, want)
}

// read makes events of the chunks.
func (f *rivalFile) read(chunks []rivalChunk) {
	index, now := chunks[0].first, chunks[0].time
	sites, notes := map[uint64]string{}, map[uint64][]tracefile.Note{}
	need(chunks[0].kind == 1 && chunks[1].kind == 2, "a file starts with metadata and identity")
	for _, k := range chunks {
		need(k.first == index && k.time == now, "chunk at byte %d: first %d, time %d, want %d, %d", k.offset, k.first, k.time,
			index, now)
		switch k.kind {
		case 2:
			f.identity = rivalTexts(k.raw)
		case 3:
			now = f.readEvents(k, sites, notes)
			index += uint64(k.count)
			clear(sites)
			clear(notes)
		case 4:
			for _, n := range rivalValue(k.raw).([]any) {
				n := n.([]any)
				f.names[fmt.Sprint(n[0].(uint64) == 1, n[1])] = n[2].(string)
			}
		case 5:
			for _, s := range rivalValue(k.raw).([]any) {
				s := s.([]any)
				sites[s[0].(uint64)] = s[1].(string)
			}
		case 8:
			rivalNotes(k.raw, notes)
		case 6:
			f.end = rivalTexts(k.raw)
		}
	}
	f.after = notes[0]
}

func (f *rivalFile) readEvents(k rivalChunk, sites map[uint64]string, notes map[uint64][]tracefile.Note) (now uint64) {
	now = k.time
	raw := k.raw
	for i := range uint64(k.count) {
		one, n, err := event.AppendParsed(nil, raw, 1)
		need(err == nil, "%v", err)
		e := one[0]
		raw = raw[n:]
		if e.Kind() == event.KindTimeAdvanced && e.ToNanos() > now {
			now = e.ToNanos()
		}
		f.events = append(f.events, rivalEvent{k.first + i, now, e, sites[i], notes[i]})
	}
	need(len(raw) == 0, "%d bytes after the events", len(raw))
	return now
}

// rivalNotes reads a chunk of notes.
func rivalNotes(raw []byte, to map[uint64][]tracefile.Note) {
	var texts []string
	text := func(v any) string {
		if number, ok := v.(uint64); ok {
			return texts[number]
		}
		if v != "" {
			texts = append(texts, v.(string))
		}
		return v.(string)
	}
	for _, v := range rivalValue(raw).([]any) {
		e := append(v.([]any), make([]any, 10)...)
		n := tracefile.Note{Act: tracefile.Act(text(e[1])), Task: tracefile.NoTask}
		if id, ok := e[2].(uint64); ok {
			n.Task = event.TaskID(id)
		}
		for i, field := range []*string{&n.Reason, &n.Object.Kind, &n.Object.Name, &n.Place} {
			if v := e[3+i]; v != nil {
				*field = text(v)
			}
		}
		if e[7] != nil {
			n.Time = e[7].(uint64)
		}
		if e[8] != nil {
			for _, id := range e[8].([]any) {
				n.Tasks = append(n.Tasks, event.TaskID(id.(uint64)))
			}
		}
		if e[9] != nil {
			for _, frame := range e[9].([]any) {
				n.Stack = append(n.Stack, text(frame))
			}
		}
		to[e[0].(uint64)] = append(to[e[0].(uint64)], n)
	}
}

func rivalTexts(raw []byte) map[string]string {
	m := map[string]string{}
	for k, v := range rivalValue(raw).(map[string]any) {
		m[k] = v.(string)
	}
	return m
}

var errMsgpack = errors.New("not the MessagePack of a trace file")

// rivalValue decodes one MessagePack value that fills b: uint64, string, []any or map[string]any.
func rivalValue(b []byte) any {
	c := &rivalCursor{b: b}
	v := c.value()
	need(c.at == len(b), "bytes after a MessagePack value")
	return v
}

func (c *rivalCursor) value() any {
	switch code := c.take(1, "")[0]; {
	case code < 0x80:
		return uint64(code)
	case code == 0xc0:
		return nil
	case code < 0x90:
		return c.mapOf(uint64(code & 15))
	case code < 0xa0:
		return c.arrayOf(uint64(code & 15))
	case code < 0xc0:
		return string(c.take(int(code&31), ""))
	case code >= 0xcc && code <= 0xcf:
		return c.big(1 << (code - 0xcc))
	case code >= 0xd9 && code <= 0xdb:
		return string(c.take(int(c.big(1<<(code-0xd9))), ""))
	case code == 0xdc || code == 0xdd:
		return c.arrayOf(c.big(2 << (code - 0xdc)))
	case code == 0xde || code == 0xdf:
		return c.mapOf(c.big(2 << (code - 0xde)))
	}
	panic(errMsgpack)
}

func (c *rivalCursor) big(n int) (v uint64) {
	for _, b := range c.take(n, "") {
		v = v<<8 | uint64(b)
	}
	return v
}

func (c *rivalCursor) arrayOf(n uint64) (list []any) {
	for range n {
		list = append(list, c.value())
	}
	return list
}

func (c *rivalCursor) mapOf(n uint64) map[string]any {
	m := map[string]any{}
	for range n {
		k := c.value().(string)
		m[k] = c.value()
	}
	return m
}

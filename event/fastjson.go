package event

import (
	"bytes"
	"math"
)

// jsonStart precedes the name of the kind in the canonical JSON form.
const jsonStart = `{"type":"`

// jsonBefore holds the text that precedes each field of a kind in the canonical JSON form; the text of the first
// field begins at the start of the line. A brace after the last field ends the event.
var jsonBefore = buildJSONBefore()

func buildJSONBefore() (before [NumKinds + 1][4]string) {
	for k := range Kinds() {
		start := jsonStart + table[k].name + `"`
		for i, f := range table[k].fields {
			before[k][i] = start + `,"` + f.Name + `":`
			start = ""
		}
	}
	return before
}

// AppendJSON appends the JSON form of e. It panics if e is the zero Event.
func (e Event) AppendJSON(dst []byte) []byte {
	if e.kind == 0 {
		panic("event: AppendJSON of the zero Event")
	}
	before := &jsonBefore[e.kind]
	for i, f := range table[e.kind].fields {
		dst = append(dst, before[i]...)
		dst = e.value(f).appendJSON(dst)
	}
	return append(dst, '}')
}

// parseJSON decodes a line that is byte for byte what AppendJSON writes. It reports false for any other line, which
// the general decoder must then decode.
func parseJSON(line []byte) (e Event, ok bool) {
	e.kind = jsonKind(line)
	c, before := &codecs[e.kind], &jsonBefore[e.kind]
	for i := range c.fields {
		n := len(before[i&3])
		if len(line) <= n || string(line[:n]) != before[i&3] {
			return Event{}, false
		}
		line = line[n:]
		s := &c.steps[i&3]
		bits, width := s.parseJSON(line)
		if width == 0 {
			return Event{}, false
		}
		if s.optional && line[0] != 'n' {
			e.present = true
		}
		e.put(s.slot, bits)
		line = line[width:]
	}
	if e.kind == 0 || len(line) != 1 || line[0] != '}' {
		return Event{}, false
	}
	return e, true
}

// jsonKind returns the kind that the canonical form at the start of line names, 0 if there is none.
func jsonKind(line []byte) Kind {
	if len(line) < len(jsonStart) {
		return 0
	}
	name := line[len(jsonStart):min(len(line), maxEventBytes)]
	end := bytes.IndexByte(name, '"')
	if end < 0 {
		return 0
	}
	k, ok := kindByName(name[:end])
	if !ok {
		return 0
	}
	return k
}

// parseJSON decodes the value at the start of b, which is not empty, and returns its width, 0 if it is not a value of
// the field in the form that AppendJSON writes.
func (s *codecStep) parseJSON(b []byte) (bits uint64, width int) {
	switch {
	case s.optional && b[0] == 'n':
		if len(b) >= 4 && string(b[:4]) == "null" {
			return 0, 4
		}
		return 0, 0
	case s.signed && b[0] == '-':
		bits, width = parseDecimal(b[1:])
		if width == 0 || bits == 0 || bits > 1<<63 {
			return 0, 0
		}
		return -bits, width + 1
	}
	if bits, width = parseDecimal(b); bits > s.limit {
		return 0, 0
	}
	return bits, width
}

// parseDecimal decodes the digits at the start of b and returns their number, 0 if there are none, if the first of
// several is a 0, or if they do not fit.
func parseDecimal(b []byte) (v uint64, width int) {
	for ; width < len(b); width++ {
		d := uint64(b[width] - '0')
		if d > 9 {
			break
		}
		if v > math.MaxUint64/10 || v == math.MaxUint64/10 && d > math.MaxUint64%10 {
			return 0, 0
		}
		v = 10*v + d
	}
	if width > 1 && b[0] == '0' {
		return 0, 0
	}
	return v, width
}

package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var errNotObject = errors.New("not a JSON object")

// MarshalJSON returns the JSON form of e. The zero Event is an error.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.kind == 0 {
		return nil, errZeroEvent
	}
	return e.AppendJSON(nil), nil
}

// UnmarshalJSON reads the JSON form of an event: type and fields in any order, unknown keys ignored. The error is a
// [*DecodeError].
func (e *Event) UnmarshalJSON(b []byte) error {
	v, err := parseEventJSON(b)
	if err != nil {
		return locate(err, DecodeError{Offset: -1, Index: -1})
	}
	*e = v
	return nil
}

// AppendJSON appends the JSON form of m.
func (m Metadata) AppendJSON(dst []byte) []byte {
	for i, v := range [4]uint64{uint64(m.Version), m.Seed, m.RecordedAt, m.ConfigHash} {
		dst = append(dst, "{,,,"[i], '"')
		dst = append(dst, metadataKeys[i]...)
		dst = append(dst, '"', ':')
		dst = strconv.AppendUint(dst, v, 10)
	}
	if m.Description != "" {
		dst = append(dst, `,"description":`...)
		dst = appendQuoted(dst, m.Description)
	}
	return append(dst, '}')
}

// appendQuoted appends s as a JSON string that escapes only what must be.
func appendQuoted(dst []byte, s string) []byte {
	const short = "\b\t\n\f\r\"\\"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(short, c) >= 0:
			dst = append(dst, '\\', `btnfr"\`[strings.IndexByte(short, c)])
		case c < 0x20:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// MarshalJSON returns the JSON form of m. The errors are those of [Metadata.EncodeMsgpack].
func (m Metadata) MarshalJSON() ([]byte, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	return m.AppendJSON(nil), nil
}

// UnmarshalJSON reads the JSON form of metadata. The error is a [*DecodeError].
func (m *Metadata) UnmarshalJSON(b []byte) error {
	v, err := parseMetadataJSON(b)
	if err != nil {
		return locate(err, DecodeError{Offset: -1, Index: -1})
	}
	*m = v
	return nil
}

func parseEventJSON(line []byte) (Event, error) {
	if e, ok := parseJSON(line); ok {
		return e, nil
	}
	return generalJSON(line)
}

// generalJSON reads an event in any JSON form.
func generalJSON(line []byte) (Event, error) {
	var named namedFields
	err := eachJSONField(line, func(key string, v json.Token) error {
		if key == "type" {
			name, ok := v.(string)
			if !ok {
				return &fieldError{"type", malformed("not a string")}
			}
			k, ok := KindByName(name)
			if !ok {
				return unknownKind(name)
			}
			return named.setKind(k)
		}
		if index, ok := fieldIndex[key]; ok {
			named.setField(index, rawOfJSON(v))
		}
		return nil
	})
	if err != nil {
		return Event{}, err
	}
	return named.event()
}

func parseMetadataJSON(line []byte) (Metadata, error) {
	var b metadataBuilder
	err := eachJSONField(line, func(key string, v json.Token) error {
		i := metadataIndex(key)
		if i < 0 {
			return nil
		}
		if key != "description" {
			return b.setNumber(i, rawOfJSON(v))
		}
		s, ok := v.(string)
		if !ok && v != nil {
			return &fieldError{"metadata.description", malformed("not a string")}
		}
		return b.setDescription(s)
	})
	if err != nil {
		return Metadata{}, err
	}
	return b.metadata()
}

// rawOfJSON takes a number of 64 bits exactly as it is written; 1.0 and 1e3 are not integers.
func rawOfJSON(v json.Token) raw {
	if v == nil {
		return raw{state: rawNull}
	}
	n, ok := v.(json.Number)
	if !ok {
		return raw{state: rawOther}
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return raw{rawUint, u}
	}
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil && i < 0 {
		return raw{rawNegative, uint64(i)}
	}
	return raw{state: rawOther}
}

// eachJSONField calls field for every key of the JSON object that fills line, with the value as a token. For a
// nested value, which no field of the schema has, the token is its opening delimiter.
func eachJSONField(line []byte, field func(key string, v json.Token) error) error {
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return malformed("an empty line")
	case !utf8.Valid(line), loneSurrogate(line):
		return malformed("text is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return jsonError(err, errNotObject)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return jsonError(err, nil)
		}
		v, err := dec.Token()
		if err != nil {
			return jsonError(err, nil)
		}
		if err := field(key.(string), v); err != nil {
			return err
		}
		if err := skipNested(dec, v); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return jsonError(err, nil)
	}
	if _, err := dec.Token(); err != io.EOF {
		return malformed("text after the JSON object")
	}
	return nil
}

// loneSurrogate reports whether line has an escape of half a character, which encoding/json would replace.
func loneSurrogate(line []byte) bool {
	for i := 0; i+1 < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++ // what follows the backslash is part of the escape
		if first := escapedUnit(line[i-1:]); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, escapedUnit(line[min(i+5, len(line)):])) == utf8.RuneError {
				return true
			}
			i += 10
		}
	}
	return false
}

// escapedUnit returns the number of the escape \uXXXX at the start of b, 0 if there is none.
func escapedUnit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

// skipNested reads to the end of the value that t opens.
func skipNested(dec *json.Decoder, t json.Token) error {
	var err error
	for depth := 0; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		if t, err = dec.Token(); err != nil {
			return jsonError(err, nil)
		}
	}
}

// jsonError wraps an error of the JSON decoder, or otherwise if there was none.
func jsonError(err, otherwise error) error {
	if err == nil {
		err = otherwise
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}

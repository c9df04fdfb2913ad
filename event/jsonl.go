package event

import (
	"bufio"
	"errors"
	"io"
)

// WriteJSONL writes t as JSON lines: the metadata, then one event a line. It returns the errors of
// [Metadata.EncodeMsgpack], before it writes anything, and that of w. [Metadata.AppendJSON] and [Event.AppendJSON]
// write the same form without holding all events.
func (t *Trace) WriteJSONL(w io.Writer) error {
	if err := t.Metadata.validate(); err != nil {
		return err
	}
	bw := bufio.NewWriter(w)
	line := append(t.Metadata.AppendJSON(nil), '\n')
	for _, e := range t.All() {
		if _, err := bw.Write(line); err != nil {
			return err
		}
		line = append(e.AppendJSON(line[:0]), '\n')
	}
	if _, err := bw.Write(line); err != nil {
		return err
	}
	return bw.Flush()
}

// ReadJSONL reads a trace in JSON lines from r, to the end of r. The error is a [*DecodeError] with the line, or
// the error of r. The form does not state the number of events: an input that was cut between two lines reads as a
// shorter trace. [JSONLReader] reads the same form without holding all events.
func ReadJSONL(r io.Reader) (*Trace, error) {
	lines, err := NewJSONLReader(r)
	if err != nil {
		return nil, err
	}
	t := NewTrace(lines.Metadata())
	for {
		switch e, err := lines.Next(); err {
		case nil:
			t.Append(e)
		case io.EOF:
			return t, nil
		default:
			return nil, err
		}
	}
}

// maxLine bounds a line of JSON: a description of the largest size with every byte escaped, and some room.
const maxLine = 6*MaxDescription + 64<<10

// JSONLReader reads a trace in JSON lines event by event. Its memory grows with the longest line but not with the
// number of lines. A line of more than about 6 MiB is an error.
type JSONLReader struct {
	lines    *bufio.Scanner
	metadata Metadata
	line     []byte // the line read last
	count    int    // number of lines read
	err      error  // the error that ended the input, returned by all later calls
}

// NewJSONLReader reads the metadata from the first line of r. The errors are those of [ReadJSONL] for the same bytes.
func NewJSONLReader(r io.Reader) (*JSONLReader, error) {
	j := &JSONLReader{lines: bufio.NewScanner(r)}
	j.lines.Buffer(nil, maxLine)
	if err := j.scan(); err == io.EOF {
		return nil, locate(malformed("no metadata on the first line: the input is empty"), j.place(1))
	} else if err != nil {
		return nil, err
	}
	m, err := parseMetadataJSON(j.line)
	if err != nil {
		return nil, j.lineError(err)
	}
	j.metadata = m
	return j, nil
}

// Metadata returns the metadata of the trace.
func (j *JSONLReader) Metadata() Metadata { return j.metadata }

// Line returns the line that the last call of Next read, or the first line if Next was not called yet: the bytes of
// the input, without the line end. The schema ignores the keys that it does not know; a caller that knows them
// finds them here. The bytes are valid until the next call of Next and must not be changed. Line returns nil after
// io.EOF and where no line could be read.
func (j *JSONLReader) Line() []byte { return j.line }

// Next returns the next event, or io.EOF after the last one. Any other error is that of [ReadJSONL] for the same
// bytes: a [*DecodeError] with the line, or the error of the reader. All later calls return the same error, io.EOF
// included.
func (j *JSONLReader) Next() (Event, error) {
	if j.err != nil {
		return Event{}, j.err
	}
	if j.err = j.scan(); j.err != nil {
		return Event{}, j.err
	}
	e, err := parseEventJSON(j.line)
	if err != nil {
		j.err = j.lineError(err)
	}
	return e, j.err
}

// scan reads the next line. It returns io.EOF if there is none.
func (j *JSONLReader) scan() error {
	if j.lines.Scan() {
		j.count++
		j.line = j.lines.Bytes()
		return nil
	}
	j.line = nil
	switch err := j.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return locate(malformed("the line is longer than %d bytes", maxLine), j.place(j.count+1))
	case err != nil:
		return err
	}
	return io.EOF
}

// lineError locates err at the line read last. If the reader failed within the line, it returns the reader's error.
func (j *JSONLReader) lineError(err error) error {
	if cut := j.lines.Err(); cut != nil {
		return cut
	}
	return locate(err, j.place(j.count))
}

// place returns the location of a line, counted from 1.
func (j *JSONLReader) place(line int) DecodeError {
	return DecodeError{Offset: -1, Line: line, Index: int64(line) - 2}
}

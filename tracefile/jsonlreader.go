package tracefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
)

// JSONLReader reads JSON lines, with or without annotations, event by event. Its memory does not grow with the
// input: it forgets the names of tasks and regions some time after they have ended.
type JSONLReader struct {
	lines *event.JSONLReader
	first firstNotes
	notes lineNotes // of the event that Next returned last
	fresh []Name    // names on the line of that event
	end   *jsonEnd
	pos   uint64
	names names
	err   error // the error that ended the input, returned by all later calls
}

// NewJSONLReader reads the first line of r. The error is that of [event.NewJSONLReader], or a [*event.DecodeError].
func NewJSONLReader(r io.Reader) (*JSONLReader, error) {
	lines, err := event.NewJSONLReader(r)
	if err != nil {
		return nil, err
	}
	j := &JSONLReader{lines: lines, names: newNames()}
	if err := parseNotes(lines.Line(), &j.first, 1); err != nil {
		return nil, err
	}
	j.pos, j.end = j.first.First, j.first.End
	return j, nil
}

// Metadata returns the metadata of the trace.
func (j *JSONLReader) Metadata() event.Metadata { return j.lines.Metadata() }

// Identity returns the identity of the recording, or nil if the lines have none.
func (j *JSONLReader) Identity() Identity { return j.first.Identity }

// First returns the index of the first event.
func (j *JSONLReader) First() uint64 { return j.first.First }

// FirstTime returns the virtual time before the first event, in nanoseconds since the start of the run.
func (j *JSONLReader) FirstTime() uint64 { return j.first.Time }

// Pos returns the index of the next event.
func (j *JSONLReader) Pos() uint64 { return j.pos }

// Next returns the next event, or io.EOF after the last one. Any other error is that of [event.JSONLReader.Next],
// or a [*event.DecodeError] for an annotation. All later calls return the same error.
func (j *JSONLReader) Next() (event.Event, error) {
	if j.err != nil {
		return event.Event{}, j.err
	}
	var e event.Event
	if e, j.err = j.lines.Next(); j.err != nil {
		return event.Event{}, j.err
	}
	j.notes, j.fresh, j.end = lineNotes{}, j.fresh[:0], nil
	if line := j.lines.Line(); annotated(line) {
		if j.err = parseNotes(line, &j.notes, j.line()); j.err != nil {
			return event.Event{}, j.err
		}
		if at := j.notes.Index; at != nil && *at != j.pos {
			j.err = &event.DecodeError{Offset: -1, Line: j.line(), Index: int64(j.pos - j.first.First), Err: fmt.Errorf(
				"%w: this is event %d, and event %d should come: what a filter has passed is no trace", event.ErrMalformed, *at,
				j.pos)}
			return event.Event{}, j.err
		}
		j.learn(e)
	}
	j.names.ended(e)
	j.pos++
	return e, nil
}

// line returns the number of the line of the event at pos.
func (j *JSONLReader) line() int { return int(j.pos-j.first.First) + 2 }

// learn stores the notes of an event.
func (j *JSONLReader) learn(e event.Event) {
	if j.notes.Name != "" {
		switch e.Kind() {
		case event.KindTaskSpawned:
			j.fresh = append(j.fresh, Name{ID: uint64(e.Task()), Name: j.notes.Name})
		case event.KindRegionCreated:
			j.fresh = append(j.fresh, Name{Region: true, ID: uint64(e.Region()), Name: j.notes.Name})
		}
	}
	for _, n := range j.notes.Names {
		if n.Task != nil {
			j.fresh = append(j.fresh, Name{ID: uint64(*n.Task), Name: n.Name})
		}
		if n.Region != nil {
			j.fresh = append(j.fresh, Name{Region: true, ID: uint64(*n.Region), Name: n.Name})
		}
	}
	for _, n := range j.fresh {
		j.names.of[n.key()] = n.Name
	}
	j.end = j.notes.End
}

// Site returns the code line of the event that Next returned last, or "" if it is unknown.
func (j *JSONLReader) Site() string { return j.notes.Site }

// Names returns the names that came with the event that Next returned last. They are valid until the next call of Next.
func (j *JSONLReader) Names() []Name { return j.fresh }

// Notes returns the notes of the event that Next returned last, and after Next has returned io.EOF those of the end of
// the run. The error is always nil: notes that are malformed are an error of Next.
func (j *JSONLReader) Notes() ([]Note, error) {
	list := j.notes.Notes
	switch {
	case j.err == io.EOF && j.pos == j.first.First:
		list = j.first.After
	case j.err == io.EOF:
		list = j.notes.After
	}
	notes := make([]Note, len(list))
	for i, n := range list {
		notes[i] = n.note()
	}
	return notes, nil
}

// TaskName returns the name of a task that is live or has ended recently, or "" if it is unknown.
func (j *JSONLReader) TaskName(id event.TaskID) string { return j.names.of[Name{ID: uint64(id)}.key()] }

// RegionName returns the name of a region that is open or has closed recently, or "" if it is unknown.
func (j *JSONLReader) RegionName(id event.RegionID) string {
	return j.names.of[Name{Region: true, ID: uint64(id)}.key()]
}

// End returns why the recording ends, and whether that is known, which it is after Next has returned the last event.
func (j *JSONLReader) End() (End, bool) {
	if j.end == nil {
		return End{}, false
	}
	return End{j.end.Reason, j.end.Message}, true
}

// annotated reports whether a line may have annotations.
func annotated(line []byte) bool {
	for _, key := range []string{`"name`, `"site"`, `"end"`, `"index"`, `"notes"`, `"after"`} {
		if bytes.Contains(line, []byte(key)) {
			return true
		}
	}
	return false
}

// parseNotes parses the annotations of a line that is a JSON object.
func parseNotes(line []byte, notes any, number int) error {
	if err := json.Unmarshal(line, notes); err != nil {
		err = errors.Join(event.ErrMalformed, err)
		return &event.DecodeError{Offset: -1, Line: number, Index: int64(number) - 2,
			Err: fmt.Errorf("an annotation: %w", err)}
	}
	return nil
}

// keepNames is the number of tasks and regions that keep their names after they have ended.
const keepNames = 1024

// names holds the names of tasks and regions that are live or have ended recently.
type names struct {
	of   map[nameKey]string
	gone []nameKey // a ring of those that have ended
	next int
}

type nameKey struct {
	region bool
	id     uint64
}

func (n Name) key() nameKey { return nameKey{n.Region, n.ID} }

func newNames() names { return names{of: map[nameKey]string{}} }

// ended handles the end of a task or region by e, if it is one, and forgets a name that ended long ago.
func (n *names) ended(e event.Event) {
	var k nameKey
	switch e.Kind() {
	case event.KindTaskCompleted:
		k = nameKey{id: uint64(e.Task())}
	case event.KindRegionClosed:
		k = nameKey{region: true, id: uint64(e.Region())}
	default:
		return
	}
	if _, named := n.of[k]; !named {
		return
	}
	if len(n.gone) < keepNames {
		n.gone = append(n.gone, k)
		return
	}
	delete(n.of, n.gone[n.next])
	n.gone[n.next] = k
	n.next = (n.next + 1) % keepNames
}

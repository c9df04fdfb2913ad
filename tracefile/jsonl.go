package tracefile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// Annotated JSON lines are the JSON lines of package event with the rest of a trace file in keys that the event schema
// does not know and its readers ignore:
//
//	on the first line     "identity"  the identity, an object of text
//	                      "first"     the index of the first event, if it is not 0
//	                      "time"      the virtual time before it in ns, if it is not 0
//	on the line of an     "name"      the name of the task or region that the event introduces
//	event                 "names"     other names from here on: [{"task":5,"name":"x"},{"region":1,"name":"y"}]
//	                      "site"      the code line from which the event comes
//	                      "notes"     the notes of the event: [{"act":"stops","task":1,"reason":"sync.Mutex.Lock",
//	                                  "kind":"mutex","object":"mutex 1","tasks":[2],"place":"bank.go:25"}], with the
//	                                  fields of a [Note] under "act", "task", "reason", "kind", "object", "tasks",
//	                                  "place", "stack" and "time"
//	                      "index"     the index of the event in its run; not written, and refused if it is wrong
//	on the last line      "after"     the notes of the end of the run, in the same form
//	                      "end"       why the recording ends: {"reason":"failed","message":"..."}

// firstNotes are the keys on the first line.
type firstNotes struct {
	Identity Identity   `json:"identity,omitempty"`
	First    uint64     `json:"first,omitempty"`
	Time     uint64     `json:"time,omitempty"`
	After    []jsonNote `json:"after,omitempty"`
	End      *jsonEnd   `json:"end,omitempty"`
}

// lineNotes are the keys on the line of an event.
type lineNotes struct {
	Name  string     `json:"name,omitempty"`
	Names []jsonName `json:"names,omitempty"`
	Site  string     `json:"site,omitempty"`
	Notes []jsonNote `json:"notes,omitempty"`
	After []jsonNote `json:"after,omitempty"`
	End   *jsonEnd   `json:"end,omitempty"`
	Index *uint64    `json:"index,omitempty"`
}

// empty reports whether a writer has nothing to add to the line.
func (n *lineNotes) empty() bool {
	return n.Name == "" && n.Names == nil && n.Site == "" && n.Notes == nil && n.After == nil && n.End == nil
}

type jsonName struct {
	Task   *event.TaskID   `json:"task,omitempty"`
	Region *event.RegionID `json:"region,omitempty"`
	Name   string          `json:"name"`
}

type jsonEnd struct {
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// JSONLWriter writes annotated JSON lines. Its methods are those of [Writer]. It buffers; only Close guarantees
// that everything is written.
type JSONLWriter struct {
	w       *bufio.Writer
	started bool
	line    []byte // the pending line, without the closing brace
	first   firstNotes
	notes   lineNotes  // of the pending line
	after   []jsonNote // of the next event
	names   []Name     // of the next event
	site    string     // of the next event
	end     *jsonEnd
	err     error
}

// NewJSONLWriter returns a JSONLWriter of a trace. It uses only Identity, First and Time of cfg. The error is that
// of [event.Metadata.MarshalJSON].
func NewJSONLWriter(w io.Writer, md event.Metadata, cfg Config) (*JSONLWriter, error) {
	line, err := md.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("tracefile: %w", err)
	}
	x := &JSONLWriter{w: bufio.NewWriter(w), line: line[:len(line)-1]}
	x.first = firstNotes{Identity: cfg.Identity, First: cfg.First, Time: cfg.Time}
	return x, nil
}

// Append writes an event. It panics if e is the zero Event. An error of w is returned by this and all later calls.
func (x *JSONLWriter) Append(e event.Event) error {
	x.finishLine()
	x.line = e.AppendJSON(x.line[:0])
	x.line = x.line[:len(x.line)-1]
	x.notes = lineNotes{Site: x.site, Notes: x.after}
	for _, n := range x.names {
		if n.introducedBy(e) {
			x.notes.Name = n.Name
		} else {
			x.notes.Names = append(x.notes.Names, n.json())
		}
	}
	x.names, x.site, x.after = x.names[:0], "", nil
	return x.err
}

// NameTask names a task from the next event on. The empty name is ignored.
func (x *JSONLWriter) NameTask(id event.TaskID, name string) {
	x.name(Name{ID: uint64(id), Name: clip(name, maxText)})
}

// NameRegion names a region from the next event on. The empty name is ignored.
func (x *JSONLWriter) NameRegion(id event.RegionID, name string) {
	x.name(Name{Region: true, ID: uint64(id), Name: clip(name, maxText)})
}

func (x *JSONLWriter) name(n Name) {
	if n.Name != "" {
		x.names = append(x.names, n)
	}
}

// Site sets the code line of the next event.
func (x *JSONLWriter) Site(site string) { x.site = clip(site, maxText) }

// Note adds a note to the next event, or to the end of the run if no event follows.
func (x *JSONLWriter) Note(n Note) {
	if len(x.after) < maxNotesAt {
		n = n.clipped()
		n.Tasks, n.Stack = slices.Clone(n.Tasks), slices.Clone(n.Stack)
		for i := range n.Stack {
			n.Stack[i] = clip(n.Stack[i], maxText)
		}
		x.after = append(x.after, n.json())
	}
}

// SetEnd sets the reason why the recording ends where it does.
func (x *JSONLWriter) SetEnd(end End) {
	x.end = &jsonEnd{clip(end.Reason, maxText), clip(end.Message, maxMessage)}
}

// Close writes everything that is pending, except names that no event follows. It does not close the underlying
// writer. The error is the first error of that writer.
func (x *JSONLWriter) Close() error {
	if x.started {
		x.notes.End, x.notes.After = x.end, x.after
	} else {
		x.first.End, x.first.After = x.end, x.after
	}
	x.finishLine()
	if err := x.w.Flush(); x.err == nil {
		x.err = err
	}
	return x.err
}

// finishLine writes the pending line with its notes.
func (x *JSONLWriter) finishLine() {
	if x.started {
		x.addKeys(x.notes)
	} else {
		x.addKeys(x.first)
	}
	x.started = true
	x.line = append(x.line, '}', '\n')
	if _, err := x.w.Write(x.line); x.err == nil {
		x.err = err
	}
}

// addKeys adds the keys of notes to the pending line.
func (x *JSONLWriter) addKeys(notes any) {
	if n, ok := notes.(lineNotes); ok && n.empty() {
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(notes); err != nil {
		panic("tracefile: notes without a JSON form: " + err.Error()) // cannot happen: they are text and numbers
	}
	if keys := b.Bytes()[1 : b.Len()-len("}\n")]; len(keys) > 0 {
		x.line = append(append(x.line, ','), keys...)
	}
}

package base

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Forms are the forms in which traces can be written.
var Forms = []source.Form{source.Reprise, source.Msgpack, source.JSONL}

// formList returns the forms as a text for messages.
func formList() string {
	var list []string
	for _, f := range Forms {
		list = append(list, string(f))
	}
	return strings.Join(list, ", ")
}

// FormOf returns the form in which a file is written, according to its name.
func FormOf(path string) (source.Form, error) {
	for _, f := range Forms {
		if filepath.Ext(path) == string(f) {
			return f, nil
		}
	}
	return "", Usage("%s: %w, which must be one of %s", path, errForm, formList())
}

// ReadTrace reads a whole file into memory, except what an event.Trace does not contain: names, sites and the identity.
func ReadTrace(path string) (*event.Trace, error) {
	f, err := source.Open(path, source.Config{})
	if err != nil {
		return nil, BadInput(err)
	}
	defer f.Close() // closing a file that was only read cannot lose data
	t := event.NewTrace(f.Metadata())
	for {
		e, err := f.Next()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, BadInput(err)
		}
		t.Append(e)
	}
}

// WriteTrace writes a trace file atomically.
func WriteTrace(path string, t *event.Trace) error {
	form, err := FormOf(path)
	if err != nil {
		return err
	}
	return ToFile(path, func(w io.Writer) error { return writeEvents(w, form, t) })
}

// writeEvents writes a trace in a form.
func writeEvents(w io.Writer, form source.Form, t *event.Trace) error {
	out, err := NewSink(w, form, t.Metadata, tracefile.Config{}, uint64(t.Len()), true)
	if err != nil {
		return err
	}
	for _, e := range t.All() {
		if err := out.Append(e); err != nil {
			return Abandon(out, err)
		}
	}
	return out.Close()
}

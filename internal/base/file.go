package base

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Forms are those in which traces are written.
var Forms = []source.Form{source.Reprise, source.Msgpack, source.JSONL}

// formList returns the forms as they stand in messages.
func formList() string {
	var list []string
	for _, f := range Forms {
		list = append(list, string(f))
	}
	return strings.Join(list, ", ")
}

// FormOf returns the form of a file that is to be written, by its name.
func FormOf(path string) (source.Form, error) {
	for _, f := range Forms {
		if filepath.Ext(path) == string(f) {
			return f, nil
		}
	}
	return "", Usage("%s: %w, which must be one of %s", path, errForm, formList())
}

// ReadTrace reads a whole file into memory, without what is in no event.Trace: names, sites and the identity.
func ReadTrace(path string) (*event.Trace, error) {
	f, err := source.Open(path, source.Config{})
	if err != nil {
		return nil, BadInput(err)
	}
	defer f.Close() // of a file that was only read
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

// WriteTrace writes a trace file, whole or not at all.
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

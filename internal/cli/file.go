package cli

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// forms are those in which traces are written.
var forms = []source.Form{source.Reprise, source.Msgpack, source.JSONL}

// formList returns the forms as they stand in messages.
func formList() string {
	var list []string
	for _, f := range forms {
		list = append(list, string(f))
	}
	return strings.Join(list, ", ")
}

// formOf returns the form of a file that is to be written, by its name.
func formOf(path string) (source.Form, error) {
	for _, f := range forms {
		if filepath.Ext(path) == string(f) {
			return f, nil
		}
	}
	return "", usage("%s: %w, which must be one of %s", path, errForm, formList())
}

// readTrace reads a whole file into memory, without what is in no event.Trace: names, sites and the identity.
func readTrace(path string) (*event.Trace, error) {
	f, err := source.Open(path, source.Config{})
	if err != nil {
		return nil, badInput(err)
	}
	defer f.Close() // of a file that was only read
	t := event.NewTrace(f.Metadata())
	for {
		e, err := f.Next()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, badInput(err)
		}
		t.Append(e)
	}
}

// writeTrace writes a trace file, whole or not at all.
func writeTrace(path string, t *event.Trace) error {
	form, err := formOf(path)
	if err != nil {
		return err
	}
	return toFile(path, func(w io.Writer) error { return writeEvents(w, form, t) })
}

// writeEvents writes a trace in a form.
func writeEvents(w io.Writer, form source.Form, t *event.Trace) error {
	out, err := newSink(w, form, t.Metadata, tracefile.Config{}, uint64(t.Len()), true)
	if err != nil {
		return err
	}
	for _, e := range t.All() {
		if err := out.Append(e); err != nil {
			return abandon(out, err)
		}
	}
	return out.Close()
}

package tracefile_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/tracefile"
)

// exampleFile is the file of the package doc.
func exampleFile(t *testing.T) []byte {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(42), tracefile.Config{
		Identity: tracefile.Identity{tracefile.KeyModule: "bank"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.NameTask(event.NewTaskID(0, 0), "main")
	w.SetEnd(tracefile.End{Reason: tracefile.EndFinished})
	for _, e := range []event.Event{event.RngSeed(42), event.TaskSpawned(0, 0, 0), event.TimeAdvanced(0, 1000)} {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBytes pins every byte of a small file. The rival's notes on them are also the example of the package doc, which
// is thereby kept in step.
func TestBytes(t *testing.T) {
	f, err := parseRival(exampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "bytes.golden", f.text.String())

	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	want := "//\n"
	for line := range strings.Lines(f.text.String()) {
		want += strings.TrimRight("//\t"+line, "\t\n") + "\n"
	}
	if !strings.HasSuffix(string(doc), want+"package tracefile\n") {
		t.Errorf("the package doc does not end in the example; it should be\n%spackage tracefile", want)
	}
}

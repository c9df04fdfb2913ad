package divergence_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// siteFile writes a trace of n draws, one of which has another value, each from a line of its own.
func siteFile(t *testing.T, n, other int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.reprise")
	w, err := tracefile.Create(path, event.NewMetadata(1), tracefile.Config{ChunkEvents: 300})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		e := event.RngValue(uint64(i))
		if i == other {
			e = event.RngValue(1 << 40)
		}
		w.Site(fmt.Sprintf("draw.go:%d", i))
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCompareFiles: files are read many events at a time, and yet the line of the event that differs is known.
func TestCompareFiles(t *testing.T) {
	const n = 2000
	for _, other := range []int{0, 1, 299, 300, 511, 512, 513, 1024, n - 1} {
		expected, err := source.Open(siteFile(t, n, -1), source.Config{})
		if err != nil {
			t.Fatal(err)
		}
		actual, err := source.Open(siteFile(t, n, other), source.Config{})
		if err != nil {
			t.Fatal(err)
		}
		d := compare(t, expected, actual)
		site := fmt.Sprintf("draw.go:%d", other)
		if d.Index != uint64(other) || d.ExpectedSite != site || d.ActualSite != site {
			t.Errorf("event %d differs: reported at %d, lines %q and %q", other, d.Index, d.ExpectedSite, d.ActualSite)
		}
		if want := min(32, n-other); len(d.Expected) != min(6, want) || len(d.Actual) != min(6, want) {
			t.Errorf("event %d differs: %d and %d events are shown", other, len(d.Expected), len(d.Actual))
		}
		if err := expected.Close(); err != nil {
			t.Error(err)
		}
		if err := actual.Close(); err != nil {
			t.Error(err)
		}
	}
}

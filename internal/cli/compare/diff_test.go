package compare

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/reprise-go/reprise/internal/base"
)

// TestDiffOfARing compares recordings of which only the end was kept: the report says where it begins.
func TestDiffOfARing(t *testing.T) {
	ring := filepath.Join("..", "testdata", "corpus", "ring.reprise")
	var b bytes.Buffer
	if err := diff(nil, &b, ring, ring,
		diffOptions{ReportOptions: base.ReportOptions{Format: "text", Color: "never"}}); err != nil {
		t.Fatal(err)
	}
	want := `^equal: \d+ events\nnote: compared from event [1-9]\d* on, the first that both recordings have\n$`
	if !regexp.MustCompile(want).Match(b.Bytes()) {
		t.Errorf("the report is %q", b.String())
	}
}

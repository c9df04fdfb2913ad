//go:build linux && (amd64 || arm64)

package tutorial_test

import (
	"os"
	"strings"
	"testing"
)

// TestOrdinary checks docs/ordinary.md.
func TestOrdinary(t *testing.T) { check(t, "../../docs/ordinary.md", "examples/pool") }

// TestReadme checks that the lines of the report in README.md occur in docs/ordinary.md.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile("../../docs/ordinary.md")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Ordinary tests, unmodified\n")
	section, _, _ = strings.Cut(section, "\n## ")
	shown := 0
	for line := range strings.Lines(section) {
		if text, ok := strings.CutPrefix(line, "    "); ok && !strings.HasPrefix(text, "reprise ") {
			shown++
			if !strings.Contains(string(page), "\n"+text) {
				t.Errorf("README.md shows a line that docs/ordinary.md does not have: %s", text)
			}
		}
	}
	if shown == 0 {
		t.Error("README.md shows nothing of the report")
	}
}

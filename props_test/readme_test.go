package props_test

import (
	"os"
	"strings"
	"testing"
)

// TestReadme keeps the README in step with the tests: its Go code is code of Example, its output is what that prints.
func TestReadme(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]int{}
	for i, block := range strings.Split(string(readme), "```") {
		language, code, ok := strings.Cut(block, "\n")
		if i%2 == 0 || !ok {
			continue
		}
		if language == "text" {
			code = "\t// " + strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n\t// ")
		}
		if !strings.Contains(string(source), code) {
			t.Errorf("README.md has a block that example_test.go does not have:\n%s", code)
		}
		checked[language]++
	}
	if checked["go"] != 2 || checked["text"] != 1 {
		t.Errorf("README.md has the blocks %v, want 2 of Go and 1 of text", checked)
	}
}

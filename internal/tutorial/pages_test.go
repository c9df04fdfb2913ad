//go:build linux && (amd64 || arm64)

package tutorial_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFirst checks docs/first.md.
func TestFirst(t *testing.T) { check(t, "../../docs/first.md", "examples/steps") }

// TestZero checks docs/zero.md.
func TestZero(t *testing.T) { check(t, "../../docs/zero.md", "examples/steps") }

// TestSimulated checks that the program in docs/simulated.md is an example that runs.
func TestSimulated(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulated.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../simtest/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 || !strings.Contains(string(example), blocks[0][1]) {
		t.Errorf("%d programs in docs/simulated.md; it is to be that of simtest/example_test.go", len(blocks))
	}
}

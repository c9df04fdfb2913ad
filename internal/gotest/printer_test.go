package gotest

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestPassed(t *testing.T) {
	for _, c := range []struct{ name, output, want string }{
		{"subtests", `from init
=== RUN   TestX
    x_test.go:1: a log
=== RUN   TestX/a
=== PAUSE TestX/a
=== CONT  TestX/a
=== ATTR  TestX/a key a value
--- PASS: TestX (0.00s)
    --- PASS: TestX/a (0.00s)
PASS
`, `from init
    x_test.go:1: a log
^=== RUN   TestX/a
^=== PAUSE TestX/a
^=== CONT  TestX/a
^=== ATTR  TestX/a key a value
^--- PASS: TestX (1.50s)
^    --- PASS: TestX/a (0.00s)
`},
		{"skipped", "=== RUN   TestX\n    x_test.go:1: not here\n--- SKIP: TestX (0.00s)\nPASS\n",
			"    x_test.go:1: not here\n^--- SKIP: TestX (1.50s)\n"},
		{"printed by the program", "=== RUN   TestX\n=== RUN   TestY\n--- FAIL: TestXY (0.00s)\n--- PASS: TestX (0.00s)\n",
			"=== RUN   TestY\n--- FAIL: TestXY (0.00s)\n^--- PASS: TestX (1.50s)\n"},
		{"not run", "testing: warning: no tests to run\nPASS\n", "^--- PASS: TestX (1.50s)\n"},
	} {
		var b strings.Builder
		p := &printer{w: &b}
		p.run("TestX")
		p.passed("TestX", []byte(c.output), 1500*time.Millisecond)
		if got := strings.ReplaceAll(b.String(), marker, "^"); got != "^=== RUN   TestX\n"+c.want {
			t.Errorf("%s: printed\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	if !skipped("TestX", []byte("=== RUN   TestX\n--- SKIP: TestX (0.00s)\n")) ||
		skipped("TestX", []byte("    --- SKIP: TestX/a (0.00s)\n--- PASS: TestX (0.00s)\n")) {
		t.Error("skipped")
	}
}

// TestPrinter: what belongs to which test is said, and nothing that is printed can be taken for a frame.
func TestPrinter(t *testing.T) {
	var b strings.Builder
	p := &printer{w: &b}
	p.run("TestX")
	p.run("TestX/a")
	p.attr("TestX/a", "key", "two\nlines")
	p.log("TestX/a", "one\n"+marker+"--- PASS: TestX\n\n")
	p.end("FAIL", "TestX/a", 0)
	p.log("TestX", "after")
	p.end("FAIL", "TestX", 0)
	p.about(notRunPrefix + "TestY")
	want := `^=== RUN   TestX
^=== RUN   TestX/a
^=== ATTR  TestX/a key two lines
    one
    --- PASS: TestX
^--- FAIL: TestX/a (0.00s)
^=== NAME  TestX
    after
^--- FAIL: TestX (0.00s)
^=== NAME  
reprise: not run: TestY
`
	if got := strings.ReplaceAll(b.String(), marker, "^"); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	bad := &printer{w: brokenPipe{}}
	bad.run("TestX")
	bad.log("TestX", "x")
	if bad.err == nil {
		t.Error("a broken pipe is no error")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

//go:build linux && (amd64 || arm64)

package tutorial_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/golden"
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

// quoted matches what stands between backquotes.
var quoted = regexp.MustCompile("`([^`]+)`")

// rows returns the rows of the tables of a section of a page, as cells. The section begins with a heading.
func rows(t *testing.T, page, heading string) (list [][]string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for line := range strings.Lines(section) {
		if cells, ok := strings.CutPrefix(strings.TrimSpace(line), "| "); ok {
			list = append(list, strings.Split(strings.TrimSuffix(cells, " |"), " | "))
		}
	}
	return list[1:]
}

// TestReading checks that the parts of a report in docs/reading.md occur in reports that tests keep, or in what writes
// them, and that each class is one, which reprise explain knows.
func TestReading(t *testing.T) {
	reports := golden.Texts(t, "../cli/testdata/module/*.txtar", "../story/*.go", "../../docs/first.md",
		"../../docs/ordinary.md")
	classes, known := golden.Texts(t, "../../gort/*.go", "../finding/*.go"), 0
	for _, row := range rows(t, "../../docs/reading.md", "# Reading a report") {
		for _, part := range quoted.FindAllStringSubmatch(row[0], -1) {
			for words := range strings.SplitSeq(part[1], "…") {
				if known++; !strings.Contains(reports, strings.TrimSpace(words)) {
					t.Errorf("docs/reading.md explains %q, which no report has", words)
				}
			}
		}
	}
	for _, row := range rows(t, "../../docs/reading.md", "## Classes") {
		for class := range strings.SplitSeq(row[0], ", ") {
			if known++; !strings.Contains(classes, `"`+class+`"`) {
				t.Errorf("docs/reading.md explains %q, which is no class", class)
			}
			if _, ok := codes.Find(class); !ok {
				t.Errorf("reprise explain does not know the class %q", class)
			}
		}
	}
	if known < 25 {
		t.Errorf("docs/reading.md explains %d parts and classes", known)
	}
}

// TestDebugging runs the commands of the table in docs/debugging.md that end by themselves, with the recordings of a
// finding: the smallest run and the one that was found.
func TestDebugging(t *testing.T) {
	commands := []string{
		"cp testdata/before.txt steps.go; reprise test . -run TestTransfer --artifacts traces >report || echo",
		"cp $(find traces -name '*.reprise' ! -name '*.original.reprise') run.reprise; cp run.reprise failed.reprise",
		"cp $(find traces -name '*.original.reprise') passed.reprise",
	}
	made := len(commands)
	for _, row := range rows(t, "../../docs/debugging.md", "# Looking at a recorded run") {
		for _, command := range quoted.FindAllStringSubmatch(row[1], -1) {
			switch fields := strings.Fields(command[1]); {
			case fields[0] != "reprise": // a flag of the command before
			case strings.Contains(" view export dump ", " "+fields[1]+" "):
				commands = append(commands, "rm -f out *.html; "+command[1]+
					" >out; test $? = 0 -a -n \"$(cat out run.html both.html run.pftrace 2>/dev/null | tr -d '\\000')\" || echo failed")
			case !strings.Contains(" test step dap replay debug ", " "+fields[1]+" "):
				t.Errorf("neither run nor known: %s", command[1])
			}
		}
	}
	if n := len(commands) - made; n < 6 {
		t.Fatalf("%d commands in the table", n)
	}
	for i, out := range run(t, "examples/steps", commands)[:len(commands)] {
		if i > 0 && strings.TrimSpace(out) != "" {
			t.Errorf("%s: %s", commands[i], out)
		}
	}
}

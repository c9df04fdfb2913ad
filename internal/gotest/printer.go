package gotest

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// printer prints the output of a test binary in the form of -test.v=test2json, in which a byte marks the lines that
// frame the output.
type printer struct {
	w    io.Writer
	test string // test to which the next output belongs
	err  error  // first error of w
}

const marker = "\x16"

func (p *printer) write(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, s)
	}
}

// run starts a test or subtest.
func (p *printer) run(test string) {
	p.write(marker + "=== RUN   " + test + "\n")
	p.test = test
}

// name makes a test the owner of the next output.
func (p *printer) name(test string) {
	if p.test != test {
		p.write(marker + "=== NAME  " + test + "\n")
		p.test = test
	}
}

// oneLine converts a text to one line.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ", marker, " ").Replace

// attr adds an attribute to a test, like T.Attr.
func (p *printer) attr(test, key, value string) {
	p.write(marker + "=== ATTR  " + test + " " + key + " " + oneLine(value) + "\n")
	p.test = test
}

// log prints lines of a test, like T.Log.
func (p *printer) log(test, text string) {
	p.name(test)
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), marker, "")
	p.write("    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n")
}

// about prints a line about the package. Without the frame it would belong to the test that ended last.
func (p *printer) about(line string) {
	p.write(marker + "=== NAME  \n" + line + "\n")
	p.test = ""
}

// end ends a test as PASS, FAIL or SKIP. Subtests must have ended before.
func (p *printer) end(result, test string, took time.Duration) {
	p.write(fmt.Sprintf("%s--- %s: %s (%.2fs)\n", marker, result, test, took.Seconds()))
	p.test = ""
}

// passed prints the output of a run of a whole test, up to its result. The test must have been started by run.
func (p *printer) passed(test string, output []byte, took time.Duration) {
	started, ended := false, false
	for line := range strings.Lines(string(output)) {
		m := frame.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case m == nil:
			p.write(strings.ReplaceAll(line, marker, ""))
		case m[1] != "":
		case strings.HasPrefix(test, m[3]+"/"): // of the test that contains it
		case m[2] == "RUN" && m[3] == test && !started: // -cpu starts the test again
			started = true
		case m[2] == "PASS" && m[3] == test, m[2] == "SKIP" && m[3] == test:
			p.end(m[2], test, took)
			ended = true
		case m[3] == test || strings.HasPrefix(m[3], test+"/"):
			p.write(marker + line)
		default:
			p.write(line)
		}
	}
	if !ended {
		p.name(test)
		p.end("PASS", test, took)
	}
}

// frame matches the lines with which package testing frames output, between tests and inside a test.
var frame = regexp.MustCompile(`^(PASS|FAIL|testing: warning: no tests to run)$|` +
	`^ *(?:===|---) (RUN|PAUSE|CONT|NAME|ATTR|ARTIFACTS|PASS|FAIL|SKIP):? +([^ ]+)(?: .*)?$`)

// skipped reports whether a run has skipped the whole test.
func skipped(test string, output []byte) bool {
	for line := range strings.Lines(string(output)) {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "--- SKIP: "+test+" (") {
			return true
		}
	}
	return false
}

package gotest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/wire"
)

// A test binary that uses package simtest has simulated tests, which make their runs themselves, and may have ordinary
// ones. A run without control tells which is which:
//
//  1. Each test function runs once as under go test, in a process of its own. A call of package simtest for a test
//     creates the file that wire.Simulated names.
//  2. Once that file is there, the function is simulated: what it prints is printed, and how it ends is its result.
//  3. Without the file it is an ordinary test, and so it is if it is still not there after some seconds. What it has
//     printed is dropped, and it is searched like the tests of any other package.

// simulate runs a test function without control, the next of so many. It reports whether the function is simulated, and
// if so whether it has passed.
func (s *session) simulate(ctx context.Context, function string, left int) (ok, simulated bool) {
	dir, err := os.MkdirTemp("", "reprise-")
	if err != nil {
		return false, false // the search will say it
	}
	defer func() { _ = os.RemoveAll(dir) }() // what cannot be removed does no harm
	r := &relay{out: s.out, function: function, sign: filepath.Join(dir, "simulated")}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(s.patience, func() {
		if !r.signed() {
			cancel()
		}
	})
	defer patience.Stop()
	err = s.plainTo(ctx, s.simulateArgs(function, left), append(os.Environ(), wire.Simulated.Assign(r.sign)), r)
	if !r.signed() {
		return false, false
	}
	r.finish()
	return err == nil, true
}

// simulateArgs returns the arguments of a run of a simulated test function.
func (s *session) simulateArgs(function string, left int) []string {
	args := slices.DeleteFunc(s.search(function, left).args, func(arg string) bool {
		return arg == noFailFile || strings.HasPrefix(arg, "-test.v=")
	})
	limit := time.Duration(0)
	if !s.deadline.IsZero() {
		limit = max(s.deadline.Sub(s.now()), time.Second)
	}
	flags := []string{"-test.v=test2json", "-test.paniconexit0", "-test.timeout=" + limit.String()}
	if s.count > 0 {
		flags = append(flags, "-test.count="+strconv.Itoa(s.count))
	}
	if s.failfast {
		flags = append(flags, "-test.failfast")
	}
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-test.run=") }) {
		flags = append(flags, "-test.run=^"+function+"$")
	}
	return append(flags, args...)
}

// relay passes on the output of a test function, without the result of the package, from when the function is known to
// be simulated.
type relay struct {
	out      *printer
	function string
	sign     string // path of the file by which package simtest says so
	held     bytes.Buffer
	ended    bool // the result of the function has been seen
}

func (r *relay) signed() bool {
	_, err := os.Stat(r.sign)
	return err == nil
}

// Write takes output. It never fails.
func (r *relay) Write(p []byte) (int, error) {
	r.held.Write(p)
	if r.signed() {
		if whole := bytes.LastIndexByte(r.held.Bytes(), '\n') + 1; whole > 0 {
			r.pass(r.held.Next(whole))
		}
	}
	return len(p), nil
}

func (r *relay) pass(lines []byte) {
	for line := range bytes.Lines(lines) {
		text := strings.TrimPrefix(strings.TrimSuffix(string(line), "\n"), marker)
		if text == "PASS" || text == "FAIL" {
			continue
		}
		if m := frame.FindStringSubmatch(text); m != nil && strings.HasPrefix(text, "--- ") && m[3] == r.function {
			r.ended = true
		}
		r.out.write(string(line))
	}
}

// finish passes on the rest, and the result of a function whose process has ended before it.
func (r *relay) finish() {
	if rest := r.held.Bytes(); len(rest) > 0 {
		r.pass(rest)
		if !bytes.HasSuffix(rest, []byte("\n")) {
			r.out.write("\n")
		}
	}
	r.out.test = r.function
	if !r.ended {
		r.out.end("FAIL", r.function, 0)
	}
}

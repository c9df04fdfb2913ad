package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
)

// File is the name of the file of results in its folder.
const File = "results.jsonl"

// Results are the contents of a file of results.
type Results struct {
	Run      Run
	Tests    []*Test
	Findings []*finding.Finding
}

// Run is the call of a command.
type Run struct {
	Time  time.Time `json:"time"`
	Shard string    `json:"shard,omitempty"` // I/N, "" if the seeds were not split
}

// Test is what is known of a test function.
type Test struct {
	Package string  `json:"package"`
	Test    string  `json:"test"`
	Result  string  `json:"result"` // pass, fail or skip; "" if the test did not end
	Runs    int     `json:"runs"`   // 1 for a test that ran once, uncontrolled
	Failed  int     `json:"failed"` // number of these runs
	Seconds float64 `json:"seconds"`

	// What the runs have shown, of a test of which that is known: the number of classes, each of which is one order of
	// the operations that depend on each other, how many of them one run has shown, and an estimate of the probability
	// that another run shows one that is not among them, from 0 to 1.
	Classes int      `json:"classes,omitempty"`
	Once    int      `json:"once,omitempty"`
	Unseen  *float64 `json:"unseen,omitempty"`

	History []Point `json:"history,omitempty"` // of earlier reports, the oldest first
}

// Point is what an earlier report had of a test.
type Point struct {
	Time   time.Time `json:"time"`
	Runs   int       `json:"runs"`
	Failed int       `json:"failed"`
}

// Write writes the file.
func (r *Results) Write(w io.Writer) error {
	x := json.NewEncoder(w)
	x.SetEscapeHTML(false)
	type head struct {
		Schema int    `json:"schema"`
		Kind   string `json:"kind"`
	}
	lines := []any{struct {
		head
		Run
	}{head{1, "run"}, r.Run}}
	for _, t := range r.Tests {
		lines = append(lines, struct {
			head
			*Test
		}{head{1, "test"}, t})
	}
	for _, line := range lines {
		if err := x.Encode(line); err != nil {
			return err
		}
	}
	for _, f := range r.Findings {
		b, err := f.MarshalJSON()
		if err == nil {
			_, err = fmt.Fprintf(w, `{"kind":"finding",%s`+"\n", strings.TrimPrefix(strings.TrimSpace(string(b)), "{"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The limits of what is read.
const (
	maxLine     = 4 << 20 // bytes of a line
	maxTests    = 1 << 17
	maxFindings = 1 << 14
)

// Read reads a file of results. Kinds that are not known are skipped.
func Read(in io.Reader) (*Results, error) {
	r := &Results{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		if err := r.line(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("results: line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("results: line %d: %w", number+1, err)
	}
	return r, nil
}

// line reads a line.
func (r *Results) line(b []byte) error {
	var head struct{ Kind string }
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	switch head.Kind {
	case "run":
		return json.Unmarshal(b, &r.Run)
	case "test":
		t := &Test{}
		if err := json.Unmarshal(b, t); err != nil {
			return err
		}
		if r.Tests = append(r.Tests, t); len(r.Tests) > maxTests {
			return fmt.Errorf("more than %d tests", maxTests)
		}
		return t.check()
	case "finding":
		f := &finding.Finding{}
		if err := json.Unmarshal(b, f); err != nil {
			return err
		}
		if r.Findings = append(r.Findings, f); len(r.Findings) > maxFindings {
			return fmt.Errorf("more than %d findings", maxFindings)
		}
	}
	return nil
}

// check refuses numbers that no command writes.
func (t *Test) check() error {
	if t.Runs < 0 || t.Failed < 0 || t.Failed > t.Runs || t.Seconds < 0 {
		return fmt.Errorf("test %q has %d failures in %d runs", t.Test, t.Failed, t.Runs)
	}
	return nil
}

// errNone is returned by [ReadAll] for a place that has no results.
var errNone = errors.New("results: no " + File)

// ReadAll reads the files named [File] in the folders below a path, or the path itself if it is a file. The paths of
// recordings below a file's folder are made relative to the current folder. Links are not followed.
func ReadAll(path string) (all []*Results, err error) {
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() != File && name != path {
			return err
		}
		r, err := readFile(name)
		all = append(all, r)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %w in it; reprise test --results FOLDER writes it", path, errNone)
	}
	return all, err
}

func readFile(path string) (*Results, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // of a file that was only read
	r, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, x := range r.Findings {
		if x.Trace != "" && filepath.IsLocal(filepath.FromSlash(x.Trace)) {
			x.Trace = filepath.Join(filepath.Dir(path), filepath.FromSlash(x.Trace))
		}
	}
	return r, nil
}

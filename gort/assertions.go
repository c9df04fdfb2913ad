package gort

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
)

// Programs with assertions of the Antithesis SDK for Go write each evaluation to a file that an environment variable
// names. A run has a nameless file for that, so that nothing of the program changes: a violated assertion fails the
// run, and Outcome.Assertions has all of them.

const (
	sdkModule   = "github.com/antithesishq/antithesis-sdk-go"
	sdkVariable = "ANTITHESIS_SDK_LOCAL_OUTPUT"
)

// asserting remembers the answers of asserts, since reading a binary takes longer than a run.
var asserting sync.Map // of content to bool

// content identifies what is in a file.
type content struct {
	path     string
	size     int64
	modified time.Time
}

// asserts reports whether the SDK is part of the binary: whether the table of functions names one of it. The build
// information of a test binary does not list modules.
func (b *Binary) asserts() bool {
	info, err := os.Stat(b.Path)
	if err != nil {
		return false
	}
	key := content{b.Path, info.Size(), info.ModTime()}
	if known, ok := asserting.Load(key); ok {
		return known.(bool)
	}
	text, err := os.ReadFile(b.Path)
	has := err == nil && bytes.Contains(text, []byte("\x00"+sdkModule+"/assert."))
	asserting.Store(key, has)
	return has
}

// openAssertions opens the file for the assertions of the runs, if the binary has any.
func (r *Runner) openAssertions() (err error) {
	if r.b.asserts() {
		r.assertions, err = openNameless("")
	}
	return err
}

// closeAssertions closes the file.
func (r *Runner) closeAssertions() error {
	if r.assertions == nil {
		return nil
	}
	return r.assertions.Close()
}

// clearAssertions empties the file before a run.
func (r *Runner) clearAssertions() error {
	if r.assertions == nil {
		return nil
	}
	if err := r.assertions.Truncate(0); err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	return nil
}

// readAssertions adds the assertions of the run to its outcome.
func (r *Runner) readAssertions(o *Outcome) error {
	if r.assertions == nil {
		return nil
	}
	b, err := io.ReadAll(io.NewSectionReader(r.assertions, 0, outputLimit))
	if err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	o.Assertions = record.Assertions(b)
	if n := o.Calls[openCall]; n > 1 { // the SDK has opened the file
		o.Calls[openCall] = n - 1
	} else {
		delete(o.Calls, openCall)
	}
	if o.Verdict == Passed && len(o.violated()) > 0 {
		o.Verdict = Failed
	}
	return nil
}

// assertionVariable returns the environment variable that names the file.
func assertionVariable(f *os.File) string { return sdkVariable + "=" + nameOf(f) }

// violated returns the assertions that the run violates.
func (o *Outcome) violated() (list []record.Assertion) {
	for _, a := range o.Assertions {
		if a.Violated() {
			list = append(list, a)
		}
	}
	return list
}

// assertedFalse returns the cause of a run that fails only by an assertion: the first that it violates.
func (o *Outcome) assertedFalse() cause {
	c := cause{class: "assertion"}
	for _, a := range o.violated() {
		c.lines = append(c.lines, fmt.Sprintf("%s:%d: assert.%s is violated: %s (in %s)", a.File, a.Line, a.Kind, a.Message,
			a.Function))
		c.parts = append(c.parts, a.Kind+" "+a.Message+" "+a.File)
	}
	c.parts = finding.Set(c.parts[:1])
	return c
}

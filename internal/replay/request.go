package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/reprise-go/reprise/internal/base"
)

// Request asks a test binary of package simtest for a replay, or for a search that begins with one. It is the value of
// the variable Replay of package wire.
//
// The answer contains the report. Only the output of Step is printed by the test, because a person waits for it.
type Request struct {
	Settings
	Search *Search `json:"search,omitempty"` // what to do with the recording instead of a replay; nil for a replay
	Answer string  `json:"answer"`           // path of the file to which the [Answer] is written
}

// String returns the form of r in the environment.
func (r Request) String() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // every field can be encoded
	}
	return string(text)
}

// ParseRequest parses the form of String.
func ParseRequest(text string) (Request, error) {
	var r Request
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("replay: a request that is not understood: %w", err)
	}
	return r, nil
}

// Answer is the result of a replay in a test binary.
type Answer struct {
	Code   int    `json:"code"`   // exit code of the command
	Error  string `json:"error"`  // "" if there is none, or if it is in the report
	Report string `json:"report"` // in the format of the request
}

// Run makes the replay of a session and writes the answer. The report is in the answer, or, with Step, in the output of
// the session.
func (r Request) Run(s *Session) error {
	var report bytes.Buffer
	if !r.Step {
		s.Stdout = &report
	}
	return r.answer(s.Run(), report.String())
}

// RunSearch makes the search that is asked for and writes the answer with its result.
func (r Request) RunSearch(ctx context.Context, f Failing) error {
	var report bytes.Buffer
	return r.answer(r.Search.Run(ctx, f, &report), report.String())
}

// Fail writes the answer for a replay that could not start because of err.
func (r Request) Fail(err error) error { return r.answer(err, "") }

// answer writes the answer of a replay that ended with err.
func (r Request) answer(err error, report string) error {
	a := Answer{Report: report}
	var coded *base.ExitError
	switch {
	case errors.As(err, &coded):
		if a.Code = coded.Code; coded.Err != nil {
			a.Error = base.WithCode(coded.Err)
		}
	case err != nil:
		a.Code, a.Error = base.ExitInput, base.WithCode(err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return os.WriteFile(r.Answer, text, 0o600)
}

// Read reads the answer and writes the report to w. The error is that of the replay, with its exit code. If there is no
// answer, answered is false.
func (r Request) Read(w io.Writer) (answered bool, err error) {
	text, err := os.ReadFile(r.Answer)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	var a Answer
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err == nil {
		_, err = io.WriteString(w, a.Report)
	}
	switch {
	case err != nil:
		return true, base.Failed(err)
	case a.Error != "":
		return true, &base.ExitError{Code: a.Code, Err: errors.New(a.Error)}
	case a.Code != base.ExitOK:
		return true, &base.ExitError{Code: a.Code}
	}
	return true, nil
}

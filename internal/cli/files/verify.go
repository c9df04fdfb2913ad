package files

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// verifySchema is the version of the JSON form of a verdict; it is raised when a key changes its meaning.
const verifySchema = 1

// verification is one run of verify.
type verification struct {
	partial, json bool
	verb.Streams
}

func NewVerify() *cobra.Command {
	var v verification
	cmd := &cobra.Command{
		Use: "verify FILE...",
		Example: verb.Examples(
			"all traces of a folder", "reprise verify traces/*.reprise",
		),
		Short: "Check that trace files are complete and that their events obey the eight laws of every run",
		Long: "Check that trace files are complete, and that their events obey the eight laws of every run, which are listed in\n" +
			"the documentation of the event schema. Each file gets one line. The exit code is the worst one: 0 for files without\n" +
			"problems, 1 for a broken law, 3 for a file that cannot be read to its end.\n\n" +
			"A recording that starts in the middle of a run, or any recording with --partial, is checked as far as possible\n" +
			"without its beginning. If a recording stopped before its run, the laws about the end of a run are not checked.\n\n" +
			"With --json each line is an object: schema (1), file, verdict (ok, broken, truncated or bad), first (index of the\n" +
			"first event), events (number of events read), partial, prefix (why the end was not checked) and, if something\n" +
			"is wrong, error, code (reprise explain CODE), law, index and event.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return base.Usage("no file to verify: %s", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			v.Streams = verb.StreamsOf(cmd)
			return v.run(args)
		},
	}
	cmd.Flags().BoolVar(&v.partial, "partial", false,
		"the recordings start in the middle of a run, even if they do not say so")
	cmd.Flags().BoolVar(&v.json, "json", false, "print a JSON object a line")
	return cmd
}

func (v *verification) run(paths []string) error {
	worst := base.ExitOK
	for _, path := range paths {
		r := v.file(path)
		line := r.text()
		if v.json {
			b, err := json.Marshal(r)
			if err != nil {
				return base.Failed(err)
			}
			line = string(b)
		}
		if _, err := fmt.Fprintln(v.Stdout, line); err != nil {
			return base.Failed(err)
		}
		worst = max(worst, r.code())
	}
	if worst != base.ExitOK {
		return &base.ExitError{Code: worst}
	}
	return nil
}

// verdict is the result for one file.
type verdict struct {
	Schema  int          `json:"schema"`
	File    string       `json:"file"`
	Verdict string       `json:"verdict"` // one of the verdicts below
	First   uint64       `json:"first"`
	Events  uint64       `json:"events"`
	Partial bool         `json:"partial"`
	Prefix  string       `json:"prefix,omitempty"`
	Error   string       `json:"error,omitempty"`
	Code    string       `json:"code,omitempty"`
	Law     int          `json:"law,omitempty"`
	Index   *int         `json:"index,omitempty"`
	Event   *event.Event `json:"event,omitempty"`
}

// The verdicts.
const (
	verdictOK        = "ok"
	verdictBroken    = "broken"    // a law is broken
	verdictTruncated = "truncated" // the events obey the laws, but the end of the file is missing
	verdictBad       = "bad"       // the file cannot be read
)

// code returns the exit code for a verdict.
func (r *verdict) code() int {
	switch r.Verdict {
	case verdictOK:
		return base.ExitOK
	case verdictBroken:
		return base.ExitFound
	}
	return base.ExitInput
}

// text returns the line of the report.
func (r *verdict) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", r.File)
	switch r.Verdict {
	case verdictBroken:
		fmt.Fprintf(&b, "[%s] law %d is broken at event %d, %v: %s", r.Code, r.Law, *r.Index, r.Event, r.Error)
		return b.String()
	case verdictBad:
		fmt.Fprintf(&b, "bad: %s", base.TextWithCode(r.Code, r.Error))
		return b.String()
	}
	fmt.Fprintf(&b, "%s, %d events", r.Verdict, r.Events)
	if r.Partial {
		fmt.Fprintf(&b, ", laws checked from event %d on", r.First)
	} else {
		b.WriteString(", the eight laws hold")
	}
	if r.Prefix != "" {
		fmt.Fprintf(&b, "; the end was not checked: %s", cmp.Or(base.TextWithCode(r.Code, r.Error), r.Prefix))
	}
	return b.String()
}

// file checks one file.
func (v *verification) file(path string) *verdict {
	r := &verdict{Schema: verifySchema, File: path, Verdict: verdictOK}
	p := base.NewProgress(v.Stderr, path)
	defer p.Done()
	in, err := base.OpenInput(v.Stdin, path, source.Config{Progress: p.Tell, ReadAhead: true, CheckNotes: true})
	if err != nil {
		r.unreadable(path, err)
		return r
	}
	defer in.Close()
	r.First, r.Partial = in.First(), v.partial || in.First() > 0
	checker := newChecker(in, r.Partial)
	if r.Events, err = checkEvents(in, checker); err == nil {
		_, err = in.EachCall(func(tracefile.Call) bool { return true })
	}
	var broken *tracecheck.Error
	switch {
	case err == nil:
		r.end(in, checker)
	case errors.As(err, &broken):
		r.broken(broken)
	default:
		r.unreadable(in.Name, err)
	}
	return r
}

func newChecker(in *base.Input, partial bool) *tracecheck.Checker {
	if !partial {
		return tracecheck.New(in.Metadata())
	}
	return tracecheck.NewPartial(in.Metadata(), tracecheck.Start{
		First: in.First(), Timed: in.First() > 0, Time: in.FirstTime(),
	})
}

// checkEvents passes the events to the checker, many at a time, and returns the number of events that it accepted.
func checkEvents(in *base.Input, checker *tracecheck.Checker) (taken uint64, err error) {
	var events [1024]event.Event
	for {
		n, err := in.Read(events[:])
		for i := range events[:n] {
			if err := checker.Event(events[i]); err != nil {
				return taken + uint64(i) + 1, err
			}
		}
		if taken += uint64(n); err == io.EOF {
			return taken, nil
		} else if err != nil {
			return taken, err
		}
	}
}

// end checks the laws about the end of a run, if the recording has it.
func (r *verdict) end(in *base.Input, checker *tracecheck.Checker) {
	if r.Prefix = in.Stopped(); r.Prefix != "" {
		return
	}
	var broken *tracecheck.Error
	if errors.As(checker.End(), &broken) {
		r.broken(broken)
	}
}

func (r *verdict) broken(err *tracecheck.Error) {
	r.Verdict, r.Error, r.Law, r.Index, r.Event = verdictBroken, err.Msg, err.Law, &err.Index, &err.Event
	r.Code = base.CodeOf(err)
}

// unreadable records an error of the input.
func (r *verdict) unreadable(name string, err error) {
	r.Verdict, r.Error, r.Code = verdictBad, strings.TrimPrefix(err.Error(), name+": "), base.CodeOf(err)
	if errors.Is(err, tracefile.ErrTruncated) {
		r.Verdict, r.Prefix = verdictTruncated, "the file stops before it"
	}
}

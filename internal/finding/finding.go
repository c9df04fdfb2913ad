// Package finding holds a failing run as a value: its class, failure, signature, verdict, seed and trace, the commands
// that reproduce it, and how many runs failed in the same way.
//
// Both worlds make a [Finding] for a run that fails. It has one text form, [Finding.Report]; one list of attributes,
// [Finding.Attributes], which pass it from a test binary to the command; and one JSON form. [Sign] is the one algorithm
// for signatures, and [fold] its one rule for which texts are equal.
//
// The package does not know how runs are made. It receives schedules, stacks and differences as text.
package finding

import (
	"cmp"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/wire"
)

// Verdict is the result of replaying a failing run.
type Verdict string

// The verdicts.
const (
	Reproduced  Verdict = wire.Reproduced  // the replays failed in the same way
	Flaky       Verdict = wire.Flaky       // they did not
	Unconfirmed Verdict = wire.Unconfirmed // there was no replay
)

// Finding is a failing run, or a passing one that deserves a note.
type Finding struct {
	Package string // import path
	Test    string // name of the test function, or of the subtest that reports the finding
	Name    string // of the run within its test, such as seed=0x00000000000004d2
	Seed    uint64
	Event   string // index of the event that fails, "" if it is not known

	File string // the file of the code that it is about, relative to the workspace, with slashes; "" if it is not known
	Line int    // in File, from 1

	Related []Place // further lines that it names, in files of the workspace as File; at most [MaxRelated]

	Class     string   // kind of failure in a word or two, such as "data race"
	Failure   string   // what failed, in lines
	Telling   string   // the most telling line of the failure; "" for the first
	Signature string   // see Sign and Settle
	Found     string   // Signature before Settle; "" if Settle was not called
	Parts     []string // the parts of the signature as it was found, see Sign; nil if they are not known
	Verdict   Verdict
	Passes    bool   // the run is not a failure; the finding is a note
	Like      string // name of the first finding with this signature, whose report is longer; "" if this is the first

	Minimal  string // how small the run is that the report tells, and what it was; "" if it is as it was found
	Turning  int    // number of the turn that decided the run, 0 if that is not known
	Decided  Decided
	Why      string // what decided the run, in lines without a newline at the end; "" if that is not known
	Original string // path of the trace of the run as it was found, "" if that is Trace

	Trace     string   // path of the trace file, "" if there is none
	Reproduce []string // shell commands that make the run again, the shortest first
	Explain   string   // shell command that tells more of what decided the run, "" if there is none
	Pin       string   // shell command that pins the trace, "" if it cannot be pinned

	Ran, Failed int      // number of runs of the test, and of those that failed with this signature; 0 if unknown
	Also        []string // other tests and subtests that failed with this signature, "package test"

	// The other parts of the report.
	Verb      string        // what the run did; "" means "fails"
	Length    string        // length of the run, such as "12 events"
	Virtual   time.Duration // virtual time at the end of the run
	Confirmed string        // the result of the replays, without a newline at the end
	Sections  []Section     // the schedule, the stacks, or the difference of a replay
	Outside   string        // what the run depends on that reprise does not control; "" if nothing
	Notes     []string

	// Text is the whole report of a finding that was read from the output of a test; "" means that Report writes it.
	Text string
}

// MaxRelated is the largest number of related places of a finding.
const MaxRelated = 10

// Section is a part of a report: lines under a title.
type Section struct{ Title, Text string }

// Nondeterminism is the class of runs that differ although all choices were the same.
const Nondeterminism = "nondeterminism"

// Timing is the class of failures that need goroutines to be late.
const Timing = "timing"

// Headline returns the most telling line of the failure.
func (f *Finding) Headline() string {
	line, _, _ := strings.Cut(strings.TrimLeft(cmp.Or(f.Telling, f.Failure), "\n"), "\n")
	return strings.TrimSpace(strings.ReplaceAll(line, "\r", " "))
}

// Note adds a note.
func (f *Finding) Note(text string) { f.Notes = append(f.Notes, text) }

// Command returns the shortest shell command that makes the run again, "" if there is none.
func (f *Finding) Command() string {
	if len(f.Reproduce) == 0 {
		return ""
	}
	return f.Reproduce[0]
}

package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Attribute is an attribute of a test.
type Attribute struct {
	Name string
	Form string // what its value is

	Writers, Readers []string // packages of the module

	valid func(value string) bool
}

// Attr is an attribute with values of type T.
type Attr[T any] struct {
	*Attribute
	parse func(value string) (T, bool)
}

// attributes are all of them, in the order of the table.
var attributes []*Attribute

// Attributes returns all attributes, in the order of the table.
func Attributes() []*Attribute { return slices.Clone(attributes) }

// attribute adds a row to the table.
func attribute[T any](a Attribute, parse func(value string) (T, bool)) Attr[T] {
	a.valid = func(value string) bool { _, ok := parse(value); return ok }
	attributes = append(attributes, &a)
	return Attr[T]{&a, parse}
}

// IsAttrLine reports whether a line of the output of "go test -v" gives an attribute of the table to a test.
func IsAttrLine(line, test string) bool {
	return strings.HasPrefix(line, "=== ATTR  "+test+" reprise.")
}

// Valid reports whether a value has the form of the attribute.
func (a *Attribute) Valid(value string) bool { return a.valid(value) }

// Parse returns what a value stands for; ok is false if it does not have the form of the attribute.
func (a Attr[T]) Parse(value string) (v T, ok bool) { return a.parse(value) }

// What is known of a finding; the attributes of the subtest that reports it.
var (
	AttrSeed = attribute(Attribute{
		Name: "reprise.seed", Form: "the seed of the run, 0x and 16 hex digits",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, ParseSeed)
	AttrEvent = attribute(Attribute{
		Name: "reprise.event", Form: "the index of the event that fails",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, ParseSeed)
	AttrSignature = attribute(Attribute{
		Name: "reprise.signature", Form: "16 hex digits, equal for findings of one cause",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseText)
	AttrFound = attribute(Attribute{
		Name: "reprise.found", Form: "the signature of the run before its cause was known, 16 hex digits",
		Writers: []string{Findings}, Readers: []string{Fleet},
	}, parseText)
	AttrVerdict = attribute(Attribute{
		Name: "reprise.verdict", Form: Alternatives(verdictNames), Writers: []string{Findings}, Readers: []string{Findings},
	}, among(verdictNames))
	AttrClass = attribute(Attribute{
		Name: "reprise.class", Form: "the kind of failure, such as deadlock",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseText)
	AttrFailure = attribute(Attribute{
		Name: "reprise.failure", Form: "the most telling line of the failure",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseText)
	AttrFailed = attribute(Attribute{
		Name: "reprise.failed", Form: "the runs with this signature and all runs of the test: 5/22",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseExtent)
	AttrTrace = attribute(Attribute{
		Name: "reprise.trace", Form: "the path of the trace file",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseText)
	AttrReproduce = attribute(Attribute{
		Name: "reprise.reproduce", Form: "a command for a shell",
		Writers: []string{Findings}, Readers: []string{Findings},
	}, parseText)
)

// What the replay of a pinned recording showed; an attribute of the subtest of the replay.
var AttrPin = attribute(Attribute{
	Name: "reprise.pin", Form: pinForm, Writers: []string{Wrapper, Simulate}, Readers: []string{Wrapper},
}, parsePin)

// How far the seeds of a test function came; attributes of the test function.
var (
	AttrRuns = attribute(Attribute{
		Name: "reprise.runs", Form: extentForm, Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, parseExtent)
	AttrReached = attribute(Attribute{
		Name: "reprise.reached", Form: "a list of assertions of the Antithesis SDK in JSON, with counts of runs",
		Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, parseJSON)
	AttrProgress = attribute(Attribute{
		Name: "reprise.progress", Form: extentForm, Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, parseExtent)
)

// AttrExhaustive is what the search through all schedules of a test function has shown, an attribute of the test
// function.
var AttrExhaustive = attribute(Attribute{
	Name: "reprise.exhaustive", Form: "a sentence without a full stop", Writers: []string{Wrapper, Simulate},
	Readers: []string{Wrapper},
}, parseText)

// AttrSimulated is the number of runs that a call of package simtest has made, an attribute of the test that calls it.
var AttrSimulated = attribute(Attribute{
	Name: "reprise.simulated", Form: countForm, Writers: []string{Simulate}, Readers: []string{Wrapper},
}, parseCount)

// AttrCoverage is what the runs of a test have shown, an attribute of the test function, or of the test that calls
// package simtest.
var AttrCoverage = attribute(Attribute{
	Name: "reprise.coverage",
	Form: "the number of runs, of classes of runs, and of classes with one run: 474/37/2, " +
		"followed by /schedules if each schedule is a class",
	Writers: []string{Wrapper, Simulate}, Readers: []string{Wrapper},
}, parseCoverage)

// Shown is the value of [AttrCoverage]; see explore.Coverage for the fields.
type Shown struct {
	Runs, Classes, Once int
	Schedules           bool
}

const bySchedules = "/schedules"

// String returns s as it stands in the attribute.
func (s Shown) String() string {
	text := fmt.Sprintf("%d/%d/%d", s.Runs, s.Classes, s.Once)
	if s.Schedules {
		text += bySchedules
	}
	return text
}

// parseCoverage parses what [Shown.String] returns.
func parseCoverage(text string) (s Shown, ok bool) {
	text, s.Schedules = strings.CutSuffix(text, bySchedules)
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return s, false
	}
	for i, to := range []*int{&s.Runs, &s.Classes, &s.Once} {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return s, false
		}
		*to = n
	}
	return s, true
}

// The values of [AttrVerdict]: what replays of a failing run have shown.
const (
	Reproduced  = "reproduced"  // they fail in the same way
	Flaky       = "flaky"       // they do not
	Unconfirmed = "unconfirmed" // there was none
)

// verdictNames are the values of [AttrVerdict].
var verdictNames = []string{Reproduced, Flaky, Unconfirmed}

// Extent is how many runs of a test were made.
type Extent struct {
	Ran int
	All int // runs to be made; 0 if time alone ends them
}

const extentForm = "the number of runs, and if it was known beforehand how many were due: 37/100"

// String returns the form of the extent on the wire, such as "37/100".
func (e Extent) String() string {
	if e.All > 0 {
		return fmt.Sprintf("%d/%d", e.Ran, e.All)
	}
	return strconv.Itoa(e.Ran)
}

// Cut reports whether fewer runs were made than were due.
func (e Extent) Cut() bool { return e.Ran < e.All }

func parseExtent(s string) (e Extent, ok bool) {
	ran, all, both := strings.Cut(s, "/")
	var err, err2 error
	e.Ran, err = strconv.Atoi(ran)
	if both {
		e.All, err2 = strconv.Atoi(all)
	}
	return e, err == nil && err2 == nil && e.Ran >= 0 && e.All >= 0
}

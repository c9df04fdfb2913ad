package finding

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/reprise-go/reprise/internal/wire"
)

// Attribute is an attribute of the test that reports a finding.
type Attribute struct{ Key, Value string }

// Attributes returns the attributes by which a test binary passes the finding to the command, without unknown values.
func (f *Finding) Attributes() (list []Attribute) {
	for _, a := range []Attribute{
		{wire.AttrSeed.Name, seedText(f.Seed)},
		{wire.AttrEvent.Name, f.Event},
		{wire.AttrSignature.Name, f.Signature},
		{wire.AttrFound.Name, f.Found},
		{wire.AttrVerdict.Name, string(f.Verdict)},
		{wire.AttrClass.Name, f.Class},
		{wire.AttrFailure.Name, f.Headline()},
		{wire.AttrFailed.Name, f.counts()},
		{wire.AttrTrace.Name, f.Trace},
		{wire.AttrReproduce.Name, f.Command()},
	} {
		if a.Value != "" {
			list = append(list, a)
		}
	}
	return list
}

// FromAttributes returns the finding that a test reported; ok is false if it reported none. The report of the test is
// its text.
func FromAttributes(pkg, test string, attributes map[string]string, text string) (f *Finding, ok bool) {
	get := func(a *wire.Attribute) string { return attributes[a.Name] }
	f = &Finding{
		Package: pkg, Test: test, Event: get(wire.AttrEvent.Attribute), Class: get(wire.AttrClass.Attribute),
		Failure: get(wire.AttrFailure.Attribute), Signature: get(wire.AttrSignature.Attribute),
		Verdict: Verdict(get(wire.AttrVerdict.Attribute)), Trace: get(wire.AttrTrace.Attribute), Text: text,
	}
	f.Seed, _ = wire.AttrSeed.Parse(get(wire.AttrSeed.Attribute))      // 0 if it is not known
	counts, _ := wire.AttrFailed.Parse(get(wire.AttrFailed.Attribute)) // zero if they are not known
	f.Failed, f.Ran = counts.Ran, counts.All
	if reproduce := get(wire.AttrReproduce.Attribute); reproduce != "" {
		f.Reproduce = []string{reproduce}
	}
	return f, f.Signature != ""
}

// counts returns the number of failing runs with the signature and of all runs as text, or "" if they are unknown.
func (f *Finding) counts() string {
	if f.Ran == 0 {
		return ""
	}
	return wire.Extent{Ran: f.Failed, All: f.Ran}.String()
}

func seedText(seed uint64) string { return fmt.Sprintf("0x%016x", seed) }

// form is the JSON form of a finding. Keys are only ever added; Schema is the version of their meaning.
type form struct {
	Schema    int      `json:"schema"`
	Signature string   `json:"signature"`
	Class     string   `json:"class"`
	Verdict   Verdict  `json:"verdict"`
	Failure   string   `json:"failure"`
	Package   string   `json:"package"`
	Test      string   `json:"test"`
	Seed      string   `json:"seed"`
	Event     string   `json:"event"`
	Trace     string   `json:"trace"`
	Reproduce string   `json:"reproduce"`
	Also      []string `json:"also"` // the other tests and subtests with this signature
	Runs      int      `json:"runs"`
	Failed    int      `json:"failed"`
	Report    string   `json:"report"`
	Passes    bool     `json:"passes"` // it is a note: the run is not a failure
	File      string   `json:"file,omitempty"`
	Line      int      `json:"line,omitempty"`
	Related   []Place  `json:"related,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (f *Finding) MarshalJSON() ([]byte, error) {
	also := f.Also
	if also == nil {
		also = []string{}
	}
	var b bytes.Buffer
	x := json.NewEncoder(&b)
	x.SetEscapeHTML(false) // for people, who read the lines too
	err := x.Encode(form{
		1, f.Signature, f.Class, f.Verdict, f.Headline(), f.Package, f.Test, seedText(f.Seed), f.Event, f.Trace, f.Command(),
		also, f.Ran, f.Failed, f.Report(), f.Passes, f.File, f.Line,
		f.Related,
	})
	return b.Bytes(), err
}

// errForm is wrapped by the errors of [Finding.UnmarshalJSON] for an object that is no finding.
var errForm = errors.New("finding: no finding in the form of schema 1")

var (
	signatureForm = regexp.MustCompile(`^[0-9a-f]{16}$`)
	classForm     = regexp.MustCompile(`^[a-z][a-z -]{0,39}$`)
)

// isPlace reports whether a line is one in a file below the folder where it is looked up.
func isPlace(file string, line int) bool {
	return filepath.IsLocal(filepath.FromSlash(file)) && line > 0
}

// UnmarshalJSON implements [json.Unmarshaler]. The file may come from a stranger: a path that leads out of the folder
// where it is looked up is left out.
func (f *Finding) UnmarshalJSON(b []byte) error {
	var x form
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	seed, ok := wire.AttrSeed.Parse(x.Seed)
	if x.Schema != 1 || !ok || x.Runs < 0 || x.Failed < 0 || !signatureForm.MatchString(x.Signature) ||
		!classForm.MatchString(x.Class) || !wire.AttrVerdict.Valid(string(x.Verdict)) {
		return fmt.Errorf("%w: signature %.20q, class %.20q, seed %.20q", errForm, x.Signature, x.Class, x.Seed)
	}
	*f = Finding{
		Package: x.Package, Test: x.Test, Seed: seed, Event: x.Event, Class: x.Class, Failure: x.Failure,
		Signature: x.Signature, Verdict: x.Verdict, Passes: x.Passes, Trace: x.Trace, Ran: x.Runs, Failed: x.Failed,
		Also: x.Also, Text: x.Report, File: x.File, Line: x.Line,
	}
	if x.Reproduce != "" {
		f.Reproduce = []string{x.Reproduce}
	}
	if !isPlace(x.File, x.Line) {
		f.File, f.Line = "", 0
	}
	for _, p := range x.Related[:min(len(x.Related), MaxRelated)] {
		if isPlace(p.File, p.Line) {
			f.Related = append(f.Related, p)
		}
	}
	return nil
}

package finding

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/golden"
)

// samples are findings of every shape.
func samples() map[string]*Finding {
	whole := Finding{
		Package: "example.com/m", Test: "TestX/seed=0x0000000000000007", Name: "seed=0x0000000000000007", Seed: 7,
		Event: "21",
		Class: "deadlock", Failure: "all goroutines are asleep\n  0.0.1 waits", Signature: "0123456789abcdef",
		Verdict: Reproduced,
		Trace:   "/tmp/x.reprise", Reproduce: []string{"go test -run '^TestX$'", "reprise replay /tmp/x.reprise"},
		Pin: "reprise pin /tmp/x.reprise", Ran: 22, Failed: 5, Length: "39 decisions", Virtual: 3 * time.Millisecond,
		Confirmed: "replayed twice from its trace: the same again",
		Sections: []Section{
			{"the schedule up to there:", "1 0.0.0 runs\n2 0.0.1 runs\n"}, {"goroutines at the end:", "0.0.1 waits"},
		},
		Outside: "it opens files", Notes: []string{"it fails under every seed"},
	}
	flaky := whole
	flaky.Verdict, flaky.Confirmed, flaky.Pin, flaky.Sections = Flaky, "it goes another way:", "",
		[]Section{{Text: "- a\n+ b"}}
	passes := whole
	passes.Passes, passes.Verb, passes.Verdict, passes.Confirmed = true, "passes", Unconfirmed, ""
	bare := Finding{Name: "input=1", Class: Nondeterminism, Verdict: Flaky, Failure: "\nlost\r1", Length: "1 event",
		Confirmed: "it passes"}
	like := Finding{Name: "seed=2", Like: "seed=1", Failure: "first line\nlost", Telling: "lost",
		Signature: "0123456789abcdef"}
	return map[string]*Finding{"whole": &whole, "flaky": &flaky, "passes": &passes, "bare": &bare, "like": &like}
}

// TestReports compares the reports, attributes and JSON lines of the samples with those that are stored.
func TestReports(t *testing.T) {
	var b strings.Builder
	all := samples()
	for _, name := range []string{"whole", "flaky", "passes", "bare", "like"} {
		f := all[name]
		line, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("== " + name + "\n" + f.Report() + "\n-- entry\n" + f.Entry("1.") + "-- attributes\n")
		for _, a := range f.Attributes() {
			b.WriteString(a.Key + " " + a.Value + "\n")
		}
		b.WriteString("-- JSON\n" + string(line) + "\n")
	}
	golden.Check(t, "reports.txt", b.String())
}

// TestAttributes: what is written as attributes is read again.
func TestAttributes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9<&]{1,8}`)
		f := &Finding{
			Package: "p", Test: "T/s", Seed: rapid.Uint64().Draw(t, "seed"), Event: text.Draw(t, "event"), Class: text.Draw(t,
				"class"),
			Failure: text.Draw(t, "failure"), Signature: text.Draw(t,
				"signature"), Verdict: rapid.SampledFrom([]Verdict{Reproduced, Flaky, Unconfirmed, ""}).Draw(t, "verdict"),
			Trace: text.Draw(t, "trace"), Text: text.Draw(t, "text"),
		}
		if rapid.Bool().Draw(t, "command") {
			f.Reproduce = []string{text.Draw(t, "reproduce")}
		}
		if f.Ran = rapid.IntRange(0, 99).Draw(t, "ran"); f.Ran > 0 {
			f.Failed = rapid.IntRange(0, f.Ran).Draw(t, "failed")
		}
		attributes := map[string]string{}
		for _, a := range f.Attributes() {
			attributes[a.Key] = a.Value
		}
		got, ok := FromAttributes("p", "T/s", attributes, f.Text)
		if !ok || !reflect.DeepEqual(got, f) {
			t.Fatalf("read %+v, want %+v", got, f)
		}
	})
	if f, ok := FromAttributes("p", "T", map[string]string{"reprise.runs": "1"}, "text"); ok {
		t.Errorf("a test without a finding has %+v", f)
	}
}

// TestJSON: what is written is read, as far as the form has it; what is no finding is refused, and a path that leads
// out of the folder is left out.
func TestJSON(t *testing.T) {
	for name, f := range samples() { // lint: order does not matter because each is checked alone
		f.File, f.Line = "pool/pool.go", 12
		f.Signature, f.Class = "0123456789abcdef", "data race"
		if f.Verdict == "" {
			f.Verdict = Unconfirmed
		}
		first, err := f.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var got Finding
		if err := json.Unmarshal(first, &got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if second, err := got.MarshalJSON(); err != nil || string(second) != string(first) {
			t.Errorf("%s is read as\n%s\nnot\n%s%v", name, second, first, err)
		}
	}
	good := `{"schema":1,"signature":"0123456789abcdef","class":"leak","verdict":"flaky","seed":"0x0000000000000001"`
	var f Finding
	for _, file := range []string{`"/etc/passwd","line":1`, `"../x.go","line":1`, `"x.go","line":-1`} {
		if err := json.Unmarshal([]byte(good+`,"file":`+file+`}`), &f); err != nil || f.File != "" || f.Line != 0 {
			t.Errorf("%s is read as %s:%d, %v", file, f.File, f.Line, err)
		}
	}
	for _, change := range []string{`"schema":2`, `"signature":"x"`, `"class":"*a*"`, `"verdict":"good"`, `"seed":"x"`,
		`"runs":-1`} {
		if err := json.Unmarshal([]byte(good+`,`+change+`}`), &f); !errors.Is(err, errForm) {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// TestOthers: what is told of the other failures of a signature.
func TestOthers(t *testing.T) {
	f := &Finding{Package: "p", Test: "T/seed=0x1"}
	for want, also := range map[string][]string{
		"": nil, ", and 1 more": {"p T/seed=0x2"}, ", and 3 more in t, u and q t": {"p T/pin=a", "p U", "q T/seed=0x1"},
		", and 4 more in 4 tests, such as t, q t, v": {"q T/seed=0x1", "p V", "q T", "p U"},
	} {
		f.Also = also
		if got := f.others(strings.ToLower); got != want {
			t.Errorf("of %q: %q, want %q", also, got, want)
		}
	}
}

// TestKeepReport: the report lies beside the trace, and a problem with that is a note.
func TestKeepReport(t *testing.T) {
	f := samples()["whole"]
	f.Trace = filepath.Join(t.TempDir(), "a.reprise")
	f.KeepReport()
	b, err := os.ReadFile(strings.TrimSuffix(f.Trace, "reprise") + "txt")
	if err != nil || string(b) != f.Report() || len(f.Notes) != 1 {
		t.Errorf("the file has %q, error %v, notes %q", b, err, f.Notes)
	}
	f.Trace = filepath.Join(t.TempDir(), "none", "a.reprise")
	if f.KeepReport(); len(f.Notes) != 2 || !strings.Contains(f.Report(), "note: the report could not be kept: ") {
		t.Errorf("notes %q", f.Notes)
	}
	f.Trace, f.Notes = "", nil
	if f.KeepReport(); len(f.Notes) != 0 {
		t.Errorf("notes %q", f.Notes)
	}
}

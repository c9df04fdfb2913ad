package results

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/golden"
)

var day = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

// found is a finding of a test with a signature.
func found(test string, signature uint64, failed, ran int) *finding.Finding {
	return &finding.Finding{
		Package: "example.com/m/pool", Test: test, Seed: signature, Class: "deadlock", Failure: "all goroutines are asleep",
		Signature: fmt.Sprintf("%016x", signature), Verdict: finding.Reproduced, Failed: failed, Ran: ran,
		Text: "all goroutines are asleep\n  waits: at pool.go:12", Reproduce: []string{"reprise test ./pool --seed 0x7"},
		File: "pool/pool.go", Line: 12, Trace: "recordings/x.reprise",
		Related: []finding.Place{{File: "pool/pool_test.go", Line: 4, Text: "the test starts it at pool_test.go:4"}},
	}
}

// shards are the results of two shards, of which both have found 1, and one 2.
func shards() []*Results {
	return []*Results{
		{
			Run:      Run{day, "1/2"},
			Findings: []*finding.Finding{found("TestA/seed=0x1", 1, 3, 50), found("TestB/seed=0x2", 2, 1, 50)},
			Tests: []*Test{
				{Package: "example.com/m/pool", Test: "TestA", Result: "fail", Runs: 50, Failed: 3, Seconds: 1},
				{Package: "example.com/m/pool", Test: "TestB", Result: "fail", Runs: 50, Failed: 1, Seconds: 1},
				{Package: "example.com/m/pool", Test: "TestC", Result: "pass", Runs: 50},
			},
		},
		{
			Run: Run{day.Add(time.Minute), "2/2"}, Findings: []*finding.Finding{found("TestA/seed=0x9", 1, 2, 50)},
			Tests: []*Test{
				{Package: "example.com/m/pool", Test: "TestA", Result: "fail", Runs: 50, Failed: 2, Seconds: 2},
				{Package: "example.com/m/pool", Test: "TestB", Result: "pass", Runs: 50, Seconds: 2},
				{Package: "example.com/m/pool", Test: "TestC", Result: "pass", Runs: 50},
				{Package: "example.com/m/pool", Test: "TestPlain", Result: "fail", Runs: 1, Failed: 1},
			},
		},
	}
}

// earlier is a report with finding 2, one of TestC that is gone since, and one of a test that is no more.
func earlier() *Report {
	one := &Results{
		Run: Run{day.Add(-24 * time.Hour), ""},
		Tests: []*Test{
			{Package: "example.com/m/pool", Test: "TestB", Result: "fail", Runs: 100, Failed: 4},
			{Package: "example.com/m/pool", Test: "TestC", Result: "fail", Runs: 100, Failed: 1},
		},
		Findings: []*finding.Finding{
			found("TestB/seed=0x2", 2, 4, 100), found("TestC/seed=0x3", 3, 1, 100), found("TestOld/seed=0x4", 4, 1, 100),
		},
	}
	return Merge([]*Results{one}, nil)
}

// TestForms compares every form with its golden.
func TestForms(t *testing.T) {
	r := Merge(shards(), earlier())
	for name, write := range forms(r) { // lint: order does not matter because each form is checked alone
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, "report."+name, b.String())
	}
	if !r.Fails(false) || r.Findings[0].State != New || r.Findings[1].State != Known {
		t.Errorf("the states are wrong: %v", r.Summary())
	}
}

func forms(r *Report) map[string]func(*bytes.Buffer) error {
	return map[string]func(*bytes.Buffer) error{
		"txt":        func(b *bytes.Buffer) error { return r.Text(b) },
		"md":         func(b *bytes.Buffer) error { return r.Markdown(b) },
		"html":       func(b *bytes.Buffer) error { return r.HTML(b) },
		"json":       func(b *bytes.Buffer) error { return r.JSON(b) },
		"junit.xml":  func(b *bytes.Buffer) error { return r.JUnit(b) },
		"github":     func(b *bytes.Buffer) error { return r.GitHub(b) },
		"gitlab":     func(b *bytes.Buffer) error { return r.GitLab(b) },
		"sarif.json": func(b *bytes.Buffer) error { return r.SARIF(b) },
	}
}

// TestMergeOrder: the report does not depend on the order of the files, and its numbers are the sums, which a loop over
// the lines adds up too.
func TestMergeOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*Results
		failed, runs := map[string]int{}, 0
		for i := range rapid.IntRange(1, 5).Draw(t, "files") {
			r := &Results{Run: Run{day.Add(time.Duration(i) * time.Minute), fmt.Sprintf("%d/5", i+1)}}
			for _, name := range []string{"TestA", "TestB"} {
				test := &Test{Package: "example.com/m/pool", Test: name, Result: "pass"}
				test.Runs = rapid.IntRange(20, 40).Draw(t, "runs")
				runs += test.Runs
				for s := range uint64(2) {
					if n := rapid.IntRange(0, 5).Draw(t, "failed"); n > 0 {
						f := found(fmt.Sprintf("%s/seed=%d", name, i), s+10*uint64(name[4]), n, test.Runs)
						test.Result, test.Failed = "fail", test.Failed+n
						failed[f.Signature] += n
						r.Findings = append(r.Findings, f)
					}
				}
				r.Tests = append(r.Tests, test)
			}
			all = append(all, r)
		}
		text := func(list []*Results) string {
			var b bytes.Buffer
			if err := Merge(list, nil).JSON(&b); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		if want, got := text(all), text(rapid.Permutation(all).Draw(t, "order")); got != want {
			t.Fatalf("in another order\n%s\nnot\n%s", got, want)
		}
		r := Merge(all, nil)
		sum := 0
		for _, test := range r.Tests {
			sum += test.Runs
		}
		if sum != runs || len(r.Findings) != len(failed) {
			t.Fatalf("%d runs and %d findings, want %d and %d", sum, len(r.Findings), runs, len(failed))
		}
		for _, f := range r.Findings {
			if f.Failed != failed[f.Signature] {
				t.Fatalf("%s has failed %d times, want %d", f.Signature, f.Failed, failed[f.Signature])
			}
		}
	})
}

// TestBaseline: a report is its own baseline, in which everything is known and nothing fails; findings that are gone do
// not come back; a test keeps its history.
func TestBaseline(t *testing.T) {
	first := Merge(shards(), earlier())
	var b bytes.Buffer
	if err := first.JSON(&b); err != nil {
		t.Fatal(err)
	}
	read, err := ReadReport(&b)
	if err != nil {
		t.Fatal(err)
	}
	second := Merge(shards(), read)
	if second.Fails(false) || !second.Fails(true) {
		t.Errorf("with itself as the baseline: %s", second.Summary())
	}
	for _, f := range second.Findings {
		if f.State == Gone || f.State == New {
			t.Errorf("%s of %s is %s", f.Signature, f.Test, f.State)
		}
	}
	i := slices.IndexFunc(second.Tests, func(t *Test) bool { return t.Test == "TestB" })
	if h := second.Tests[i].History; len(h) != 2 || h[0].Failed != 4 || h[1] != (Point{first.Time, 100, 1}) {
		t.Errorf("the history of TestB is %v", h)
	}
	for range 2 * maxHistory {
		second = Merge(shards(), second)
	}
	if n := len(second.Tests[i].History); n != maxHistory {
		t.Errorf("a history of %d reports", n)
	}
}

// TestReadAll: what is written is read; recordings are found beside the file; other places are errors.
func TestReadAll(t *testing.T) {
	dir := t.TempDir()
	for i, r := range shards() {
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := errors.Join(os.Mkdir(sub, 0o777), os.WriteFile(filepath.Join(sub, File), b.Bytes(), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ReadAll(dir)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	if got, want := all[0].Findings[0].Trace, filepath.Join(dir, "0", "recordings", "x.reprise"); got != want {
		t.Errorf("the recording is %s, want %s", got, want)
	}
	var want, got bytes.Buffer
	all[0].Findings[0].Trace, all[0].Findings[1].Trace = "recordings/x.reprise", "recordings/x.reprise"
	if err := errors.Join(shards()[0].Write(&want), all[0].Write(&got)); err != nil || got.String() != want.String() {
		t.Errorf("read as\n%s\nwant\n%s%v", got.String(), want.String(), err)
	}
	if _, err := ReadAll(t.TempDir()); !errors.Is(err, errNone) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := ReadAll(filepath.Join(dir, "no")); err == nil {
		t.Error("no folder: no error")
	}
}

// TestReadRefuses: lines that no command writes are errors with their number; unknown kinds are not.
func TestReadRefuses(t *testing.T) {
	for _, text := range []string{
		"x", `{"kind":"test","runs":1,"failed":2}`, `{"kind":"test","runs":-1}`, `{"kind":"finding"}`,
		`{"kind":"run","time":"yesterday"}`, `"a"`,
	} {
		if _, err := Read(strings.NewReader("{\"kind\":\"of tomorrow\"}\n" + text)); err == nil ||
			!strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"{}", "x", `{"schema":1,"kind":"report","findings":[{"state":"new"}]}`,
		`{"schema":1,"kind":"report","tests":[null]}`, `{"schema":2,"kind":"report"}`} {
		if _, err := ReadReport(strings.NewReader(text)); err == nil {
			t.Errorf("%s is a report", text)
		}
	}
}

// FuzzRead: a file from a stranger is refused, or makes a report that every form can tell, well formed.
func FuzzRead(f *testing.F) {
	for _, r := range shards() {
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		one, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		checkForms(t, Merge([]*Results{one, shards()[1]}, earlier()))
	})
}

// hostileText is markup, a command of a terminal and one of GitHub.
const hostileText = "</pre><script>alert(1)</script>`|\x1b[31m\n::error::x\n\x00\u202e"

// TestHostile: no text of a file is markup or a command.
func TestHostile(t *testing.T) {
	one := shards()[0]
	for _, f := range one.Findings {
		f.Failure, f.Text, f.Test, f.Package = hostileText, hostileText, hostileText, hostileText
		f.Reproduce, f.File, f.Also = []string{hostileText}, "a,b\n::error::/"+hostileText, []string{hostileText + " x"}
	}
	one.Tests[0].Package, one.Tests[0].Test = hostileText, hostileText
	r := Merge([]*Results{one}, nil)
	checkForms(t, r)
	for name, write := range forms(r) { // lint: order does not matter because each form is checked alone
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if name == "html" && strings.Contains(b.String(), "<script") {
			t.Errorf("the page has the script: %s", b.String())
		}
		if name == "github" && strings.Count(b.String(), "\n") != len(r.Current()) {
			t.Errorf("%d lines of annotations:\n%s", strings.Count(b.String(), "\n"), b.String())
		}
	}
}

// checkForms checks that the forms for machines can be read by others.
func checkForms(t *testing.T, r *Report) {
	t.Helper()
	for name, write := range forms(r) { // lint: order does not matter because each form is checked alone
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var anything any
		var err error
		switch name {
		case "json", "gitlab", "sarif.json":
			err = json.Unmarshal(b.Bytes(), &anything)
		case "junit.xml":
			err = xml.Unmarshal(b.Bytes(), &struct{ XMLName xml.Name }{})
		case "html":
			if strings.Contains(html.UnescapeString(b.String()), "ZgotmplZ") {
				err = errors.New("a text is in a place where it cannot be escaped")
			}
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b.String())
		}
	}
}

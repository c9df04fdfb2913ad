package gotest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
)

// TestCommand: the command that reproduces a run gives it the arguments that it had.
func TestCommand(t *testing.T) {
	p := &program{pkg: "example.com/m", flags: []string{"-race"}}
	seven := &explore.Run{Plan: explore.Plan{Seed: 7}}
	for _, c := range []struct{ env, args, want string }{
		{"", "-test.v=test2json", "reprise test -race example.com/m -run ^TestX$ --seed 0x0000000000000007"},
		{"STRATEGY=pct LEAKS=off", "-test.short=true -test.skip=TestX/a -test.parallel=3 -test.run=X/b",
			"reprise test -race --strategy pct --leaks off -skip=TestX/a -short -parallel=3 example.com/m -run ^TestX$/b --seed 0x0000000000000007"},
		{"", "-test.skip=TestY -own=1 word",
			"reprise test -race example.com/m -run ^TestX$ --seed 0x0000000000000007 -args -own=1 word"},
	} {
		s, _ := fakeSession(t, &fakeRunner{}, c.env, strings.Fields(c.args)...)
		campaign := s.search("TestX", 1)
		if got := strings.Join(p.command(campaign.selection, &s.settings, campaign.args, seven), " "); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.env, c.args, got, c.want)
		}
	}
}

// TestLook: a binary that names a function of package simtest in its table, and no other.
func TestLook(t *testing.T) {
	for text, want := range map[string]bool{
		"a\x00github.com/reprise-go/reprise/sim" + "test.Check\x00": true, "github.com/reprise-go/reprise/sim" +
			"test.Check": false, "": false,
	} {
		p := &program{Binary: gort.Binary{Path: filepath.Join(t.TempDir(), "m.test")}}
		if err := os.WriteFile(p.Path, bytes.Repeat([]byte(text), 2), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.look(); p.simulated != want || err != nil {
			t.Errorf("%q: %v, error %v", text, p.simulated, err)
		}
	}
}

// ends are tests that end in different ways without control.
const ends = `package m

import (
	"testing"
	"time"
)

func TestPasses(t *testing.T) {}
func TestFails(t *testing.T)  { t.Error("no") }
func TestHangs(t *testing.T)  { time.Sleep(time.Hour) }
`

func TestAlone(t *testing.T) {
	p := buildTests(t, ends)
	for test, want := range map[string]string{
		"TestPasses": "but it passes without control", "TestFails": "and without control it fails too",
	} {
		how, end, err := p.alone(t.Context(), p.patience, []string{"-test.run=" + test})
		if how != want || (end == plainPasses) != (test == "TestPasses") || err != nil {
			t.Errorf("%s: %q, end %v, error %v", test, how, end, err)
		}
	}
	if how, _, err := p.alone(t.Context(), 1,
		[]string{"-test.run=TestHangs"}); how != "and without control it has not ended after 1ns" || err != nil {
		t.Errorf("%q, error %v", how, err)
	}
	p.Path += "x"
	if _, _, err := p.alone(t.Context(), time.Minute, nil); err == nil {
		t.Error("a binary that is not there is no error")
	}
}

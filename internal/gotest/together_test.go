package gotest

import (
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
)

func TestSplit(t *testing.T) {
	const passed = "=== RUN   TestA\na\n=== RUN   TestA/x\n    a_test.go:1: x\n--- PASS: TestA (0.00s)\n" +
		"    --- PASS: TestA/x (0.00s)\n"
	for _, c := range []struct {
		output string
		failed string
		tests  []string
	}{
		{passed + "=== RUN   TestB\n--- SKIP: TestB (0.00s)\nPASS\n", "", []string{"TestA", "TestB"}},
		{passed + "=== RUN   TestB\nb\n--- FAIL: TestB (0.00s)\n=== RUN   TestC\n--- FAIL: TestC (0.00s)\nFAIL\n", "TestB",
			[]string{"TestA", "TestB", "TestC"}},
		{passed + "=== RUN   TestB\nfatal error: all goroutines are asleep\n", "TestB", []string{"TestA", "TestB"}},
		{"=== RUN   TestA\n=== PAUSE TestA\n=== RUN   TestB\n=== PAUSE TestB\n=== CONT  TestA\n=== CONT  TestB\n" +
			"--- PASS: TestB (0.00s)\n=== NAME  TestA\n    a_test.go:3: hangs\n", "TestA", []string{"TestA", "TestB"}},
		{"", "", nil},
	} {
		parts, failed := split([]byte(c.output))
		var tests []string
		for test := range parts { // lint: order does not matter because the names are sorted
			tests = append(tests, test)
		}
		if slices.Sort(tests); failed != c.failed || !slices.Equal(tests, c.tests) {
			t.Errorf("%q: %q and %q, want %q and %q", c.output, tests, failed, c.tests, c.failed)
		}
	}
}

// TestTogether: the tests of one process have each their result, output and findings.
func TestTogether(t *testing.T) {
	end := func(seed uint64) string {
		return map[bool]string{true: "lost"}[seed == testpath.DeriveSeed("TestA", 4)]
	}
	f := &fakeRunner{end: end, turns: atOnce}
	s, out := fakeSession(t, f, "SEEDS=9 TOGETHER=true ARTIFACTS="+t.TempDir(), "-test.shuffle=7")
	c := s.searchTogether([]string{"TestA", "TestX", "TestY"})
	if c.run(t.Context()) {
		t.Errorf("it passes:\n%s", out)
	}
	for _, want := range []string{
		"--- PASS: TestA ", "--- FAIL: TestX/seed=0x", "--- FAIL: TestX (", "1 of 9 runs failed", "reprise: not run: TestY",
		"reprise test -shuffle=7 example.com/m --together --seed 0x",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestSuites: each test of a suite is one of its own, and the command that reproduces a finding selects it.
func TestSuites(t *testing.T) {
	const output = "=== RUN   TestSuite\n=== RUN   TestSuite/TestA\n=== RUN   TestSuite/TestA/x\n" +
		"=== RUN   TestSuite/a-b\n=== RUN   TestSuite/TestB\n--- PASS: TestSuite (0.00s)\n"
	got := subtests("TestSuite", []byte(output))
	if !slices.Equal(got, []string{"TestSuite/TestA", "TestSuite/TestB"}) {
		t.Errorf("the suite has %q", got)
	}
	for run, want := range map[string]string{
		"^TestSuite$/^TestA$": "TestSuite/TestA", "^TestSuite$": "", "TestSuite/TestA": "", "": "", "^TestSuite$/^A$/x": "",
	} {
		s, _ := fakeSession(t, &fakeRunner{}, "", "-test.run="+run)
		s.suites = true
		if got := s.selectedInSuite("TestSuite"); got != want {
			t.Errorf("-run %s selects %q, want %q", run, got, want)
		}
	}
	s, _ := fakeSession(t, &fakeRunner{}, "")
	c := s.search("TestSuite/TestA", 1)
	seven := &explore.Run{Plan: explore.Plan{Seed: 7}}
	if words := s.command(c.selection, &s.settings, c.args, seven); !slices.Contains(words, "^TestSuite$/^TestA$") {
		t.Errorf("the command is %q", words)
	}
}

// TestGatherTold: of findings with one signature the one with a verdict is told, and the others are named with it.
func TestGatherTold(t *testing.T) {
	first := map[string]*finding.Finding{}
	var list []*finding.Finding
	for _, f := range []*finding.Finding{
		{Signature: "1", Package: "p", Test: "A"}, {Signature: "1", Package: "p", Test: "B", Verdict: "reproduced"},
		{Signature: "1", Package: "p", Test: "C"},
	} {
		list = gather(list, first, f)
	}
	if len(list) != 1 || list[0].Test != "B" || !slices.Equal(list[0].Also, []string{"p A", "p C"}) {
		t.Errorf("found %+v", list[0])
	}
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
)

// detailed makes the run of a seed again with Control.Detail, and returns it as a table of turns.
func detailed(t *testing.T, test string, seed uint64) string {
	t.Helper()
	first := mustRun(t, corpus(t), test, Control{Seed: seed})
	again := mustRun(t, corpus(t), test, Control{Seed: seed, Choices: first.Recording.Choices(), Detail: true})
	if again.Recording.Hash != first.Recording.Hash {
		t.Fatalf("%s, seed %d: the run with details is another one", test, seed)
	}
	return again.Schedule(1 << 20)
}

// took matches a select that could take another case.
var took = regexp.MustCompile(`takes the case that receives from channel (\d) \(detail_test.go:15\), ` +
	`although it could also receive from channel (\d),`)

// TestReadyCases: a select that could take several cases names the others, and one with a single ready case does not.
func TestReadyCases(t *testing.T) {
	first := map[string]bool{} // the channels from which the select has received
	for seed := range uint64(20) {
		told := strings.Join(strings.Fields(detailed(t, "TestReadyCases", seed)), " ")
		all := took.FindAllStringSubmatch(told, -1)
		if len(all) != 1 || all[0][1] == all[0][2] || strings.Count(told, "although it could also") != 1 {
			t.Fatalf("seed %d: %s", seed, told)
		}
		first[all[0][1]] = true
	}
	if len(first) != 2 {
		t.Errorf("the runs have received first from the channels %v", first)
	}
}

// TestTimerLines: a timer that fires is told with the line that set it, also if the standard library did so for the
// program, and at the line of a Reset. So is what stops it, and whether that was in time.
func TestTimerLines(t *testing.T) {
	told := detailed(t, "TestTimerLines", 1)
	for _, want := range []string{"timer of 2ms", "timer of 3ms", "timer of 5ms", "stops a timer",
		"tries to stop a timer, which does not run"} {
		if !strings.Contains(told, want+" (detail_test.go:") {
			t.Errorf("%q is not in\n%s", want, told)
		}
	}
}

// TestDetailOfOtherRuns: without Control.Detail there is no record of either.
func TestDetailOfOtherRuns(t *testing.T) {
	for _, test := range []string{"TestReadyCases", "TestTimerLines"} {
		for _, r := range mustRun(t, corpus(t), test, Control{Seed: 1}).Recording.Records {
			if r.Kind == record.Does {
				t.Errorf("%s has the record %+v", test, r)
			}
		}
	}
}

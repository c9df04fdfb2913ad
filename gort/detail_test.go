//go:build linux && (amd64 || arm64)

package gort

import (
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
)

// detailed makes the run of a seed again with Control.Detail, and returns it as a table of turns.
func detailed(t *testing.T, b *Binary, test string, seed uint64) string {
	t.Helper()
	first := mustRun(t, b, test, Control{Seed: seed})
	again := mustRun(t, b, test, Control{Seed: seed, Choices: first.Recording.Choices(), Detail: true})
	if again.Recording.Hash != first.Recording.Hash {
		t.Fatalf("%s, seed %d: the run with details is another one", test, seed)
	}
	return again.Schedule(1 << 20)
}

// took matches a select that could take another case.
var took = regexp.MustCompile(`takes the case that receives from channel (\d) \(detail_test.go:18\), ` +
	`although it could also receive from channel (\d),`)

// TestReadyCases: a select that could take several cases names the others, and one with a single ready case does not.
func TestReadyCases(t *testing.T) {
	first := map[string]bool{} // the channels from which the select has received
	for seed := range uint64(20) {
		text := strings.Join(strings.Fields(detailed(t, corpus(t), "TestReadyCases", seed)), " ")
		all := took.FindAllStringSubmatch(text, -1)
		if len(all) != 1 || all[0][1] == all[0][2] || strings.Count(text, "although it could also") != 1 {
			t.Fatalf("seed %d: %s", seed, text)
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
	text := detailed(t, corpus(t), "TestTimerLines", 1)
	for _, want := range []string{"timer of 2ms", "timer of 3ms", "timer of 5ms", "stops a timer",
		"tries to stop a timer, which does not run"} {
		if !strings.Contains(text, want+" (detail_test.go:") {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// tells checks that a run tells operations in this order, one after the other, in the file detail_test.go.
func tells(t *testing.T, b *Binary, test string, operations ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(detailed(t, b, test, 1)), " ")
	rest := text
	for _, o := range operations {
		i := strings.Index(rest, o+" (detail_test.go:")
		if i < 0 {
			t.Fatalf("%q is not told, or not in its place, in\n%s", o, text)
		}
		rest = rest[i+len(o):]
	}
	if got := strings.Count(text, " (detail_test.go:"); got != len(operations) {
		t.Errorf("%d operations are told, want %d:\n%s", got, len(operations), text)
	}
}

// TestOwnObjects: an operation is told with its own object, also if it is done by a function of sync/atomic, if the
// goroutine has used a channel before, and if it locks something inside.
func TestOwnObjects(t *testing.T) {
	tells(t, dependents(t), "TestOwnObjects", "sends on channel 3", "adds to atomic 1", "stores atomic 2",
		"stores atomic 3", "enters once 1", "locks mutex 1", "receives from channel 3", "unlocks mutex 1", "locks mutex 2",
		"starts 0.0.0 corpus.TestOwnObjects.func2", "unlocks mutex 2", "locks mutex 2", "signals cond 1",
		"unlocks mutex 2", "locks mutex 2", "unlocks mutex 2")
}

// TestTried: a select with a default case and one other is told with the case that it has taken.
func TestTried(t *testing.T) {
	tells(t, corpus(t), "TestTried", "takes the default case", "takes the case that sends on channel 4",
		"takes the default case", "takes the case that receives from channel 4")
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

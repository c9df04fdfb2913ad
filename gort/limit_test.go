//go:build linux && (amd64 || arm64)

package gort

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/record"
)

// TestDropped checks that a run goes on when its recording is full, to the same end, that the recording has its start
// and what was left at its end, and that the run can be replayed as far.
func TestDropped(t *testing.T) {
	b := corpus(t)
	for _, test := range []struct {
		function string
		records  int
		want     Verdict
	}{
		{"TestHour", 100, Passed}, {"TestLostUpdateBug", 30, Failed}, {"TestLockOrderBug",
			18, Deadlocked}, {"TestLeakedSenderBug", 17, Leaked},
		{"TestHour", 10, Passed}, {"TestLockOrderBug", 8, Deadlocked},
	} {
		seed, whole := seedOf(t, b, test.function, test.want)
		c := Control{Seed: seed, Records: test.records}
		o := mustRun(t, b, test.function, c)
		if o.Verdict != whole.Verdict || o.Recording.Hash != whole.Recording.Hash || o.Recording.Dropped == 0 {
			t.Errorf("%s: %s with %d records dropped, want %s", test.function, o.describe(), o.Recording.Dropped,
				whole.describe())
		}
		n := len(o.Recording.Records) - len(o.Left)
		if !slices.Equal(o.Recording.Records[:n], whole.Recording.Records[:n]) || n > test.records {
			t.Errorf("%s: the %d records are not the start of the whole recording", test.function, n)
		}
		if total := n + int(o.Recording.Dropped); total < len(whole.Recording.Records)-len(whole.Left) {
			t.Errorf("%s: %d records kept or dropped, and %d in the whole recording", test.function, total,
				len(whole.Recording.Records))
		}
		if text := o.Schedule(20); n > 30 && !strings.Contains(text, "the recording is full") {
			t.Errorf("%s: the schedule does not tell what is left out:\n%s", test.function, text)
		}
		checkPrefix(t, b, test.function, o)
	}
}

// seedOf returns a seed under which a test ends in a way, and that run.
func seedOf(t *testing.T, b *Binary, function string, want Verdict) (uint64, *Outcome) {
	t.Helper()
	for seed := range uint64(1000) {
		if o := mustRun(t, b, function, Control{Seed: seed}); o.Verdict == want {
			return seed, o
		}
	}
	t.Fatalf("%s: not %s in 1000 seeds", function, want)
	return 0, nil
}

// checkPrefix checks that the replay of a recording that was cut off ends behind its last choice, from memory and from
// a file.
func checkPrefix(t *testing.T, b *Binary, function string, o *Outcome) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cut.reprise")
	if err := o.Save(path, function, nil); err != nil {
		t.Fatal(err)
	}
	choices, _, err := Load(path)
	if err != nil && len(o.Recording.Records) < 15 {
		return // the recording ends before main.main
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*record.Choices{o.Recording.Choices(), choices} {
		isAdmit := func(r record.Record) bool { return r.Kind != record.Sched }
		decisions := len(slices.DeleteFunc(slices.Clone(c.Records), isAdmit))
		p := mustRun(t, b, function, Control{Choices: c, Prefix: true})
		if p.Verdict != Reached || p.Recording.Decisions() != decisions || p.Failure() != "" || p.Signature() != "" {
			t.Errorf("%s: %s after %d decisions, want %v after %d; mismatch %v", function, p.describe(), p.Recording.Decisions(),
				Reached, decisions, p.Mismatch)
		}
	}
}

// TestPrefixOfKilled checks that a run that was killed in a loop without points is replayed as far as it was recorded,
// in an instant.
func TestPrefixOfKilled(t *testing.T) {
	o := mustRun(t, corpus(t), "TestForever", Control{Wall: 300 * time.Millisecond})
	checkPrefix(t, corpus(t), "TestForever", o)
	if o.Virtual <= 0 {
		t.Errorf("it was killed at %v of virtual time", o.Virtual)
	}
	other := o.Recording.Choices()
	other.Records[len(other.Records)-1].Points += 7
	if p := mustRun(t, corpus(t), "TestForever", Control{Choices: other, Prefix: true}); p.Verdict != Diverged {
		t.Errorf("%s although the last choice does not fit", p.describe())
	}
}

// TestBenchmarkWithin checks that a benchmark within a test is short, as virtual time does not end it, and yet long
// enough for what its start allocates not to count.
func TestBenchmarkWithin(t *testing.T) {
	for _, function := range []string{"TestBenchmarkWithin", "TestBenchmarkAllocates"} {
		if o := mustRun(t, corpus(t), function, Control{}); o.Verdict != Passed {
			t.Errorf("%s: %s\n%s", function, o.describe(), o.Output)
		}
	}
}

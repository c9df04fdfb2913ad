//go:build linux && (amd64 || arm64)

package gort

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/internal/record"
)

// TestBetween: the partitions that a test asks for with faults.Between are in the recording and in its report. A replay
// has them, too, and so has the script with which the search for a smaller run begins.
func TestBetween(t *testing.T) {
	b, err := Build(t.Context(), "..", "./faults", BuildConfig{Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	partitions := func(o *Outcome) (n int) {
		for _, r := range o.Recording.Records {
			if r.Kind == record.Fault && r.FaultOf().Kind == fault.Partition {
				n++
			}
		}
		return n
	}
	first := mustRun(t, b, "TestBetween", Control{Seed: 3, Detail: true})
	if n := partitions(first); first.Verdict != Passed || n != 2 {
		t.Fatalf("%s, %d partitions, want 2\n%s", first.describe(), n, first.Output)
	}
	text := first.Schedule(1000)
	if !strings.Contains(text, "lets nothing pass between 127.0.0.4:* and 127.0.0.2:* for 10s (fault)") {
		t.Errorf("the report does not tell the partition:\n%s", text)
	}
	if strings.Contains(text, "ask_linux.go") {
		t.Errorf("the report has a place in package faults, and not its caller:\n%s", text)
	}
	script := first.Recording.Script()
	for name, c := range map[string]Control{ // lint: order does not matter because each is checked by itself
		"the replay": {Choices: first.Recording.Choices()}, "the script": {Script: &script},
	} {
		if o := mustRun(t, b, "TestBetween", c); o.Verdict != Passed || partitions(o) != 2 || o.Mismatch != nil {
			t.Errorf("%s: %s, %d partitions, %v\n%s", name, o.describe(), partitions(o), o.Mismatch, o.Output)
		}
	}
}

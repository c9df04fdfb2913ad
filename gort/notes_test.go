//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// notesIn returns the notes of a trace file, those of the end apart.
func notesIn(t *testing.T, file []byte) (all, end []tracefile.Note) {
	t.Helper()
	r, err := tracefile.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		_, err := r.Next()
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		notes, bad := r.Notes()
		if bad != nil {
			t.Fatal(bad)
		}
		if err == io.EOF {
			return all, notes
		}
		all = append(all, notes...)
	}
}

// TestLockOrderNotes checks that the trace file of a lock-order deadlock says by itself who waited for what and who
// held it.
func TestLockOrderNotes(t *testing.T) {
	b := corpus(t)
	found := 0
	for seed := range uint64(60) {
		o := mustRun(t, b, "TestLockOrderBug", Control{Seed: seed})
		if o.Verdict != Deadlocked {
			continue
		}
		found++
		_, end := notesIn(t, saved(t, o))
		waits, ended := map[event.TaskID]tracefile.Note{}, ""
		for _, n := range end {
			switch n.Act {
			case tracefile.ActEnd:
				ended = n.Reason
			case tracefile.ActLeft:
				waits[n.Task] = n
			}
		}
		if ended != "deadlocked" {
			t.Errorf("seed %d: the run has ended as %q", seed, ended)
		}
		circle := 0
		for id, n := range waits {
			if n.Object.Kind != "mutex" {
				continue
			}
			if len(n.Tasks) != 1 || len(n.Stack) == 0 || !strings.HasPrefix(n.Place, "lock_test.go:") {
				t.Fatalf("seed %d: %+v", seed, n)
			}
			other := waits[n.Tasks[0]]
			if other.Object.Kind == "mutex" && other.Object != n.Object && slices.Equal(other.Tasks, []event.TaskID{id}) {
				circle++
			}
		}
		if circle != 2 {
			t.Errorf("seed %d: %d tasks wait for each other's mutexes: %+v", seed, circle, waits)
		}
	}
	if found < 3 {
		t.Errorf("only %d of 60 runs deadlock", found)
	}
}

// TestObjects checks by which names and kinds what goroutines wait for is called.
func TestObjects(t *testing.T) {
	kinds := map[string]bool{}
	for _, test := range []string{"TestLostUpdateFixed", "TestLeakedSenderBug", "TestLockOrderBug", "TestHolders"} {
		for seed := range uint64(40) {
			all, _ := notesIn(t, saved(t, mustRun(t, corpus(t), test, Control{Seed: seed})))
			numbers := map[string]int{}
			for _, n := range all {
				o := n.Object
				if o.Name == "" || n.Act != tracefile.ActStop {
					continue
				}
				kinds[o.Kind] = true
				var number int
				if _, err := fmt.Sscanf(strings.TrimPrefix(o.Name, o.Kind+" "), "%d", &number); err != nil ||
					number > numbers[o.Kind]+1 {
					t.Fatalf("%s, seed %d: %q comes after %s %d", test, seed, o.Name, o.Kind, numbers[o.Kind])
				}
				numbers[o.Kind] = max(numbers[o.Kind], number)
			}
		}
	}
	for _, kind := range []string{"mutex", "channel", "wait group"} {
		if !kinds[kind] {
			t.Errorf("nobody waits for a %s: %v", kind, kinds)
		}
	}
}

// TestNoteTimes checks that the notes give the exact times of decisions, in order.
func TestNoteTimes(t *testing.T) {
	o := mustRun(t, corpus(t), "TestTimerBug", Control{Seed: 3})
	all, _ := notesIn(t, saved(t, o))
	var got, want []string
	for _, n := range all {
		if n.Act == tracefile.ActTurn {
			got = append(got, fmt.Sprint(gorun.Goroutine(n.Task), " at ", n.Time))
		}
	}
	for _, r := range o.Recording.Records {
		if r.Kind == record.Sched {
			want = append(want, fmt.Sprint(r.G, " at ", r.Time))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("turns are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestReadyCounts checks that the events of a run tell how many goroutines each was chosen from.
func TestReadyCounts(t *testing.T) {
	for _, test := range []string{"TestLostUpdateBug", "TestTimerBug", "TestLeakedSenderBug", "TestEcho"} {
		for seed := range uint64(5) {
			o := mustRun(t, corpus(t), test, Control{Seed: seed})
			var want, got []int
			for _, r := range o.Recording.Records {
				if r.Kind == record.Sched {
					want = append(want, int(r.N))
				}
			}
			var ready []event.TaskID
			for _, e := range lawful(t, o).All() {
				if gorun.MeaningOf(e) == gorun.Decision {
					got = append(got, len(ready))
				}
				ready = gorun.Ready(ready, e)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, seed %d: ready are %v, want %v", test, seed, got, want)
			}
		}
	}
}

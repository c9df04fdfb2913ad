package base

import (
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/tracefile"
)

// TestNoteText shows notes in words.
func TestNoteText(t *testing.T) {
	mutex := tracefile.Object{Kind: "mutex", Name: "mutex 1"}
	one, two := []event.TaskID{gorun.Task(1)}, []event.TaskID{gorun.Task(1), gorun.Task(2)}
	seventh := tracefile.Object{Kind: "decision", Name: "decision 7"}
	for want, n := range map[string]tracefile.Note{
		"T2 waits: sync.Mutex.Lock on mutex 1, held by T0": {Act: tracefile.ActStop, Reason: "sync.Mutex.Lock", Object: mutex,
			Tasks: one},
		"T2 waits: select":                      {Act: tracefile.ActStop, Reason: "select"},
		"T2 is held up in a system call":        {Act: tracefile.ActStop, Reason: gorun.ReasonSyscall},
		"T2 preempted by force":                 {Act: tracefile.ActStop, Reason: gorun.ReasonForced},
		"":                                      {Act: tracefile.ActStop, Reason: gorun.ReasonPreempt},
		"T2 is woken by T0, waited for mutex 1": {Act: tracefile.ActWake, Tasks: one, Object: mutex},
		"T2 is woken by T0, T1":                 {Act: tracefile.ActWake, Tasks: two},
		"T2 is woken by poller or a signal":     {Act: tracefile.ActWake, Reason: gorun.ReasonPoller},
		"T2: mutex 1 is dropped":                {Act: tracefile.ActDo, Reason: "is dropped", Object: mutex},
		"T2 marks the test as failed":           {Act: tracefile.ActFail},
		"T2 is left, waits: select at a.go:1 f": {Act: tracefile.ActLeft, Reason: "select", Place: "a.go:1 f"},
		"T2 is left":                            {Act: tracefile.ActLeft},
		"the run deadlocked":                    {Act: tracefile.ActEnd, Reason: "deadlocked"},
		"the run panicked in T2 at a.go:1 f":    {Act: tracefile.ActEnd, Reason: "panicked", Place: "a.go:1 f"},
		"here the recording has instead: x":     {Act: tracefile.ActPart, Reason: "x"},
		"T2 races with T0 at b.go:2 g: write, read at a.go:1 f": {Act: tracefile.ActRace, Reason: "write, read", Tasks: one,
			Place: "a.go:1 f", Stack: []string{"b.go:2 g"}},
		"cause: decision 7: T2 stands here at a.go:1 f": {Act: tracefile.ActCause, Reason: "stands here", Object: seventh,
			Place: "a.go:1 f"},
		"after decision 7: 3 of 16 continuations fail": {Act: tracefile.ActOdds, Reason: "3 of 16", Object: seventh},
	} {
		n.Task = gorun.Task(3)
		if got := noteText(n, event.TaskID.String); got != want {
			t.Errorf("%+v is %q, want %q", n, got, want)
		}
	}
	for _, n := range []tracefile.Note{{Act: tracefile.ActTurn}, {Act: tracefile.ActSet}, {Act: "later"},
		{Act: tracefile.ActWake}} {
		if got := noteText(n, event.TaskID.String); got != "" {
			t.Errorf("%+v is %q, want nothing", n, got)
		}
	}
	crash := tracefile.Note{Act: tracefile.ActDo, Task: tracefile.NoTask, Reason: "crashes",
		Object: tracefile.Object{Kind: "host", Name: "a"}}
	if got, want := noteText(crash, event.TaskID.String), `host "a" crashes`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

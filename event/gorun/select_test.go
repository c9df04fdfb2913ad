package gorun_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
)

// TestSelects checks that choices of cases are read back as they were written, between other events, and that no event
// of theirs is taken for another choice.
func TestSelects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []event.Event
		var want []gorun.Select
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				events = append(events, event.RngValue(7))
			case 1:
				events = append(events, event.IoResult(event.Token(gorun.Task(3)), 100))
			case 2:
				events = append(events, event.IoResult(event.Token(event.NewTaskID(3, 5)), 100)) // a fault
			default:
				s := gorun.Select{
					G: rapid.Uint32Range(1, 9).Draw(t, "goroutine"), Number: rapid.Uint32Range(1, 1<<31-1).Draw(t, "number"),
					Ready: rapid.Uint32Range(2, 1<<16).Draw(t, "ready"), Case: rapid.Uint32Range(0, 1<<16).Draw(t, "case"),
				}
				want, events = append(want, s), append(events, s.Events()...)
			}
		}
		var r gorun.SelectReader
		var got []gorun.Select
		for _, e := range events {
			if s, ok := r.Read(e); ok {
				got = append(got, s)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the choices\n%+v, want\n%+v", got, want)
		}
		if list, _, err := read(events); len(list) != 0 || err != nil {
			t.Fatalf("other choices: %+v, %v", list, err)
		}
	})
}

// TestStrangeSelects: events that no Writer writes make no choice.
func TestStrangeSelects(t *testing.T) {
	var r gorun.SelectReader
	ready := gorun.Select{G: 1, Number: 1, Ready: 2}.Events()[0]
	for i, e := range []event.Event{
		event.RngValue(1), ready, ready, event.WakerWake(1), event.RngValue(5), event.IoResult(1<<63-1, -1),
		event.IoError(event.Token(event.NewTaskID(0, 1<<31)), event.IOOther), event.RngValue(0),
	} {
		if s, ok := r.Read(e); ok {
			t.Errorf("event %d, %v, completes %+v", i, e, s)
		}
	}
}

package fault_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/fault"
)

// drawFault draws a fault of one of the kinds, with an amount that it can have.
func drawFault(t *rapid.T) fault.Fault {
	name := rapid.SampledFrom(fault.Names()).Draw(t, "kind")
	k, ok := fault.KindOf(name)
	if !ok || k.String() != name {
		t.Fatalf("%q is the name of kind %d, which is %q", name, k, k)
	}
	f := fault.Fault{
		G: rapid.Uint32Range(1, 9).Draw(t, "goroutine"), Occasion: rapid.Uint32Range(1, 1<<31-1).Draw(t, "occasion"), Kind: k,
	}
	switch k {
	case fault.Short:
		f.Amount = rapid.Uint64Range(1, 1<<62).Draw(t, "bytes")
	case fault.Latency, fault.Stall, fault.Bandwidth, fault.Partition:
		f.Amount = rapid.Uint64().Draw(t, "amount")
	}
	return f
}

// TestFaults checks that faults are read back as they were written, between other events, among them values that the
// program draws and reads from outside; and that no event of theirs is taken for another choice.
func TestFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []event.Event
		var want []fault.Fault
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				events = append(events, event.RngValue(7))
			case 1:
				events = append(events, event.IoResult(event.Token(gorun.Task(3)), 100))
			default:
				want = append(want, drawFault(t))
				events = append(events, want[len(want)-1].Events()...)
			}
		}
		var r fault.Reader
		var got []fault.Fault
		for _, e := range events {
			if f, ok := r.Read(e); ok {
				got = append(got, f)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the faults\n%+v, want\n%+v", got, want)
		}
		var choices gorun.Reader
		for _, e := range events {
			if c, ok, err := choices.Read(e); ok || err != nil {
				t.Fatalf("%v is the choice %+v, %v", e, c, err)
			}
		}
	})
}

// TestStrangeFaults: events that no Writer writes make no fault, and none without an amount that must follow.
func TestStrangeFaults(t *testing.T) {
	var r fault.Reader
	latency := event.IoError(event.Token(event.NewTaskID(0, 1)), event.IOWouldBlock)
	for i, e := range []event.Event{
		event.IoError(7, event.IOOther), event.IoError(1<<63, event.IONotFound), latency, latency, event.WakerWake(1),
		event.RngValue(5),
	} {
		if f, ok := r.Read(e); ok {
			t.Errorf("event %d, %v, completes %+v", i, e, f)
		}
	}
	if f, ok := r.Read(event.IoResult(event.Token(event.NewTaskID(0, 1)), -5)); !ok || f.Kind != fault.Loss {
		t.Errorf("a negative number of bytes is %+v", f)
	}
	if _, ok := fault.KindOf("disk"); ok || fault.Kind(0).String() != "fault 0" {
		t.Error("kinds that do not exist have names")
	}
}

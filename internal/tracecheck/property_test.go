package tracecheck

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// feed hands the events to a new Checker and returns what Event said first, else what End said.
func feed(md event.Metadata, events []event.Event) (atEvent, atEnd error) {
	c := New(md)
	for _, e := range events {
		if err := c.Event(e); err != nil {
			return err, nil
		}
	}
	return nil, c.End()
}

// compare checks a trace both ways and returns the law that it breaks, 0 for none, and whether it breaks it only at the
// end. The error says where the two differ.
func compare(d drawn) (law int, atEnd bool, err error) {
	saidEvent, saidEnd := feed(d.md, d.events)
	wantIndex, wantLaw := rivalCheck(d.md, d.events)
	if err := matches(d.events, saidEvent, wantIndex, wantLaw); err != nil {
		return wantLaw, false, err
	}
	if end := rivalEnd(d.events); wantIndex < 0 && end >= 0 {
		return 2, true, matches(d.events, saidEnd, end, 2)
	}
	return wantLaw, false, matches(d.events, saidEnd, -1, 0)
}

// matches compares what the checker said with the index and the law of the rival, -1 and 0 if no law is broken.
func matches(events []event.Event, said error, index, law int) error {
	if said == nil && index < 0 {
		return nil
	}
	var broken *Error
	if !errors.As(said, &broken) || broken.Index != index || broken.Law != law || broken.Event != events[index] {
		return fmt.Errorf("the checker says: %v; the rival says: law %d, event %d", said, law, index)
	}
	return nil
}

func list(t *rapid.T, events []event.Event) {
	for i, e := range events {
		t.Logf("%3d %v", i, e)
	}
}

// TestCheckerAgreesWithRival is the property that the checker and the quadratic statement of the laws find the same
// first broken law, at the same event.
func TestCheckerAgreesWithRival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := traces().Draw(t, "trace")
		if _, _, err := compare(d); err != nil {
			list(t, d.events)
			t.Fatal(err)
		}
	})
}

// TestCheckerAgreesOnManyTraces is the same over traces that are the same in every run and break every law many times.
func TestCheckerAgreesOnManyTraces(t *testing.T) {
	const total = 10_000
	var byLaw [9]int
	unfinished := 0
	for i := range total {
		law, atEnd, err := compare(traces().Example(i))
		if err != nil {
			t.Fatalf("traces().Example(%d): %v", i, err)
		}
		byLaw[law]++
		if atEnd {
			unfinished++
		}
	}
	t.Logf("traces that break no law, law 1, …, law 8: %v; without the first region at the end: %d", byLaw, unfinished)
	for law, n := range byLaw {
		if n < total/100 {
			t.Errorf("of %d traces only %d break law %d", total, n, law)
		}
	}
	if unfinished < total/200 {
		t.Errorf("of %d traces only %d lack the region of the first task at the end", total, unfinished)
	}
}

// TestLawfulTracesPass is the property that a trace made by the book breaks no law, here or with the rival.
func TestLawfulTracesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		md, events := lawfulTrace(t)
		if index, law := rivalCheck(md, events); index >= 0 || rivalEnd(events) >= 0 {
			list(t, events)
			t.Fatalf("the rival says that event %d breaks law %d", index, law)
		}
		if err := Check(traceOf(md, events)); err != nil {
			list(t, events)
			t.Fatal(err)
		}
	})
}

// TestErrorsAreTheSameTwice is the property that an error depends on the trace alone, and that it stays.
func TestErrorsAreTheSameTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := traces().Draw(t, "trace")
		first, _ := feed(d.md, d.events)
		if first == nil {
			return
		}
		c := New(d.md)
		for _, e := range d.events {
			c.Event(e)
		}
		if second := c.Event(event.RngValue(1)); second == nil || second.Error() != first.Error() {
			t.Fatalf("first %v\nthen  %v", first, second)
		}
		if c.End() != c.Event(event.RngValue(1)) {
			t.Fatalf("End says %v", c.End())
		}
	})
}

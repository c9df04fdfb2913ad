package gort

import (
	"context"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// sink takes the events of a run; [github.com/reprise-go/reprise/tracefile.Writer] is one.
type sink interface {
	gorun.Sink
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
	Note(tracefile.Note)
}

// checkEvery is the number of records between two checks of a context; they take well under a millisecond.
const checkEvery = 1 << 12

// translate writes the events of a run to out, in the form of package gorun, and notes with further information.
func (o *Outcome) translate(ctx context.Context, out sink) error {
	out.NameRegion(gorun.Region, "process")
	t := &translator{sink: out, r: o.Recording, names: o.Recording.Goroutines(), last: map[uint32]tracefile.Object{},
		held: map[uint32]*record.Record{}}
	t.w = gorun.NewWriter(t, o.Recording.Seed)
	for i := range o.Recording.Records {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r := &o.Recording.Records[i]
		t.resume(r)
		if t.postponed(i) {
			continue
		}
		t.note(r)
		t.record(r)
	}
	if outcome, ok := o.completes(); ok && o.Recording.Dropped == 0 {
		t.w.Close(o.Task, outcome)
	}
	t.left(o)
	return t.w.Err()
}

// translator turns records into events and notes.
type translator struct {
	sink
	w     *gorun.Writer
	r     *record.Recording
	names []cast.Goroutine

	// A note that belongs before the next event of a kind.
	ahead     tracefile.Note
	aheadKind event.Kind

	timer   record.Record // the DoesTimer before the next TimerSet; zero if there is none
	objects objectBook
	last    map[uint32]tracefile.Object // what each goroutine waited for last
	held    map[uint32]*record.Record   // the operation that each goroutine does when it goes on
	chosen  *record.Record              // the last decision, until something follows it
}

// Append implements [gorun.Sink].
func (t *translator) Append(e event.Event) error {
	if t.ahead.Act != "" && e.Kind() == t.aheadKind {
		t.Note(t.ahead)
		t.ahead = tracefile.Note{}
	}
	return t.sink.Append(e)
}

// site returns the line of the program with a number.
func (t *translator) site(n uint32) string { return cast.ShortSite(t.r.Place(n)) }

// record translates one record.
func (t *translator) record(r *record.Record) {
	switch r.Kind {
	case record.Spawn:
		if int(r.G) < len(t.names) {
			t.NameTask(gorun.Task(r.G), t.names[r.G].Name())
		}
		t.w.Spawn(r.G, t.site(r.Site))
	case record.Sched:
		t.w.Decide(r.G, gorun.Why(r.Reason), r.Points, r.Val>>32, r.Time)
	case record.Block:
		t.w.Block(r.G, t.site(r.Site))
	case record.Wake:
		t.w.Wake(r.G)
	case record.Yield:
		t.w.Yield(r.G, t.site(r.Site))
	case record.Preempt:
		t.w.Preempt(r.G, r.Val, t.site(r.Site))
	case record.End:
		t.w.Complete(r.G, event.OutcomeOK)
	case record.TimerSet:
		t.w.Event(event.TimerCreated(event.TimerID(r.Points), r.Val), "")
	case record.TimerFire:
		t.w.Advance(r.Time)
		t.w.Event(event.TimerFired(event.TimerID(r.Val)), "")
	case record.TimerStop:
		t.w.Event(event.TimerCancelled(event.TimerID(r.Val)), "")
	case record.Rand:
		t.w.Event(event.RngValue(r.Val), "")
	case record.Begin:
		t.w.Start(r.Time)
	case record.Admit:
		t.w.LetIn(r.G, r.Time)
	case record.Read:
		t.w.Read(r.G, int64(r.Val))
	case record.Fault:
		for _, e := range r.FaultOf().Events() {
			t.w.Event(e, "")
		}
	case record.Case:
		for _, e := range r.SelectOf().Events() {
			t.w.Event(e, "")
		}
	}
}

// completes returns the outcome of the goroutine that ended the process, and whether the process came to an end.
func (o *Outcome) completes() (event.Outcome, bool) {
	switch o.Verdict {
	case Panicked:
		return event.OutcomePanicked, true
	case Failed, Crashed:
		return event.OutcomeErr, true
	case Passed, Leaked:
		return event.OutcomeOK, true
	}
	return 0, false
}

// maxChoices is the maximum number of choices of a file. A small file can contain more than there is memory for.
const maxChoices = 1 << 24

// choiceReader reads the events back into the choices of a replay.
type choiceReader struct {
	gorun.Reader
	faults  fault.Reader
	selects gorun.SelectReader
	c       *record.Choices
}

// event handles the next event of a trace that translate has written. It returns an error for other traces.
func (cr *choiceReader) event(e event.Event) error {
	c, ok, err := cr.Read(e)
	if f, is := cr.faults.Read(e); is {
		if len(cr.c.Faults) == maxChoices {
			return fmt.Errorf("%w that can be replayed: more than %d faults", ErrNotOrdinary, maxChoices)
		}
		cr.c.Faults = append(cr.c.Faults, record.OfFault(f, len(cr.c.Records)))
	}
	if s, is := cr.selects.Read(e); is {
		if len(cr.c.Cases) == maxChoices {
			return fmt.Errorf("%w that can be replayed: more than %d choices of a select", ErrNotOrdinary, maxChoices)
		}
		cr.c.Cases = append(cr.c.Cases, record.OfSelect(s, len(cr.c.Records)))
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotOrdinary, err)
	case gorun.MeaningOf(e) == gorun.Start:
		cr.c.Records, cr.c.Reads, cr.c.Faults, cr.c.Cases = nil, nil, nil, nil
	case gorun.MeaningOf(e) == gorun.Read:
		if len(cr.c.Reads) == maxChoices {
			return fmt.Errorf("%w that can be replayed: more than %d reads", ErrNotOrdinary, maxChoices)
		}
		cr.c.Reads = append(cr.c.Reads, readRecord(e, len(cr.c.Records)))
	case !ok:
	case len(cr.c.Records) == maxChoices:
		return fmt.Errorf("%w that can be replayed: more than %d choices", ErrNotOrdinary, maxChoices)
	default:
		cr.c.Records = append(cr.c.Records, choiceRecord(c))
	}
	return nil
}

// choiceRecord returns the record of a choice that was read from a file.
func choiceRecord(c gorun.Choice) record.Record {
	if c.LetIn {
		return record.Record{Kind: record.Admit, G: c.G, Time: c.Time}
	}
	return record.Record{
		Kind: record.Sched, G: c.G, Points: c.Points, Val: c.Leap<<32 | uint64(c.Prev), Reason: uint8(c.Why), Time: c.Time,
	}
}

// readRecord returns the record of a read from outside that follows a number of choices.
func readRecord(e event.Event, choices int) record.Record {
	return record.Record{
		Kind: record.Read, G: gorun.Goroutine(gorun.Reading(e)), Val: uint64(max(e.Bytes(), 0)), Points: uint32(choices),
	}
}

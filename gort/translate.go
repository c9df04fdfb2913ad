package gort

import (
	"fmt"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
)

// sink takes the events of a run; [github.com/reprise-go/reprise/tracefile.Writer] is one.
type sink interface {
	gorun.Sink
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
}

// translate hands the events of a run to out, in the form of package gorun.
func (o *Outcome) translate(out sink) error {
	out.NameRegion(gorun.Region, "process")
	t := &translator{Writer: gorun.NewWriter(out, o.Recording.Seed), out: out, r: o.Recording, names: o.Recording.Goroutines()}
	for i := range o.Recording.Records {
		t.record(&o.Recording.Records[i])
	}
	if outcome, ok := o.completes(); ok {
		t.Close(o.Task, outcome)
	}
	return t.Err()
}

// translator turns records into events.
type translator struct {
	*gorun.Writer
	out   sink
	r     *Recording
	names []Goroutine
}

// site returns the line of the program with a number.
func (t *translator) site(n uint32) string { return shortSite(t.r.Text(n)) }

// record translates one record.
func (t *translator) record(r *Record) {
	switch r.Kind {
	case Spawn:
		if int(r.G) < len(t.names) {
			t.out.NameTask(gorun.Task(r.G), t.names[r.G].Name())
		}
		t.Spawn(r.G, t.site(r.Site))
	case Sched:
		t.Decide(r.G, gorun.Why(r.Reason), r.Points, r.Val>>32, r.Time)
	case Block:
		t.Block(r.G, t.site(r.Site))
	case Wake:
		t.Wake(r.G)
	case Yield:
		t.Yield(r.G, t.site(r.Site))
	case Preempt:
		t.Preempt(r.G, r.Val, t.site(r.Site))
	case End:
		t.Complete(r.G, event.OutcomeOK)
	case TimerSet:
		t.Event(event.TimerCreated(event.TimerID(r.Points), r.Val), "")
	case TimerFire:
		t.Advance(r.Time)
		t.Event(event.TimerFired(event.TimerID(r.Val)), "")
	case TimerStop:
		t.Event(event.TimerCancelled(event.TimerID(r.Val)), "")
	case Rand:
		t.Event(event.RngValue(r.Val), "")
	case Begin:
		t.Start(r.Time)
	case Admit:
		t.LetIn(r.G, r.Time)
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

// Name returns the path and the function for people, such as "0.2.1 queue.(*Queue).run".
func (g Goroutine) Name() string { return strings.TrimSpace(g.Path + " " + working(g.Start, g.Site)) }

// shortSite returns "queue.go:25" for a text of the runtime, "folder/queue.go:25 package.function".
func shortSite(text string) string {
	place, _, _ := strings.Cut(text, " ")
	return place[strings.LastIndexByte(place, '/')+1:]
}

// maxChoices is how many choices a file may have: a small one may announce more than there is memory for.
const maxChoices = 1 << 24

// choiceReader reads the events back into the choices of a replay.
type choiceReader struct {
	gorun.Reader
	c *Choices
}

// event takes the next event of a trace that translate has written. The errors are those of traces that it has not.
func (cr *choiceReader) event(e event.Event) error {
	c, ok, err := cr.Read(e)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotOrdinary, err)
	case gorun.MeaningOf(e) == gorun.Start:
		cr.c.Records = nil
	case !ok:
	case len(cr.c.Records) == maxChoices:
		return fmt.Errorf("%w that can be replayed: more than %d choices", ErrNotOrdinary, maxChoices)
	default:
		cr.c.Records = append(cr.c.Records, choiceRecord(c))
	}
	return nil
}

// choiceRecord returns the record of a choice that was read from a file.
func choiceRecord(c gorun.Choice) Record {
	if c.LetIn {
		return Record{Kind: Admit, G: c.G, Time: c.Time}
	}
	return Record{Kind: Sched, G: c.G, Points: c.Points, Val: c.Leap<<32 | uint64(c.Prev), Reason: uint8(c.Why)}
}

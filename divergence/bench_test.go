package divergence_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// million is a run of a million events: 100 tasks that take turns, draw, set timers and let time pass.
func million(shift int) *event.Trace {
	tr := event.NewTrace(event.NewMetadata(1))
	now := uint64(0)
	for i := 0; tr.Len() < 1_000_000 || i%100 != 0; i++ {
		// The tasks of a round of 100 are independent: shift changes their order.
		task := event.NewTaskID(uint32((i+shift)%100), 0)
		tr.Append(event.TaskScheduled(task, uint64(i)))
		tr.Append(event.TimerCreated(event.TimerID(uint64(i/100*100)+uint64((i+shift)%100)), now+5))
		tr.Append(event.TaskYielded(task))
		if i%100 == 99 {
			tr.Append(event.TimeAdvanced(now, now+7))
			now += 7
		}
	}
	return tr
}

// edited returns a copy of a trace with an event inserted or deleted every so many events.
func withEdits(tr *event.Trace, every int) *event.Trace {
	c := event.NewTrace(tr.Metadata)
	for i, e := range tr.All() {
		switch {
		case i%every == 0:
			c.Append(event.RngValue(uint64(i)))
			c.Append(e)
		case i%every == every/2:
		default:
			c.Append(e)
		}
	}
	return c
}

func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
}

// BenchmarkProgress is what a strict replay pays for every event that matches; the goal is a few nanoseconds.
func BenchmarkProgress(b *testing.B) {
	run := slices.Collect(eventsOf(million(0)))[:4096]
	var p divergence.Progress
	for b.Loop() {
		for _, e := range run {
			p.Add(e)
		}
	}
	perEvent(b, len(run))
}

// BenchmarkProgressAll is the same for events that come many at once.
func BenchmarkProgressAll(b *testing.B) {
	run := slices.Collect(eventsOf(million(0)))[:4096]
	var p divergence.Progress
	for b.Loop() {
		for part := range slices.Chunk(run, divergence.Lookahead) {
			p.AddAll(part)
		}
	}
	perEvent(b, len(run))
}

func eventsOf(tr *event.Trace) func(func(event.Event) bool) {
	return func(yield func(event.Event) bool) {
		for _, e := range tr.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// BenchmarkCompare compares two files of a million equal events that are in memory, and, to compare with, only decodes
// them: the goal is that comparing runs at the speed of reading.
func BenchmarkCompare(b *testing.B) {
	tr := million(0)
	var file bytes.Buffer
	if err := tr.WriteMsgpack(&file); err != nil {
		b.Fatal(err)
	}
	parse := func() *event.Trace {
		tr, err := event.ParseMsgpack(file.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		return tr
	}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			parse()
			parse()
		}
		perEvent(b, tr.Len())
	})
	b.Run("read and compare", func(b *testing.B) {
		for b.Loop() {
			if d := compare(b, source.FromTrace(parse()), source.FromTrace(parse())); d != nil {
				b.Fatal(report.Of(d).Text())
			}
		}
		perEvent(b, tr.Len())
	})
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			if d := compare(b, source.FromTrace(tr), source.FromTrace(tr)); d != nil {
				b.Fatal(report.Of(d).Text())
			}
		}
		perEvent(b, tr.Len())
	})
}

// BenchmarkReport is everything from two traces in memory that part in the middle of a million events to the text, with
// the alignment of all that follows; the goal is 50 ms.
func BenchmarkReport(b *testing.B) {
	tr := million(0)
	other := event.NewTrace(tr.Metadata)
	for i, e := range tr.All() {
		if i == 500_000 {
			other.Append(event.RngValue(5))
		}
		other.Append(e)
	}
	for b.Loop() {
		expected, actual := source.FromTrace(tr), source.FromTrace(other)
		d := compare(b, expected, actual)
		if err := d.Align(expected, actual, 0); err != nil || d.Rest.Inserted != 1 || d.Rest.Deleted != 0 {
			b.Fatal(d.Rest, err)
		}
		_ = report.Of(d).Text()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/report")
}

// BenchmarkAlign aligns a million events with a copy of them that is edited every so often, up to every tenth event.
func BenchmarkAlign(b *testing.B) {
	tr := million(0)
	for _, c := range []struct {
		name  string
		every int
	}{{"equal", 0}, {"every 10000", 10_000}, {"every 100", 100}, {"every 10", 10}} {
		b.Run(c.name, func(b *testing.B) {
			other := tr
			if c.every > 0 {
				other = withEdits(tr, c.every)
			}
			var stats divergence.Stats
			for b.Loop() {
				var err error
				if stats, err = divergence.Align(source.FromTrace(tr), source.FromTrace(other), 0, nil); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, tr.Len())
			// For each edit an event is inserted and another one deleted.
			if most := uint64(tr.Len() / max(c.every, 1)); c.every > 0 && (stats.Inserted < most || stats.Inserted > most+1) ||
				c.every == 0 && stats.Fidelity() != 1 {
				b.Fatalf("%d events are inserted, fidelity %f", stats.Inserted, stats.Fidelity())
			}
			b.ReportMetric(stats.Fidelity(), "fidelity")
		})
	}
}

// BenchmarkCanonical compares a million events with the same in another order, 300 between two barriers; the goal is 2
// s. The whole run without a barrier is the worst case of memory.
func BenchmarkCanonical(b *testing.B) {
	for _, c := range []struct {
		name     string
		barriers bool
	}{{"barriers", true}, {"no barriers", false}} {
		b.Run(c.name, func(b *testing.B) {
			e, a := million(0), million(1)
			if !c.barriers {
				e, a = withoutTime(e), withoutTime(a)
			}
			for b.Loop() {
				d, err := divergence.CompareCanonical(source.FromTrace(e), source.FromTrace(a))
				if err != nil || d != nil {
					b.Fatal(err, d)
				}
			}
			perEvent(b, e.Len())
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/comparison")
		})
	}
}

func withoutTime(tr *event.Trace) *event.Trace {
	c := event.NewTrace(tr.Metadata)
	for e := range eventsOf(tr) {
		if e.Kind() != event.KindTimeAdvanced {
			c.Append(e)
		}
	}
	return c
}

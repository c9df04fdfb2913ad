package divergence

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// DefaultContext is the number of events shown before a divergence and after it on each side.
const DefaultContext = 5

// Compare reads two runs from their first events and returns the first difference, nil if there is none. Differences
// of the metadata are notes and make no divergence of their own, and neither does another seed in a leading RngSeed, so
// that runs of different seeds can be compared. The two must not be one and the same source. The error is that of a source that cannot be read.
func Compare(expected, actual source.Source) (*Divergence, error) {
	if expected == actual {
		return nil, errors.New("divergence: Compare called with one source for both runs, whose cursor they would share")
	}
	if err := expected.Seek(0); err != nil {
		return nil, err
	}
	if err := actual.Seek(0); err != nil {
		return nil, err
	}
	var progress Progress
	for {
		e, eErr := expected.Next()
		a, aErr := actual.Next()
		switch {
		case eErr != nil && eErr != io.EOF:
			return nil, eErr
		case aErr != nil && aErr != io.EOF:
			return nil, aErr
		case eErr == io.EOF && aErr == io.EOF:
			return nil, nil
		case eErr == nil && aErr == nil && (e == a || progress.Index == 0 && bothSeeds(e, a)):
			progress.Add(e)
		default:
			return progress.between(expected, actual)
		}
	}
}

func bothSeeds(a, b event.Event) bool {
	return a.Kind() == event.KindRngSeed && b.Kind() == event.KindRngSeed
}

// Progress is what a comparison remembers of the events that matched.
type Progress struct {
	Index   uint64 // how many
	now     uint64
	running event.Event
}

// Add notes an event that matched.
func (p *Progress) Add(e event.Event) {
	p.Index++
	switch e.Kind() {
	case event.KindTaskScheduled:
		p.running = e
	case event.KindTimeAdvanced:
		p.now = e.ToNanos()
	}
}

// Mismatch starts the description of a difference at p.Index: the place, and the events of expected around it. It
// moves the cursor of expected.
func (p *Progress) Mismatch(expected source.Source) (Mismatch, error) {
	// A time beyond what a Duration holds comes only from a trace that nobody ran.
	now := time.Duration(min(p.now, math.MaxInt64))
	m := Mismatch{Index: p.Index, Time: now, Running: p.running}
	first := p.Index - min(p.Index, DefaultContext)
	if err := expected.Seek(first); err != nil {
		return m, err
	}
	before, err := read(expected, int(p.Index-first))
	if err != nil {
		return m, err
	}
	m.Before = before
	m.Expected, err = read(expected, 1+DefaultContext)
	return m, err
}

// between describes the difference between two sources.
func (p *Progress) between(expected, actual source.Source) (*Divergence, error) {
	m, err := p.Mismatch(expected)
	if err != nil {
		return nil, err
	}
	if err := actual.Seek(p.Index); err != nil {
		return nil, err
	}
	if m.Actual, err = read(actual, 1+DefaultContext); err != nil {
		return nil, err
	}
	d := Describe(m)
	d.Notes = CompareMetadata(expected.Metadata(), actual.Metadata())
	return d, nil
}

// read returns up to n events.
func read(s source.Source, n int) ([]event.Event, error) {
	var events []event.Event
	for len(events) < n {
		e, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// CompareMetadata says, a line each, in what two runs differ from the outset. Of a description, which can be a megabyte
// long, a line has the first 60 characters.
func CompareMetadata(expected, actual event.Metadata) []string {
	var notes []string
	if expected.Seed != actual.Seed {
		notes = append(notes, fmt.Sprintf("the seeds differ: %d and %d", expected.Seed, actual.Seed))
	}
	if e, a := expected.ConfigHash, actual.ConfigHash; e != a && e != 0 && a != 0 {
		notes = append(notes, fmt.Sprintf("the runs were configured differently: config hash %#x and %#x", e, a))
	}
	if e, a := expected.Description, actual.Description; e != a {
		notes = append(notes, fmt.Sprintf("the descriptions differ: %.60q and %.60q", e, a))
	}
	return notes
}

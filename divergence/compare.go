package divergence

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Compare reads two runs and returns the first difference, nil if there is none. Differences of the metadata are notes
// and make no divergence of their own, and neither does another seed in a leading RngSeed, so that runs of different
// seeds can be compared. Where one source begins later than the other, they are compared from there on. Sources that
// stand elsewhere than at their first event are rewound if they can be. The two must not be one and the same source. The
// error is that of a source that cannot be read.
func Compare(expected, actual source.Source) (*Divergence, error) {
	if expected == actual {
		return nil, errors.New("divergence: Compare called with one source for both runs, whose cursor they would share")
	}
	if err := errors.Join(source.Rewind(expected), source.Rewind(actual)); err != nil {
		return nil, err
	}
	progress, err := align(expected, actual)
	if err != nil {
		return nil, err
	}
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
			return progress.between(expected, actual, open(expected, e, eErr == nil), open(actual, a, aErr == nil))
		}
	}
}

// align reads both sources up to the first event that both have.
func align(expected, actual source.Source) (Progress, error) {
	var progress Progress
	from, to, behind := source.First(expected), source.First(actual), expected
	if to < from {
		from, to, behind = to, from, actual
	}
	progress.from = from
	for progress.Index = from; progress.Index < to; {
		e, err := behind.Next()
		if err == io.EOF {
			return progress, fmt.Errorf("divergence: one run ends at event %d, before the first event of the other, %d",
				progress.Index, to)
		}
		if err != nil {
			return progress, err
		}
		progress.Add(e)
	}
	return progress, nil
}

func bothSeeds(a, b event.Event) bool {
	return a.Kind() == event.KindRngSeed && b.Kind() == event.KindRngSeed
}

// window is the event of a source at a difference; none if the source has ended.
type window struct {
	e    event.Event
	more bool
	site string
}

// read returns the event and the further ones up to Lookahead from s.
func (w window) read(s source.Source) ([]event.Event, error) {
	if !w.more {
		return nil, nil
	}
	rest, err := Read(s, Lookahead-1)
	return append([]event.Event{w.e}, rest...), err
}

// open notes the event that s has just given, and where in the code it came from.
func open(s source.Source, e event.Event, more bool) window {
	w := window{e: e, more: more}
	if n, ok := s.(source.Namer); ok && more {
		w.site = n.Site()
	}
	return w
}

// between describes the difference between two sources.
func (p *Progress) between(expected, actual source.Source, e, a window) (*Divergence, error) {
	m := p.Mismatch()
	m.ExpectedMetadata, m.ActualMetadata = expected.Metadata(), actual.Metadata()
	m.ExpectedSite, m.ActualSite = e.site, a.site
	var err error
	if m.Expected, err = e.read(expected); err != nil {
		return nil, err
	}
	if m.Actual, err = a.read(actual); err != nil {
		return nil, err
	}
	m.ExpectedNames, m.ExpectedEnd = about(expected)
	m.ActualNames, m.ActualEnd = about(actual)
	return Describe(m), nil
}

// about returns what a source may know of its run besides the events.
func about(s source.Source) (names Names, end string) {
	if n, ok := s.(source.Namer); ok {
		names = n
	}
	if stopper, ok := s.(Stopper); ok {
		end = stopper.Stopped()
	}
	return names, end
}

// Read returns the next events of s, up to n.
func Read(s source.Source, n int) ([]event.Event, error) {
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

package divergence

import (
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/source"
)

// Compare reads two runs and returns their first difference, or nil if there is none. Differences of the metadata
// are notes and do not count as a divergence. Neither does a different seed in a leading RngSeed, so that runs of
// different seeds can be compared. If one source begins later than the other, they are compared from there on.
// Sources that are not at their first event are rewound if possible. The two must be different sources. The error
// is that of a source that cannot be read.
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
	e, a := newRun(expected), newRun(actual)
	for {
		if err := e.fill(); err != nil {
			return nil, err
		}
		if err := a.fill(); err != nil {
			return nil, err
		}
		if len(e.ahead) == 0 && len(a.ahead) == 0 {
			return nil, nil
		}
		n := shared(e.ahead, a.ahead, progress.Index == 0)
		progress.AddAll(e.ahead[:n])
		differ := n == 0 || n < min(len(e.ahead), len(a.ahead))
		e.ahead, a.ahead = e.ahead[n:], a.ahead[n:]
		if differ {
			return progress.between(e, a)
		}
	}
}

// shared returns the number of equal events at the start of e and a. At the start of both runs the seeds may differ.
func shared(e, a []event.Event, start bool) int {
	n, least := 0, min(len(e), len(a))
	if start && least > 0 && bothSeeds(e[0], a[0]) {
		n = 1
	}
	for n < least && e[n] == a[n] {
		n++
	}
	return n
}

// align reads both sources up to the first event that both runs have.
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

// run reads a source: many events at a time if possible, unless the code lines of single events would be lost.
type run struct {
	src   source.Source
	namer source.Recording // the source, or nil
	bulk  source.Bulk      // the source, or nil
	back  source.Seeker    // the source, if both bulk and namer are set
	buf   []event.Event
	ahead []event.Event // read but not yet compared
	err   error         // the error after these events
}

// atOnce is the number of events that a run reads at a time.
const atOnce = 512

func newRun(s source.Source) *run {
	r := &run{src: s}
	r.namer, _ = s.(source.Recording)
	r.bulk, _ = s.(source.Bulk)
	if r.bulk != nil && r.namer != nil {
		if r.back, _ = s.(source.Seeker); r.back == nil {
			r.bulk = nil
		}
	}
	if r.bulk == nil {
		r.buf = make([]event.Event, 1)
	} else {
		r.buf = make([]event.Event, atOnce)
	}
	return r
}

// fill makes sure that there are events ahead, unless the run has ended. The end is not an error.
func (r *run) fill() error {
	if len(r.ahead) > 0 || r.err == io.EOF {
		return nil
	}
	n := 0
	if r.bulk != nil {
		n, r.err = r.bulk.Read(r.buf)
	} else if r.buf[0], r.err = r.src.Next(); r.err == nil {
		n = 1
	}
	r.ahead = r.buf[:n]
	if n > 0 || r.err == io.EOF {
		return nil
	}
	return r.err
}

// window returns the events from index on, the first of those ahead, up to Lookahead, and the code line of the
// first one.
func (r *run) window(index uint64) (events []event.Event, site string, err error) {
	if len(r.ahead) == 0 {
		return nil, "", nil
	}
	events = append(events, r.ahead[:min(Lookahead, len(r.ahead))]...)
	if r.back != nil { // read the first event alone for its code line
		if err := r.back.Seek(index); err != nil {
			return nil, "", err
		}
		if events[0], r.err = r.src.Next(); r.err != nil {
			return nil, "", r.err
		}
		events = events[:1]
	}
	if r.namer != nil {
		site = r.namer.Site()
	}
	if r.err != nil && r.err != io.EOF && len(events) < Lookahead {
		return nil, "", r.err
	}
	if r.err == nil {
		rest, err := Read(r.src, Lookahead-len(events))
		return append(events, rest...), site, err
	}
	return events, site, nil
}

// between describes the difference between two runs at the current index.
func (p *Progress) between(expected, actual *run) (*Divergence, error) {
	m := p.Mismatch()
	m.ExpectedMetadata, m.ActualMetadata = expected.src.Metadata(), actual.src.Metadata()
	var err error
	if m.Expected, m.ExpectedSite, err = expected.window(p.Index); err != nil {
		return nil, err
	}
	if m.Actual, m.ActualSite, err = actual.window(p.Index); err != nil {
		return nil, err
	}
	m.ExpectedNames, m.ExpectedEnd = about(expected.src)
	m.ActualNames, m.ActualEnd = about(actual.src)
	if m.Ordinary = source.Ordinary(expected.src) && source.Ordinary(actual.src); m.Ordinary {
		if err := m.lookBack(actual.src); err != nil {
			return nil, err
		}
	}
	d := Describe(m)
	d.Unlike = Unlike(expected.src, actual.src)
	d.Notes = append(d.Notes, startNotes(expected.src, actual.src)...)
	return d, nil
}

// Unlike returns a line that says that two recordings are of different tests, or "" if they are of one test or if that
// is not known.
func Unlike(expected, actual source.Source) string {
	e, a := source.TestOf(expected), source.TestOf(actual)
	if e == "" || a == "" || e == a {
		return ""
	}
	return fmt.Sprintf("these are recordings of different tests: %s (expected) and %s (actual)", e, a)
}

// Notes returns lines about two runs that a reader should know besides their events: the differences of the
// metadata, as from [compareMetadata], and where the comparison begins if that is not the first event.
func Notes(expected, actual source.Source) []string {
	return append(compareMetadata(expected.Metadata(), actual.Metadata()), startNotes(expected, actual)...)
}

func startNotes(expected, actual source.Source) []string {
	first := max(source.First(expected), source.First(actual))
	if first == 0 {
		return nil
	}
	return []string{fmt.Sprintf("compared from event %d on, the first that both recordings have", first)}
}

// about returns the names of a source and why its recording ends early, as far as it knows them.
func about(s source.Source) (names Names, end string) {
	if r, ok := s.(source.Recording); ok {
		return r, r.Stopped()
	}
	return nil, ""
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

// compareMetadata returns a line for each difference of the metadata. A description, which can be a megabyte long,
// is cut to 60 characters.
func compareMetadata(expected, actual event.Metadata) []string {
	var notes []string
	if expected.Seed != actual.Seed {
		notes = append(notes, fmt.Sprintf("the seeds differ: %d and %d", expected.Seed, actual.Seed))
	}
	if e, a := expected.ConfigHash, actual.ConfigHash; e != a && e != 0 && a != 0 {
		notes = append(notes, fmt.Sprintf("[%s] the runs were configured differently: config hash %#x and %#x",
			codes.Named("another-config").Code, e, a))
	}
	if e, a := expected.Description, actual.Description; e != a {
		notes = append(notes, fmt.Sprintf("the descriptions differ: %.60q and %.60q", e, a))
	}
	return notes
}

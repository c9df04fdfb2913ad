package replayer

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// ErrNondeterministic is the class of every [*NondeterminismError], for errors.Is.
var ErrNondeterministic = errors.New("two runs under the same choices differ")

// NondeterminismError reports that the behaviour of a program is not a function of the choices made for it, for
// example because it ranges over a map, reads a real clock, or draws from math/rand. Such a program cannot be
// replayed reliably.
type NondeterminismError struct {
	// Divergence is the first difference between two further runs, with the code lines of both. It is nil if those
	// runs were equal, which happens if a difference is rare.
	Divergence *divergence.Divergence

	// Renamed describes, in one line, a task or region that has different names in two runs with equal events, for
	// example because a range over a map starts tasks that do the same. It is "" if the names do not differ, or if
	// the difference did not occur again.
	Renamed string

	first, second fingerprint // of the two runs that differ
}

// Error gives the place of the difference as precisely as it is known.
func (e *NondeterminismError) Error() string {
	if d := e.Divergence; d != nil {
		return fmt.Sprintf("replayer: %v: %s%s", ErrNondeterministic, d.Summary(), sites(d))
	}
	if e.Renamed != "" {
		return fmt.Sprintf("replayer: %v: %s", ErrNondeterministic, e.Renamed)
	}
	where := e.first.where(e.second)
	if _, _, differ := e.first.compare(e.second); !differ {
		where += ", a name differs"
	}
	return fmt.Sprintf("replayer: %v: %s, but not in %d further runs", ErrNondeterministic, where, furtherRuns)
}

// sites formats the code lines of both runs.
func sites(d *divergence.Divergence) string {
	switch e, a := d.ExpectedSite, d.ActualSite; {
	case e == "" && a == "":
		return ""
	case e == a:
		return ", at " + e
	default:
		return fmt.Sprintf(", at %s and %s", orUnknown(e), orUnknown(a))
	}
}

func orUnknown(site string) string {
	if site == "" {
		return "an unknown place"
	}
	return site
}

// Is reports whether target is [ErrNondeterministic].
func (e *NondeterminismError) Is(target error) bool { return target == ErrNondeterministic }

// Unwrap returns the divergence as an error, or nil if there is none.
func (e *NondeterminismError) Unwrap() error {
	if e.Divergence == nil {
		return nil
	}
	return &divergence.Error{Divergence: e.Divergence}
}

// furtherRuns is the number of runs made to find a difference between two runs again.
const furtherRuns = 32

// CheckDeterminism runs body twice under cfg and compares the events of the runs, and the names of the tasks and
// regions that they create. The error is nil if they are equal, and a [*NondeterminismError] otherwise. The ends of
// the runs are compared only as far as the events show them. The check costs little more than the two runs, since
// only a hash is kept; if the hashes differ, body is run up to 33 more times to find the place. If cfg has a
// Chooser, it makes the choices of the first run, and the other runs use its answers. The Observer of cfg is not
// used. If a task calls runtime.Goexit, CheckDeterminism does not return.
//
// It cannot detect a dependence on what stays the same during a process, such as the environment, the arguments or
// memory addresses. A replay in another process of a recording that was written to a file detects that.
func CheckDeterminism(cfg simsched.Config, body func(*simsched.Sim) error) error {
	needBody("CheckDeterminism", body)
	answers := &script{inner: cfg.Chooser}
	run := func(o simsched.Observer) {
		cfg.Observer = o
		if answers.inner != nil {
			cfg.Chooser = answers.rewind()
		}
		_ = simsched.Run(cfg, body) // a run that fails is compared like any other
	}
	var first, second witness
	run(&first)
	run(&second)
	e := &NondeterminismError{first: first.fingerprint(), second: second.fingerprint()}
	if _, _, differ := e.first.compare(e.second); !differ && first.names == second.names {
		return nil
	}
	cfg.CallSites = true
	expected := newSited(cfg.Metadata())
	run(expected)
	for range furtherRuns {
		actual := newSited(cfg.Metadata())
		run(actual)
		d, err := divergence.Compare(expected.source(), actual.source())
		if err != nil {
			return err
		}
		if d != nil {
			d.Notes = append(d.Notes,
				"both runs were made under the same choices: something in the program is not a function of them")
			e.Divergence = d
			break
		}
		if e.Renamed = expected.renamed(actual); e.Renamed != "" {
			break
		}
	}
	return e
}

// witness is a fingerprinter that also hashes the names of tasks and regions, apart from the events.
type witness struct {
	fingerprinter
	sim   *simsched.Sim
	names uint64
}

var _ simsched.Attacher = (*witness)(nil)

// Attach implements [simsched.Attacher].
func (w *witness) Attach(s *simsched.Sim) { w.sim = s }

// Observe implements [simsched.Observer]. It never fails.
func (w *witness) Observe(e event.Event) error {
	if name, ok := given(w.sim, e); ok {
		w.names = mix(w.names, []byte(name))
	}
	return w.fingerprinter.Observe(e)
}

// namer knows the names of tasks and regions.
type namer interface {
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
}

// given returns the name of the task or region that e creates, if it creates one.
func given(n namer, e event.Event) (name string, ok bool) {
	switch e.Kind() {
	case event.KindTaskSpawned:
		return n.TaskName(e.Task()), true
	case event.KindRegionCreated:
		return n.RegionName(e.Region()), true
	}
	return "", false
}

// script is a Chooser that asks another one in its first run and gives the same answers in all later runs.
type script struct {
	inner simsched.Chooser
	lines []line
	runs  int
	at    int // index into lines
}

// line is an answer and the choice it belongs to.
type line struct {
	point  simsched.Point
	answer uint64
}

// rewind prepares the script for a run.
func (s *script) rewind() *script {
	s.runs++
	s.at = 0
	return s
}

// Choose implements [simsched.Chooser]. A choice that did not occur in the first run gets the default answer.
func (s *script) Choose(c *simsched.Choice) uint64 {
	if s.runs == 1 {
		answer := s.inner.Choose(c)
		s.lines = append(s.lines, line{c.Point, answer})
		return answer
	}
	if s.at == len(s.lines) {
		return 0
	}
	l := s.lines[s.at]
	s.at++
	if l.point != c.Point || c.N > 0 && l.answer >= uint64(c.N) {
		return 0
	}
	return l.answer
}

// sited is an Observer that keeps events, their code lines, and names.
type sited struct {
	trace *event.Trace
	sim   *simsched.Sim
	sites []string
	given []string // the name of the task or region that each event creates; "" if it creates none
	names names
}

var _ simsched.Attacher = (*sited)(nil)

func newSited(md event.Metadata) *sited { return &sited{trace: event.NewTrace(md), names: newNames()} }

// Attach implements [simsched.Attacher].
func (s *sited) Attach(sim *simsched.Sim) { s.sim = sim }

// Observe implements [simsched.Observer]. It never fails.
func (s *sited) Observe(e event.Event) error {
	s.trace.Append(e)
	s.sites = append(s.sites, s.sim.EventSite(e))
	name, _ := given(s.sim, e)
	s.given = append(s.given, name)
	s.names.keep(s.sim, e)
	return nil
}

// renamed describes the first name that differs from that in another run with equal events, or returns "".
func (s *sited) renamed(other *sited) string {
	for i, name := range s.given {
		if theirs := other.given[i]; name != theirs {
			text := fmt.Sprintf("event %d, %v: the name is %.60q in one run and %.60q in another", i, s.trace.At(i), name,
				theirs)
			return text + sites(&divergence.Divergence{ExpectedSite: s.sites[i], ActualSite: other.sites[i]})
		}
	}
	return ""
}

// source returns the events that were kept, with their code lines.
func (s *sited) source() source.Source {
	return &sitedSource{source.FromTrace(s.trace), s.names, s.sites}
}

type sitedSource struct {
	*source.Cursor
	names
	sites []string
}

var _ source.Recording = (*sitedSource)(nil)

// Site implements [source.Recording].
func (s *sitedSource) Site() string {
	if s.Pos() == 0 {
		return ""
	}
	return s.sites[s.Pos()-1]
}

// First implements [source.Recording]: all events of the run are there.
func (*sitedSource) First() uint64 { return 0 }

// Identity implements [source.Recording].
func (*sitedSource) Identity() map[string]string { return nil }

// Omitted implements [source.Recording]: events of all kinds are there.
func (*sitedSource) Omitted() event.KindSet { return 0 }

// Stopped implements [source.Recording]: the run was not stopped.
func (*sitedSource) Stopped() string { return "" }

package ordinary

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/source"
)

// Difference returns the first event at which two runs part, with all that `reprise diff` tells of it, nil if their
// events are equal; their verdicts and their output may differ even then. If the actual run is a replay that has left its
// recording, a note says at which choice. The errors are those of the file system.
func Difference(expected, actual *gort.Outcome) (*divergence.Divergence, error) {
	dir, err := os.MkdirTemp("", "reprise-difference-")
	if err != nil {
		return nil, fmt.Errorf("ordinary: %w", err)
	}
	path := filepath.Join(dir, "expected.reprise")
	if err = expected.Save(path, "", nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	d, err := FileDifference(path, actual)
	return d, errors.Join(err, os.RemoveAll(dir))
}

// FileDifference is [Difference] with an expected run that is in a trace file. The errors are also those of reading it.
func FileDifference(path string, actual *gort.Outcome) (d *divergence.Divergence, err error) {
	dir, err := os.MkdirTemp("", "reprise-difference-")
	if err != nil {
		return nil, fmt.Errorf("ordinary: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	expected, err := source.Open(path, source.Config{})
	if err != nil {
		return nil, err
	}
	defer expected.Close() // of a file that was only read
	saved := filepath.Join(dir, "actual.reprise")
	if err := actual.Save(saved, expected.Metadata().Description, expected.Identity()); err != nil {
		return nil, err
	}
	run, err := source.Open(saved, source.Config{})
	if err != nil {
		return nil, err
	}
	defer run.Close() // of a file that was only read
	if d, err = divergence.Compare(expected, run); d == nil || err != nil {
		return nil, err
	}
	if actual.Mismatch != nil {
		d.Notes = append(d.Notes, Mismatch(actual)[0])
	}
	if actual.Verdict == gort.Diverged {
		return d, nil // its rest was cut off
	}
	return d, d.Align(expected, run, 0)
}

// Mismatch says in two lines at which choice a replay has left its recording, and which goroutines were ready there. It is
// nil for an outcome that has no mismatch.
func Mismatch(o *gort.Outcome) []string {
	m := o.Mismatch
	if m == nil {
		return nil
	}
	name := namer(o)
	ready := "nobody"
	if len(m.Ready) > 0 {
		var names []string
		for _, g := range m.Ready {
			names = append(names, name(g))
		}
		ready = strings.Join(names, ", ")
	}
	return []string{
		fmt.Sprintf("choice %d does not fit: the recording has %s; the replay stands where %s", m.Index, wanted(m, name), stopped(m.Actual, name)),
		"ready there: " + ready,
	}
}

// namer returns what gives names to the goroutines of a run. One that the run does not have goes by its number.
func namer(o *gort.Outcome) func(g uint32) string {
	all := o.Recording.Goroutines()
	return func(g uint32) string {
		if g == 0 || int(g) >= len(all) {
			return fmt.Sprintf("goroutine %d, which this run does not have", g)
		}
		return all[g].Name()
	}
}

// wanted is what the recording has where a replay leaves it.
func wanted(m *gort.Mismatch, name func(uint32) string) string {
	switch m.Expected.Kind {
	case gort.Admit:
		return name(m.Expected.G) + " made ready from outside"
	case gort.Sched:
		return fmt.Sprintf("%s next, where %s", name(m.Expected.G), stopped(m.Expected, name))
	}
	return "its end"
}

// reasons say why a decision was due, by Record.Reason. Of a recording that was read from a file only WhyPreempt and
// WhyBlock are known, and 0 stands for the rest.
var reasons = [...]string{
	gort.WhyBlock: "blocked", gort.WhyYield: "yielded", gort.WhyPreempt: "was preempted", gort.WhyEnd: "ended",
	gort.WhySyscall: "entered a system call", gort.WhyForced: "was preempted by force",
}

// stopped is how the goroutine that ran before a decision stopped.
func stopped(r gort.Record, name func(uint32) string) string {
	g, reason := uint32(r.Val), "stopped"
	if int(r.Reason) < len(reasons) && reasons[r.Reason] != "" {
		reason = reasons[r.Reason]
	}
	points := fmt.Sprintf("%d points", r.Points)
	if r.Points == 1 {
		points = "1 point"
	}
	if g == 0 {
		return "nobody ran before"
	}
	return fmt.Sprintf("%s %s after %s", name(g), reason, points)
}

package story

import (
	"slices"
	"strings"
	"time"
)

// Parting is the point at which two runs of a program part, described by turns and source lines.
type Parting struct {
	Turn             int           // number of the decision that began the turn in which the runs part
	Time             time.Duration // virtual time at which that turn begins
	Expected, Actual string        // what the task does from there on in each run, such as "0.0.2 locks mutex 1 (a.go:7)"
	// Table has the turns around the parting as in a schedule. Lines of the expected run are marked with "-", those of
	// the actual run with "+".
	Table string
	// Operation is true if a task does something else although both runs have made the same choices up to there.
	Operation bool
}

// The numbers of turns in a table of a parting: those before it, and those of each run after it.
const (
	turnsBefore = 4
	turnsAfter  = 4
)

// Part finds the first difference between two runs in what tasks do. It returns nil if there is none. Two runs do the
// same if the same tasks do the same to the same objects in the same order; lines of the source do not count, because
// they move when a program is edited, and neither does time.
//
//  1. The moments of both runs are compared one by one up to the first pair that differs.
//  2. Each run becomes steps, as for a schedule. The step in which the runs part is split in two there.
//  3. The last steps before that are common. The rest of the split step and the next steps are those of each run.
func Part(expected, actual *Story) *Parting {
	e, a := alike(expected.lived(), actual.lived())
	n := 0
	for n < len(e) && n < len(a) && same(e[n], a[n]) {
		n++
	}
	if n == len(e) && n == len(a) {
		return nil
	}
	before, wants := expected.split(e, n)
	common, does := actual.split(a, n)
	p := &Parting{
		Expected: expected.opening(wants), Actual: actual.opening(does), Operation: operates(e, n) && operates(a, n),
	}
	for _, side := range [][]step{wants, does, before[max(len(before)-1, 0):]} {
		if len(side) > 0 {
			p.Turn, p.Time = max(side[0].decision, 1), time.Duration(side[0].time).Round(time.Microsecond)
			break
		}
	}
	steps := actual.window(common)
	steps = slices.Clone(steps[max(len(steps)-turnsBefore, 0):])
	steps = append(steps, sideOf(wants, "-", "the expected run ends here")...)
	steps = append(steps, sideOf(does, "+", "the actual run ends here")...)
	var b strings.Builder
	newTable(actual, steps, "turn (- in the expected run, + in the actual run)").write(&b)
	p.Table = b.String()
	return p
}

// lived returns the moments of a run up to the point at which, if it is a replay, it has left its recording.
func (s *Story) lived() []moment {
	if i := slices.IndexFunc(s.moments, func(m moment) bool { return m.kind == parts }); i >= 0 {
		return s.moments[:i]
	}
	return s.moments
}

// alike returns the moments of two runs without those of what tasks did beside scheduling if only one run has them.
func alike(e, a []moment) (_, _ []moment) {
	detailed := func(list []moment) bool {
		return slices.ContainsFunc(list, func(m moment) bool { return m.kind == happens })
	}
	if detailed(e) == detailed(a) {
		return e, a
	}
	plain := func(list []moment) []moment {
		return slices.DeleteFunc(slices.Clone(list), func(m moment) bool { return m.kind == happens })
	}
	return plain(e), plain(a)
}

// same reports whether two moments of two runs are equal, regardless of lines and of time.
func same(x, y moment) bool {
	return x.kind == y.kind && x.g == y.g && x.by == y.by && x.reason == y.reason && x.object == y.object &&
		x.forced == y.forced && x.points == y.points && x.leap == y.leap && x.ready == y.ready
}

// operates reports whether the moment n of a run is one that follows from the program and not from a choice.
func operates(list []moment, n int) bool {
	if n >= len(list) {
		return false
	}
	switch list[n].kind {
	case runs, preempts, letsIn, starts:
		return false
	}
	return true
}

// split returns the steps of a run before its moment n and those from there on, up to a few turns later. If the moment
// is within a turn, that turn is divided.
func (s *Story) split(moments []moment, n int) (before, after []step) {
	end := n + 1
	for turns := 0; end < len(moments); end++ {
		if moments[end].kind == runs {
			if turns++; turns > turnsAfter {
				break
			}
		}
	}
	steps, at := s.stepsOf(moments[:min(end, len(moments))], n)
	return steps[:at], steps[at:]
}

// opening describes the first of some steps, without the end of a long one.
func (s *Story) opening(steps []step) string {
	const most = 3
	if len(steps) == 0 {
		return ""
	}
	parts := strings.Split(steps[0].text, ", ")
	if len(parts) > most {
		parts = append(parts[:most:most], "…")
	}
	text := strings.Join(parts, ", ")
	if g := steps[0].g; g != 0 {
		text = s.who.Title(g) + " " + text
	}
	return text
}

// sideOf returns the steps of one run with a mark, or a line that says that there are none.
func sideOf(steps []step, mark, ends string) []step {
	if len(steps) == 0 {
		return []step{{text: ends, mark: mark, note: true}}
	}
	for i := range steps {
		steps[i].mark = mark
	}
	return steps
}

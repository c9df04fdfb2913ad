package divergence

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
)

// Drift reports that two runs draw different random values around a divergence: in the known events from there on,
// their n-th draws have different values, or one run has ended before its n-th draw.
type Drift struct {
	Expected, Actual int // number of values that each run draws in its known events

	// Draw is the number of the first draw that differs or that only one run has, counted from 1 at the start of
	// the run. ExpectedAt and ActualAt are the indices of the two events; -1 if the run has ended before it.
	Draw                 uint64
	ExpectedAt, ActualAt int64

	Stream string // label of the random stream of the actual draw; "" if unknown
}

// String returns the drift in one sentence.
func (d *Drift) String() string {
	at := func(index int64) string {
		if index < 0 {
			return "none"
		}
		return fmt.Sprintf("event %d", index)
	}
	text := fmt.Sprintf("the first random value that differs is draw %d: %s in the expected run, %s in the actual run",
		d.Draw, at(d.ExpectedAt), at(d.ActualAt))
	if d.Stream != "" {
		text += fmt.Sprintf(", of stream %q", prose.Cut(prose.Line(d.Stream), longestName))
	}
	return text
}

// drift compares the random values in the known events of both runs. If one run has more draws, the other must be
// known up to its end: otherwise an equal draw might follow later.
func (m *Mismatch) drift() *Drift {
	if len(m.Expected) == 0 || len(m.Actual) == 0 {
		return nil
	}
	e, a := draws(m.Expected), draws(m.Actual)
	i := 0
	for i < len(e) && i < len(a) && m.Expected[e[i]] == m.Actual[a[i]] {
		i++
	}
	switch {
	case i == len(e) && i == len(a):
		return nil
	case i == len(e) && !over(m.Expected, m.ExpectedEnd), i == len(a) && !over(m.Actual, m.ActualEnd):
		return nil
	}
	d := &Drift{Expected: len(e), Actual: len(a), Draw: m.draws + uint64(i) + 1, ExpectedAt: -1, ActualAt: -1}
	if i < len(e) {
		d.ExpectedAt = int64(m.Index) + int64(e[i])
	}
	if i < len(a) {
		d.ActualAt = int64(m.Index) + int64(a[i])
		if a[i] == 0 {
			d.Stream = m.Stream
		}
	}
	return d
}

// over reports whether a window reaches the end of its run, and the recording was not stopped before.
func over(window []event.Event, stopped string) bool { return len(window) < Lookahead && stopped == "" }

// draws returns the positions of the RngValues.
func draws(events []event.Event) []int {
	var list []int
	for i, e := range events {
		if e.Kind() == event.KindRngValue {
			list = append(list, i)
		}
	}
	return list
}

package divergence

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
)

// Drift says that two runs draw different random values around a divergence: in what is known of both from there on,
// the sequences of RngValues differ.
type Drift struct {
	Expected, Actual int // how many values each run draws in what is known of it

	// Draw is the number of the first draw that differs or that one run alone has, counted from 1 at the start of the
	// run. ExpectedAt and ActualAt are the indices of the two events; -1 if the draw is not in what is known of a run.
	Draw                 uint64
	ExpectedAt, ActualAt int64
}

// String returns the drift in one sentence.
func (d *Drift) String() string {
	at := func(index int64) string {
		if index < 0 {
			return fmt.Sprintf("not among the next %d events", Lookahead)
		}
		return fmt.Sprintf("event %d", index)
	}
	return fmt.Sprintf("the first random value that differs is draw %d: %s in the expected run, %s in the actual run",
		d.Draw, at(d.ExpectedAt), at(d.ActualAt))
}

// drift compares the random values in what is known of both runs. If one run ended, or nothing is known but that both
// draw equal values as far as both go and as often, there is no drift.
func (m *Mismatch) drift() *Drift {
	if len(m.Expected) == 0 || len(m.Actual) == 0 {
		return nil
	}
	e, a := draws(m.Expected), draws(m.Actual)
	i := 0
	for i < len(e) && i < len(a) && m.Expected[e[i]] == m.Actual[a[i]] {
		i++
	}
	if i == len(e) && i == len(a) {
		return nil
	}
	d := &Drift{Expected: len(e), Actual: len(a), Draw: m.draws + uint64(i) + 1, ExpectedAt: -1, ActualAt: -1}
	if i < len(e) {
		d.ExpectedAt = int64(m.Index) + int64(e[i])
	}
	if i < len(a) {
		d.ActualAt = int64(m.Index) + int64(a[i])
	}
	return d
}

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

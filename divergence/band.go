package divergence

import (
	"math"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// step is a way of reaching a cell: by an event of both runs, of the actual run, or of the expected run.
type step uint8

const (
	stepMatch step = iota
	stepInsert
	stepDelete
)

// op is one step of an alignment: its event and its expected index.
type op struct {
	step step
	e    event.Event
	at   uint64
}

// band is the dynamic programming of an [Aligner]. Rows are the actual events since the start of the band. A cell
// is the best alignment of these events with the expected events from start up to, but not including, its column.
// Its cost is the number of insertions and deletions. A row has the columns from to to, both included.
type band struct {
	active bool
	start  uint64
	from   uint64
	to     uint64
	best   uint64 // the column of the cheapest cell of the last row
	costs  []int32
	spare  []int32
	rows   []bandRow
	actual []event.Event // events of the rows except the first, as Comparable

	recorded []event.Event // the same, as recorded
	expected []event.Event // from start, as Comparable
}

// bandRow stores how the cells of a row are reached.
type bandRow struct {
	from  uint64
	steps []step
}

// open starts the band before any actual event: all events up to a column are deleted.
func (b *band) open(start, to uint64) {
	n := int(to - start + 1)
	b.active, b.start, b.from, b.to, b.best = true, start, start, to, start
	b.costs = b.costs[:0]
	for i := range n {
		b.costs = append(b.costs, int32(i))
	}
	b.newRow(start, n)
	for i := range n {
		b.rows[0].steps[i] = stepDelete
	}
}

// newRow appends a row, in the memory of an earlier band if possible.
func (b *band) newRow(from uint64, n int) []step {
	if len(b.rows) < cap(b.rows) {
		b.rows = b.rows[:len(b.rows)+1]
	} else {
		b.rows = append(b.rows, bandRow{})
	}
	r := &b.rows[len(b.rows)-1]
	r.from = from
	r.steps = slices.Grow(r.steps[:0], n)[:n]
	return r.steps
}

func (b *band) close() {
	b.active = false
	b.rows, b.actual, b.recorded, b.expected = b.rows[:0], b.actual[:0], b.recorded[:0], b.expected[:0]
}

const tooMuch = math.MaxInt32 / 2

// step adds the row of actual event e, with the columns from to to.
func (b *band) step(e event.Event, from, to uint64) {
	n, passed := int(to-from+1), int(from-b.from)
	for len(b.costs) < passed+n {
		b.costs = append(b.costs, tooMuch)
	}
	above := b.costs[passed : passed+n]
	steps := b.newRow(from, n)[:n]
	costs := slices.Grow(b.spare[:0], n)[:n]
	expected := b.expected[from-b.start : to-b.start]
	costs[0], steps[0] = above[0]+1, stepInsert // a match would come from outside the band
	left, diagonal, least := costs[0], above[0], costs[0]
	for i := 1; i < n; i++ {
		up := above[i]
		cost, how := up+1, stepInsert
		if left < up {
			cost, how = left+1, stepDelete
		}
		if diagonal <= cost && expected[i-1] == e {
			cost, how = diagonal, stepMatch
		}
		least = min(least, cost)
		costs[i], steps[i] = cost, how
		left, diagonal = cost, up
	}
	b.spare, b.costs = b.costs, costs
	b.from, b.to = from, to
	b.choose(least, steps)
	b.actual = append(b.actual, e)
}

// choose sets best to a cell with the least cost: to a match ahead of the last best cell if there is one, otherwise
// to a cell at or after it, so that a late event does not move best back.
func (b *band) choose(least int32, steps []step) {
	last := b.best
	chosen := false
	for i, cost := range b.costs {
		column := b.from + uint64(i)
		if cost != least {
			continue
		}
		if column > last && steps[i] == stepMatch {
			b.best = column
			return
		}
		if !chosen || b.best < last {
			b.best, chosen = column, true
		}
	}
}

// stepInto returns how the best cell was reached.
func (b *band) stepInto() step {
	r := b.rows[len(b.rows)-1]
	return r.steps[b.best-r.from]
}

// joined reports whether the best alignment has just matched and can do whatever any other cell can, at no higher
// cost: by deleting as many expected events, or inserting as many actual ones, as the other cell is ahead or
// behind.
func (b *band) joined() bool {
	if b.stepInto() != stepMatch {
		return false
	}
	at := int(b.best - b.from)
	least := b.costs[at]
	for i, cost := range b.costs {
		if cost < least+int32(max(i-at, at-i)) {
			return false
		}
	}
	return true
}

// last returns the column of the best cell if the actual run ended here and all further expected events were
// deleted.
func (b *band) last() uint64 {
	best := 0
	for i, cost := range b.costs {
		if int(cost)-i < int(b.costs[best])-best {
			best = i
		}
	}
	return b.from + uint64(best)
}

// trace returns the steps from the start to the cell of the last row in a column.
func (b *band) trace(column uint64, expected func(uint64) event.Event) []op {
	var ops []op
	for row := len(b.rows) - 1; row > 0 || column > b.start; {
		r := &b.rows[row]
		switch r.steps[column-r.from] {
		case stepMatch:
			column--
			ops = append(ops, op{stepMatch, b.actual[row-1], column})
			row--
		case stepInsert:
			ops = append(ops, op{stepInsert, b.actual[row-1], column})
			row--
		case stepDelete:
			column--
			ops = append(ops, op{stepDelete, expected(column), column})
		}
	}
	slices.Reverse(ops)
	return ops
}

// tally counts the steps of an alignment. Among the events that only one run has, it finds those that are only in
// another order or have changed.
type tally struct {
	window  uint64
	stats   Stats
	missing []loose // expected events that did not come
	strays  []loose // actual events that were not expected
	gap     uint64  // number of places so far between two events that match
}

// loose is an event of only one run.
type loose struct {
	e   event.Event
	at  uint64 // expected index
	gap uint64 // 0 if it can no longer become a changed event
}

func (t *tally) clone() tally {
	c := *t
	c.missing, c.strays = slices.Clone(t.missing), slices.Clone(t.strays)
	return c
}

func find(list []loose, e event.Event) int {
	return slices.IndexFunc(list, func(l loose) bool { return l.e == e })
}

// add counts steps.
func (t *tally) add(ops []op) {
	for _, o := range ops {
		switch o.step {
		case stepMatch:
			t.stats.Matched++
			t.gap++
		case stepInsert:
			t.missing, t.strays = t.pair(t.missing, t.strays, o, &t.stats.Deleted, &t.stats.Inserted)
		case stepDelete:
			t.strays, t.missing = t.pair(t.strays, t.missing, o, &t.stats.Inserted, &t.stats.Deleted)
		}
	}
}

// pair looks for the event of o on the other side. If it is there, it is reordered; otherwise it is loose on its own
// side.
func (t *tally) pair(other, own []loose, o op, otherCount, ownCount *uint64) (newOther, newOwn []loose) {
	if i := find(other, o.e); i >= 0 && max(o.at, other[i].at)-min(o.at, other[i].at) <= t.window {
		*otherCount--
		t.stats.Reordered++
		return slices.Delete(other, i, i+1), own
	}
	*ownCount++
	own = append(own, loose{o.e, o.at, t.gap + 1})
	if extra := len(own) - 2*int(t.window); extra > 0 {
		own = slices.Delete(own, 0, extra)
	}
	return other, own
}

// change pairs a missing and a stray event of one kind in one gap as one changed event.
func (t *tally) change() {
	for i := 0; i < len(t.missing); {
		m := t.missing[i]
		j := slices.IndexFunc(t.strays, func(s loose) bool {
			return s.gap != 0 && s.gap == m.gap &&
				s.e.Kind() == m.e.Kind()
		})
		if j < 0 {
			t.missing[i].gap = 0
			i++
			continue
		}
		t.stats.Inserted--
		t.stats.Deleted--
		t.stats.Changed++
		t.missing, t.strays = slices.Delete(t.missing, i, i+1), slices.Delete(t.strays, j, j+1)
	}
	for i := range t.strays {
		t.strays[i].gap = 0
	}
	t.gap++
}

// expire forgets events more than a window ago.
func (t *tally) expire(head uint64) {
	old := func(l loose) bool { return l.at+t.window < head }
	t.missing, t.strays = slices.DeleteFunc(t.missing, old), slices.DeleteFunc(t.strays, old)
}

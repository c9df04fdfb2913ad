package record

import (
	"cmp"
	"slices"
)

// Late is a goroutine that was ready and did not run while time leapt.
type Late struct {
	G  uint32
	By int64 // nanoseconds that time leapt meanwhile
}

// Lateness returns the goroutines of the program that were late since main.main started, each with the longest time
// that it was late at once, by that time and then by number. A goroutine is late by the time that leapt between the
// moment at which it became ready and the moment at which it ran, or the end of the run.
func (r *Recording) Lateness() []Late {
	type waiting struct {
		since int64 // when it became ready
		late  int64
	}
	ready, longest := map[uint32]*waiting{}, map[uint32]int64{}
	runs := func(g uint32) {
		if w := ready[g]; w != nil && w.late > longest[g] {
			longest[g] = w.late
		}
	}
	begun := false
	for _, rec := range r.Records {
		switch rec.Kind {
		case Begin:
			begun = true
		case Spawn, Wake, Yield, Preempt, Admit:
			ready[rec.G] = &waiting{since: rec.Time}
		case Sched:
			if leap := int64(rec.Val >> 32); leap > 0 && begun {
				for _, w := range ready { // lint: order does not matter because each is changed alone
					if w.since <= rec.Time-leap { // and not because of a timer to which time leapt
						w.late += leap
					}
				}
			}
			runs(rec.G)
			delete(ready, rec.G)
		}
	}
	for g := range ready { // lint: order does not matter because each is compared with itself
		runs(g)
	}
	var list []Late
	for g, by := range longest { // lint: order does not matter because the list is sorted below
		list = append(list, Late{g, by})
	}
	slices.SortFunc(list, func(a, b Late) int { return cmp.Or(cmp.Compare(b.By, a.By), cmp.Compare(a.G, b.G)) })
	return list
}

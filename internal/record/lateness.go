package record

import (
	"cmp"
	"slices"
)

// Late is a goroutine that was ready and did not run while time leapt.
type Late struct {
	G    uint32
	By   int64 // nanoseconds that time leapt meanwhile, until the goroutine stopped by itself
	Once int64 // the longest part of By during which it did not run
}

// Lateness returns the goroutines of the program that were late since the run began, each with the longest time
// by which it was late before it stopped by itself, by that time and then by number. Once is that of the same time. A
// goroutine is late by the time that leapt between the moment at which it became ready and the moment at which it ran,
// or the end of the run. If it is preempted, what follows adds to that: code that takes 3 ms in one place and 3 ms in
// another has taken 6 ms for the goroutines that wait for it.
func (r *Recording) Lateness() []Late {
	type waiting struct {
		since int64 // when it became ready
		late  int64
		was   Late // before that, since it stopped by itself
	}
	ready, longest, last := map[uint32]*waiting{}, map[uint32]Late{}, map[uint32]Late{}
	runs := func(g uint32) {
		w := ready[g]
		if w == nil {
			return
		}
		now := Late{g, w.was.By + w.late, max(w.was.Once, w.late)}
		if last[g] = now; now.By > longest[g].By {
			longest[g] = now
		}
	}
	begun := false
	for _, rec := range r.Records {
		switch rec.Kind {
		case Begin:
			begun = true
		case Spawn, Wake, Yield, Admit:
			ready[rec.G] = &waiting{since: rec.Time}
		case Preempt:
			ready[rec.G] = &waiting{since: rec.Time, was: last[rec.G]}
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
	for _, l := range longest { // lint: order does not matter because the list is sorted below
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Late) int { return cmp.Or(cmp.Compare(b.By, a.By), cmp.Compare(a.G, b.G)) })
	return list
}

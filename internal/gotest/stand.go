package gotest

import (
	"slices"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/record"
)

// Stand is the state of a live goroutine at the end of a run that a limit has ended.
type Stand struct {
	cast.Goroutine
	Runs   bool   // the last decision chose it
	Waits  string // what it waits for, in the runtime's words; "" if it is ready or runs
	Where  string // last known line, "file:line function"; "" if unknown
	Holder uint32 // goroutine that holds the lock it waits for; 0 if unknown or if it waits for no lock
}

// Stands returns the state of every live goroutine at the end of a run that a limit has ended at a decision, by number,
// and the numbers of the ready goroutines in the order in which they became ready, without the chosen one.
func Stands(o *gort.Outcome) (list []Stand, ready []uint32) {
	all := o.Recording.Goroutines()
	where := make([]string, len(all))
	gone := make([]bool, len(all))
	chosen := uint32(0)
	for _, r := range o.Recording.Records {
		if int(r.G) >= len(all) {
			continue
		}
		switch r.Kind {
		case record.Spawn, record.Wake, record.Admit, record.Yield, record.Preempt:
			if !slices.Contains(ready, r.G) {
				ready = append(ready, r.G)
			}
		case record.End:
			gone[r.G] = true
		case record.Sched:
			chosen = r.G
			ready = slices.DeleteFunc(ready, func(g uint32) bool { return g == chosen })
		}
		if r.Kind == record.Block || r.Kind == record.Yield || r.Kind == record.Preempt {
			where[r.G] = o.Recording.Place(r.Site)
		}
	}
	for g := 1; g < len(all); g++ {
		if gone[g] {
			continue
		}
		s := Stand{Goroutine: all[g], Runs: uint32(g) == chosen, Where: where[g]}
		if i := slices.IndexFunc(o.Left, func(w cast.Waiting) bool { return w.ID == uint32(g) }); i >= 0 {
			s.Waits, s.Holder = o.Left[i].Reason, o.Left[i].Holder
		}
		list = append(list, s)
	}
	return list, ready
}

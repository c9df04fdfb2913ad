package record

import (
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// Script returns the deviations of the run from the default schedule, in the order of the decisions. Together with the
// seed they make the run again; see gort.Control.
func (r *Recording) Script() strategy.Script {
	type counts struct{ hash, points, stops uint64 }
	var script strategy.Script
	var ready []uint32 // in the order in which they became ready
	all := []counts{{}}
	begun := false
	for _, rec := range r.Records {
		switch rec.Kind {
		case Begin:
			begun = true
		case Spawn:
			if parent := rec.Val >> 32; parent < uint64(len(all)) {
				all = append(all, counts{hash: strategy.Child(all[parent].hash, uint32(rec.Val)+1)})
			}
			ready = append(ready, rec.G)
		case Wake, Admit, Yield, Preempt:
			ready = append(ready, rec.G)
		case Fault:
			if begun && int(rec.G) < len(all) {
				d := strategy.Deviation{Task: all[rec.G].hash, Kind: strategy.Fault, At: uint64(rec.Points), To: rec.Val}
				script = append(script, d)
			}
		case Case:
			if begun && int(rec.G) < len(all) && rec.Reason > 0 {
				d := strategy.Deviation{Task: all[rec.G].hash, Kind: strategy.Case, At: uint64(rec.Points), To: rec.Val}
				script = append(script, d)
			}
		case Sched:
			i := slices.Index(ready, rec.G)
			if i < 0 || int(rec.Prev()) >= len(all) || int(rec.G) >= len(all) {
				return script // the recording was full
			}
			alone := len(ready) == 1
			ready = slices.Delete(ready, i, i+1)
			if !begun {
				continue
			}
			prev := &all[rec.Prev()]
			prev.points += uint64(rec.Points)
			d := strategy.Deviation{Task: prev.hash, Kind: strategy.Preempt, At: prev.points, Leap: uint32(rec.Val >> 32)}
			if rec.Reason != WhyPreempt {
				d.Kind, d.At = strategy.Next, prev.stops
				prev.stops++
			}
			idle := alone && d.Kind == strategy.Preempt && rec.G == rec.Prev() && d.Leap == 0
			if i > 0 || idle {
				d.To = all[rec.G].hash
			}
			if d.Kind == strategy.Preempt || d.To != 0 || d.Leap != 0 {
				script = append(script, d)
			}
		}
	}
	return script
}

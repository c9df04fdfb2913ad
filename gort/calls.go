package gort

import (
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/tracefile"
)

// writeTape writes what a run took from outside.
func writeTape(t *record.Tape, w *tracefile.Writer) {
	for _, c := range t.Calls {
		x := tracefile.Call{
			What: uint8(c.What), Task: gorun.Task(c.G), Turn: uint64(c.Turn), Object: uint64(c.Object), Hash: c.Hash,
			Size: uint64(c.Size), Address: c.Address, Data: c.Data,
		}
		if c.Result < 0 {
			x.Error = uint64(-c.Result)
		} else {
			x.Result = uint64(c.Result)
		}
		w.Call(x)
	}
	w.MissingCalls(t.Cut)
}

// readTape reads what a run took from outside, after all events. A tape of which nothing is stored is nil. Calls that
// writeTape has not written, and those beyond maxOutside, are missing.
func readTape(r *tracefile.Reader) (*record.Tape, error) {
	t, size := &record.Tape{}, 0
	missing, err := r.EachCall(func(x tracefile.Call) bool {
		c, ok := loadedCall(x)
		if size += c.Room(); !ok || size > maxOutside {
			t.Cut++
			return false
		}
		t.Calls = append(t.Calls, c)
		return true
	})
	t.Cut += missing
	return t.OrNil(), err
}

// loadedCall returns a call of a trace file. It reports false for one that no run made.
func loadedCall(x tracefile.Call) (c record.Call, ok bool) {
	const most = 1<<32 - 1
	if x.Turn > most || x.Object > most || x.Size > most || x.Result > most || x.Error > most {
		return c, false
	}
	c = record.Call{
		What: record.CallKind(x.What), G: gorun.Goroutine(x.Task), Turn: uint32(x.Turn), Object: uint32(x.Object),
		Result: int64(x.Result), Hash: x.Hash, Size: uint32(x.Size), Address: x.Address, Data: x.Data,
	}
	if x.Error > 0 {
		c.Result = -int64(x.Error)
	}
	return c, c.Valid()
}

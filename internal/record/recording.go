package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
)

// Recording is what was recorded of a run.
type Recording struct {
	Seed        uint64
	Memory      bool      // accesses to memory were preemption points
	Clock       time.Time // when the clock of the program started
	RealNetwork bool      // the network of the loopback addresses was that of the kernel
	Faults      string    // which faults of the network were drawn, as in wire.Faults; "" for none
	Records     []Record
	Texts       []string // by number; 0 is empty
	Steps       uint64   // number of decisions since the start of the process
	Points      uint64   // number of preemption points passed
	Hash        uint64   // hash of the decisions; equal runs have equal hashes
	Tape        Tape     // what the run took from outside
	Class       uint64   // hash of the order of what synchronises; 0 if unknown, as without points at accesses to memory

	// Dropped is the number of records for which there was no room. If it is not 0, Records contains only the start of
	// the run, and its end. Steps, Points and Hash are those of the whole run.
	Dropped uint64
}

// Shorten drops all records after the first n, up to the end of the run, if the recording is not whole anyway. It is
// then as if there had been room for fewer records.
func (r *Recording) Shorten(n int) {
	at := min(n, len(r.Records)-1)
	for at > 0 && r.Records[at].Kind != Sched { // what belongs together lies between two decisions
		at--
	}
	if r.Dropped == 0 || at <= 0 {
		return
	}
	kept, started := slices.Clone(r.Records[:at]), uint32(0)
	for i := range kept {
		if kept[i].Kind == Spawn {
			started = max(started, kept[i].G)
		}
	}
	for _, rec := range r.Records[at:] {
		if rec.Kind.final() && rec.G <= started {
			kept = append(kept, rec)
		} else {
			r.Dropped++
		}
	}
	r.Records = kept
}

// Choices returns what a replay of r needs.
func (r *Recording) Choices() *Choices {
	c := &Choices{Seed: r.Seed, Memory: r.Memory, Tape: r.Tape.OrNil()}
	for i, rec := range r.Records {
		switch {
		case rec.Kind == Begin:
			c.Records, c.Reads, c.Faults, c.Cases = make([]Record, 0, len(r.Records)-i), nil, nil, nil
		case rec.IsChoice():
			c.Records = append(c.Records, rec)
		case rec.Kind == Read:
			rec.Points = uint32(len(c.Records))
			c.Reads = append(c.Reads, rec)
		case rec.Kind == Fault:
			c.Faults = append(c.Faults, OfFault(rec.FaultOf(), len(c.Records)))
		case rec.Kind == Case:
			c.Cases = append(c.Cases, OfSelect(rec.SelectOf(), len(c.Records)))
		}
	}
	return c
}

// Decisions returns the number of decisions made since main.main started.
func (r *Recording) Decisions() (n int) {
	for _, rec := range r.Records {
		switch rec.Kind {
		case Begin:
			n = 0
		case Sched:
			n++
		}
	}
	return n
}

// Text returns the text with a number, or "" if there is none.
func (r *Recording) Text(n uint32) string {
	if int(n) < len(r.Texts) {
		return r.Texts[n]
	}
	return ""
}

// Place returns the innermost frame of the place with a number, "file:line function", or "" if there is none.
func (r *Recording) Place(n uint32) string {
	place, _, _ := strings.Cut(r.Text(n), "\n")
	return place
}

// Callers returns up to two more frames of a place: what called the innermost one, and a line of the program.
func (r *Recording) Callers(n uint32) []string {
	_, callers, more := strings.Cut(r.Text(n), "\n")
	if !more {
		return nil
	}
	return strings.Split(callers, "\n")
}

// Goroutines returns the goroutines of the run by number. The element with index 0 is empty.
func (r *Recording) Goroutines() []cast.Goroutine {
	list := []cast.Goroutine{{}}
	for _, rec := range r.Records {
		if rec.Kind != Spawn || int(rec.G) != len(list) {
			continue
		}
		g := cast.Goroutine{ID: rec.G, Parent: uint32(rec.Val >> 32), Start: r.Text(rec.Points), Site: r.Place(rec.Site)}
		g.Path = "0"
		if int(g.Parent) < len(list) && g.Parent > 0 {
			g.Path = fmt.Sprintf("%s.%d", list[g.Parent].Path, uint32(rec.Val))
		}
		list = append(list, g)
	}
	return list
}

// index returns the index of the first record of a kind, or -1 if there is none. Records are not copied, because a run
// can have millions of them.
func (r *Recording) index(kind Kind) int {
	for i := range r.Records {
		if r.Records[i].Kind == kind {
			return i
		}
	}
	return -1
}

// Left returns the goroutines that existed at the end of the run, if the runtime recorded them.
func (r *Recording) Left() (list []cast.Waiting) {
	if r.index(Left) < 0 {
		return nil
	}
	var all []cast.Goroutine
	objects := map[uint32]uint32{} // the number of the object for which each goroutine waited last
	for _, rec := range r.Records {
		if rec.Kind == Block {
			objects[rec.G] = uint32(rec.Val)
		}
		if rec.Kind != Left {
			continue
		}
		if all == nil {
			all = r.Goroutines()
		}
		if int(rec.G) >= len(all) {
			continue
		}
		w := cast.Waiting{
			Goroutine: all[rec.G], Reason: r.Text(rec.Points), Where: r.Place(rec.Site), Stack: r.Text(uint32(rec.Val)),
			Holder: uint32(rec.Val >> 32), Kept: rec.Reason == leftKept,
		}
		if n := objects[rec.G]; n != 0 && w.Reason != "" {
			w.Object = strconv.FormatUint(uint64(n), 10)
		}
		for g := rec.G; g != 0 && !w.Test; g = all[g].Parent {
			w.Test = cast.StartsTest(all[g].Start)
		}
		list = append(list, w)
	}
	return list
}

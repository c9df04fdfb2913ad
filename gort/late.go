package gort

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
)

// Lateness of the runs of seeds, see Control.Slow: half of the seeds have some, of a length between the shortest and
// the longest, each power of two as often.
const (
	slowSeeds    = 2
	shortestSlow = 100 * time.Microsecond
	defaultSlow  = 100 * time.Millisecond
	longestSlow  = 4 * time.Second // a record has room for no more
)

// slow returns how long goroutines may be late in a run, 0 if they may not.
func (c *Control) slow() time.Duration {
	longest := min(or(c.Slow, defaultSlow), longestSlow)
	switch {
	case c.Late > 0:
		return min(c.Late, longestSlow)
	case c.Late < 0, longest < 0, c.Choices != nil, c.Script != nil, mix(c.Seed, 4)%slowSeeds != 0:
		return 0
	}
	lengths := 1
	for d := shortestSlow; d < longest; d *= 2 {
		lengths++
	}
	return min(shortestSlow<<(mix(c.Seed, 6)%uint64(lengths)), longest)
}

// Timing is what a failure has to do with goroutines that were late.
type Timing struct {
	By      time.Duration // by how much the goroutine that was late most was late before it stopped by itself
	Once    time.Duration // the longest part of By during which it did not run
	Without string        // the signature of the failure if it did not need that
}

// Timing returns by how much goroutines were late in a run that failed, or nil if none was. It also returns nil for
// failures whose class does not depend on that: data races, limits and divergences. All others are of the class
// "timing" if a goroutine was late.
func (o *Outcome) Timing() *Timing {
	switch o.Verdict {
	case Passed, TimedOut, Limited, Diverged, Reached:
		return nil
	}
	list := o.Recording.Lateness()
	if len(list) == 0 {
		return nil
	}
	direct := o.direct()
	if direct.class == "data race" {
		return nil
	}
	without := finding.Sign(direct.class, direct.parts...)
	return &Timing{By: time.Duration(list[0].By), Once: time.Duration(list[0].Once), Without: without}
}

// cause returns the cause of a failure.
func (o *Outcome) cause() cause {
	c := o.direct()
	t := o.Timing()
	if t == nil {
		return c
	}
	var who []uint32
	for _, l := range o.Recording.Lateness() {
		if time.Duration(l.By) == t.By {
			who = append(who, l.G)
		}
	}
	cast := newCast(o)
	name, verb := cast.Paths(who), "are"
	if len(who) == 1 {
		name, verb = cast.Title(who[0]), "is"
	}
	lines := []string{fmt.Sprintf("fails when %s %s %v late: %s", name, verb, roundLate(t.By), c.lines[0])}
	return cause{finding.Timing, append(lines, c.lines[1:]...), append([]string{c.class}, c.parts...)}
}

// roundLate rounds a lateness to two digits, for people: with a timer of 12 ms it is a little less.
func roundLate(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit)
}

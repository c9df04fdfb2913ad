package gotest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/wire"
)

// limits are those of one run.
type limits struct {
	virtual   time.Duration // 0: that of package gort
	real      time.Duration // 0: what -timeout says, see settings.wall
	records   int           // 0: defaultRecords
	decisions int           // 0: that of package gort
}

// read reads the limits from the environment.
func (l *limits) read(getenv func(string) string) error {
	return errors.Join(
		wire.MaxVirtual.Read(getenv, &l.virtual), wire.MaxReal.Read(getenv, &l.real),
		wire.MaxRecords.Read(getenv, &l.records), wire.MaxDecisions.Read(getenv, &l.decisions),
	)
}

// flags are the flags of `reprise test` that set the limits.
func (l *limits) flags() (words []string) {
	for _, f := range []struct {
		set   bool
		flag  string
		value any
	}{
		{l.virtual > 0, wire.MaxVirtual.Flag, l.virtual}, {l.real > 0, wire.MaxReal.Flag, l.real},
		{l.records > 0, wire.MaxRecords.Flag, l.records}, {l.decisions > 0, wire.MaxDecisions.Flag, l.decisions},
	} {
		if f.set {
			words = append(words, "--"+f.flag, fmt.Sprint(f.value))
		}
	}
	return words
}

// extent is how much a run took of what is limited.
type extent struct {
	real, virtual time.Duration
	decisions     uint64
}

// most is the greater of two extents, each part for itself.
func (e extent) most(other extent) extent {
	return extent{max(e.real, other.real), max(e.virtual, other.virtual), max(e.decisions, other.decisions)}
}

// beyond is how many times as much as every run that passed a run at a limit took, if the limit is to be more than one
// on the length of the test: for a schedule under which it never ends.
const beyond = 10

// limitOf says which limit has ended a run, with the flag that raises it, and whether the run took much more than
// those that have passed. The name is "" if no limit has.
func (c *search) limitOf(o *gort.Outcome) (name, flag string, much bool) {
	switch {
	case o.Killed:
		return fmt.Sprintf("%v of real time", c.wall.Round(time.Second)), wire.MaxReal.Flag, c.wall >= beyond*c.longest.real
	case o.Verdict == gort.TimedOut:
		return fmt.Sprintf("%v of virtual time", o.Virtual.Round(time.Second)), wire.MaxVirtual.Flag,
			o.Virtual >= beyond*c.longest.virtual
	case o.Verdict == gort.Limited:
		return fmt.Sprintf("%d decisions", o.Recording.Steps), wire.MaxDecisions.Flag,
			o.Recording.Steps >= beyond*c.longest.decisions
	}
	return "", "", false
}

// judgeLimits takes runs that a limit has ended for failures only if other runs have passed with much less, or the
// user has set the limit by -timeout or asks for one seed.
func (c *search) judgeLimits() {
	all := c.campaign
	all.Failing = slices.DeleteFunc(all.Failing, func(r *explore.Run) bool {
		f, o := r.Finding, detailOf(r).Outcome
		name, flag, much := c.limitOf(o)
		switch {
		case name == "" || r.Outcome == explore.Failed && f.Class == finding.Nondeterminism:
			return false
		case o.Killed && c.byTimeout():
			f.Note("the run was ended because the time that -timeout gives was over")
			return false
		case len(c.only) > 0 || c.passed > 0 && much:
			f.Note(fmt.Sprintf("the limit is %s; --%s raises it", name, flag))
			return false
		}
		f.Note(fmt.Sprintf("it reached a limit of reprise, %s, which is no failure of the test; --%s raises it", name, flag))
		c.excuse(r)
		return true
	})
}

// excuse makes a failing run a note. The caller removes it from those that fail.
func (c *search) excuse(r *explore.Run) {
	r.Outcome, r.Finding.Passes = explore.Noted, true
	if r.Finding.Like == "" {
		c.campaign.Notes = append(c.campaign.Notes, r)
	}
}

// count notes what a run took that has passed. It is called in the order of the seeds.
func (c *search) count(r *explore.Run) {
	if r.Outcome != explore.Failed && r.Outcome != explore.Doubtful {
		c.passed, c.longest = c.passed+1, c.longest.most(detailOf(r).extent)
	}
}

// firstOutput is what the first run has printed; nothing if a limit has ended it, as that is no output of the test
// alone.
func (c *search) firstOutput() []byte {
	o := detailOf(c.campaign.First).Outcome
	if name, _, _ := c.limitOf(o); name != "" {
		return nil
	}
	return o.Output
}

package gotest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/wire"
)

// limits are the limits of one run.
type limits struct {
	virtual   time.Duration // 0: the default of package gort
	real      time.Duration // 0: according to -timeout, see settings.wall
	records   int           // 0: defaultRecords
	decisions int           // 0: the default of package gort
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

// extent is the consumption of a run, for each limit.
type extent struct {
	real, virtual time.Duration
	decisions     uint64
}

// most returns the maximum of two extents, for each limit.
func (e extent) most(other extent) extent {
	return extent{max(e.real, other.real), max(e.virtual, other.virtual), max(e.decisions, other.decisions)}
}

// beyond is the factor by which a run that reached a limit must exceed every run that passed, to count as a run that
// would not end under its schedule, and not as a run of a long test.
const beyond = 10

// cutOff is a limit that ended a run.
type cutOff struct {
	name, flag string // the flag raises it
	longest    string // the maximum among the runs that passed
	much       bool   // the run took much more than those
}

// limitOf returns the limit that ended a run, the zero cutOff if none did.
func (c *search) limitOf(o *gort.Outcome) cutOff {
	longest, rounded := c.longest, func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	switch {
	case o.Killed:
		return cutOff{fmt.Sprintf("%v of real time", c.wall.Round(time.Second)), wire.MaxReal.Flag, rounded(longest.real),
			c.wall >= beyond*longest.real}
	case o.Verdict == gort.TimedOut:
		return cutOff{fmt.Sprintf("%v of virtual time", o.Virtual.Round(time.Second)), wire.MaxVirtual.Flag,
			rounded(longest.virtual), o.Virtual >= beyond*longest.virtual}
	case o.Verdict == gort.Limited:
		return cutOff{fmt.Sprintf("%d decisions", o.Recording.Steps), wire.MaxDecisions.Flag,
			strconv.FormatUint(longest.decisions, 10), o.Recording.Steps >= beyond*longest.decisions}
	}
	return cutOff{}
}

// endless reports whether a run that the limit of decisions ended is a failure: the user asked for its seed, or it is
// far from all runs before it that passed. Whether that holds for those after it too, judgeLimits decides.
func (c *search) endless(o *gort.Outcome) bool {
	return len(c.only) > 0 || c.passed > 0 && c.limitOf(o).much
}

// judgeLimits decides about runs that a limit ended. They are failures only if other runs passed with much less, the
// user set the limit by -timeout, or the user asked for one seed.
func (c *search) judgeLimits() {
	all, fails := c.campaign, map[string]bool{} // by signature, as the first run of each was judged
	all.Failing = slices.DeleteFunc(all.Failing, func(r *explore.Run) bool {
		if r.Told { // an ordinary failure
			return false
		}
		f, d := r.Finding, detailOf(r)
		limit := c.limitOf(d.Outcome)
		fails[f.Signature] = fails[f.Signature] || d.fails
		switch {
		case limit.name == "" || fails[f.Signature] || r.Outcome == explore.Failed && f.Class == finding.Nondeterminism:
			return false
		case d.Killed && c.byTimeout():
			f.Note("the run was ended because the time that -timeout gives was over")
			return false
		case len(c.only) > 0:
			f.Note(fmt.Sprintf("the limit is %s; --%s raises it", limit.name, limit.flag))
			return false
		case c.passed > 0 && limit.much:
			f.Note(fmt.Sprintf("the limit is %s, and no run that passed took more than %s; --%s raises it", limit.name,
				limit.longest, limit.flag))
			return false
		}
		f.Note(fmt.Sprintf("it reached a limit of reprise, %s, which is no failure of the test; --%s raises it",
			limit.name, limit.flag))
		c.excuse(r)
		return true
	})
}

// excuse turns a failing run into a note. The caller removes it from the failing runs.
func (c *search) excuse(r *explore.Run) {
	r.Outcome, r.Finding.Passes = explore.Noted, true
	if r.Finding.Like == "" {
		c.campaign.Notes = append(c.campaign.Notes, r)
	}
}

// count adds a run that passed to the extents. It is called in the order of the seeds.
func (c *search) count(r *explore.Run) {
	c.reached.add(detailOf(r).asserted)
	if r.Outcome != explore.Failed && r.Outcome != explore.Doubtful {
		c.passed, c.longest = c.passed+1, c.longest.most(detailOf(r).extent)
	}
}

// firstOutput returns the output of the first run, or nothing if a limit ended it, because its output is then not only
// that of the test.
func (c *search) firstOutput() []byte {
	o := detailOf(c.campaign.First).Outcome
	if c.limitOf(o).name != "" {
		return nil
	}
	return o.Output
}

package gotest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
)

// judgeAlways adds a note to the finding of a test of which all runs failed. The test is run without control: first
// alone, and if it fails there too, together with the tests of its package, as the user runs it.
func (c *search) judgeAlways(ctx context.Context) {
	var failing []*explore.Run // without pinned recordings
	for _, r := range c.campaign.Failing {
		if c.pinOf(r) == nil {
			failing = append(failing, r)
		}
	}
	if ctx.Err() != nil || len(failing) == 0 || len(failing) < c.campaign.Ran || len(c.only) > 0 {
		return
	}
	f, o := failing[0].Finding, detailOf(failing[0])
	switch {
	case f.Class == finding.Nondeterminism, o.Verdict == gort.Limited, o.CutOff(): // expected to be the same in all runs
	case o.Verdict == gort.Leaked: // a run without control does not detect leaks
		f.Note(c.allRuns("failed") + "; with --leaks report a leak is no failure")
	case f.Class == "assertion": // a run without control does not look at assertions
		f.Note(c.allRuns("failed"))
	default:
		c.judgePlain(ctx, f)
	}
}

// allRuns returns a sentence about all runs.
func (c *search) allRuns(did string) string {
	if c.campaign.Ran == 1 {
		return "the only run " + did
	}
	return fmt.Sprintf("all %d runs %s", c.campaign.Ran, did)
}

// judgePlain compares a test of which all runs failed, with a finding, with the same test without control.
func (c *search) judgePlain(ctx context.Context, f *finding.Finding) {
	all := c.campaign
	how, end := c.replays.withoutControl(ctx, c.patience)
	if end != plainFails {
		f.Note(c.allRuns("failed") + ", " + how)
		return
	}
	if rounds, failed := c.again(ctx); failed < plainRounds {
		f.Note(fmt.Sprintf("%s, and without control it fails in %d of %d", c.allRuns("failed"), failed, rounds))
		return
	}
	const needs = ", and without control it fails alone too, but passes among the other tests of its package: " +
		"it needs other tests of the package"
	const together = "; --together runs them in one process"
	switch {
	case c.members != nil:
		f.Note(c.allRuns("failed") + ", " + how)
	case c.needsOthers(ctx, c.selected):
		f.Note(c.allRuns("failed") + needs + together)
		var pins []*explore.Run
		for _, r := range all.Failing {
			if c.pinOf(r) != nil {
				pins = append(pins, r)
				continue
			}
			c.excuse(r)
		}
		all.Failing = pins
	case c.selected != "" && c.needsOthers(ctx, ""):
		f.Note(c.allRuns("failed") + needs + ", which -run leaves out")
	default:
		f.Note(c.allRuns("failed") + ", " + how + ": an ordinary failure")
	}
}

// plainRounds is how often a test has to fail without control before it is said to, and to pass among the tests of its
// package before it is said to need them: one that fails now and then may do both once.
const plainRounds = 3

// again runs a test that has failed once without control more often, and returns how many such runs there were and how
// many of them failed.
func (c *search) again(ctx context.Context) (rounds, failed int) {
	for rounds, failed = 1, 1; rounds < plainRounds; rounds++ {
		_, end := c.replays.withoutControl(ctx, c.patience)
		if ctx.Err() != nil { // which may have ended the run
			break
		}
		if end == plainFails {
			failed++
		}
	}
	return rounds, failed
}

// needsOthers reports whether the test, which fails alone, passes plainRounds times among the tests that a pattern of
// -run selects.
func (c *search) needsOthers(ctx context.Context, run string) bool {
	for range plainRounds {
		if !c.passesAmong(ctx, run) {
			return false
		}
	}
	return true
}

// amongPatience is the maximum real time of the tests of a package without control.
const amongPatience = time.Minute

// passesAmong reports whether the test passes without control among the tests that a pattern of -run selects, in the
// order of the package and in one process, as "go test" runs them.
func (c *search) passesAmong(ctx context.Context, run string) bool {
	release, err := c.replays.admit(ctx, true)
	if err != nil {
		return false
	}
	defer release()
	args := append([]string{"-test.run=" + run, "-test.skip=" + c.skipped, "-test.v=true", plainTimeout,
		"-test.paniconexit0"}, c.each...)
	out, _ := c.plainRun(ctx, amongPatience, args) // other tests may fail
	return strings.Contains(string(out), "--- PASS: "+c.function+" (")
}

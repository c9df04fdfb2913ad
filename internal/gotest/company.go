package gotest

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
)

// Copies of a test that run at the same time can disturb each other, by a fixed port or a fixed file name, and so can
// tests of other packages. "go test" never runs two copies of a test, so a failure that happens only beside other runs
// does not count:
//
//  1. A run that fails is made again from its seed, alone: no other run of the test, and none of another package that
//     the same command tests, takes place at the same time.
//  2. If the test fails in the same way alone, the failure stands.
//  3. If not, it is made alone once more. If these two runs agree, the first was disturbed: the undisturbed result
//     counts, the test says so in a note, and its other seeds run one at a time.
//  4. If they disagree, something that is not recorded takes part, and the failure stands, to be replayed.
//
// Replays are always made alone, so that a replay that differs is evidence against the test.

// company is the state of this procedure for one test function.
type company struct {
	gate  sync.RWMutex // a run holds it for reading, a run alone for writing
	apart atomic.Bool  // the seeds run one at a time from now on

	mu           sync.Mutex
	agreed       int          // failing runs that failed alone in the same way
	disturbances int          // runs that were disturbed
	disturbed    *explore.Run // the first of them by number
}

// enoughAgreed is the number of failing runs of a test that are repeated alone if all of them agree.
const enoughAgreed = 5

// admit waits for the right to run: beside other runs, or alone.
func (w *subject) admit(ctx context.Context, alone bool) (release func(), err error) {
	if w.slots == nil {
		if w.slots, err = openSlots(w.slotsDir, w.slotCount()); err != nil {
			return nil, err
		}
	}
	take, unlock := w.slots.take, w.gate.RUnlock
	if alone {
		take = w.slots.takeAll
	}
	if alone || w.apart.Load() || w.sharing.wrote.Load() != nil {
		w.gate.Lock()
		unlock = w.gate.Unlock
	} else {
		w.gate.RLock()
	}
	giveBack, err := take(ctx)
	if err != nil {
		unlock()
		return nil, err
	}
	return func() { giveBack(); unlock() }, nil
}

// solitary reports whether no other run can take place at the same time.
func (w *subject) solitary() bool { return w.processors == 1 && w.slotsDir == "" }

// undisturbed returns the outcome that counts for a run of a seed: that of a run alone if other runs disturbed it.
func (w *subject) undisturbed(ctx context.Context, p explore.Plan, c gort.Control, o *gort.Outcome) (*gort.Outcome,
	error) {
	w.mu.Lock()
	enough := w.agreed >= enoughAgreed
	w.mu.Unlock()
	if w.judge(o) != explore.Failed || o.CutOff() || enough || w.solitary() {
		return o, nil
	}
	first, err := w.make(ctx, c, true)
	if err != nil {
		return nil, err
	}
	if first.CutOff() || alike(o, first) {
		w.mu.Lock()
		w.agreed++
		w.mu.Unlock()
		return o, nil
	}
	second, err := w.make(ctx, c, true)
	if err != nil || second.CutOff() || !alike(first, second) {
		return o, err
	}
	w.disturb(p, o)
	return first, nil
}

// twice makes a run of a seed again and returns the two runs, which should be equal. Both are made alone if other runs
// may have disturbed them.
func (w *subject) twice(ctx context.Context, p explore.Plan, c gort.Control, o *gort.Outcome) (first,
	second *gort.Outcome, err error) {
	if second, err = w.make(ctx, c, false); err != nil || equal(o, second) || w.solitary() {
		return o, second, err
	}
	if first, err = w.make(ctx, c, true); err != nil {
		return nil, nil, err
	}
	again, err := w.make(ctx, c, true)
	if err != nil || !equal(first, again) {
		return first, again, err
	}
	w.disturb(p, o)
	return first, again, nil
}

// alike reports whether two runs end in the same way: both pass, or both fail with the same signature.
func alike(a, b *gort.Outcome) bool {
	return a.Verdict == b.Verdict && (a.Verdict == gort.Passed || a.Signature() == b.Signature())
}

// disturb counts a run that was disturbed.
func (w *subject) disturb(p explore.Plan, o *gort.Outcome) {
	w.apart.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disturbances++
	if w.disturbed != nil && w.disturbed.Number < p.Number {
		return
	}
	f := &finding.Finding{
		Name: testpath.Seed(p.Seed), Seed: p.Seed, Class: o.Class(), Failure: o.Failure(), Signature: o.Signature(),
		Parts:   o.Parts(),
		Verdict: finding.Unconfirmed, Passes: true, Verb: "fails beside other runs",
	}
	if o.Verdict == gort.Passed {
		f.Class, f.Verb = finding.Nondeterminism, "differs beside other runs"
		f.Failure = "two runs of one seed differ while other runs take place"
		f.Signature = finding.Sign(f.Class, w.pkg, w.function)
	}
	f.Note("two runs of this seed alone did not do that: tests that ran at the same time disturbed each other, by a " +
		"fixed port or file name for instance; the other seeds ran one at a time")
	w.disturbed = &explore.Run{Plan: p, Outcome: explore.Noted, Finding: f, Detail: detail{Outcome: o}}
}

// judgeDisturbed adds a note about runs that were disturbed.
func (c *search) judgeDisturbed() {
	if c.disturbed == nil {
		return
	}
	f := c.disturbed.Finding
	f.Failed, f.Ran = c.disturbances, c.campaign.Ran
	for _, r := range c.campaign.Failing {
		if r.Finding.Signature == f.Signature { // another seed has the failure when alone
			return
		}
	}
	c.campaign.Notes = append(c.campaign.Notes, c.disturbed)
}

// slotCount returns the number of runs that the packages of one command make at a time.
func (w *subject) slotCount() int { return cmp.Or(w.processes, runtime.GOMAXPROCS(0)) }

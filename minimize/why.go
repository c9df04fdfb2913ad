package minimize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/cause"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/strategy"
)

// Flip says what the run does without one of its deviations.
type Flip struct {
	Passes  bool `json:"passes"`            // otherwise it is Endless or fails in another way
	Endless bool `json:"endless,omitempty"` // it was given up because it took many times as long
	Fault   bool `json:"fault,omitempty"`   // the deviation is an injected fault

	Run *explore.Run `json:"-"` // the run without the deviation, made with Plan.Detail
}

// Why says what decided a failing run.
type Why struct {
	// Turn is the number of the decision that began the turn that decided the run: given the decisions up to it, few
	// continuations fail, and given the next decision, many do. 0 means that the first decision decided the run.
	Turn   int            `json:"turn"`
	Before cause.Sample   `json:"before"` // of the decisions up to Turn
	After  cause.Sample   `json:"after"`  // of one decision more
	Curve  []cause.Sample `json:"curve"`  // all samples, by the number of decisions
	Always bool           `json:"always"` // nearly every schedule fails, so that no turn decided the run
	Flips  []Flip         `json:"flips"`  // one for each deviation of the run
	Runs   int            `json:"runs"`   // number of runs that were made
}

// Turning returns the number of the turn that decided the run, from 1; 0 if none did.
func (w *Why) Turning() int {
	if !w.Decided() {
		return 0
	}
	return max(w.Turn, 1)
}

// Passing returns the runs that pass because a deviation is left out.
func (w *Why) Passing() (list []*explore.Run) {
	for _, f := range w.Flips {
		if f.Passes {
			list = append(list, f.Run)
		}
	}
	return list
}

// leastJump is the smallest jump of the rate at which a turn is said to have decided the run: a quarter, more than two
// samples of 64 differ by chance. A jump of clearJump is clear with samples of 16.
const (
	leastJump = 0.25
	clearJump = 0.5
)

// Decided reports whether a turn decided the run: not nearly every schedule fails, and the jump at the turn is clear.
func (w *Why) Decided() bool {
	return !w.Always && w.After.Rate()-w.Before.Rate() >= leastJump
}

// How many continuations are made for a sample, for the two that the answer consists of, and to be sure that nearly
// every schedule fails.
const (
	continuations = 8
	confirmations = 16
	doubts        = 64 // if the two differ by less than clearJump
	certainties   = 32
)

// always is the rate without any fixed decision from which on nearly every schedule fails.
const always = 0.9

// errNoSample is the error for a run of which no continuation came to an end.
var errNoSample = errors.New("minimize: no continuation of the run came to an end")

// Explain finds the turn that decided a failing run, of which Recorded, Script and Length are set. It works like this:
//
//  1. A sample for n decisions replays these and continues with fresh choices, several times.
//  2. The first samples are for no decision and for all decisions.
//  3. Of all pairs of neighbouring samples, that with the largest jump is split in the middle by another sample, until
//     the pair with the largest jump is one decision apart. It is the largest jump that counts and not the first sample
//     in which all continuations fail, because single samples are noisy.
//  4. The two samples of the answer get more continuations, and many if their jump is small. If another pair has a
//     larger jump then, 3 goes on.
//  5. The run is made without each of its deviations in turn, to see whether it passes then.
//
// If a bound is reached, the answer is what is known by then. The error is that of a subject, or of ctx.
func Explain(ctx context.Context, cfg Config, subjects []Subject, failing *explore.Run, decisions int) (*Why, error) {
	e := newExplainer(cfg, subjects, failing)
	if err := e.curve(ctx, decisions); err != nil {
		return nil, err
	}
	e.samples = slices.DeleteFunc(e.samples, func(s cause.Sample) bool { return s.Of == 0 })
	if len(e.samples) < 2 {
		return nil, cmp.Or(ctx.Err(), errNoSample)
	}
	i := e.jump()
	w := &Why{Curve: e.samples}
	w.Before, w.After = e.samples[i], e.samples[i+1]
	w.Turn, w.Always = w.Before.Decisions, e.samples[0].Rate() >= always
	err := e.flip(ctx, w)
	w.Runs = e.runs
	return w, err
}

// Again makes the runs of w.Flips again, given the same failing run as to [Explain], whose answer w is, without those
// runs, from elsewhere. It reports whether they end as w says; w.Flips have their runs then.
func (w *Why) Again(ctx context.Context, cfg Config, subjects []Subject, failing *explore.Run) (ok bool, err error) {
	e := newExplainer(cfg, subjects, failing)
	var made Why
	if err := e.flip(ctx, &made); err != nil || len(w.Curve) == 0 {
		return false, err
	}
	if !slices.EqualFunc(made.Flips, w.Flips, func(a, b Flip) bool {
		return a.Passes == b.Passes && a.Endless == b.Endless && a.Fault == b.Fault
	}) {
		return false, nil
	}
	w.Flips = made.Flips
	return true, nil
}

// explainer is the state of Explain.
type explainer struct {
	search
	samples []cause.Sample
	fresh   uint64 // the last seed of a continuation
}

// newExplainer returns an explainer of a failing run.
func newExplainer(cfg Config, subjects []Subject, failing *explore.Run) *explainer {
	return &explainer{search: search{
		cfg: cfg, subjects: subjects, origin: failing, longest: failing.Length, busiest: failing.Points,
	}}
}

// cut reports whether an error is that of a run that the end of ctx has cut off. Such a run counts nowhere, and the
// search is over.
func (e *explainer) cut(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() == nil {
		return false
	}
	e.over = true
	return true
}

// curve makes the samples.
func (e *explainer) curve(ctx context.Context, decisions int) error {
	for _, n := range []int{0, max(decisions, 1)} {
		if err := e.sample(ctx, n, continuations); err != nil {
			return err
		}
	}
	if e.samples[0].Rate() >= always {
		if err := e.sample(ctx, 0, certainties); err != nil {
			return err
		}
	}
	for !e.stopped(ctx) {
		i := e.jump()
		before, after := e.samples[i], e.samples[i+1]
		var err error
		switch apart := after.Decisions - before.Decisions; {
		case apart > 1:
			err = e.sample(ctx, before.Decisions+apart/2, continuations)
		case before.Of < confirmations:
			err = e.sample(ctx, before.Decisions, confirmations)
		case after.Of < confirmations:
			err = e.sample(ctx, after.Decisions, confirmations)
		case after.Rate()-before.Rate() >= clearJump, e.samples[0].Rate() >= always:
			return nil
		case before.Of < doubts:
			err = e.sample(ctx, before.Decisions, doubts)
		case after.Of < doubts:
			err = e.sample(ctx, after.Decisions, doubts)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// jump returns the index of the first of the two samples with the largest jump.
func (e *explainer) jump() (best int) {
	largest := math.Inf(-1)
	for i := range len(e.samples) - 1 {
		if d := e.samples[i+1].Rate() - e.samples[i].Rate(); d > largest {
			best, largest = i, d
		}
	}
	return best
}

// sample makes a sample for a number of decisions, or adds to the one that there is, up to a number of continuations.
func (e *explainer) sample(ctx context.Context, decisions, most int) error {
	i, found := slices.BinarySearchFunc(e.samples, decisions, func(s cause.Sample, n int) int { return s.Decisions - n })
	if !found {
		e.samples = slices.Insert(e.samples, i, cause.Sample{Decisions: decisions})
	}
	var plans []explore.Plan
	for range most - e.samples[i].Of {
		e.fresh++
		plans = append(plans, explore.Plan{
			Number: e.origin.Number, Seed: e.origin.Seed, Strategy: strategy.Single, Choices: e.origin.Recorded,
			Fork: &explore.Fork{Decisions: decisions, Seed: e.fresh}, Limit: forkFactor*e.longest + forkRest,
			Points: e.points(),
		})
	}
	for len(plans) > 0 {
		batch := plans[:min(len(e.subjects), len(plans))]
		plans = plans[len(batch):]
		for _, a := range e.makePlans(ctx, batch) {
			switch {
			case e.cut(ctx, a.err):
				return nil
			case a.err != nil:
				return a.err
			case a.run.Unfinished != nil:
				continue // it shows nothing
			}
			e.runs++
			e.samples[i].Of++
			if e.same(a.run) {
				e.samples[i].Failed++
			}
		}
	}
	return nil
}

// A continuation may be forkFactor times as long as the failing run, and forkRest decisions more: the failing run is a
// minimal one with few preemptions, and a continuation that is cut off would count as one that passes. With a factor of
// 2, three of 16 were cut off in tests with goroutines that exchange a thousand values.
const (
	forkFactor = 8
	forkRest   = 10_000
)

// maxFlips is the maximum number of deviations that are flipped.
const maxFlips = 12

// flip makes the run without each of its deviations.
func (e *explainer) flip(ctx context.Context, w *Why) error {
	script := e.origin.Script
	if len(script) > maxFlips {
		return nil
	}
	for i := range script {
		if e.stopped(ctx) {
			w.Flips = nil // the answer would not be about all of them
			return nil
		}
		plan := e.plan(slices.Delete(slices.Clone(script), i, i+1))
		plan.Detail = true
		r, err := e.subjects[0].Run(ctx, plan)
		if e.cut(ctx, err) {
			w.Flips = nil
			return nil
		}
		if err != nil {
			return err
		}
		e.runs++
		if e.same(r) {
			w.Flips = nil
			return nil // the run is not minimal
		}
		w.Flips = append(w.Flips, Flip{
			Passes: r.Outcome == explore.Passed, Endless: r.Limited || r.Unfinished != nil,
			Fault: script[i].Kind == strategy.Fault, Run: r,
		})
	}
	return nil
}

// Text describes what decided the run, in lines without a newline at the end. unit names what decisions begin.
func (w *Why) Text(unit string) string {
	var b strings.Builder
	switch {
	case w.Always:
		fmt.Fprintf(&b, "nearly every schedule fails: %d of %d runs with other choices from the start on", w.Curve[0].Failed,
			w.Curve[0].Of)
	case !w.Decided():
		fmt.Fprintf(&b, "no single %s decided it: the largest step is at %d; before its end %d of %d continuations fail, "+
			"after it %d of %d", unit, max(w.Turn, 1), w.Before.Failed, w.Before.Of, w.After.Failed, w.After.Of)
	default:
		fmt.Fprintf(&b, "the %s that decided it: %d; before its end %d of %d continuations fail, after it %d of %d",
			unit, max(w.Turn, 1), w.Before.Failed, w.Before.Of, w.After.Failed, w.After.Of)
	}
	if !w.Always {
		b.WriteString(w.without())
	}
	return b.String()
}

// without describes the flips, in a line that begins with a newline; "" if there are none.
func (w *Why) without() string {
	n := len(w.Flips)
	if n == 0 {
		return ""
	}
	passes, endless := 0, 0
	for _, f := range w.Flips {
		switch {
		case f.Passes:
			passes++
		case f.Endless:
			endless++
		}
	}
	var ends []string
	for _, end := range []struct {
		text string
		n    int
	}{{"passes", passes}, {"fails in another way", n - passes - endless}, {"goes on without an end in sight", endless}} {
		switch {
		case end.n == n:
			ends = append(ends, end.text)
		case end.n > 0 && ends == nil:
			ends = append(ends, fmt.Sprintf("%s (%d of them)", end.text, end.n))
		case end.n > 0:
			ends = append(ends, fmt.Sprintf("%s (%d)", end.text, end.n))
		}
	}
	how := strings.Join(ends, " or ")
	switch {
	case n == 1 && w.Flips[0].Fault && passes == 1:
		return "\nwithout its fault the test " + how
	case n == 1:
		return "\nwithout its one deviation from the default schedule the test " + how
	case len(ends) == 1:
		how = "without any single one the test " + how
	default:
		how = "without a single one the test " + how
	}
	return fmt.Sprintf("\neach of its %s from the default schedule is needed: %s", prose.Count(n, "deviation"), how)
}

// Bars draws the curve as a line of block characters, one for each decision, or width characters if there are more
// decisions.
func (w *Why) Bars(width int) string {
	const blocks = "▁▂▃▄▅▆▇█"
	last := w.Curve[len(w.Curve)-1].Decisions
	n := min(last+1, width)
	var b strings.Builder
	for i := range n {
		at := i
		if n > 1 {
			at = i * last / (n - 1)
		}
		b.WriteRune([]rune(blocks)[int(w.at(at)*7+0.5)])
	}
	return b.String()
}

// at returns the rate at a number of decisions, interpolated between samples.
func (w *Why) at(decisions int) float64 {
	i, _ := slices.BinarySearchFunc(w.Curve, decisions, func(s cause.Sample, n int) int { return s.Decisions - n })
	if i >= len(w.Curve) {
		return w.Curve[len(w.Curve)-1].Rate()
	}
	if i == 0 || w.Curve[i].Decisions == decisions {
		return w.Curve[i].Rate()
	}
	a, b := w.Curve[i-1], w.Curve[i]
	part := float64(decisions-a.Decisions) / float64(b.Decisions-a.Decisions)
	return a.Rate() + part*(b.Rate()-a.Rate())
}

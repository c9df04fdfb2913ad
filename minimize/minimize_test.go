package minimize

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/strategy"
)

// toy is a program that fails if its script has all deviations of one of some sets. Of a script it ignores what is not
// possible in it. It fails in another way if the script has the deviation other.
type toy struct {
	possible strategy.Script
	needed   []strategy.Script
	other    strategy.Deviation
	broken   int  // the run with this number returns an error; 0 means none
	flaky    bool // replays pass
	made     int
}

// has reports whether d is in a script.
func has(s strategy.Script, d strategy.Deviation) bool { return slices.Contains(s, d) }

// Run implements [Subject].
func (p *toy) Run(ctx context.Context, plan explore.Plan) (*explore.Run, error) {
	if p.made++; p.made == p.broken {
		return nil, context.DeadlineExceeded
	}
	var script strategy.Script
	switch {
	case plan.Script != nil:
		script = *plan.Script
	case plan.Choices != nil:
		script = plan.Choices.(strategy.Script)
	}
	r := &explore.Run{Plan: plan}
	for _, d := range p.possible {
		if has(script, d) {
			r.Script = append(r.Script, d)
		}
	}
	r.Length = 100 + len(r.Script)
	h := fnv.New64a()
	fmt.Fprint(h, r.Script)
	r.Digest, r.Recorded = h.Sum64(), slices.Clone(r.Script)
	sign := ""
	for _, set := range p.needed {
		if !slices.ContainsFunc(set, func(d strategy.Deviation) bool { return !has(r.Script, d) }) {
			sign = "wanted"
		}
	}
	if has(r.Script, p.other) {
		sign = "other"
	}
	if sign != "" && !(p.flaky && plan.Choices != nil && p.made > 1) {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: sign}
	}
	return r, nil
}

// deviation draws one of many deviations. Preemptions are at 1, from where they cannot be moved.
func deviation(t *rapid.T) strategy.Deviation {
	kind := strategy.DeviationKind(rapid.IntRange(0, int(strategy.Fault)).Draw(t, "kind"))
	d := strategy.Deviation{Kind: kind, Task: rapid.Uint64Range(1, 5).Draw(t, "task"), At: 1}
	if kind != strategy.Preempt {
		d.At = rapid.Uint64Range(1, 40).Draw(t, "at")
		d.To = rapid.Uint64Range(1, 1).Draw(t, "to")
	}
	return d
}

// drawToy draws a toy with one set of needed deviations, and its failing run.
func drawToy(t *rapid.T) (*toy, *explore.Run) {
	p := &toy{}
	list := rapid.SliceOfN(rapid.Custom(deviation), 1, 120).Draw(t, "possible")
	for _, d := range list {
		if !slices.ContainsFunc(p.possible, func(e strategy.Deviation) bool { return d.Compare(e) == 0 }) {
			p.possible = append(p.possible, d)
		}
	}
	var set strategy.Script
	for _, d := range p.possible {
		if rapid.IntRange(0, len(p.possible)).Draw(t, "need") < 4 {
			set = append(set, d)
		}
	}
	p.needed = []strategy.Script{set}
	return p, failing(p.possible)
}

func failing(script strategy.Script) *explore.Run {
	return &explore.Run{
		Plan: explore.Plan{Seed: 7}, Outcome: explore.Failed, Finding: &finding.Finding{Signature: "wanted"},
		Recorded: script,
	}
}

// copies returns n subjects that make the same runs.
func copies(p *toy, n int) (list []Subject) {
	for range n {
		c := *p
		list = append(list, &c)
	}
	return list
}

// TestMinimal: what is left is exactly what the failure needs, whatever the order of the passes and the number of
// workers, and nothing more can be removed from that.
func TestMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, first := drawToy(t)
		order := rapid.Permutation(passes).Draw(t, "order")
		r, err := minimize(t.Context(), Config{}, copies(p, rapid.IntRange(1, 4).Draw(t, "workers")), first, order)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Run.Script, p.needed[0]) && len(r.Run.Script)+len(p.needed[0]) > 0 || !r.Complete {
			t.Fatalf("left %v, needed %v, complete %v", r.Run.Script, p.needed[0], r.Complete)
		}
		again, err := Run(t.Context(), Config{}, copies(p, 1), r.Run)
		if err != nil || again.Run != r.Run || again.After != again.Before {
			t.Fatalf("again: %v, %v after %v", err, again.After, r.After)
		}
	})
}

// TestWorkers: with several minimal runs, one and the same is found with any number of workers, and the same number of
// runs is counted.
func TestWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, first := drawToy(t)
		for range rapid.IntRange(0, 3).Draw(t, "sets") {
			p.needed = append(p.needed, rapid.SliceOfN(rapid.SampledFrom(p.possible), 1, 5).Draw(t, "set"))
		}
		p.other = rapid.Custom(deviation).Draw(t, "other")
		if has(p.possible, p.other) {
			p.possible = slices.DeleteFunc(p.possible, func(d strategy.Deviation) bool { return d == p.other })
			first = failing(p.possible)
		}
		limit := rapid.SampledFrom([]int{0, 5, 50}).Draw(t, "runs")
		one, err := Run(t.Context(), Config{Runs: limit}, copies(p, 1), first)
		many, err2 := Run(t.Context(), Config{Runs: limit}, copies(p, 3), failing(p.possible))
		if (err != nil) != (err2 != nil) {
			t.Fatalf("%v and %v", err, err2)
		}
		if err == nil && (!slices.Equal(one.Run.Script, many.Run.Script) || one.Runs != many.Runs) {
			t.Fatalf("one worker finds %v in %d runs, three find %v in %d", one.Run.Script, one.Runs, many.Run.Script,
				many.Runs)
		}
	})
}

// TestNeverLarger: the result is never larger than the original and fails in the same way.
func TestNeverLarger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, first := drawToy(t)
		p.flaky = rapid.Bool().Draw(t, "flaky")
		p.broken = rapid.IntRange(0, 40).Draw(t, "broken")
		r, err := Run(t.Context(), Config{Runs: rapid.IntRange(0, 60).Draw(t, "runs")}, copies(p, 2), first)
		if err != nil {
			return
		}
		if r.Before.Less(r.After) || r.Run.Finding.Signature != "wanted" {
			t.Fatalf("%+v has become %+v, %s", r.Before, r.After, r.Run.Finding.Signature)
		}
	})
}

// TestNotReproduced: a failure that does not occur again is not minimized.
func TestNotReproduced(t *testing.T) {
	p := &toy{needed: []strategy.Script{{{Kind: strategy.Fault}}}}
	if _, err := Run(t.Context(), Config{}, copies(p, 1), failing(nil)); err != ErrNotReproduced {
		t.Errorf("err = %v", err)
	}
}

// TestIdle: a preemption behind which the same task goes on stays if the failure needs the time that it takes.
func TestIdle(t *testing.T) {
	first := strategy.Deviation{Kind: strategy.Preempt, Task: 2, At: 1, To: 2}
	second, other := first, strategy.Deviation{Kind: strategy.Preempt, Task: 3, At: 1}
	second.At = 2
	for _, needed := range []strategy.Script{{first}, {first, other}, {other}} {
		p := &toy{possible: strategy.Script{first, second, other}, needed: []strategy.Script{needed}}
		m, err := Run(t.Context(), Config{}, copies(p, 1), failing(p.possible))
		if err != nil || !slices.Equal(m.Run.Script, needed) {
			t.Errorf("the smallest run is %+v, %v, want %v", m, err, needed)
		}
	}
}

// TestDeadline: no run starts after the deadline.
func TestDeadline(t *testing.T) {
	now := time.Unix(0, 0)
	p := &toy{needed: []strategy.Script{nil}}
	for i := range uint64(50) {
		p.possible = append(p.possible, strategy.Deviation{Kind: strategy.Preempt, Task: i, At: 1})
		p.needed[0] = append(p.needed[0], p.possible[i])
	}
	cfg := Config{Now: func() time.Time { now = now.Add(time.Second); return now }, Deadline: time.Unix(20, 0)}
	r, err := Run(t.Context(), cfg, copies(p, 1), failing(p.possible))
	if err != nil || r.Complete || r.Runs > 20 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestOtherCase: a case with a smaller number is tried, behind which a preemption may be superfluous.
func TestOtherCase(t *testing.T) {
	late := strategy.Deviation{Kind: strategy.Case, Task: 1, At: 1, To: 4}
	early, preempted := late, strategy.Deviation{Kind: strategy.Preempt, Task: 2, At: 1}
	early.To = 2
	p := &toy{
		possible: strategy.Script{preempted, early, late},
		needed:   []strategy.Script{{preempted, late}, {early}},
	}
	m, err := Run(t.Context(), Config{}, copies(p, 2), failing(strategy.Script{preempted, late}))
	if err != nil {
		t.Fatal(err)
	}
	if want := (strategy.Script{early}); !slices.Equal(m.Run.Script, want) {
		t.Errorf("the smallest run is %v, want %v", m.Run.Script, want)
	}
}

// spinning is a program that fails by its script. A run without the first deviation does not end by itself: it fails as
// the whole script does, but only because of a limit of its plan, or real time ends it.
type spinning struct {
	whole  strategy.Script
	points int
	killed bool
	most   []int // the limits of points in the plans
}

// Run implements [Subject].
func (p *spinning) Run(_ context.Context, plan explore.Plan) (*explore.Run, error) {
	script := p.whole
	if plan.Script != nil {
		script = *plan.Script
		p.most = append(p.most, plan.Points)
	}
	r := &explore.Run{Plan: plan, Length: 10, Points: p.points, Script: script, Recorded: script, Outcome: explore.Failed}
	r.Finding = &finding.Finding{Signature: "wanted"}
	if !has(script, p.whole[0]) {
		r.Points, r.Limited = plan.Points, !p.killed
		if p.killed {
			r.Unfinished = context.DeadlineExceeded
		}
	}
	return r, nil
}

// TestLimited: runs that a limit or real time ended count for nothing, and the points of a run are bounded by those of
// the failing one.
func TestLimited(t *testing.T) {
	for _, killed := range []bool{false, true} {
		p := &spinning{points: 1000, killed: killed}
		for i := range uint64(2) {
			p.whole = append(p.whole, strategy.Deviation{Kind: strategy.Preempt, Task: i + 1, At: 1})
		}
		m, err := Run(t.Context(), Config{}, []Subject{p}, failing(p.whole))
		if err != nil || !slices.Equal(m.Run.Script, p.whole[:1]) {
			t.Fatalf("%+v, %v", m, err)
		}
		for _, most := range p.most {
			if most != busyFactor*p.points+busyRest {
				t.Errorf("a run may pass %d points", most)
			}
		}
		w, err := Explain(t.Context(), Config{}, []Subject{p}, m.Run, 3)
		if err != nil || len(w.Flips) != 1 || !w.Flips[0].Endless {
			t.Errorf("%+v, %v", w, err)
		}
	}
}

// cutOff is a subject whose runs are cut off by the end of the context after some.
type cutOff struct {
	coin
	left   int
	cancel context.CancelFunc
}

// Run implements [Subject].
func (c *cutOff) Run(ctx context.Context, p explore.Plan) (*explore.Run, error) {
	if c.left--; c.left < 0 {
		c.cancel()
		return nil, ctx.Err()
	}
	return c.coin.Run(ctx, p)
}

// TestExplainCutOff: a run that the end of the context cuts off ends the search, which tells what it knows by then, and
// nothing about deviations if it does not know all.
func TestExplainCutOff(t *testing.T) {
	run := failing(nil)
	run.Script = strategy.Script{{Kind: strategy.Preempt, At: 1}, {Kind: strategy.Preempt, At: 2}}
	known := false
	for left := range 80 {
		ctx, cancel := context.WithCancel(t.Context())
		c := &cutOff{coin{20, 0, 1}, left, cancel}
		w, err := Explain(ctx, Config{}, []Subject{c}, run, 50)
		cancel()
		if (err != nil) != (left < 9) {
			t.Fatalf("after %d runs: %v", left, err)
		}
		if err == nil && (len(w.Flips) == 1 || len(w.Flips) > 0 && c.left < 0) {
			t.Fatalf("after %d runs: flips %v", left, w.Flips)
		}
		known = known || err == nil && c.left < 0 && w.Turn == 20
	}
	if !known {
		t.Error("what is known is not told")
	}
}

// slow is a program that fails if its preemptions, of a microsecond each, and the leaps of its script take long enough.
type slow time.Duration

// Run implements [Subject].
func (p slow) Run(_ context.Context, plan explore.Plan) (*explore.Run, error) {
	var script strategy.Script
	if plan.Script != nil {
		script = *plan.Script
	} else if plan.Choices != nil {
		script = plan.Choices.(strategy.Script)
	}
	r := &explore.Run{Plan: plan, Script: script, Recorded: script, Length: 100}
	var taken time.Duration
	for _, d := range script {
		if taken += time.Duration(d.Leap); d.Kind == strategy.Preempt {
			taken += time.Microsecond
		}
		r.Digest = 31*r.Digest + d.Task + d.At + uint64(d.Leap)
	}
	if taken >= time.Duration(p) {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: "late"}
	}
	return r, nil
}

// TestPreemptionsAsLateness: preemptions that only delay a timer are left out, and time leaps a little further instead.
func TestPreemptionsAsLateness(t *testing.T) {
	const need = 5 * time.Millisecond
	var script strategy.Script
	for at := range uint64(30) {
		script = append(script, strategy.Deviation{Kind: strategy.Preempt, Task: 1, At: at + 1, To: 1})
	}
	script = append(script, strategy.Deviation{
		Kind: strategy.Next, Task: 2, At: 1, Leap: uint32(need - 30*time.Microsecond),
	})
	failing, _ := slow(need).Run(t.Context(), explore.Plan{Script: &script}) // there is no error
	m, err := Run(t.Context(), Config{}, []Subject{slow(need)}, failing)
	if err != nil {
		t.Fatal(err)
	}
	late := time.Duration(m.After.Late)
	if m.After.Preemptions > 0 || m.After.Leaps != 1 || late < need || late > need+need/200 {
		t.Errorf("minimal: %v, late by %v; want one leap of little more than %v", m.After, late, need)
	}
}

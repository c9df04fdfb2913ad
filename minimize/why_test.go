package minimize

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/cause"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/strategy"
)

// coin is a program of which a continuation fails with a probability that depends on the number of decisions replayed:
// low before the turn that decides, high behind it.
type coin struct {
	turn      int
	low, high float64
}

// Run implements [Subject].
func (c coin) Run(_ context.Context, p explore.Plan) (*explore.Run, error) {
	r := &explore.Run{Plan: p, Length: 100}
	rate := 1.0
	if p.Script != nil {
		rate = 0
	}
	seed := uint64(0)
	if p.Fork != nil {
		seed = p.Fork.Seed
		if rate = c.high; p.Fork.Decisions <= c.turn {
			rate = c.low
		}
	}
	g := strategy.NewRand(seed, 7)
	if float64(g.Below(1000)) < 1000*rate {
		r.Outcome, r.Finding = explore.Failed, &finding.Finding{Signature: "wanted"}
	}
	return r, nil
}

// TestExplain: the turn is found wherever it is, exactly if the jump is clear.
func TestExplain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(1, 2000).Draw(t, "decisions")
		c := coin{rapid.IntRange(0, all-1).Draw(t, "turn"), 0, 1}
		run := failing(nil)
		run.Script = strategy.Script{{Kind: strategy.Preempt, At: 1}}
		w, err := Explain(t.Context(), Config{}, []Subject{c, c}, run, all)
		if err != nil || w.Turn != c.turn || w.Always || w.Before.Failed != 0 || w.After.Failed != w.After.Of {
			t.Fatalf("%+v, %v; the turn is %d", w, err, c.turn)
		}
		if len(w.Flips) != 1 || !w.Flips[0].Passes {
			t.Fatalf("flips %v", w.Flips)
		}
		if n := len([]rune(w.Bars(40))); n != min(all+1, 40) {
			t.Fatalf("%d bars", n)
		}
	})
}

// TestExplainIsSteady: with probabilities that are no certainties the turn is still found most of the time, because the
// largest jump counts.
func TestExplainIsSteady(t *testing.T) {
	found := 0
	for turn := range 60 {
		c := coin{turn, 0.1, 0.95}
		w, err := Explain(t.Context(), Config{}, []Subject{c}, failing(nil), 60)
		if err != nil {
			t.Fatal(err)
		}
		if w.Turn == turn {
			found++
		}
	}
	if found < 45 {
		t.Errorf("found %d of 60 turns", found)
	}
}

// TestExplainAlways: where nearly every schedule fails, no turn is named.
func TestExplainAlways(t *testing.T) {
	w, err := Explain(t.Context(), Config{}, []Subject{coin{0, 1, 1}}, failing(nil), 9)
	if err != nil || !w.Always {
		t.Errorf("%+v, %v", w, err)
	}
}

// TestFlipped: a fault has no other way round, and what happens without a deviation is told for all of them.
func TestFlipped(t *testing.T) {
	pass, fault, other := Flip{Passes: true}, Flip{Passes: true, Fault: true}, Flip{}
	endless := Flip{Endless: true}
	for want, flips := range map[string][]Flip{
		"without its fault the test passes":                                                                    {fault},
		"without its one deviation from the default schedule the test passes":                                  {pass},
		"without its one deviation from the default schedule the test fails in another way":                    {other},
		"each of its 2 deviations from the default schedule is needed: without any single one the test passes": {pass, fault},
		"each of its 2 deviations from the default schedule is needed: without any single one the test fails " +
			"in another way": {other, other},
		"each of its 3 deviations from the default schedule is needed: without a single one the test passes " +
			"(2 of them) or fails in another way (1)": {pass, other, pass},
		"each of its 3 deviations from the default schedule is needed: without a single one the test passes " +
			"(1 of them) or fails in another way (1) or goes on without an end in sight (1)": {pass, other, endless},
	} {
		w := &Why{Turn: 3, After: cause.Sample{Failed: 16, Of: 16}, Flips: flips}
		if _, got, _ := strings.Cut(w.Text("turn"), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSizeText: a preemption to another task than the default is one deviation, and is counted once.
func TestSizeText(t *testing.T) {
	s := SizeOf(&explore.Run{Script: strategy.Script{
		{Kind: strategy.Preempt, To: 2}, {Kind: strategy.Preempt}, {Kind: strategy.Case, To: 1},
	}})
	if got, want := s.String(), "2 preemptions, 1 other choice"; got != want || s.Switches != 1 {
		t.Errorf("%q, want %q", got, want)
	}
	u := s
	u.Switches, u.Choices = 0, 2
	if s.Less(u) || u.Less(s) {
		t.Error("a task that is chosen behind a preemption does not count as a choice in comparisons")
	}
}

// TestDecided: a jump that can be chance names no turn.
func TestDecided(t *testing.T) {
	for _, c := range []struct {
		before, after int
		always        bool
		want          string
	}{
		{11, 13, false, "no single turn decided it: the largest step is at 7; before its end 11 of 16 continuations fail, " +
			"after it 13 of 16"},
		{5, 13, false, "the turn that decided it: 7; before its end 5 of 16 continuations fail, after it 13 of 16"},
		{16, 16, true, "nearly every schedule fails: 16 of 16 runs with other choices from the start on"},
		{15, 16, true, "nearly every schedule fails: 15 of 16 runs with other choices from the start on"},
	} {
		before, after := cause.Sample{Failed: c.before, Of: 16}, cause.Sample{Failed: c.after, Of: 16}
		w := &Why{Turn: 7, Before: before, After: after, Curve: []cause.Sample{before}, Always: c.always}
		if got := w.Text("turn"); got != c.want || w.Decided() != (c.after-c.before > 4) {
			t.Errorf("%q, %v; want %q", got, w.Decided(), c.want)
		}
	}
}

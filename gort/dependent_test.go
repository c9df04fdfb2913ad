//go:build linux && (amd64 || arm64)

package gort

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// stepping makes runs whose steps are known, and keeps what they show.
type stepping struct {
	r       *Runner
	runs    int
	orders  map[string]int // by the order of the steps that depend on each other, as the rival sees it
	varied  map[string]int // the same without the steps of the main goroutine, which are not varied
	classes map[uint64]int
	shown   map[string]int
	err     error // the first reason why the steps of a run are not known
}

// Run implements [explore.Subject].
func (s *stepping) Run(ctx context.Context, p explore.Plan) (*explore.Run, error) {
	o, err := s.r.Run(ctx, Control{Seed: p.Seed, Route: p.Route, Steps: true})
	if err != nil {
		return nil, err
	}
	r := &explore.Run{Plan: p, Branches: o.Route, BranchCount: o.Branches, Digest: o.Recording.Hash}
	if r.Steps, r.Irreducible = o.Recording.Walk(record.MainGoroutine); r.Irreducible != nil && s.err == nil {
		s.err = r.Irreducible
	}
	s.runs++
	s.orders[orderOf(r.Steps)]++
	s.varied[orderOf(slices.DeleteFunc(slices.Clone(r.Steps), func(x dpor.Step) bool { return x.Task == mainKey }))]++
	s.classes[o.Recording.Class]++
	lines := pickedText.FindAllString(string(o.Output), -1)
	slices.Sort(lines) // whose order no operation determines
	s.shown[fmt.Sprint(o.Verdict, lines)]++
	if o.Verdict != Passed {
		r.Outcome, r.Finding = explore.Noted, &finding.Finding{Signature: o.Signature(), Verdict: "seen"}
	}
	return r, nil
}

// mainKey is the key of the main goroutine.
var mainKey = strategy.Child(0, 1)

// Keep implements [explore.Subject].
func (*stepping) Keep(context.Context, *explore.Run) error { return nil }

// Difference implements [explore.Subject].
func (*stepping) Difference(_, _ *explore.Run) (string, error) { return "", nil }

// Close implements [explore.Subject].
func (*stepping) Close() error { return nil }

// orderOf is a rival of package dpor: it returns a text that is equal for runs in which the same steps depend on each
// other in the same order. Steps of other goroutines are named by their goroutine and number.
func orderOf(steps []dpor.Step) string {
	count, names := map[uint64]int{}, make([]string, len(steps))
	var list []string
	for i, x := range steps {
		count[x.Task]++
		names[i] = fmt.Sprint(x.Task%1000, ".", count[x.Task])
		var before []string
		for j, y := range steps[:i] {
			if y.Task != x.Task && dependent(x, y) {
				before = append(before, names[j])
			}
		}
		slices.Sort(before)
		list = append(list, fmt.Sprint(names[i], before, x.Cases))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

// dependent reports whether the order of two steps of different goroutines matters.
func dependent(x, y dpor.Step) bool {
	uses := func(x dpor.Step) bool { return x.Anything || len(x.Uses) > 0 }
	if x.Anything || y.Anything {
		return uses(x) && uses(y)
	}
	for _, a := range x.Uses {
		for _, b := range y.Uses {
			if a.Object == b.Object && (a.Kind != strategy.Load || b.Kind != strategy.Load) {
				return true
			}
		}
	}
	return false
}

// dependents builds the corpus so that the order of operations is known.
func dependents(t testing.TB) *Binary {
	return buildCorpus(t, BuildConfig{Memory: []string{"example.com/corpus/...", "example.com/corpus_test"}})
}

// explored makes the runs of a search of a test: of all schedules, or of all orders.
func explored(t testing.TB, b *Binary, test string, all bool) (*stepping, *explore.Campaign, *explore.Orders) {
	t.Helper()
	s := &stepping{r: mustRunner(t, b, test, Control{Args: []string{"-test.v"}}), orders: map[string]int{},
		varied: map[string]int{}, classes: map[uint64]int{}, shown: map[string]int{}}
	c := explore.New(explore.Config{Seed: func(int) uint64 { return 1 }, All: most}, s)
	tree, orders := &explore.Tree{Limit: -1}, &explore.Orders{}
	if all {
		c.Exhaust(t.Context(), []explore.Subject{s}, tree)
	} else {
		c.Reorder(t.Context(), s, orders)
	}
	if tree.Void != nil || orders.Void != nil || c.Err != nil || s.err != nil {
		t.Fatalf("%s: %v, %v, %v, %v", test, tree.Void, orders.Void, c.Err, s.err)
	}
	return s, c, orders
}

// most is the number of schedules of a test that are run. If it has more, they are only some.
const most = 600

// compareOrders checks that a search for all orders shows all that all schedules show, and each order once. It reports
// whether all schedules were run.
func compareOrders(t testing.TB, b *Binary, test string) bool {
	t.Helper()
	all, c, _ := explored(t, b, test, true)
	complete := c.End == explore.EndAll && c.Ran < most
	reduced, c, orders := explored(t, b, test, false)
	text := fmt.Sprintf("%s: %d schedules, %d orders; %s; shown %v", test, all.runs, len(all.orders), orders.Result(c),
		reduced.shown)
	for order, n := range reduced.orders { // lint: order does not matter because the first is enough
		if n != 1 {
			t.Errorf("%s: %d runs of the order %s", text, n, order)
			break
		}
	}
	if complete && len(all.varied) != len(reduced.varied) {
		t.Errorf("%s: %d orders, want %d", text, len(reduced.varied), len(all.varied))
	}
	missing := func(all, some map[string]int) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(k string) bool { return some[k] == 0 })
	}
	if missing(all.shown, reduced.shown) || missing(all.varied, reduced.varied) {
		t.Errorf("%s; all schedules show %v", text, all.shown)
	}
	for class := range all.classes { // lint: order does not matter because the first is enough
		if reduced.classes[class] == 0 {
			t.Errorf("%s: %d classes, want %d", text, len(reduced.classes), len(all.classes))
			break
		}
	}
	t.Log(text)
	return complete
}

// TestOrdersAgainstBruteForce: one run of each order of the operations that depend on each other shows all that all
// schedules show.
func TestOrdersAgainstBruteForce(t *testing.T) {
	b := dependents(t)
	complete := 0
	for _, test := range []string{
		"TestDependLocks", "TestDependAtomics", "TestDependBuffered", "TestDependSenders", "TestDependSelect",
		"TestDependDefault", "TestDependCond", "TestDependWait", "TestDependReaders", "TestDependOnce", "TestDependApart",
	} {
		if compareOrders(t, b, test) {
			complete++
		}
	}
	if complete < 6 {
		t.Errorf("all schedules of %d tests were run, want 6", complete)
	}
}

// TestOrdersOfPrograms: the same for random programs of two goroutines.
func TestOrdersOfPrograms(t *testing.T) {
	b := dependents(t)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 15))
		program := []byte("..;..")
		for _, i := range []int{0, 1, 3, 4} {
			program[i] = "LlSsSsMPRX"[r.IntN(10)]
		}
		own := *b
		own.Env = append(os.Environ(), "PROGRAM="+string(program))
		t.Logf("program %s", program)
		compareOrders(t, &own, "TestDependProgram")
	}
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

var pickedText = regexp.MustCompile(`picked .*`)

// picked returns what the tests of select in the corpus have logged.
func picked(o *Outcome) string {
	return strings.TrimPrefix(string(pickedText.Find(o.Output)), "picked ")
}

// picking is an [enumerating] that keeps what runs have picked.
type picking struct {
	enumerating
	seen map[string]int
}

// Run implements [explore.Subject].
func (p picking) Run(ctx context.Context, plan explore.Plan) (*explore.Run, error) {
	run, o, err := p.run(ctx, plan)
	if err == nil {
		p.seen[picked(o)]++
	}
	return run, err
}

// picks runs every schedule of a test with at most so many preemptions, and returns how many pick what.
func picks(t *testing.T, b *Binary, test string, limit int) map[string]int {
	t.Helper()
	r := mustRunner(t, b, test, Control{Args: []string{"-test.v"}})
	tree, p := &explore.Tree{Limit: limit}, picking{enumerating{r}, map[string]int{}}
	c := explore.New(explore.Config{Seed: func(int) uint64 { return 1 }}, p)
	if c.Exhaust(t.Context(), []explore.Subject{p}, tree); tree.Void != nil || c.Err != nil {
		t.Fatalf("%s: %v, %v", test, tree.Void, c.Err)
	}
	if n := len(c.Failing); n > 0 {
		t.Fatalf("%s: %d signatures of failures", test, n)
	}
	return p.seen
}

// TestEveryCase: a search through all schedules takes every ready case of a select, once for each schedule otherwise.
func TestEveryCase(t *testing.T) {
	everyCase(t, corpus(t))
	a, b := picks(t, corpus(t), "TestPickGrid", 1)["0"]-1, 2
	for k := range 4 {
		got, want := picks(t, corpus(t), "TestPickGrid", k), interleavings(a, b, k)
		if !maps.Equal(got, map[string]int{"0": want, "1": want}) {
			t.Errorf("TestPickGrid with a = %d, at most %d preemptions: %v; want both cases %d times", a, k, got, want)
		}
	}
}

func everyCase(t *testing.T, b *Binary) {
	t.Helper()
	for _, c := range []struct {
		test string
		want map[string]int
	}{
		{"TestPickTwo", map[string]int{"0": 1, "1": 1}},
		{"TestPickThree", map[string]int{"0 1": 1, "0 2": 1, "1 0": 1, "1 2": 1, "2 0": 1, "2 1": 1}},
	} {
		if got := picks(t, b, c.test, 0); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.test, got, c.want)
		}
	}
}

// TestCaseFound: the failure that needs two of the cases is found without preemptions, as the only failing one of six.
func TestCaseFound(t *testing.T) {
	c, tree := schedules(t, "TestPickBug", 0)
	if c.Failed() != 1 || tree.Schedules > 6 || tree.Bound != 0 {
		t.Errorf("%d of %d schedules fail", c.Failed(), tree.Schedules)
	}
}

// runOf makes a run of a Runner.
func runOf(t *testing.T, r *Runner, c Control) *Outcome {
	t.Helper()
	o, err := r.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCaseReplayed: a recording has the cases, also in a file, and its replay takes them, whatever is drawn. A script
// has those that are not the first, and without them takes the first. A recording without them is replayed by what is
// drawn.
func TestCaseReplayed(t *testing.T) {
	b := corpus(t)
	r := mustRunner(t, b, "TestPickThree", Control{Args: []string{"-test.v"}})
	for seed := range uint64(8) {
		o := runOf(t, r, Control{Seed: seed})
		c := o.Recording.Choices()
		if len(c.Cases) != 2 || c.Cases[0].N != 3 || c.Cases[1].N != 2 || c.Cases[0].Points != 1 || c.Cases[1].Points != 2 {
			t.Fatalf("seed %d: the cases are %+v", seed, c.Cases)
		}
		file := filepath.Join(t.TempDir(), "run.reprise")
		if err := o.Save(file, "", nil); err != nil {
			t.Fatal(err)
		}
		loaded, _, err := Load(file)
		if err != nil || !slices.Equal(loaded.Cases, c.Cases) {
			t.Fatalf("seed %d: loaded %+v, %v; want %+v", seed, loaded.Cases, err, c.Cases)
		}
		other := *c
		other.Seed++ // of what is drawn
		script := o.Recording.Script()
		for name, control := range map[string]Control{ // lint: order does not matter because each is checked alone
			"replay": {Choices: c}, "replay of another seed": {Choices: &other}, "script": {Seed: seed, Script: &script},
		} {
			if again := runOf(t, r, control); picked(again) != picked(o) || again.Recording.Hash != o.Recording.Hash {
				t.Errorf("seed %d: %s picked %s, want %s", seed, name, picked(again), picked(o))
			}
		}
		script = slices.DeleteFunc(script, func(d strategy.Deviation) bool { return d.Kind == strategy.Case })
		if again := runOf(t, r, Control{Seed: seed, Script: &script}); picked(again) != "0 1" {
			t.Errorf("seed %d: a script without cases picked %s", seed, picked(again))
		}
	}
}

// TestCaseUnknown: cases of a recording that do not exist, or are not ready, are not taken.
func TestCaseUnknown(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestPickThree", Control{Args: []string{"-test.v"}})
	o := runOf(t, r, Control{Seed: 1})
	c := o.Recording.Choices()
	for _, val := range []uint64{3, 1 << 31, 1<<64 - 1, c.Cases[0].Val} {
		bad := *c
		bad.Cases = append([]record.Record{c.Cases[0]}, c.Cases[1])
		bad.Cases[1].Val = val
		if again := runOf(t, r, Control{Choices: &bad}); again.Verdict != Passed || !strings.HasPrefix(picked(again),
			fmt.Sprint(c.Cases[0].Val)) {
			t.Errorf("case %d: %v, picked %s", val, again.Verdict, picked(again))
		}
	}
}

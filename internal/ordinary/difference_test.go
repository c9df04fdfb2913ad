package ordinary

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/tracefile"
)

// built are the binaries of the corpus that the tests share, by build tag; TestMain removes them.
var built struct {
	mu   sync.Mutex
	tags map[string]*gort.Binary
}

// corpus returns the tests of gort's corpus, with a build tag or "" for none.
func corpus(t testing.TB, tag string) *gort.Binary {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if b := built.tags[tag]; b != nil {
		return b
	}
	b, err := gort.Build(t.Context(), filepath.Join("..", "..", "gort", "testdata", "corpus"), ".", gort.BuildConfig{Args: []string{"-tags=" + tag}})
	if err != nil {
		t.Fatal(err)
	}
	if built.tags == nil {
		built.tags = map[string]*gort.Binary{}
	}
	built.tags[tag] = b
	return b
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, b := range built.tags { // lint: order does not matter because they are only removed
		_ = b.Close()
	}
	os.Exit(code)
}

func mustRun(t testing.TB, b *gort.Binary, test string, c gort.Control) *gort.Outcome {
	t.Helper()
	o, err := b.Run(t.Context(), test, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestDifference compares a run with its replay, and with the replay of an edited program.
func TestDifference(t *testing.T) {
	o := mustRun(t, corpus(t, ""), "TestLostUpdateBug", gort.Control{Seed: 1})
	again := gort.Control{Choices: o.Recording.Choices()}
	if d, err := Difference(o, mustRun(t, corpus(t, ""), "TestLostUpdateBug", again)); d != nil || err != nil {
		t.Errorf("a run and its replay: %v, %v", d, err)
	}
	p := mustRun(t, corpus(t, "edited"), "TestLostUpdateBug", again)
	d, err := Difference(o, p)
	if err != nil || d == nil || d.Index == 0 || d.Rest == nil {
		t.Fatalf("a run and that of an edited program: %v, %v", d, err)
	}
	for _, note := range Mismatch(p) {
		if !slices.Contains(d.Notes, note) {
			t.Errorf("the report lacks the note %q", note)
		}
	}
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := o.Save(path, "a run", tracefile.Identity{tracefile.KeyTest: "TestLostUpdateBug"}); err != nil {
		t.Fatal(err)
	}
	f, err := FileDifference(path, p)
	if err != nil || f == nil || f.Text() != d.Text() {
		t.Errorf("from a file: %v\n%s\nwant\n%s", err, f.Text(), d.Text())
	}
	if _, err := FileDifference(path+".gone", p); err == nil {
		t.Error("a file that is not there: no error")
	}
}

// TestMismatch checks the names and counts in the notes.
func TestMismatch(t *testing.T) {
	r := &gort.Recording{Texts: []string{"", "runtime.main", "example.com/shop.Test.func1"}, Records: []gort.Record{
		{Kind: gort.Spawn, G: 1, Points: 1}, {Kind: gort.Spawn, G: 2, Points: 2, Val: 1 << 32},
	}}
	for _, c := range []struct {
		m    *gort.Mismatch
		want string
	}{
		{nil, ""},
		{&gort.Mismatch{Index: 3, Expected: gort.Record{Kind: gort.Sched, G: 2, Reason: gort.WhyPreempt, Points: 1, Val: 1},
			Actual: gort.Record{Reason: gort.WhyEnd, Points: 4, Val: 1}, Ready: []uint32{2, 9}},
			"the replay leaves its recording at choice 3, where the recording has 0.0 shop.Test.func1 next, " +
				"after 0 runtime.main was preempted, 1 point further\n" +
				"ready were 0.0 shop.Test.func1, goroutine 9, which this run does not have, after 0 runtime.main ended, 4 points further"},
		{&gort.Mismatch{Index: 3, Expected: gort.Record{Kind: gort.Admit, G: 2}, Actual: gort.Record{Points: 4}},
			"the replay leaves its recording at choice 3, where the recording has 0.0 shop.Test.func1 made ready from outside\n" +
				"ready were no goroutine, after 4 points"},
		{&gort.Mismatch{Index: 5, Actual: gort.Record{Reason: gort.WhyBlock, Val: 2 | 7<<32}, Ready: []uint32{1}},
			"the replay leaves its recording at choice 5, where the recording has its end\n" +
				"ready were 0 runtime.main, after 0.0 shop.Test.func1 blocked, 0 points further"},
	} {
		if got := strings.Join(Mismatch(&gort.Outcome{Recording: r, Mismatch: c.m}), "\n"); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// corpusDir is the folder of the corpus, whatever the current folder is.
var corpusDir, _ = filepath.Abs(filepath.Join("..", "..", "gort", "testdata", "corpus"))

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
	b, err := gort.Build(t.Context(), corpusDir, ".", gort.BuildConfig{Args: []string{"-tags=" + tag}})
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
	if dir := os.Getenv(holdSlot); dir != "" {
		holdForEver(dir)
	}
	code := m.Run()
	for _, b := range built.tags { // lint: order does not matter because they are only removed
		_ = b.Close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
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

// unstable are the numbers of a report that depend on how many points testing itself passes, and on the library.
var unstable = regexp.MustCompile(`(at_tick=|expected |actual |virtual time )[0-9][0-9µ.]*s?|(signature  )[0-9a-f]+`)

// TestDifference compares a run with its replay, and with the replay of an edited program.
func TestDifference(t *testing.T) {
	var o, resynced *gort.Outcome
	for seed := uint64(1); resynced == nil || resynced.Failure() == "" && seed < 50; seed++ { // one that still fails
		o = mustRun(t, corpus(t, ""), "TestLostUpdateBug", gort.Control{Seed: seed})
		resynced = mustRun(t, corpus(t, "edited"), "TestLostUpdateBug",
			gort.Control{Choices: o.Recording.Choices(), Resync: 32})
	}
	again := gort.Control{Choices: o.Recording.Choices()}
	if d, err := difference(o, mustRun(t, corpus(t, ""), "TestLostUpdateBug", again)); d != nil || err != nil {
		t.Errorf("a run and its replay: %v, %v", d, err)
	}
	p := mustRun(t, corpus(t, "edited"), "TestLostUpdateBug", again)
	d, err := difference(o, p)
	if err != nil || d == nil || d.Rest != nil {
		t.Fatalf("a run and that of an edited program: %v, %v", d, err)
	}
	if r, err := difference(o, resynced); err != nil || r.Rest == nil || r.RunError != resynced.Failure() ||
		r.RunError == "" {
		t.Errorf("the replay of an edited program that goes on: %v, %+v", err, r)
	}
	golden.Check(t, "edited.txt", unstable.ReplaceAllString(report.Of(d).Text(), "$1${2}N"))
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := o.Save(path, "a run", tracefile.Identity{tracefile.KeyTest: "TestLostUpdateBug"}); err != nil {
		t.Fatal(err)
	}
	c, err := Compare(path, p)
	if err != nil || c.First == nil || report.Of(c.First).Text() != report.Of(d).Text() || c.Events < d.Index {
		t.Errorf("from a file: %v, %+v", err, c)
	}
	if _, err := Compare(path+".gone", p); err == nil {
		t.Error("a file that is not there: no error")
	}
}

// TestReady checks who is ready at a difference, which is worked out from events, against what the runtime says. It
// also checks that the cause is the mirror of that of the runs swapped.
func TestReady(t *testing.T) {
	mirrors := map[string]string{}
	for r := range divergence.Rules() {
		mirrors[r.Name] = r.Mirror
	}
	compared := 0
	for _, class := range []string{"TestLostUpdate", "TestWaitGroup", "TestOnce", "TestDoubleClose", "TestContextLeak",
		"TestTimer"} {
		for seed := range uint64(10) {
			o := mustRun(t, corpus(t, ""), class+"Bug", gort.Control{Seed: seed})
			p := mustRun(t, corpus(t, ""), class+"Fixed", gort.Control{Choices: o.Recording.Choices()})
			d, err := difference(o, p)
			if err != nil {
				t.Fatal(err)
			}
			if d == nil || p.Mismatch == nil {
				continue // the programs do the same in this run
			}
			back, err := difference(p, o)
			if err != nil || mirrors[d.Cause.Rule] != back.Cause.Rule {
				t.Errorf("%s, seed %d: the cause is %s, and %s if the runs are swapped; %v", class, seed, d.Cause.Rule,
					back.Cause.Rule, err)
			}
			if len(d.Actual) == 0 || d.Actual[0].Kind() != event.KindTaskScheduled ||
				choices(t, o, d.Index) != p.Mismatch.Index {
				continue // it is no decision, or comes before the one that the replay noted
			}
			compared++
			var ready []uint32
			for _, e := range d.Runnable {
				ready = append(ready, event.TaskID(e.ID).Index()+1)
			}
			slices.Sort(ready)
			slices.Sort(p.Mismatch.Ready)
			if !slices.Equal(ready, p.Mismatch.Ready) {
				t.Errorf("%s, seed %d: ready are %v, the runtime says %v\n%s", class, seed, ready, p.Mismatch.Ready,
					report.Of(d).Text())
			}
		}
	}
	if compared < 10 {
		t.Errorf("only %d compared", compared)
	}
}

// choices is how many choices of a replay the events of a run before an index are.
func choices(t *testing.T, o *gort.Outcome, index uint64) (n int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := o.Save(path, "", nil); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range index {
		e, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		switch gorun.MeaningOf(e) {
		case gorun.Start:
			n = 0
		case gorun.Decision, gorun.LetIn:
			n++
		}
	}
	return n
}

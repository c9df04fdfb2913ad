package fleet

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/gotest"
)

// fakeSpec is the specification of a campaign with tests whose runs are invented.
func fakeSpec(seeds int, tests ...string) *campaignSpec {
	s := &campaignSpec{ID: "c", Seeds: seeds, Binaries: []testBinary{{}}}
	s.Binaries[0].Package, s.Binaries[0].Sub = "example.com/m", "."
	for _, name := range tests {
		s.Tests = append(s.Tests, testOf{0, name})
	}
	return s
}

// inOrder is the dumb rival of a ledger: one worker, seed by seed, up to the end of the search.
func inOrder(test string, seeds int) (classes []uint64, failing int) {
	counts := 0
	for n := 0; n < seeds && counts < explore.DefaultMaxFailing; n++ {
		s, err := fakeScan(test, n, n+1)
		if err != nil {
			return classes, failing
		}
		classes = append(classes, s.Classes...)
		failing += len(s.Failing)
		for _, f := range s.Failing {
			if f.Counts {
				counts++
			}
		}
	}
	return classes, failing
}

// examsOf returns the numbers of the runs that were examined.
func examsOf(list []*gotest.Exam) (numbers []int) {
	for _, e := range list {
		numbers = append(numbers, e.Number)
	}
	return numbers
}

// firstsOf returns the numbers of the first failing runs of each signature among so many seeds.
func firstsOf(test string, seeds int) (numbers []int) {
	seen := map[string]bool{}
	for n := range seeds {
		s, err := fakeScan(test, n, n+1)
		if err != nil {
			return numbers
		}
		for _, f := range s.Failing {
			if !seen[f.Signature] {
				seen[f.Signature] = true
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}

// summary is what a ledger knows of its tests, without times.
func summary(t interface{ Fatal(...any) }, l *ledger) string {
	text := ""
	for i := range l.tests {
		k := l.known(i)
		k.Took = 0
		b, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		text += string(b) + "\n"
	}
	return text
}

// TestLedger: in whatever order results arrive, some of them twice, some of them of items that were planned before a
// coordinator was killed, the sum up to the end of the search is that of one worker that runs seed after seed.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const seeds = 1500
		spec := fakeSpec(seeds, "TestRace", "TestBug")
		l := newLedger(spec)
		var under []workItem
		var all []*itemResult
		for !l.done() || !l.examined() {
			under = append(under, l.plan(rapid.IntRange(0, 4).Draw(t, "plan"))...)
			under = append(under, l.exams(rapid.IntRange(0, 2).Draw(t, "exams"))...)
			if len(under) == 0 {
				continue
			}
			i := rapid.IntRange(0, len(under)-1).Draw(t, "item")
			item := under[i]
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0: // the item is delivered to two workers
			case 1: // the coordinator is killed, and another reads the results again
				l = newLedger(spec)
				for _, r := range all {
					l.add(r)
				}
				continue
			default:
				under = slices.Delete(under, i, i+1)
			}
			name := spec.Tests[item.Test].Name
			a, err := fakeAnswer(request{Test: name, From: item.From, To: item.To, Signature: item.Signature})
			if err != nil {
				t.Fatal(err)
			}
			r := &itemResult{workItem: item, answer: *a}
			all = append(all, r)
			l.add(r)
		}
		for i, test := range spec.Tests {
			k := l.known(i)
			want, _ := inOrder(test.Name, seeds)
			if len(k.Classes) < len(want) || !slices.Equal(k.Classes[:len(want)], want) || len(k.Without) > 0 {
				t.Fatalf("%s: %d seeds are known, want %d", test.Name, len(k.Classes), len(want))
			}
			if got, want := fmt.Sprint(examsOf(k.Exams)), fmt.Sprint(firstsOf(test.Name, len(want))); got != want {
				t.Fatalf("%s: the runs %s are examined, want %s", test.Name, got, want)
			}
			if test.Name == "TestRace" && len(k.Classes) != seeds {
				t.Fatalf("%d seeds of %s are known, want %d", len(k.Classes), test.Name, seeds)
			}
		}
	})
}

// TestLedgerLost: seeds that are given up are left out, and failures behind them are kept.
func TestLedgerLost(t *testing.T) {
	l := newLedger(fakeSpec(48, "TestRace"))
	items := l.plan(9)
	if len(items) != 2 || items[0].To != 16 || items[1].To != 48 {
		t.Fatalf("items %v", items)
	}
	l.add(&itemResult{workItem: items[0], Err: "broken"})
	if len(l.known(0).Classes) != 0 || l.failed != 1 {
		t.Error("a failed attempt is joined")
	}
	second := &itemResult{workItem: items[1], answer: answer{Scan: mustScan(t, 16, 48)}}
	second.workItem.To = second.Scan.To()
	l.add(second)
	l.add(&itemResult{workItem: items[0], Err: "broken", Poisoned: true})
	l.finish()
	k := l.known(0)
	if fmt.Sprint(k.Without) != "[[0 16]]" || len(k.Failing) != 1 || k.Failing[0].Number != 42 || len(l.lost()) != 1 {
		t.Errorf("without %v, failing %v, lost %v", k.Without, k.Failing, l.lost())
	}
}

// mustScan invents the runs of seeds that are not cut short.
func mustScan(t *testing.T, from, to int) *scanned {
	t.Helper()
	sum, err := fakeScan("TestRace", from, to)
	for err == nil && sum.To() < to {
		var more *scanned
		if more, err = fakeScan("TestRace", sum.To(), to); err == nil {
			sum.Join(more)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestLedgerExamFirst: an examination that is read before the run is known to be the first of its signature is not made
// again, and a second result of it is dropped.
func TestLedgerExamFirst(t *testing.T) {
	l := newLedger(fakeSpec(16, "TestRace"))
	scan := mustScan(t, 0, 16)
	seen := scan.Failing[0]
	exam := &itemResult{workItem: workItem{From: seen.Number, To: seen.Number + 1, Signature: seen.Signature}}
	exam.Exam = &gotest.Exam{Number: seen.Number, Signature: seen.Signature}
	if l.add(exam) || !l.examined() {
		t.Error("it is of a run that is known")
	}
	l.add(&itemResult{workItem: workItem{Campaign: "c", To: 16}, answer: answer{Scan: scan}})
	if !l.examined() || len(l.exams(9)) > 0 || l.add(exam) || len(l.known(0).Exams) != 1 {
		t.Errorf("examinations %v", l.known(0).Exams)
	}
}

// TestLedgerRefuses: results that no worker has are dropped.
func TestLedgerRefuses(t *testing.T) {
	good := answer{Scan: mustScan(t, 0, 16)}
	item := func(test, from, to int) workItem { return workItem{Campaign: "c", Test: test, From: from, To: to} }
	exam := item(0, 3, 4)
	exam.Signature = "s"
	for _, r := range []*itemResult{
		{workItem: item(-1, 0, 16), answer: good}, {workItem: item(1, 0, 16), answer: good},
		{workItem: item(0, 0, maxItem+1), answer: good}, {workItem: item(0, 1, 17), answer: good},
		{workItem: item(0, 0, 8), answer: good}, {workItem: item(0, 0, 16)}, {workItem: item(0, 16, 16), answer: good},
		{workItem: item(0, 0, 16), answer: answer{Scan: &scanned{}}}, {workItem: item(0, 0, 16), answer: good, Err: "both"},
		{workItem: item(0, 490, 506), answer: answer{Scan: &scanned{From: 490, Classes: make([]uint64, 16)}}},
		{workItem: item(0, 0, 16), answer: answer{Exam: &gotest.Exam{}}}, {workItem: exam, answer: good},
		{workItem: exam, answer: answer{Exam: &gotest.Exam{Number: 4}}},
	} {
		l, empty := newLedger(fakeSpec(500, "TestRace")), newLedger(fakeSpec(500, "TestRace"))
		if l.add(r) || summary(t, l) != summary(t, empty) {
			t.Errorf("%+v is joined", r)
		}
	}
}

// TestLedgerBounded: however many seeds there are, only what is under way is kept apart from their classes.
func TestLedgerBounded(t *testing.T) {
	const window, seeds = 8, 300_000
	l := newLedger(fakeSpec(seeds, "TestRace"))
	var under []workItem
	for turn := 0; !l.done(); turn++ {
		under = append(under, l.plan(window-l.under())...)
		i := (turn * 7) % len(under)
		item := under[i]
		under = slices.Delete(under, i, i+1)
		s, err := fakeScan("TestRace", item.From, item.To)
		if err != nil {
			t.Fatal(err)
		}
		l.add(&itemResult{workItem: item, answer: answer{Scan: s}})
		if p := l.tests[0]; len(p.open) > window || len(p.early) > turn || len(p.gaps()) > window {
			t.Fatalf("after %d results %d items are open, %d early, %d gaps", turn, len(p.open), len(p.early), len(p.gaps()))
		}
	}
}

// TestLedgerStale: of two tests that take the same time for a seed, the one that still shows new classes gets several
// times as many seeds.
func TestLedgerStale(t *testing.T) {
	l := newLedger(fakeSpec(0, "TestRace", "TestNew"))
	for range 60 {
		for _, i := range l.plan(1) {
			name := []string{"TestRace", "TestNew"}[i.Test]
			s, err := fakeScan(name, i.From, i.To)
			if err != nil {
				t.Fatal(err)
			}
			l.add(&itemResult{workItem: i, answer: answer{Scan: s}})
		}
	}
	stale, fresh := l.tests[0].front, l.tests[1].front
	if ratio := float64(fresh) / float64(stale); ratio < staleWeight-1 || ratio > staleWeight+1 {
		t.Errorf("%d seeds of a test without new classes, %d of one with", stale, fresh)
	}
}

// TestLedgerCovered: a test ends when enough is covered.
func TestLedgerCovered(t *testing.T) {
	spec := fakeSpec(0, "TestRace")
	spec.Unseen = 0.01
	l := newLedger(spec)
	for !l.done() {
		for _, i := range l.plan(2) {
			l.add(&itemResult{workItem: i, answer: answer{Scan: mustScan(t, i.From, i.To)}})
		}
	}
	if n := len(l.known(0).Classes); n < 300 || n > 300+maxItem {
		t.Errorf("%d seeds until 1 %% is unseen of 50 classes, which takes 300", n)
	}
}

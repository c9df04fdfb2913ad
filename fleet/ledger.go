package fleet

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/gotest"
)

// The sizes of items, in seeds: the first of a test, from which they double, and the greatest.
const (
	firstItem = 16
	maxItem   = 512
)

// staleWeight is by how much less of the time a test gets that shows no new classes.
const staleWeight = 4

// ledger knows which seeds of which tests are planned, under way and done. It reads no clock and does no I/O. Its
// invariants, for each test:
//
//  1. The seeds below front are done: their results are joined in sum, in the order of the seeds, or stand in without.
//  2. Results of seeds above front wait in early, by their first seed, for those before them.
//  3. Items without a result are in open. Every seed from front to next is in early, in open, or in a gap, which plan
//     fills.
//  4. The first failing run of each signature below front is in firsts, and is to be examined. Which run that is does
//     not depend on the order of the results, because they are joined in the order of the seeds.
type ledger struct {
	campaign string
	seeds    int     // per test; 0 for no limit
	unseen   float64 // bound of explore.Config.Unseen; 0 for none
	most     int     // seeds of the greatest item
	tests    []*progress

	items, results, failed int // planned, joined, and failed attempts
}

// progress is the progress of a test.
type progress struct {
	sum     gotest.Scan
	front   int
	next    int // the number of the first seed that is in no item
	size    int // of the next item
	open    map[int]workItem
	early   map[int]*itemResult
	without [][2]int // the seeds of items that were given up
	census  explore.Census
	stale   bool // the last result showed no new class
	over    bool
	lost    []*itemResult // items that were given up

	firsts []*first
	exams  []*itemResult // examinations of runs that are in firsts later, or never
}

// first is the first failing run of a signature, and its examination.
type first struct {
	seen   gotest.Seen
	worker string // that has found it
	open   bool   // the examination is under way
	over   bool   // it is done, or given up: then exam is nil
	exam   *gotest.Exam
}

func newLedger(s *campaignSpec) *ledger {
	l := &ledger{campaign: s.ID, seeds: s.Seeds, unseen: s.Unseen, most: maxItem}
	for _, t := range s.Tests {
		l.tests = append(l.tests, &progress{
			size: firstItem, open: map[int]workItem{}, early: map[int]*itemResult{}, over: s.Binaries[t.Binary].Plain,
		})
	}
	return l
}

// add joins a result. It reports whether the result is the first of its seeds. A result that cannot belong to the
// campaign is dropped.
func (l *ledger) add(r *itemResult) (fresh bool) {
	if !r.valid(len(l.tests)) || l.seeds > 0 && r.To > l.seeds {
		return false
	}
	p := l.tests[r.Test]
	if r.Signature != "" {
		return l.addExam(p, r)
	}
	p.next = max(p.next, r.To)
	if r.Err != "" && !r.Poisoned {
		l.failed++
		return false
	}
	if p.open[r.From].To == r.To || r.Scan != nil {
		delete(p.open, r.From)
	}
	if p.over || r.From < p.front || p.early[r.From] != nil {
		return false
	}
	p.early[r.From] = r
	l.results++
	for p.early[p.front] != nil && !p.over {
		l.join(p, p.early[p.front])
	}
	maps.DeleteFunc(p.early, func(from int, _ *itemResult) bool { return p.over || from < p.front })
	if p.over {
		clear(p.open)
	}
	return true
}

// addExam adds the result of an examination. That of a run that is not in firsts is kept: the coordinator after one
// that was killed may learn later that the run is the first of its signature.
func (l *ledger) addExam(p *progress, r *itemResult) (fresh bool) {
	if r.Err != "" && !r.Poisoned {
		l.failed++
		return false
	}
	i := slices.IndexFunc(p.firsts, func(f *first) bool { return f.isOf(r) })
	if i < 0 {
		p.exams = append(p.exams, r)
		return false
	}
	if p.firsts[i].over {
		return false
	}
	p.firsts[i].end(r)
	l.results++
	return true
}

// isOf reports whether a result is of the examination of f.
func (f *first) isOf(r *itemResult) bool {
	return f.seen.Number == r.From && f.seen.Signature == r.Signature
}

// end ends an examination with a result.
func (f *first) end(r *itemResult) { f.open, f.over, f.exam = false, true, r.Exam }

// see adds the failing runs of a result that are the first of their signature.
func (p *progress) see(r *itemResult) {
	for _, s := range r.Scan.Failing {
		if slices.ContainsFunc(p.firsts, func(f *first) bool { return f.seen.Signature == s.Signature }) {
			continue
		}
		f := &first{seen: s, worker: r.Worker}
		p.firsts = append(p.firsts, f)
		if i := slices.IndexFunc(p.exams, f.isOf); i >= 0 {
			f.end(p.exams[i])
		}
	}
}

// join joins the result of the seeds at the front.
func (l *ledger) join(p *progress, r *itemResult) {
	delete(p.early, p.front)
	if r.Scan == nil {
		p.leaveOut(r.To)
		p.lost = append(p.lost, r)
	} else {
		p.sum.Join(r.Scan)
		p.front, p.over = r.Scan.To(), p.sum.Over
		l.count(p, r.Scan)
		p.see(r)
	}
	p.over = p.over || l.seeds > 0 && p.front >= l.seeds
}

// leaveOut moves the front, past seeds that have no result.
func (p *progress) leaveOut(to int) {
	p.without = append(p.without, [2]int{p.front, to})
	p.sum.Classes = append(p.sum.Classes, make([]uint64, to-p.front)...)
	p.front = to
}

// count adds the classes of a scan, up to the run after which enough is covered.
func (l *ledger) count(p *progress, s *gotest.Scan) {
	orders := map[int]uint64{}
	for _, f := range s.Failing {
		orders[f.Number] = f.Order
	}
	before := p.census.Classes
	for i, class := range s.Classes {
		p.census.Add(cmp.Or(class, orders[s.From+i]))
		if l.unseen > 0 && p.census.Covers(l.unseen) {
			p.over = true
			return
		}
	}
	p.stale = p.census.Classes == before
}

// under returns the number of items that are under way.
func (l *ledger) under() (n int) {
	for _, p := range l.tests {
		n += len(p.open)
		for _, f := range p.firsts {
			if f.open {
				n++
			}
		}
	}
	return n
}

// exams returns up to n items of examinations that are not under way.
func (l *ledger) exams(n int) (items []workItem) {
	for test, p := range l.tests {
		for _, f := range p.firsts {
			if f.open || f.over || len(items) >= n {
				continue
			}
			f.open = true
			n := f.seen.Number
			items = append(items, workItem{l.campaign, test, n, n + 1, f.seen.Signature, f.worker})
		}
	}
	l.items += len(items)
	return items
}

// examined reports whether no examination is left.
func (l *ledger) examined() bool {
	for _, p := range l.tests {
		if slices.ContainsFunc(p.firsts, func(f *first) bool { return !f.over }) {
			return false
		}
	}
	return true
}

// plan returns up to n further items: of tests that have had the least time, where one that shows no new classes
// counts as having had several times as much.
func (l *ledger) plan(n int) (items []workItem) {
	for len(items) < n {
		best := -1
		var least float64
		for i, p := range l.tests {
			share := float64(len(p.open)+1) * float64(p.sum.Took+time.Millisecond)
			if p.stale {
				share *= staleWeight
			}
			if !p.over && (l.seeds == 0 || p.next < l.seeds || len(p.gaps()) > 0) && (best < 0 || share < least) {
				best, least = i, share
			}
		}
		if best < 0 {
			break
		}
		item := l.item(best)
		l.tests[best].open[item.From] = item
		items = append(items, item)
	}
	l.items += len(items)
	return items
}

// item returns the next item of a test.
func (l *ledger) item(test int) workItem {
	p := l.tests[test]
	if gaps := p.gaps(); len(gaps) > 0 {
		from := gaps[0][0]
		return workItem{Campaign: l.campaign, Test: test, From: from, To: min(gaps[0][1], from+maxItem)}
	}
	to := p.next + min(p.size, l.most)
	if l.seeds > 0 {
		to = min(to, l.seeds)
	}
	item := workItem{Campaign: l.campaign, Test: test, From: p.next, To: to}
	p.next, p.size = to, min(2*p.size, l.most)
	return item
}

// gaps returns the seeds from the front to next that are neither under way nor done.
func (p *progress) gaps() (list [][2]int) {
	at := p.front
	for _, span := range p.spans() {
		if span[0] > at {
			list = append(list, [2]int{at, span[0]})
		}
		at = max(at, span[1])
	}
	if at < p.next {
		list = append(list, [2]int{at, p.next})
	}
	return list
}

// spans returns the seeds that are under way, or done and waiting for others, in order.
func (p *progress) spans() (list [][2]int) {
	for from, i := range p.open {
		list = append(list, [2]int{from, i.To})
	}
	for from, r := range p.early {
		to := r.To
		if r.Scan != nil {
			to = r.Scan.To()
		}
		list = append(list, [2]int{from, to})
	}
	slices.SortFunc(list, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return list
}

// done reports whether all seeds of all tests are done.
func (l *ledger) done() bool {
	return !slices.ContainsFunc(l.tests, func(p *progress) bool { return !p.over })
}

// finish ends the search where it is: results that still wait for others are joined without them.
func (l *ledger) finish() {
	for _, p := range l.tests {
		for _, from := range slices.Sorted(maps.Keys(p.early)) {
			r := p.early[from]
			if p.over || r == nil || from < p.front {
				continue
			}
			if from > p.front {
				p.leaveOut(from)
			}
			l.join(p, r)
		}
		clear(p.early)
		clear(p.open)
		p.over = true
	}
}

// known returns what is known of a test.
func (l *ledger) known(test int) *gotest.Known {
	p := l.tests[test]
	k := &gotest.Known{Scan: p.sum, All: l.seeds, Without: p.without}
	for _, f := range p.firsts {
		if f.exam != nil {
			k.Exams = append(k.Exams, f.exam)
		}
	}
	return k
}

// lost returns the items that were given up, in the order of tests and seeds.
func (l *ledger) lost() (list []*itemResult) {
	for _, p := range l.tests {
		list = append(list, p.lost...)
	}
	return list
}

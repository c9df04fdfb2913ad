package explore

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// Tree is a search through all schedules of a test with at most a number of preemptions, those with fewer preemptions
// first (Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", PLDI
// 2007). The schedules are the leaves of a tree whose inner nodes are the branches of the runs, see [strategy.Route].
//
//  1. A job is a route that ends in an alternative other than 0. Its run takes alternative 0 at all branches behind the
//     route. Every schedule is the run of exactly one job; the first job is the empty route.
//  2. The branches behind the route of a run lead to further jobs, one for each alternative other than 0. They have as
//     many preemptions as the run, or one more if the branch costs one.
//  3. Jobs are done in batches, whose results are taken in their order, so that the jobs of a batch depend on earlier
//     batches only, and not on the number of workers. A batch has jobs with equally many preemptions. Within those, the
//     jobs of the latest run come first, so that few wait.
//  4. If there are no more jobs with a number of preemptions, those with one more follow, up to the limit.
//
// A run that meets other branches on its route than the run from which its job stems shows that the test is not a
// function of its schedule. Then the search is void.
//
// A front end that makes one run after another calls Next and Take in turn; [Campaign.Exhaust] uses several workers.
// The zero Tree is the search without preemptions.
type Tree struct {
	Limit int // maximum number of preemptions; negative means no limit

	Schedules int   // runs that were taken
	Bound     int   // number of preemptions of the schedules that are run now; all with fewer have been run
	More      bool  // there are schedules with more than Limit preemptions
	Void      error // the reason why the search cannot go on; nil if it can

	levels [][]open // by number of preemptions: jobs to come
	begun  bool
	queue  []*job // of Next
}

// job is the node of a tree that a run starts from.
type job struct {
	parent *job
	at     int    // index of its last branch; -1 for the first job
	taken  uint16 // alternative of that branch
	costs  int    // preemptions
	shape  uint64 // of the route
}

// open are the jobs that a run leads to, at branches that cost a preemption or at the others.
type open struct {
	job   *job
	costs bool
	spans []span // of the branches behind the route, the last first

	// The next job is at the last branch of the first span, with this alternative.
	taken uint16
	end   shape // of the branches up to and including that one
}

// span is a sequence of branches with equally many alternatives.
type span struct {
	length uint32
	n      uint16
	costs  bool
}

// shape is a hash of a sequence of branches, without the alternatives that were taken. Branches can be added and
// removed at its end.
type shape struct {
	n           int
	hash, power uint64
}

// The base of a shape, and its inverse modulo 2^64.
const (
	shapeBase    uint64 = 0x9e3779b97f4a7c15
	shapeInverse uint64 = 0xf1de83e19937733d
)

// weight is the contribution of a branch to a shape.
func weight(n uint16, costs bool) uint64 {
	if costs {
		return 2*uint64(n) + 1
	}
	return 2 * uint64(n)
}

func (s *shape) add(n uint16, costs bool) {
	if s.n == 0 {
		s.power = 1
	}
	s.hash += s.power * weight(n, costs)
	s.power *= shapeBase
	s.n++
}

func (s *shape) remove(n uint16, costs bool) {
	s.n--
	s.power *= shapeInverse
	s.hash -= s.power * weight(n, costs)
}

// shapeOf returns the shape of branches.
func shapeOf(list []strategy.Branch) (s shape) {
	for _, b := range list {
		s.add(b.N, b.Costs)
	}
	return s
}

// batchSize is the number of jobs of a batch. Workers are idle at its end.
const batchSize = 64

// batch returns the next jobs, none if there are no more.
func (t *Tree) batch() (list []*job) {
	if !t.begun {
		t.begun, t.levels = true, make([][]open, 1)
		return []*job{{at: -1}}
	}
	for t.Void == nil && len(list) == 0 && t.Bound < len(t.levels) {
		for j := t.draw(); j != nil; j = t.draw() {
			if list = append(list, j); len(list) == batchSize {
				return list
			}
		}
		if len(list) == 0 {
			t.levels[t.Bound] = nil
			t.Bound++
		}
	}
	return list
}

// draw takes the next job of the level, nil if there is none.
func (t *Tree) draw() *job {
	level := &t.levels[t.Bound]
	for len(*level) > 0 {
		if j := (*level)[len(*level)-1].draw(); j != nil {
			return j
		}
		*level = (*level)[:len(*level)-1]
	}
	return nil
}

// draw takes the next job of a run, nil if there is none.
func (o *open) draw() *job {
	for len(o.spans) > 0 {
		s := &o.spans[0]
		switch {
		case s.length == 0:
			o.spans = o.spans[1:]
		case s.costs == o.costs && o.taken < s.n:
			j := &job{parent: o.job, at: o.end.n - 1, taken: o.taken, costs: o.job.costs, shape: o.end.hash}
			if o.costs {
				j.costs++
			}
			o.taken++
			return j
		default:
			o.end.remove(s.n, s.costs)
			s.length, o.taken = s.length-1, 1
		}
	}
	return nil
}

// route returns the branches at which the run of a job takes alternatives.
func (j *job) route() []strategy.Branch {
	list := make([]strategy.Branch, j.at+1)
	for ; j.parent != nil; j = j.parent {
		list[j.at].Taken = j.taken
	}
	return list
}

// check returns an error if branches, of which the run of a job has so many, are not those of its route, or too many.
func (j *job) check(branches []strategy.Branch, count int) error {
	n := j.at + 1
	switch {
	case count > len(branches):
		return fmt.Errorf("a run has %d choices; at most %d can be enumerated", count, len(branches))
	case len(branches) < n:
		return fmt.Errorf("a run ended at choice %d, and under the same choices before it did not", len(branches))
	case shapeOf(branches[:n]).hash != j.shape:
		return fmt.Errorf("under the same choices, the alternatives at the first %d choices were not the same twice", n)
	}
	return nil
}

// Next returns the route of the next run; ok is false if there are no more runs. Take must be called before the next
// Next.
func (t *Tree) Next() (route []strategy.Branch, ok bool) {
	if len(t.queue) == 0 {
		t.queue = t.batch()
	}
	if t.Void != nil || len(t.queue) == 0 {
		return nil, false
	}
	return t.queue[0].route(), true
}

// Take handles the branches of the run along the route that Next has returned, as [strategy.Route.Branches] returns
// them.
func (t *Tree) Take(branches []strategy.Branch, count int) {
	j := t.queue[0]
	t.queue = t.queue[1:]
	t.take(j, branches, count)
}

// take handles the branches of the run of a job.
func (t *Tree) take(j *job, branches []strategy.Branch, count int) {
	if t.Void = j.check(branches, count); t.Void != nil {
		return
	}
	t.Schedules++
	spans := spansOf(branches[j.at+1:])
	for _, costs := range []bool{false, true} {
		if !slices.ContainsFunc(spans, func(s span) bool { return s.costs == costs }) {
			continue
		}
		level := j.costs
		if costs {
			level++
		}
		if t.Limit >= 0 && level > t.Limit {
			t.More = true
			continue
		}
		for len(t.levels) <= level {
			t.levels = append(t.levels, nil)
		}
		t.levels[level] = append(t.levels[level],
			open{job: j, costs: costs, spans: slices.Clone(spans), taken: 1, end: shapeOf(branches)})
	}
}

// spansOf returns the spans of branches, the last first.
func spansOf(list []strategy.Branch) (spans []span) {
	for _, b := range slices.Backward(list) {
		if n := len(spans); n > 0 && spans[n-1].n == b.N && spans[n-1].costs == b.Costs {
			spans[n-1].length++
			continue
		}
		spans = append(spans, span{1, b.N, b.Costs})
	}
	return spans
}

package story

import (
	"slices"

	"github.com/reprise-go/reprise/tracefile"
)

// essential returns the decisions that began the turns that a schedule must not leave out, in the order of importance:
//
//  1. the turn that decided the run, the two turns of the task that stood there, and those of others in between;
//  2. the turn in which the run failed, or in which tasks got stuck;
//  3. the last turns in which others did something to the object of the failure.
func (s *Story) essential() (list []int) {
	turns := s.turns()
	add := func(i int) {
		if i >= 0 && i < len(turns) && !slices.Contains(list, turns[i].decision) {
			list = append(list, turns[i].decision)
		}
	}
	if p, found := s.pairIn(turns); found {
		add(p.at)
		add(p.next)
		for _, i := range p.between {
			add(i)
		}
		add(p.decided)
	}
	ends, objects := s.failure(turns)
	for _, i := range ends {
		add(i)
	}
	for _, o := range objects {
		for _, i := range lastUses(turns, o) {
			add(i)
		}
	}
	return list[:min(len(list), maxEssential)]
}

const (
	maxEssential = 16 // number of turns that are kept in a schedule
	maxUses      = 2  // number of turns that are kept because of an object
)

// failure returns the last turns of the tasks that failed or are stuck, and the objects of their last operations.
func (s *Story) failure(turns []turn) (ends []int, objects []tracefile.Object) {
	failed := []uint32{s.by}
	for _, w := range s.left {
		if w.Leaked() {
			failed = append(failed, w.ID)
		}
	}
	for i, t := range slices.Backward(turns) {
		at := slices.Index(failed, t.g)
		if at < 0 || t.g == 0 {
			continue
		}
		failed = slices.Delete(failed, at, at+1)
		ends = append(ends, i)
		for _, m := range slices.Backward(append(slices.Clone(t.acts), t.stop)) {
			if m.object.Name != "" && !barrier(m.object) {
				objects = append(objects, m.object)
				break
			}
		}
	}
	return ends, objects
}

// lastUses returns the last turns in which a task did something to an object.
func lastUses(turns []turn, o tracefile.Object) (list []int) {
	for i, t := range slices.Backward(turns) {
		if len(list) < maxUses && slices.ContainsFunc(t.acts, func(m moment) bool { return m.object == o }) {
			list = append(list, i)
		}
	}
	return list
}

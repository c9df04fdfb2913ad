package dpor

import "github.com/reprise-go/reprise/strategy"

// Step is a step of a run that is over.
type Step struct {
	Task     uint64            // the task that made it, which a run identifies by the same number as all others
	Choices  []uint64          // the tasks that could have made it, the preferred one first
	Others   []uint64          // tasks that were ready and could not be chosen
	Idle     bool              // time went on before, because no task was ready
	Uses     []strategy.Op     // operations
	Anything bool              // it used something that may be anything
	Cases    []strategy.Branch // other choices that were made in it
}

// Follow handles the steps of a run along the Route of the search, which beyond it takes the preferred task at each
// decision. It reports whether the run has left the search, because that task is asleep: then the run of the new Route
// has to be made before Next is called.
func (s *Search) Follow(steps []Step) (again bool) {
	s.Begin()
	for i := range steps {
		x := &steps[i]
		if x.Idle {
			s.Advance()
		}
		k := s.Decide(x.Choices, 0, x.Others...)
		if s.redundant {
			return false
		}
		if x.Choices[k] != x.Task {
			return true
		}
		s.Step(x.Task)
		for _, op := range x.Uses {
			s.Uses(op)
		}
		if x.Anything {
			s.UsesAnything()
		}
		for _, c := range x.Cases {
			if s.Take(int(c.N)) != int(c.Taken) {
				s.Unsteady, s.redundant = true, true
				return false
			}
		}
	}
	s.Unsteady = s.Unsteady || s.at < len(s.nodes)
	return false
}

// Route returns the branches of the next run, for [strategy.Route]: a decision between several tasks is one, and so is
// each other choice.
func (s *Search) Route() []strategy.Branch {
	list := []strategy.Branch{}
	for i := range s.nodes {
		n := &s.nodes[i]
		if len(n.tasks) > 1 {
			for k, t := range n.tasks {
				if t == n.chosen {
					list = append(list, strategy.Branch{Taken: uint16(k), N: uint16(len(n.tasks))})
				}
			}
		}
		for _, f := range n.values {
			list = append(list, strategy.Branch{Taken: uint16(f.taken), N: uint16(f.n)})
		}
	}
	return list
}

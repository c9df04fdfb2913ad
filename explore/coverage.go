package explore

import (
	"fmt"

	"github.com/reprise-go/reprise/internal/prose"
)

// Coverage says how much of what a test can do the runs of a campaign have shown. The runs are samples, and their
// classes (Run.Class) are species, of which an unknown number has not been seen. Seeds select strategies at random as
// well, so that runs are drawn independently from one distribution, the mix of those of the strategies.
type Coverage struct {
	Runs    int // runs with a class
	Classes int // distinct classes
	Once    int // classes that a single run belongs to

	Schedules bool // each schedule is a class of its own, because the orders of operations are not known
}

// Unseen estimates the probability that another run belongs to a class that has not been seen, from 0 to 1, by the rule
// of Good and Turing: the share of the runs whose class was seen once (Good, "The Population Frequencies of Species and
// the Estimation of Population Parameters", Biometrika 40, 1953; for tests: Böhme, "STADS: Software Testing as Species
// Discovery", ACM TOSEM 27, 2018). Without runs it is 1. It says nothing about a probability below about 3/Runs, at
// which no run of so many need have shown a class (95 %).
func (c Coverage) Unseen() float64 {
	if c.Runs == 0 {
		return 1
	}
	return float64(c.Once) / float64(c.Runs)
}

// Covers reports whether the estimate is below a bound, after enough runs for such a bound.
func (c Coverage) Covers(bound float64) bool {
	return c.Unseen() < bound && float64(c.Runs)*bound >= 3
}

// String returns the numbers in words.
func (c Coverage) String() string {
	classes := prose.Count(c.Classes, "order") + " of operations"
	if c.Schedules {
		classes = prose.Count(c.Classes, "schedule")
	}
	if c.Classes == c.Runs {
		return classes + " in as many runs; how many there are cannot be told"
	}
	text := fmt.Sprintf("%s in %s, %d of them once; ", classes, prose.Count(c.Runs, "run"), c.Once)
	least := 3 / float64(c.Runs)
	switch {
	case least >= 1:
		return text + "too few runs to tell how many there are"
	case c.Unseen() < least:
		return text + fmt.Sprintf("less than %s of further runs would show another", percent(least))
	}
	return text + fmt.Sprintf("about %s of further runs would show another", percent(c.Unseen()))
}

func percent(x float64) string { return fmt.Sprintf("%.2g %%", 100*x) }

// Census counts the runs of each class. The zero Census has none.
type Census struct {
	Coverage
	runs map[uint64]int
}

// Add counts a run of a class; 0, which is unknown, is not counted.
func (c *Census) Add(class uint64) {
	if class == 0 {
		return
	}
	if c.runs == nil {
		c.runs = map[uint64]int{}
	}
	c.Runs++
	c.runs[class]++
	switch c.runs[class] {
	case 1:
		c.Classes++
		c.Once++
	case 2:
		c.Once--
	}
}

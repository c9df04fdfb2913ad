package explore

// coverage says how much of what a test can do the runs of a campaign have shown.
type coverage struct {
	Runs    int // runs with a class
	Classes int // distinct classes
	Once    int // classes that one run belongs to
}

// census counts the runs of each class.
type census struct {
	coverage
	runs map[uint64]int
}

// add counts a run.
func (c *census) add(class uint64) {
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

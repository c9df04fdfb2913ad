package divergence

// Held returns the number of events and of band cells that an Aligner keeps.
func (a *Aligner) Held() int {
	n := len(a.recorded) + len(a.tally.missing) + len(a.tally.strays) + len(a.band.actual) + len(a.band.expected)
	for _, r := range a.band.rows[:cap(a.band.rows)] {
		n += cap(r.steps)
	}
	return n
}

// Classify and CompareMetadata are parts of Describe and Notes that have tests of their own.
var (
	Classify        = classify
	CompareMetadata = compareMetadata
)

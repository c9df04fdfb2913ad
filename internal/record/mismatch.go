package record

import "fmt"

// Resync counts the use of a recording in a replay.
type Resync struct {
	Matched int // choices that fitted a decision
	Skipped int // choices that were passed over
	Extra   int // decisions that fitted no choice
}

// Mismatch is the first place at which a replay left its recording.
type Mismatch struct {
	Index    int      // index of the choice
	Expected Record   // the choice, a Sched or an Admit; zero if the recording is at its end
	Actual   Record   // the decision that was due instead: Reason, N, Points and the goroutine that stopped
	Ready    []uint32 // goroutines that were ready
}

// String describes the mismatch in one line.
func (m *Mismatch) String() string {
	want := "the end of the recording"
	switch m.Expected.Kind {
	case Admit:
		want = fmt.Sprintf("g%d made ready from outside", m.Expected.G)
	case Sched:
		want = fmt.Sprintf("g%d of %d after g%d %s and %d points", m.Expected.G, m.Expected.N, m.Expected.Prev(),
			Why(m.Expected.Reason), m.Expected.Points)
	}
	return fmt.Sprintf("choice %d: the recording has %s, the replay %d ready after g%d %s and %d points", m.Index, want,
		m.Actual.N, m.Actual.Prev(), Why(m.Actual.Reason), m.Actual.Points)
}

// Mismatch returns the first choice that did not fit in a replay, or nil if all fitted.
func (r *Recording) Mismatch() *Mismatch {
	first := r.index(Expected)
	if first < 0 {
		return nil
	}
	m := &Mismatch{}
	for i, rec := range r.Records {
		switch {
		case rec.Kind == Begin:
			m.Index = 0
		case rec.IsChoice() && i < first:
			m.Index++
		}
		switch rec.Kind {
		case Expected:
			m.Expected = rec
			m.Expected.Kind = Kind(rec.Site)
			m.Expected.Site = 0
		case Actual:
			m.Actual = rec
		case Ready:
			m.Ready = append(m.Ready, rec.G)
		}
	}
	return m
}

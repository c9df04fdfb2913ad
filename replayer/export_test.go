package replayer

import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// SetProbe lets f see the calls of Breakpoint until restore is called.
func SetProbe(f func(index uint64, e event.Event)) (restore func()) {
	probe = f
	return func() { probe = nil }
}

// RunError is runError.
var RunError = runError

// The errors of a Replayer that cannot go on.
var (
	ErrClosed = errGone
	ErrRewind = errRewind
	ErrEnded  = errEnded
)

// FirstDifference returns what the fingerprints of two lists of events tell of their first difference.
func FirstDifference(a, b []event.Event) (from, to uint64, differ bool) {
	return fingerprintOf(a).compare(fingerprintOf(b))
}

func fingerprintOf(list []event.Event) fingerprint {
	var p fingerprinter
	for _, e := range list {
		_ = p.Observe(e) // never fails
	}
	return p.fingerprint()
}

// NewFingerprinter returns an Observer that computes a fingerprint.
func NewFingerprinter() simsched.Observer { return &fingerprinter{} }

// Differ returns what the fingerprints of the two runs tell of their first difference.
func (e *NondeterminismError) Differ() (from, to uint64, differ bool) {
	return e.first.compare(e.second)
}

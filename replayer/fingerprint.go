package replayer

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// maxMarks is the maximum number of marks of a fingerprint.
const maxMarks = 64

// fingerprint identifies the events of a run: runs with equal fingerprints have equal events, except with a
// probability of about 2^-64. It also has up to 64 marks, which are hashes of the first 2^k, 2·2^k, 3·2^k … events,
// with the smallest k that suffices. From them compare finds approximately where two runs differ. The
// zero fingerprint is that of no events.
type fingerprint struct {
	events uint64 // number of events
	hash   uint64 // of all events
	shift  uint   // k
	marks  []uint64
}

// compare returns a range of event indices, from included and to excluded, that contains the first difference of
// two runs, and whether they differ at all.
func (f fingerprint) compare(g fingerprint) (from, to uint64, differ bool) {
	if f.events == g.events && f.hash == g.hash {
		return 0, 0, false
	}
	shift := max(f.shift, g.shift)
	for to = 1 << shift; ; from, to = to, to+1<<shift {
		a, okA := f.mark(to)
		b, okB := g.mark(to)
		switch {
		case !okA || !okB:
			return from, max(f.events, g.events, from+1), true
		case a != b:
			return from, to, true
		}
	}
}

// mark returns the hash of the first n events, n a multiple of 2^shift.
func (f *fingerprint) mark(n uint64) (uint64, bool) {
	i := n>>f.shift - 1
	if i >= uint64(len(f.marks)) {
		return 0, false
	}
	return f.marks[i], true
}

// where describes the range in which the events of two runs differ first.
func (f fingerprint) where(g fingerprint) string {
	switch from, to, differ := f.compare(g); {
	case !differ:
		return "the events are equal"
	case to == from+1:
		return fmt.Sprintf("first at event %d", from)
	default:
		return fmt.Sprintf("first at one of the events %d to %d", from, to-1)
	}
}

// fingerprinter is a [simsched.Observer] that computes the fingerprint of a run. The zero fingerprinter is ready
// for one run.
type fingerprinter struct {
	soFar  fingerprint
	buffer [64]byte
}

var _ simsched.Observer = (*fingerprinter)(nil)

// Observe implements [simsched.Observer]. It never fails.
func (p *fingerprinter) Observe(e event.Event) error {
	f := &p.soFar
	f.hash = mix(f.hash, e.AppendMsgpack(p.buffer[:0]))
	f.events++
	if f.events&(1<<f.shift-1) == 0 {
		f.addMark()
	}
	return nil
}

// addMark stores the hash so far. When there are too many marks, it drops every other one.
func (f *fingerprint) addMark() {
	if len(f.marks) == maxMarks {
		for i := range maxMarks / 2 {
			f.marks[i] = f.marks[2*i+1]
		}
		f.marks = f.marks[:maxMarks/2]
		f.shift++
		if f.events&(1<<f.shift-1) != 0 {
			return
		}
	}
	f.marks = append(f.marks, f.hash)
}

// fingerprint returns the fingerprint of the events so far.
func (p *fingerprinter) fingerprint() fingerprint {
	f := p.soFar
	f.marks = append([]uint64(nil), f.marks...)
	return f
}

// mix hashes the bytes of an event into h, eight at a time, by folded 128-bit multiplications.
func mix(h uint64, b []byte) uint64 {
	h ^= uint64(len(b)) * 0x9e3779b97f4a7c15
	for ; len(b) >= 8; b = b[8:] {
		h = fold(h, binary.LittleEndian.Uint64(b))
	}
	last := uint64(0)
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	return fold(h, last)
}

func fold(h, word uint64) uint64 {
	hi, lo := bits.Mul64(h^0xa0761d6478bd642f, word^0xe7037ed1a0b428db)
	return hi ^ lo ^ h<<1
}

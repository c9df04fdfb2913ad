package replayer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// maxMarks is the maximum number of marks of a fingerprint.
const maxMarks = 64

// Fingerprint identifies the events of a run: runs with equal fingerprints have equal events, except with a
// probability of about 2^-64. It also has up to 64 marks, which are hashes of the first 2^k, 2·2^k, 3·2^k … events,
// with the smallest k that suffices. From them [Fingerprint.Compare] finds approximately where two runs differ. It
// depends only on the wire form of the events, so it can be compared between processes and machines. The zero
// Fingerprint is that of no events.
type Fingerprint struct {
	Events uint64 // number of events
	Hash   uint64 // of all events
	shift  uint   // k
	marks  []uint64
}

// Compare returns a range of event indices, from included and to excluded, that contains the first difference of
// two runs, and whether they differ at all.
func (f Fingerprint) Compare(g Fingerprint) (from, to uint64, differ bool) {
	if f.Events == g.Events && f.Hash == g.Hash {
		return 0, 0, false
	}
	shift := max(f.shift, g.shift)
	for to = 1 << shift; ; from, to = to, to+1<<shift {
		a, okA := f.mark(to)
		b, okB := g.mark(to)
		switch {
		case !okA || !okB:
			return from, max(f.Events, g.Events, from+1), true
		case a != b:
			return from, to, true
		}
	}
}

// mark returns the hash of the first n events, n a multiple of 2^shift.
func (f *Fingerprint) mark(n uint64) (uint64, bool) {
	i := n>>f.shift - 1
	if i >= uint64(len(f.marks)) {
		return 0, false
	}
	return f.marks[i], true
}

// CheckText compares f with a fingerprint of the same program, seed and settings in its text form, which another
// process has printed; spaces around it are ignored. The error is nil if they are equal, a [*ProcessError] if not,
// and [ErrFingerprint] if text is not a fingerprint. It detects what [CheckDeterminism] cannot: dependence on
// things that stay the same during a process, such as its environment, its arguments, memory addresses or hash
// seeds.
func (f Fingerprint) CheckText(text string) error {
	other, err := ParseFingerprint(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if _, _, differ := f.Compare(other); differ {
		return &ProcessError{f, other}
	}
	return nil
}

// ProcessError reports that a program behaves differently in another process under the same choices. It is
// [ErrNondeterministic].
type ProcessError struct {
	This, Other Fingerprint
}

// Error gives the approximate place of the difference, and how to find the exact one.
func (e *ProcessError) Error() string {
	return fmt.Sprintf("replayer: %v: this process and another one, %s; to see the code lines of both, record the run in each "+
		"with recorder.Config.Sites set, write it to a file and compare the files with reprise diff",
		ErrNondeterministic, e.This.where(e.Other))
}

// Is reports whether target is [ErrNondeterministic].
func (e *ProcessError) Is(target error) bool { return target == ErrNondeterministic }

// where describes the range in which the events of two runs differ first.
func (f Fingerprint) where(g Fingerprint) string {
	switch from, to, differ := f.Compare(g); {
	case !differ:
		return "the events are equal"
	case to == from+1:
		return fmt.Sprintf("first at event %d", from)
	default:
		return fmt.Sprintf("first at one of the events %d to %d", from, to-1)
	}
}

// fingerprintPrefix is the start of the text form and identifies its version.
const fingerprintPrefix = "rfp1"

// String returns the text form, one word of at most 1200 characters: "rfp1", the number of events and k in decimal,
// the hash and the marks in hexadecimal, separated by ":", and the marks by ",". [ParseFingerprint] is its inverse.
func (f Fingerprint) String() string {
	b := []byte(fingerprintPrefix)
	b = strconv.AppendUint(append(b, ':'), f.Events, 10)
	b = strconv.AppendUint(append(b, ':'), uint64(f.shift), 10)
	b = strconv.AppendUint(append(b, ':'), f.Hash, 16)
	separator := byte(':')
	for _, m := range f.marks {
		b = strconv.AppendUint(append(b, separator), m, 16)
		separator = ','
	}
	return string(b)
}

// ErrFingerprint reports that a text is not a fingerprint.
var ErrFingerprint = errors.New("not a fingerprint of a run")

// ParseFingerprint parses the output of [Fingerprint.String]. It accepts no other form; the error is [ErrFingerprint].
func ParseFingerprint(text string) (Fingerprint, error) {
	f, ok := parseFingerprint(text)
	if !ok || f.String() != text {
		return Fingerprint{}, fmt.Errorf("replayer: %w: %.60q", ErrFingerprint, text)
	}
	return f, nil
}

// parseFingerprint parses the numbers leniently: anything invalid gives a fingerprint with another text form.
func parseFingerprint(text string) (f Fingerprint, ok bool) {
	part := strings.Split(text, ":")
	if len(text) > 2000 || len(part) < 4 || len(part) > 5 || part[0] != fingerprintPrefix {
		return f, false
	}
	f.Events, _ = strconv.ParseUint(part[1], 10, 64)
	shift, _ := strconv.ParseUint(part[2], 10, 6)
	f.shift = uint(shift)
	f.Hash, _ = strconv.ParseUint(part[3], 16, 64)
	if len(part) == 5 {
		for m := range strings.SplitSeq(part[4], ",") {
			v, _ := strconv.ParseUint(m, 16, 64)
			f.marks = append(f.marks, v)
		}
	}
	return f, len(f.marks) <= maxMarks && uint64(len(f.marks)) == f.Events>>f.shift
}

// Fingerprinter is a [simsched.Observer] that computes the fingerprint of a run. The zero Fingerprinter is ready
// for one run.
type Fingerprinter struct {
	fingerprint Fingerprint
	buffer      [64]byte
}

var _ simsched.Observer = (*Fingerprinter)(nil)

// Observe implements [simsched.Observer]. It never fails.
func (p *Fingerprinter) Observe(e event.Event) error {
	f := &p.fingerprint
	f.Hash = mix(f.Hash, e.AppendMsgpack(p.buffer[:0]))
	f.Events++
	if f.Events&(1<<f.shift-1) == 0 {
		f.addMark()
	}
	return nil
}

// addMark stores the hash so far. When there are too many marks, it drops every other one.
func (f *Fingerprint) addMark() {
	if len(f.marks) == maxMarks {
		for i := range maxMarks / 2 {
			f.marks[i] = f.marks[2*i+1]
		}
		f.marks = f.marks[:maxMarks/2]
		f.shift++
		if f.Events&(1<<f.shift-1) != 0 {
			return
		}
	}
	f.marks = append(f.marks, f.Hash)
}

// Fingerprint returns the fingerprint of the events so far.
func (p *Fingerprinter) Fingerprint() Fingerprint {
	f := p.fingerprint
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

// FingerprintOf runs body under cfg and returns the fingerprint of the run and the error of [simsched.Run]. The
// Observer of cfg is replaced. Processes that print it for the same program, seed and settings must print the same
// text; see [Fingerprint.CheckText].
func FingerprintOf(cfg simsched.Config, body func(*simsched.Sim) error) (Fingerprint, error) {
	needBody("FingerprintOf", body)
	p := &Fingerprinter{}
	cfg.Observer = p
	err := simsched.Run(cfg, body)
	return p.Fingerprint(), err
}

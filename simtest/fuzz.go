package simtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"sync"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/simsched"
)

// MakeFuzz returns the function for testing.F.Fuzz that runs body with its choices read from the input, so that
// `go test -fuzz` looks for a failing run:
//
//	func FuzzTransfer(f *testing.F) { f.Fuzz(simtest.MakeFuzz(transfer)) }
//
// A choice takes one byte of the input, or two, four or eight if it has more alternatives; a random value takes
// eight. Faults of Sim's Chaos are drawn from a hash of the input. When the input is used up, every choice is the
// default and every random value zero, so the empty input gives the least surprising run. A failing input is
// reported like a failing seed of [Check], with its trace; go test also keeps the input. The pinned traces of the fuzz
// target run before its first input, except with -fuzz. Of the options only Sim is used.
func MakeFuzz(body func(*simsched.Sim) error, opts ...Option) func(*testing.T, []byte) {
	var once sync.Once
	return func(t *testing.T, input []byte) {
		t.Helper()
		s, err := newSettings(t, opts)
		if err != nil {
			fatal(t, err)
		}
		if s.trace != "" {
			replayFile(t, s.trace, body, &s)
			return
		}
		if testFlag("fuzz") == "" {
			once.Do(func() { fuzzPins(t, body, s) })
		}
		s.profile, s.strategyName, s.strategy = nil, "fuzz", func(uint64) simsched.Chooser { return newBytesChooser(input) }
		c := newSearch(t, body, s)
		defer c.watch.Close()
		c.name = func(uint64) string { return fmt.Sprintf("input=%016x", hash(input)) }
		campaign := explore.New(explore.Config{Seed: func(int) uint64 { return 0 }, All: 1, Replays: 1}, c)
		p, _ := campaign.Next()
		r := campaign.Make(context.Background(), c, p)
		c.leave()
		if f, ok := r.Detail.(*failing); ok {
			f.tell(t, t, &s)
		}
	}
}

// fuzzPins runs the pinned traces of a fuzz target, in the test of its first input.
func fuzzPins(t *testing.T, body func(*simsched.Sim) error, s settings) {
	t.Helper()
	c := newCampaign(t, body, s)
	defer c.watch.Close()
	c.pins()
}

// bytesChooser is a Chooser that takes its answers from bytes.
type bytesChooser struct {
	rest   []byte
	faults simsched.Chooser
}

var _ simsched.Chooser = (*bytesChooser)(nil)

func newBytesChooser(input []byte) *bytesChooser {
	return &bytesChooser{input, simsched.NewRandom(hash(input))}
}

func hash(input []byte) uint64 {
	h := fnv.New64a()
	h.Write(input)
	return h.Sum64()
}

// Choose implements [simsched.Chooser].
func (b *bytesChooser) Choose(c *simsched.Choice) uint64 {
	switch {
	case c.Point == simsched.PointFault:
		return b.faults.Choose(c)
	case c.N == 0:
		return b.take(8)
	case c.N <= 1<<8:
		return b.take(1) % uint64(c.N)
	case c.N <= 1<<16:
		return b.take(2) % uint64(c.N)
	}
	return b.take(4) % uint64(c.N)
}

// take reads a number of n bytes. Missing bytes are zero.
func (b *bytesChooser) take(n int) uint64 {
	var buf [8]byte
	b.rest = b.rest[copy(buf[:n], b.rest):]
	return binary.LittleEndian.Uint64(buf[:])
}

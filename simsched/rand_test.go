package simsched

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// draws returns n values of a stream, drawn in one run of their own.
func draws(t *rapid.T, seed uint64, label string, n int) []uint64 {
	var values []uint64
	err := Run(Config{Seed: seed}, func(s *Sim) error {
		r := s.Rand(label)
		for range n {
			values = append(values, r.Uint64())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// TestRandStreams draws from streams in any order, by old and new handles: each label goes on with its own values.
func TestRandStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		labels := rapid.SliceOf(rapid.SampledFrom([]string{"", "a", "b", "stream a"})).Draw(t, "labels")
		got := map[string][]uint64{}
		err := Run(Config{Seed: seed}, func(s *Sim) error {
			for _, label := range labels {
				got[label] = append(got[label], s.Rand(label).Uint64())
				s.Yield()
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for label, values := range got {
			if alone := draws(t, seed, label, len(values)); !slices.Equal(values, alone) {
				t.Fatalf("stream %q gave %x among others, %x alone", label, values, alone)
			}
		}
	})
}

func TestRandStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(50) {
		mustRun(t, Config{Seed: seed}, func(s *Sim) {
			for _, label := range []string{"", "a", "b", "ab", "ba"} {
				v := s.Rand(label).Uint64()
				if other, ok := seen[v]; ok {
					t.Errorf("seed %d, label %q starts like label %q under another seed or label", seed, label, other)
				}
				seen[v] = label
			}
		})
	}
}

// TestRandIsAStandardRand uses the methods of math/rand/v2 and finds every value on record.
func TestRandIsAStandardRand(t *testing.T) {
	var values []uint64
	events := mustRun(t, Config{Seed: 5}, func(s *Sim) {
		r := s.Rand("dice")
		values = append(values, r.Uint64())
		for range 100 {
			if n := r.IntN(6); n < 0 || n > 5 {
				t.Errorf("IntN(6) = %d", n)
			}
		}
		p := r.Perm(10)
		slices.Sort(p)
		if !slices.Equal(p, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
			t.Errorf("Perm(10) has the elements %v", p)
		}
		values = append(values, r.Uint64())
	})
	var told []uint64
	for _, e := range events {
		if e.Kind() == event.KindRngValue {
			told = append(told, e.Value())
		}
	}
	if len(told) < 102 || told[0] != values[0] || told[len(told)-1] != values[1] {
		t.Errorf("%d values on record, the first and last %x and %x; want at least 102, %x and %x",
			len(told), told[0], told[len(told)-1], values[0], values[1])
	}
}

package event

import (
	"fmt"
	"iter"
	"strings"
)

// KindSet is a set of kinds. Bit n stands for the kind with the frozen [Kind.Number] n, so that a set may be stored
// as a number. Bits from 20 upwards, which belong to no kind of this version, are kept but otherwise ignored. The
// zero KindSet is empty. Sets are comparable with ==.
type KindSet uint32

// NewKindSet returns the set of the given kinds. It panics if one of them is not valid.
func NewKindSet(kinds ...Kind) (s KindSet) {
	for _, k := range kinds {
		if !k.Valid() {
			panic("event: NewKindSet with an invalid Kind")
		}
		s |= maskOf(k)
	}
	return s
}

// maskOf returns the set of k alone.
func maskOf(k Kind) KindSet { return 1 << (k - 1) }

// Has reports whether k is in s; a kind that is not valid never is.
func (s KindSet) Has(k Kind) bool { return s&allKinds&maskOf(k) != 0 }

// Union returns the set of the kinds that are in s, in t or in both.
func (s KindSet) Union(t KindSet) KindSet { return s | t }

// kinds yields the kinds in s in their order.
func (s KindSet) kinds() iter.Seq[Kind] {
	return func(yield func(Kind) bool) {
		for k := range Kinds() {
			if s.Has(k) && !yield(k) {
				return
			}
		}
	}
}

// String returns the names of the kinds in s in their order, joined by commas, such as "TaskScheduled,RngValue". It
// returns "" for the empty set. [ParseKindSet] is its inverse.
func (s KindSet) String() string {
	var names []string
	for k := range s.kinds() {
		names = append(names, k.String())
	}
	return strings.Join(names, ",")
}

// ParseKindSet parses wire names of kinds, separated by commas, in any order; the empty string gives the empty set.
// Names are compared exactly. An unknown name is an error that wraps [ErrUnknownKind] and lists the known names.
func ParseKindSet(s string) (KindSet, error) {
	var set KindSet
	if s == "" {
		return set, nil
	}
	for name := range strings.SplitSeq(s, ",") {
		k, ok := KindByName(name)
		if !ok {
			return 0, fmt.Errorf("event: %w %.64q; the kinds are %v", ErrUnknownKind, name, allKinds)
		}
		set |= maskOf(k)
	}
	return set, nil
}

// allKinds has every kind.
const allKinds KindSet = 1<<NumKinds - 1

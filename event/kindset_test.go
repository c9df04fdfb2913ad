package event

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLawKindSet holds a set to a list of the kinds drawn, and its name to the set.
func TestLawKindSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(anyKind).Draw(t, "a"), rapid.SliceOf(anyKind).Draw(t, "b")
		both := NewKindSet(a...).Union(NewKindSet(b...))
		want := append(slices.Clone(a), b...)
		slices.Sort(want)
		want = slices.Compact(want)
		if got := slices.Collect(both.kinds()); !slices.Equal(got, want) {
			t.Fatalf("the kinds are %v, want %v", got, want)
		}
		for k := range Kinds() {
			if got := both.Has(k); got != slices.Contains(want, k) {
				t.Fatalf("Has(%v) of %v is %v", k, want, got)
			}
		}
		if again := NewKindSet(want...); again != both {
			t.Fatalf("two sets of %v: %#x and %#x", want, uint32(again), uint32(both))
		}
		if got, err := ParseKindSet(both.String()); err != nil || got != both {
			t.Fatalf("ParseKindSet(%q) = %v, %v", both.String(), got, err)
		}
	})
}

// TestKindSetBits: a set may be stored, so its bits are the frozen numbers.
func TestKindSetBits(t *testing.T) {
	for number, f := range frozen {
		k, _ := KindByName(f.name)
		if got := NewKindSet(k); got != 1<<number || got.String() != f.name {
			t.Errorf("the set of %s is %#x, %q; want bit %d", f.name, uint32(got), got, number)
		}
	}
	if all := NewKindSet(slices.Collect(Kinds())...); all != allKinds || all.String() != allKinds.String() {
		t.Errorf("all kinds are %#x, want %#x", uint32(all), uint32(allKinds))
	}
}

func TestKindSetInvalid(t *testing.T) {
	full := ^KindSet(0)
	for _, k := range []Kind{0, NumKinds + 1, 32, 33, 255} {
		if full.Has(k) {
			t.Errorf("the set of all bits has Kind(%d)", k)
		}
		wantPanic(t, "event: NewKindSet with an invalid Kind", func() { NewKindSet(KindRngSeed, k) })
	}
	if got := slices.Collect(full.kinds()); len(got) != NumKinds || full.String() != allKinds.String() {
		t.Errorf("the set of all bits is %v, %v; want the %d kinds", got, full, NumKinds)
	}
	for range full.kinds() {
		break
	}
}

func TestParseKindSet(t *testing.T) {
	for s, want := range map[string]KindSet{
		"": 0, "RngSeed": NewKindSet(KindRngSeed), "Checkpoint,TaskYielded": NewKindSet(KindTaskYielded, KindCheckpoint),
		"RngSeed,RngSeed": NewKindSet(KindRngSeed),
	} {
		if got, err := ParseKindSet(s); err != nil || got != want {
			t.Errorf("ParseKindSet(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
}

func TestParseKindSetRefuses(t *testing.T) {
	var names []string
	for _, f := range frozen {
		names = append(names, f.name)
	}
	for s, name := range map[string]string{
		"rngseed": "rngseed", "RngSeed,": "", ",": "", "RngSeed, RngValue": " RngValue", "Noop,RngSeed": "Noop",
		"invalid": "invalid", strings.Repeat("x", 100): strings.Repeat("x", 64),
	} {
		got, err := ParseKindSet(s)
		want := `event: unknown event kind "` + name + `"; the kinds are ` + strings.Join(names, ",")
		if err == nil || err.Error() != want || !errors.Is(err, ErrUnknownKind) || got != 0 {
			t.Errorf("ParseKindSet(%q) = %v, %v; want %s", s, got, err, want)
		}
	}
}

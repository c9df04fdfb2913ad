package wire

import (
	"testing"

	"pgregory.net/rapid"
)

// TestShare: the shares of a test have all of its seeds, each once, and a share knows how many it has.
func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, count := rapid.IntRange(0, 300).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "count")
		seen := make([]int, n)
		for index := range count {
			s := Share{index, count}
			for i := range s.of(n) {
				seen[s.Number(i)]++
			}
			if next := s.Number(s.of(n)); next < n {
				t.Fatalf("share %d of %d leaves out seed %d of %d", index, count, next, n)
			}
		}
		for i, times := range seen {
			if times != 1 {
				t.Fatalf("seed %d of %d is in %d of %d shares", i, n, times, count)
			}
		}
	})
	if s := (Share{}); s.Part(7) != 7 || s.Part(0) != 0 || (Share{5, 6}).Part(3) != 1 || s.Number(3) != 3 || !s.First() {
		t.Error("the zero Share is not the whole")
	}
	for text, want := range map[string]Share{"1/1": {0, 1}, "3/4": {2, 4}} {
		if got, err := Shard.Parse("", text); err != nil || got != want {
			t.Errorf("%s is read as %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/10001"} {
		if Shard.Valid(text) {
			t.Errorf("%q is accepted", text)
		}
	}
}

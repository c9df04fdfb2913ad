package simsched

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type arenaKey struct{ index, generation uint32 }

// TestArenaAgainstMap adds and removes at random beside a map of what is live and of what was last at each index.
func TestArenaAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a arena[int]
		live, last, generation := []arenaKey{}, map[uint32]*int{}, map[uint32]uint32{}
		seen := map[arenaKey]bool{}
		add := func(t *rapid.T) {
			v := new(int)
			index, g := a.add(v)
			key := arenaKey{index, g}
			if seen[key] || slices.ContainsFunc(live, func(k arenaKey) bool { return k.index == index }) {
				t.Fatalf("index %d, generation %d was given away before", index, g)
			}
			if before, used := generation[index]; used && g != before+1 || !used && g != 0 {
				t.Fatalf("index %d got generation %d after %d", index, g, before)
			}
			seen[key], last[index], generation[index] = true, v, g
			live = append(live, key)
		}
		remove := func(t *rapid.T) {
			if len(live) == 0 {
				return // nothing to do
			}
			i := rapid.IntRange(0, len(live)-1).Draw(t, "which")
			a.remove(live[i].index)
			live = slices.Delete(live, i, i+1)
		}
		check := func(t *rapid.T) {
			if a.live != len(live) || len(a.slots) != len(last) {
				t.Fatalf("%d live of %d slots, want %d of %d", a.live, len(a.slots), len(live), len(last))
			}
			for index := range uint32(len(last) + 2) {
				if a.get(index) != last[index] {
					t.Fatalf("get(%d) is not what was added last", index)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){"add": add, "remove": remove, "": check})
	})
}

// TestArenaUsesIndicesAgain never has more slots than were live at one time.
func TestArenaUsesIndicesAgain(t *testing.T) {
	var a arena[int]
	for range 100 {
		i, _ := a.add(new(int))
		j, _ := a.add(new(int))
		a.remove(i)
		a.remove(j)
	}
	if len(a.slots) != 2 || a.get(1<<32-1) != nil {
		t.Errorf("%d slots after two were live at any time, want 2", len(a.slots))
	}
}

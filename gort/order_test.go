//go:build linux && (amd64 || arm64)

package gort

import "testing"

// TestOrderClasses: runs have as many classes as there are orders of what synchronises, far fewer than schedules. A
// replay has the class of its recording.
func TestOrderClasses(t *testing.T) {
	b := buildCorpus(t, BuildConfig{Memory: []string{"example.com/corpus/...", "example.com/corpus_test"}})
	for test, want := range map[string]struct{ classes, schedules int }{ // schedules: at least
		"TestOrderOne": {6, 12}, "TestOrderApart": {1, 2}, "TestOrderMap": {1, 1}, "TestOrderMapTwo": {2, 4},
	} {
		r, err := b.Runner(test, Control{})
		if err != nil {
			t.Fatal(err)
		}
		classes, schedules := map[uint64]bool{}, map[uint64]bool{}
		for seed := range uint64(200) {
			o, err := r.Run(t.Context(), Control{Seed: seed, Memory: seed%2 == 0, Slow: -1})
			if err != nil {
				t.Fatal(err)
			}
			classes[o.Recording.Class], schedules[o.Recording.Hash] = true, true
			if seed > 20 {
				continue
			}
			again, err := r.Run(t.Context(), Control{Choices: o.Recording.Choices()})
			if err != nil {
				t.Fatal(err)
			}
			if again.Recording.Class != o.Recording.Class {
				t.Errorf("%s, seed %d: class %x, replayed %x", test, seed, o.Recording.Class, again.Recording.Class)
			}
		}
		if len(classes) != want.classes || len(schedules) < want.schedules || classes[0] {
			t.Errorf("%s: %d classes of %d schedules, want %+v", test, len(classes), len(schedules), want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

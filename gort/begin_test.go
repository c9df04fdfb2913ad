package gort

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestBegin checks where a run begins, by a number that is drawn before. With a TestMain it depends on the seed.
// Without one, where a flag draws it, it does not, and what the flag prints is printed before the process copies
// itself.
func TestBegin(t *testing.T) {
	for pkg, plain := range map[string]bool{"called": false, "inlined": false, "plain": true} {
		// lint: order does not matter because the cases are independent
		b, err := Build(t.Context(), filepath.Join("testdata", "mains"), "./"+pkg, BuildConfig{Cache: cacheDir(t)})
		if err != nil {
			t.Fatal(err)
		}
		c := Control{}
		if plain {
			c.Args = []string{"-draw=once"}
		}
		r := mustRunner(t, b, "TestNothing", c)
		draw := func(o *Outcome) string {
			line, _, _ := strings.Cut(string(o.Output), "\n")
			if o.Verdict != Passed {
				t.Errorf("%s: %s", pkg, o.describe())
			}
			return line
		}
		own, copied := [2]string{}, [2]string{}
		for i := range own {
			c.Seed = uint64(i)
			own[i], copied[i] = draw(mustRun(t, b, "TestNothing", c)), draw(mustAgain(t, r, c))
			if !strings.HasPrefix(own[i], "drew ") || plain == strings.HasPrefix(copied[i], "drew ") {
				t.Errorf("%s: %q, %q in a copy", pkg, own[i], copied[i])
			}
		}
		if r.alone || plain != (own[0] == own[1]) || !plain && own != copied {
			t.Errorf("%s: alone %v, with two seeds %q, in copies %q", pkg, r.alone, own, copied)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

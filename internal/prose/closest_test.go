package prose

import (
	"testing"

	"pgregory.net/rapid"
)

// dumb is the definition of distance.
func dumb(a, b string) int {
	switch {
	case a == "" || b == "":
		return len(a) + len(b)
	case a[0] == b[0]:
		return dumb(a[1:], b[1:])
	}
	d := 1 + min(dumb(a[1:], b), dumb(a, b[1:]), dumb(a[1:], b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+dumb(a[2:], b[2:]))
	}
	return d
}

// TestDistance compares with the definition by recursion.
func TestDistance(t *testing.T) {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := distance(a, b), dumb(a, b); got != want {
			t.Fatalf("distance of %q and %q is %d, want %d", a, b, got, want)
		}
	})
}

func TestClosest(t *testing.T) {
	for word, want := range map[string]string{
		"seedz": "seeds", "sedes": "seeds", "seeds": "", "buget": "budget", "budggte": "budget", "rnu": "run", "rn": "",
		"update": "", "": "", "port": "", "max-recrods": "max-records",
	} {
		if got := Closest(word, []string{"seeds", "budget", "run", "short", "max-records"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

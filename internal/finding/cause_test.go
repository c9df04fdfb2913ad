package finding

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// failure returns a finding as both worlds make it, with what the smallest run has shown.
func failure(class string, d Decided, parts ...string) *Finding {
	return &Finding{Class: class, Parts: parts, Signature: Sign(class, parts...), Decided: d}
}

// at is what the smallest run has shown if it knows no kind.
func at(lines ...string) Decided { return Decided{Lines: lines} }

// TestSameCause: which failures are one finding after Settle, in one test and among all tests.
func TestSameCause(t *testing.T) {
	lost := Decided{Kind: "lost wake-up", Lines: []string{"q.go:3 m.put", "q.go:9 m.take"}}
	other := Decided{Kind: "lost wake-up", Lines: []string{"q.go:5 m.stop", "q.go:9 m.take"}}
	for name, c := range map[string]struct {
		a, b        *Finding
		one, signed bool // one finding in a test; equal signatures
	}{
		"values in quotes": {failure("test failure", at("a.go:1"), `a_test.go:7: got "h"`),
			failure("test failure", at("a.go:1"), `a_test.go:7: got "he"`), true, true},
		"escaped quotes": {failure("test failure", at("a.go:1"), `a_test.go:7: got "h\"", want 1`),
			failure("test failure", at("a.go:1"), `a_test.go:7: got "", want 1`), true, true},
		"back quotes": {failure("panic", Decided{}, "panic: bad `x`"),
			failure("panic", Decided{}, "panic: bad `y`"), true, true},
		"a rune": {failure("panic", Decided{}, `panic: bad 'x'`),
			failure("panic", Decided{}, `panic: bad '\n'`), true, true},
		"an apostrophe": {failure("panic", Decided{}, "panic: it's a, isn't it"),
			failure("panic", Decided{}, "panic: it's b, isn't it"), false, false},
		"other lines": {failure("test failure", at("a.go:1"), `a_test.go:7: got "h"`),
			failure("test failure", at("a.go:1"), `a_test.go:8: got "h"`), false, false},
		"identifiers": {failure("data race", Decided{}, "write v1.go:3 v1.work1"),
			failure("data race", Decided{}, "write v1.go:3 v1.work2"), false, false},
		"other causes": {failure("test failure", at("a.go:1", "a.go:2"), "h_test.go:7: lost"),
			failure("test failure", at("b.go:1", "b.go:2"), "h_test.go:7: lost"), true, false},
		"an unknown cause": {failure("test failure", at("a.go:1", "a.go:2"), "h_test.go:7: lost"),
			failure("test failure", Decided{}, "h_test.go:7: lost"), true, false},
		"one condition": {failure("deadlock", lost, "q.go:9 m.take sync.Cond.Wait"),
			failure("deadlock", lost, "q.go:9 m.take sync.Cond.Wait", "q_test.go:4 m.Test sync.WaitGroup.Wait"), true, true},
		"two signals": {failure("deadlock", lost, "q.go:9 m.take sync.Cond.Wait"),
			failure("deadlock", other, "q.go:9 m.take sync.Cond.Wait"), false, false},
		"other classes": {failure("deadlock", lost, "x"), failure("leak", lost, "x"), false, false},
		"a race, whose places are its parts": {failure("data race", at("a.go:1"), "write a.go:5"),
			failure("data race", at("a.go:2"), "write a.go:5"), true, true},
	} {
		for _, f := range []*Finding{c.a, c.b} {
			f.Settle()
		}
		if got := c.a.SameCause(c.b); got != c.one || got != c.b.SameCause(c.a) {
			t.Errorf("%s: one finding: %v, want %v", name, got, c.one)
		}
		if got := c.a.Signature == c.b.Signature; got != c.signed {
			t.Errorf("%s: equal signatures: %v, want %v", name, got, c.signed)
		}
	}
}

// TestSettleKeeps: the signature of a failure without values, of which nothing is known, stays, and so does one whose
// parts are not known.
func TestSettleKeeps(t *testing.T) {
	plain := failure("panic", Decided{}, "panic: lost 3", "a.go:5 m.f")
	given := &Finding{Class: "nondeterminism", Signature: "0123456789abcdef", Decided: at("a.go:1")}
	for _, f := range []*Finding{plain, given} {
		before := f.Signature
		if f.Settle(); f.Signature != before || f.Found != before {
			t.Errorf("%s has become %s, found as %s", before, f.Signature, f.Found)
		}
	}
}

// TestSettleLaws: values in quotes never count, texts around them and places always do.
func TestSettleLaws(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(word, 2, 4).Draw(t, "words")
		line := func(label string) string { return fmt.Sprintf("x.go:%d", rapid.IntRange(1, 3).Draw(t, label)) }
		text := func(words []string) string {
			var b strings.Builder
			for _, w := range words {
				fmt.Fprintf(&b, "%s %q ", w, rapid.String().Draw(t, "value"))
			}
			return b.String()
		}
		places := [2]string{line("a"), line("b")}
		one, two := failure("error", at(places[0]), text(words)), failure("error", at(places[1]), text(words))
		renamed := append([]string{words[0] + "x"}, words[1:]...)
		third := failure("error", at(places[0]), text(renamed))
		one.Settle()
		two.Settle()
		third.Settle()
		if same := places[0] == places[1]; (one.Signature == two.Signature) != same || !one.SameCause(two) {
			t.Fatalf("%q and %q at %v: %s and %s", one.Parts, two.Parts, places, one.Signature, two.Signature)
		}
		if one.SameCause(third) {
			t.Fatalf("%q and %q are one", one.Parts, third.Parts)
		}
	})
}

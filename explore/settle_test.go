package explore

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/finding"
)

// settling is a subject of which seed n fails as the list says.
type settling []finding.Finding

func (l settling) Run(_ context.Context, p Plan) (*Run, error) {
	f := l[p.Number]
	f.Name = fmt.Sprint(p.Number)
	f.Signature = finding.Sign(f.Class, f.Parts...)
	return &Run{Plan: p, Outcome: Failed, Finding: &f}, nil
}

func (settling) Keep(context.Context, *Run) error             { return nil }
func (settling) Difference(first, again *Run) (string, error) { return "", nil }
func (settling) Close() error                                 { return nil }

// run makes the runs with some workers and settles them, each after it was taken or all at the end.
func (l settling) run(t *rapid.T, workers int, each bool) string {
	c := New(Config{Seed: func(n int) uint64 { return uint64(n) }, All: len(l), MaxFailing: len(l) + 1}, l)
	var subjects []Subject
	for range workers {
		subjects = append(subjects, l)
	}
	if each {
		for p, ok := c.Next(); ok; p, ok = c.Next() {
			c.Settle(c.Make(t.Context(), l, p))
		}
		c.Finish()
	} else {
		c.Run(t.Context(), subjects)
		c.Settle(c.Failing...)
	}
	var b strings.Builder
	total, runs := 0, 0
	for _, r := range c.Failing {
		f := r.Finding
		fmt.Fprintf(&b, "%s %s %q\n", f.Name, f.Signature, f.Like)
		if runs++; f.Like == "" {
			fmt.Fprintf(&b, "  %d of %d\n", f.Failed, f.Ran)
			total += f.Failed
		}
	}
	if total != runs || runs != len(l) {
		t.Fatalf("%d failing runs, %d counted:\n%s", runs, total, b.String())
	}
	return b.String()
}

// TestSettle: causes do not depend on the number of workers, nor on whether runs are settled one by one. Every failing
// run is counted with one finding, and runs of one signature stay together.
func TestSettle(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) finding.Finding {
		f := finding.Finding{Class: rapid.SampledFrom([]string{"error", "deadlock"}).Draw(t, "class")}
		f.Parts = []string{fmt.Sprintf("got %q", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "value"))}
		f.Decided.Lines = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a.go:1", "a.go:2", "a.go:3"}), 0, 2,
			func(s string) string { return s }).Draw(t, "lines")
		return f
	})
	rapid.Check(t, func(t *rapid.T) {
		var l settling
		byParts := map[string]finding.Decided{} // what is known of a cause is that of the first run of a signature
		for _, f := range rapid.SliceOfN(one, 1, 12).Draw(t, "runs") {
			key := f.Class + f.Parts[0]
			if d, found := byParts[key]; found {
				f.Decided = d
			}
			byParts[key] = f.Decided
			l = append(l, f)
		}
		want := l.run(t, 1, false)
		if got := l.run(t, rapid.IntRange(2, 4).Draw(t, "workers"), false); got != want {
			t.Fatalf("several workers:\n%s\none:\n%s", got, want)
		}
		if got := l.run(t, 1, true); got != want {
			t.Fatalf("one by one:\n%s\nat the end:\n%s", got, want)
		}
		signed := map[string]string{}
		for i, line := range strings.Split(want, "\n") {
			var name int
			var sign string
			if _, err := fmt.Sscanf(line, "%d %16s", &name, &sign); err != nil || strings.HasPrefix(line, " ") {
				continue
			}
			key := l[name].Class + l[name].Parts[0]
			if signed[key] != "" && signed[key] != sign {
				t.Fatalf("line %d: %s has the signatures %s and %s", i, key, signed[key], sign)
			}
			signed[key] = sign
		}
	})
}

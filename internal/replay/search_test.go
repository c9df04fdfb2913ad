package replay

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/minimize"
)

// unexplained is a failing run whose explanation fails.
type unexplained struct {
	err   error
	saved string
}

func (u *unexplained) Minimize(context.Context) (*minimize.Result, error) {
	return &minimize.Result{Run: &explore.Run{}}, nil
}

func (u *unexplained) Explain(context.Context) (*minimize.Why, error) { return nil, u.err }

func (u *unexplained) Save(_ context.Context, path string, why *minimize.Why) error {
	if why != nil {
		return errors.New("explained")
	}
	u.saved = path
	return nil
}

func (u *unexplained) Units() (turn, length string) { return "turn", "decision" }

func (u *unexplained) Tell(why *minimize.Why, _ int) (failure, critical, schedule string, err error) {
	return "it fails", "", "the schedule", nil
}

// TestUnexplained: a smaller run is kept although nothing could be found out about it, unless the user interrupts.
func TestUnexplained(t *testing.T) {
	cause := errors.New("no continuation came to an end")
	u := &unexplained{err: cause}
	var b strings.Builder
	err := Search{Output: "small.reprise"}.Run(t.Context(), u, &b)
	if err != nil || u.saved != "small.reprise" || !strings.Contains(b.String(), "it is not known: "+cause.Error()) {
		t.Errorf("%v, saved %q\n%s", err, u.saved, b.String())
	}
	u = &unexplained{err: cause}
	if err := (Search{Why: true}).Run(t.Context(), u, &b); !errors.Is(err, cause) || u.saved != "" {
		t.Errorf("why: %v, saved %q", err, u.saved)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	u = &unexplained{err: context.Canceled}
	if err := (Search{Output: "x"}).Run(ctx, u, &b); !errors.Is(err, context.Canceled) || u.saved != "" {
		t.Errorf("interrupted: %v, saved %q", err, u.saved)
	}
}

package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/minimize"
)

// Search asks for the smallest run that fails as a recording does, or for what decided the recorded run.
type Search struct {
	Why    bool          `json:"why"`    // what decided the run; otherwise the smallest run
	Budget time.Duration `json:"budget"` // real time that the search takes at most
	Output string        `json:"output"` // path of the file for the smallest run
	JSON   bool          `json:"json"`   // with Why, the result is printed as JSON
}

// Failing is the failing run of a recording, in either world.
type Failing interface {
	// Minimize replaces the run by the smallest that fails in the same way.
	Minimize(ctx context.Context) (*minimize.Result, error)

	// Explain finds out what decided the run.
	Explain(ctx context.Context) (*minimize.Why, error)

	// Save saves the run in a file, with what decided it; nil means that this is not known.
	Save(ctx context.Context, path string, why *minimize.Why) error

	// Units returns the noun for what a decision begins, and the one in which the length of a run is measured.
	Units() (turn, length string)

	// Tell returns the failure, what happened around the turn that decided it, and the schedule in at most some lines.
	// why says what decided the run; nil means that this is not known.
	Tell(why *minimize.Why, lines int) (failure, critical, schedule string, err error)
}

const (
	maxLines = 60 // lines of the schedule
	maxBars  = 60 // width of the curve
)

// Run searches and writes the result. The errors are those of f, and of w with an exit code.
func (s Search) Run(ctx context.Context, f Failing, w io.Writer) error {
	turn, length := f.Units()
	var b strings.Builder
	if !s.Why {
		m, err := f.Minimize(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s\n%d runs:\n", m.Describe(length), m.Runs)
		for _, p := range m.Passes {
			fmt.Fprintf(&b, "  %-22s %4d tried, %4d kept\n", p.Name, p.Tried, p.Kept)
		}
	}
	why, err := f.Explain(ctx)
	switch {
	case err != nil && (s.Why || ctx.Err() != nil):
		return err
	case !s.Why: // the smaller run is worth keeping without an explanation
		if err := f.Save(ctx, s.Output, why); err != nil {
			return err
		}
	case s.JSON:
		x := json.NewEncoder(w)
		x.SetIndent("", "  ")
		return base.Written(x.Encode(why))
	default:
		curve(&b, why)
	}
	decided := ""
	if why != nil {
		decided = why.Text(turn)
	} else {
		decided = fmt.Sprintf("what decided it is not known: %v", err)
	}
	failure, critical, schedule, err := f.Tell(why, maxLines)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n%s\n%s\n", failure, decided, critical,
		prose.Indent(strings.TrimRight(schedule, "\n")))
	_, err = io.WriteString(w, prose.Terminal(b.String(), false))
	return base.Written(err)
}

// curve writes the samples of an explanation.
func curve(b *strings.Builder, w *minimize.Why) {
	fmt.Fprintf(b, "%s  continuations that fail, by the number of decisions (%d runs)\n", w.Bars(maxBars), w.Runs)
	for _, sample := range w.Curve {
		low, high := sample.Interval()
		fmt.Fprintf(b, "  %6d decisions: %2d of %2d, between %3.0f and %3.0f %%\n",
			sample.Decisions, sample.Failed, sample.Of, 100*low, 100*high)
	}
}

package gotest

import (
	"context"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// exhausting is the part of a search that runs all schedules of a test, instead of seeds.
type exhausting struct {
	tree   *explore.Tree   // nil if it is not every schedule that is run
	orders *explore.Orders // nil if it is not every order of operations that is run
	void   error           // the reason why seeds are run although all schedules were asked for; nil if there is none
}

// exhaust runs all schedules, if that was asked for and the test is a function of its schedule. It reports whether it
// did.
func (c *search) exhaust(ctx context.Context, workers []explore.Subject) bool {
	if !c.exhaustive.On || len(c.only) > 0 {
		return false
	}
	if c.exhaustive.Orders {
		c.orders = &explore.Orders{}
	} else {
		c.tree = &explore.Tree{Limit: c.exhaustive.Preemptions}
	}
	c.start()
	c.replayPins(ctx)
	if c.orders != nil {
		c.campaign.Reorder(ctx, workers[0], c.orders)
		c.void = c.orders.Void
	} else if c.campaign.Exhaust(ctx, workers, c.tree); c.tree.Void != nil {
		c.void = fmt.Errorf("schedule %d: %w", c.tree.Schedules+1, c.tree.Void)
	}
	if c.campaign.End != explore.EndVoid {
		return true
	}
	c.endProgress()
	c.tree, c.orders, c.pins = nil, nil, nil
	return false
}

// enumerates reports whether schedules are run instead of seeds.
func (e *exhausting) enumerates() bool { return e.tree != nil || e.orders != nil }

// controlSchedule makes a control that of the run of a schedule: all schedules have points at the same places, and no
// goroutine is late.
func (c *search) controlSchedule(control *gort.Control) {
	control.Strategy, control.Memory, control.Slow = strategy.Single, c.memory == wire.MemoryOn, -1
}

// tellExhaustive prints what the search through all schedules has shown.
func (c *search) tellExhaustive() {
	switch {
	case c.void != nil && c.exhaustive.Orders:
		c.out.attr(c.function, wire.AttrExhaustive.Name, fmt.Sprintf("not possible, because %v; %s were run instead", c.void,
			prose.Count(c.campaign.Ran, "seed")))
	case c.void != nil:
		c.out.attr(c.function, wire.AttrExhaustive.Name, fmt.Sprintf(
			"not possible, because the test is not a function of its schedule (%v); %s were run instead", c.void,
			prose.Count(c.campaign.Ran, "seed")))
	case c.enumerates():
		text := ""
		if c.orders != nil {
			text = c.orders.Result(c.campaign)
		} else {
			text = c.tree.Result(c.campaign)
		}
		if c.memory == wire.MemoryOn {
			text += "; accesses to memory are points, too"
		} else if c.orders != nil {
			text += "; plain variables are no operations without --memory on"
		}
		if c.memory == wire.MemoryOff {
			text += "; functions of sync/atomic such as AddInt64 are no points in a build without points at accesses to memory"
		}
		c.out.attr(c.function, wire.AttrExhaustive.Name, text)
	}
}

// notEnumerated says what a search through all schedules does not vary.
const notEnumerated = "" +
	"These schedules differ in the goroutine that runs next and in the ready case that a select takes.\n" +
	"Not varied are random values, among them the order of maps, the order of timers at one instant,\n" +
	"virtual time, lateness, what comes from outside, and the work of package testing.\n"

// exhaustive writes a line for each test whose schedules were all to be run.
func (r *testResults) exhaustive(w io.Writer) {
	any := false
	for _, t := range r.order {
		if text := t.attrs[wire.AttrExhaustive.Name]; text != "" {
			any = any || t.attrs[wire.AttrRuns.Name] != "" // simulated tests say what they have not varied
			_, _ = fmt.Fprintf(w, "schedules of %s: %s\n", t.name(), text)
		}
	}
	if any {
		_, _ = io.WriteString(w, notEnumerated)
	}
}

package divergence

import (
	"time"

	"github.com/reprise-go/reprise/event"
)

const (
	// DefaultContext is the number of events shown before a divergence and after it on each side.
	DefaultContext = 5

	// Lookahead is the number of events of each side that should be known from a divergence on, to tell how the sides
	// relate to each other and why they part.
	Lookahead = 32
)

// Names gives names to the tasks and regions of a run. Both methods return "" for what is not known.
type Names interface {
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
}

// Ender is a source that knows how its recording ended.
type Ender interface {
	// End returns "" if the recording goes to the end of the run, else, in one line, why it does not, such as "stopped
	// at the limit of 1000 events".
	End() string
}

// Mismatch is what is known of a divergence before it is described. [Progress.Mismatch] starts one.
type Mismatch struct {
	Index    uint64
	Time     time.Duration // virtual, since the start of the run
	Running  event.Event   // the last TaskScheduled before Index; the zero Event if there is none
	Before   []event.Event // shared, ending with Index-1
	Expected []event.Event // from Index on, up to Lookahead events; fewer if the run ended, none if it ended at Index
	Actual   []event.Event // likewise

	ExpectedNames, ActualNames Names // nil if not known

	// Runnable are the tasks among which the scheduler of the actual run could choose, at its last choice of a task before
	// the actual event, in its order; nil if not known.
	Runnable []event.TaskID

	ExpectedSite, ActualSite string // code lines such as "bank.go:25", "" if not known
	RunError                 string // how the actual run ended by itself; only the first line counts; "" if it did not
	Reproduce                string // the command that shows this divergence again, "" if there is none

	// ExpectedMetadata and ActualMetadata become notes where they differ, and point to causes. They are not looked at
	// unless both have a Version.
	ExpectedMetadata, ActualMetadata event.Metadata

	ExpectedEnd, ActualEnd string // as from Ender.End
}

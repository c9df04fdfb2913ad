package recorder

import (
	"errors"
	"fmt"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// Config sets which events a [Recorder] keeps, where, and how many. The zero Config keeps everything in memory,
// with the names of tasks and regions.
type Config struct {
	// Sink receives the events; nil keeps them in memory. A *tracefile.Writer also receives names, code lines and
	// the reason why the recording ends. The caller closes it.
	Sink Sink

	// Omit is the set of kinds that are not recorded: any of RngValue, WakerWake and WakerBatchWake. A replay of
	// the recording must use the same set (see replayer.Config), and draws random values from the seed.
	Omit event.KindSet

	// Sites records the line of code from which each event comes. It walks the stack for each event, which takes
	// about a microsecond. The line of a deferred call may differ between builds, for example with -race.
	Sites bool

	// Notes records, as a [tracefile.Note] each, what events do not contain: why a task stopped, the object it waits for
	// and the holder of that object, the task that woke it, what happened to the network and to hosts, and the tasks that
	// are left at the end. It takes less than a microsecond for each wait and each wake-up.
	Notes bool

	// Disabled makes [Recorder.Run] record nothing, without any cost.
	Disabled bool

	// The limits; 0 = none. MaxMemory is in bytes, 32 for each event, and needs a nil Sink. MaxFileSize is in bytes
	// and needs a *tracefile.Writer. It is checked after every chunk, so that a file exceeds it by at most a chunk
	// with its names, and the index; recording waits for each chunk to be written.
	MaxEvents   uint64
	MaxMemory   uint64
	MaxFileSize int64

	// AtLimit is the action at the first limit that is reached. The zero value is Stop.
	AtLimit Action

	// OnLimit chooses the action at each limit if AtLimit is Ask.
	OnLimit func(Limit) Action

	// KeepTime drops events that are older than this, in virtual time. It needs AtLimit DropOldest and a nil Sink.
	// If no other limit is set, at most DefaultKeep events are kept.
	KeepTime time.Duration

	// FailureFile is the path of a file that Run writes with the kept events if the run fails; "" = none. It is
	// created completely or not at all. It needs a nil Sink.
	FailureFile string

	// Identity is stored in the files that the Recorder creates: FailureFile, WriteFile, RotateFile.
	Identity tracefile.Identity
}

// DefaultKeep is the maximum number of events that KeepTime keeps if no other limit is set: 32 MiB of events.
const DefaultKeep = 1 << 20

// Action is a reaction to a limit.
type Action uint8

// The actions.
const (
	Stop       Action = iota // end the recording; the run continues
	DropOldest               // drop the oldest event; needs a nil Sink
	Fail                     // end the run with a *LimitError
	Ask                      // let Config.OnLimit choose
	Extend                   // double the limit; only as an answer of Config.OnLimit
)

// Limit describes a limit that was reached.
type Limit struct {
	Name   string // "events", "memory" or "file size"
	Value  uint64 // the limit, in events or bytes
	Events uint64 // number of events recorded so far, including dropped ones
	Time   uint64 // virtual time in nanoseconds since the start of the run
}

// ErrLimit is the class of every [*LimitError], for errors.Is.
var ErrLimit = errors.New("a limit of the recording was reached")

// LimitError is the error of a run whose recording reached a limit under [Fail].
type LimitError struct {
	Limit Limit
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("recorder: the limit on %s, %d, was reached after %d events; raise it, or choose another action for it",
		e.Limit.Name, e.Limit.Value, e.Limit.Events)
}

// Is reports whether target is [ErrLimit].
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// omittable are the kinds without which a run can still be replayed from its seed.
var omittable = event.NewKindSet(event.KindRngValue, event.KindWakerWake, event.KindWakerBatchWake)

// eventBytes is the size of an event in memory.
const eventBytes = 32

// NewConfig returns a Recorder with the given settings. The error names the setting that is wrong.
func NewConfig(md event.Metadata, cfg Config) (*Recorder, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("recorder: %w", err)
	}
	r := &Recorder{trace: event.Trace{Metadata: md}, special: true, settings: cfg}
	r.state = newState(&r.settings)
	return r, nil
}

// validate checks the settings and fills in defaults.
func (c *Config) validate() error {
	w, isFile := c.Sink.(*tracefile.Writer)
	switch {
	case isFile && w == nil:
		return errors.New("the Sink is a nil *tracefile.Writer")
	case c.Omit&^omittable != 0:
		return fmt.Errorf("the kinds %v are to be omitted; only %v can be", c.Omit&^omittable, omittable)
	case c.AtLimit > Ask:
		return fmt.Errorf("AtLimit is %d; it must be Stop, DropOldest, Fail or Ask", c.AtLimit)
	case (c.AtLimit == Ask) != (c.OnLimit != nil):
		return errors.New("AtLimit Ask and OnLimit need each other")
	case c.Sink != nil && (c.AtLimit == DropOldest || c.MaxMemory != 0):
		return errors.New("DropOldest and MaxMemory are for events in memory, and there is a Sink")
	case c.Sink != nil && c.FailureFile != "":
		return errors.New("FailureFile is for events in memory, and there is a Sink")
	case c.MaxMemory != 0 && c.MaxMemory < eventBytes:
		return fmt.Errorf("MaxMemory is %d bytes; an event takes %d", c.MaxMemory, eventBytes)
	case c.MaxFileSize < 0 || c.MaxFileSize > 0 && !isFile:
		return fmt.Errorf("MaxFileSize is %d; it must not be negative and needs a *tracefile.Writer as Sink", c.MaxFileSize)
	case c.KeepTime < 0 || c.KeepTime > 0 && c.AtLimit != DropOldest:
		return fmt.Errorf("KeepTime is %v; it must not be negative and needs AtLimit DropOldest", c.KeepTime)
	case c.AtLimit == DropOldest && c.MaxEvents == 0 && c.MaxMemory == 0:
		if c.KeepTime == 0 {
			return errors.New("DropOldest needs MaxEvents, MaxMemory or KeepTime")
		}
		c.MaxEvents = DefaultKeep
	}
	return nil
}

package simsched

import (
	"encoding/binary"
	"hash/fnv"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

const (
	defaultMaxSteps        = 1_000_000
	defaultCheckpointEvery = 1000
)

// Config sets how a run is made. The zero Config is valid.
type Config struct {
	// Program names the program or test. It becomes the description of a recording, and a replay refuses a
	// recording of another program. Empty means no name and no such check.
	Program string

	// Seed is the seed of the run. It is reported as the first event and seeds the default Chooser.
	Seed uint64

	// Chooser makes every choice of the run; nil means NewRandom(Seed). A Chooser has state and serves one run: Run
	// panics if a Chooser of this package is used a second time.
	Chooser Chooser

	// Observer sees every event of the run; nil means none.
	Observer Observer

	// MaxSteps is the maximum number of scheduling steps, after which the run ends with ErrStepLimit. It is also
	// the maximum number of operations within one step. 0 means 1,000,000.
	MaxSteps uint64

	// Chaos injects faults; the zero value injects none.
	Chaos Chaos

	// Script receives the deviations of the run, each choice whose outcome is not the default, in the order of the
	// choices; nil means that they are not wanted. With [NewScripted] they make the run again.
	Script *strategy.Script

	// Order computes the class of the run; nil means that it is not wanted.
	Order *Order

	// Progress is updated during the run, for a watchdog; nil means none.
	Progress *Progress

	// Pool lends the run its stacks; nil means that they are made for the run.
	Pool *Pool

	// CallSites records the code lines at which tasks come to scheduling points, for reports. It changes no run.
	CallSites bool

	// CheckGoroutines makes every operation check that the goroutine of the running task calls it, and panic if
	// not. It costs about a microsecond an operation and changes no run.
	CheckGoroutines bool

	// ContainGoexit turns a call of runtime.Goexit in a task, which testing.T.FailNow makes, into a *GoexitError
	// that Run returns. Without it Run does not return. It costs one goroutine a run and changes no event.
	ContainGoexit bool

	// CheckpointEvery is the number of scheduling steps between two checkpoints; 0 means 1000, a negative number
	// means no checkpoints.
	CheckpointEvery int
}

// validate returns c with defaults filled in.
func (c Config) validate() Config {
	c.Chaos = c.Chaos.validate()
	if c.Chooser == nil {
		c.Chooser = NewRandom(c.Seed)
	}
	if c.MaxSteps == 0 {
		c.MaxSteps = defaultMaxSteps
	}
	if c.CheckpointEvery == 0 {
		c.CheckpointEvery = defaultCheckpointEvery
	}
	return c
}

// Hash returns a hash of the settings that can change a run, never 0: MaxSteps, CheckpointEvery and the rates of
// Chaos. It does not cover seeds and choices, which a recording contains anyway.
func (c Config) Hash() uint64 {
	c = c.validate()
	b := append([]byte(nil), "simsched 1"...)
	b = binary.BigEndian.AppendUint64(b, c.MaxSteps)
	b = binary.BigEndian.AppendUint64(b, uint64(int64(max(c.CheckpointEvery, -1))))
	if rates := c.Chaos.rates(); rates != [len(rates)]int{} {
		for _, rate := range rates {
			b = binary.BigEndian.AppendUint64(b, uint64(rate))
		}
	}
	h := fnv.New64a()
	h.Write(b)
	return max(h.Sum64(), 1)
}

// Metadata returns the metadata of a recording of a run under c.
func (c Config) Metadata() event.Metadata {
	m := event.NewMetadata(c.Seed)
	m.ConfigHash = c.Hash()
	m.Description = strings.ToValidUTF8(c.Program, "\uFFFD")
	if len(m.Description) > event.MaxDescription {
		m.Description = strings.ToValidUTF8(m.Description[:event.MaxDescription], "")
	}
	return m
}

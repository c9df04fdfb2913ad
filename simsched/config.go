package simsched

import (
	"encoding/binary"
	"hash/fnv"
	"strings"

	"github.com/reprise-go/reprise/event"
)

const (
	defaultMaxSteps        = 1_000_000
	defaultCheckpointEvery = 1000
)

// Config says how a run is made. The zero Config is valid.
type Config struct {
	// Program names the program or test, for people and as a safeguard: it becomes the description of a recording, and
	// a replay refuses a recording of another program. Empty means no name and no such check.
	Program string

	// Seed is the seed of the run. It is reported as the first event and feeds the default Chooser.
	Seed uint64

	// Chooser makes every choice of the run; nil means NewRandom(Seed). A Chooser has state and serves one
	// run: Run panics if it gets one of this package for the second time.
	Chooser Chooser

	// Observer sees every event of the run; nil means none.
	Observer Observer

	// MaxSteps is the number of scheduling steps after which the run ends with ErrStepLimit, and the number of
	// operations within one step; 0 means 1,000,000.
	MaxSteps uint64

	// Chaos injects faults; the zero value none.
	Chaos Chaos

	// Progress is kept up to date during the run, for a watchdog; nil for none.
	Progress *Progress

	// CallSites asks for the code lines at which tasks come to scheduling points, for reports. It changes no run.
	CallSites bool

	// CheckGoroutines makes every operation check that it is called by the goroutine of the running task, and panic if
	// not. It costs about a microsecond an operation and changes no run.
	CheckGoroutines bool

	// ContainGoexit makes a task that calls runtime.Goexit, as testing.T.FailNow does, end the run with a *GoexitError,
	// and Run return. It costs a goroutine a run and changes no event.
	ContainGoexit bool

	// CheckpointEvery is the number of scheduling steps between two checkpoints; 0 means 1000, a negative number
	// means none.
	CheckpointEvery int
}

// validate fills the defaults.
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

// Hash returns a hash of the settings that can change a run, never 0: MaxSteps, CheckpointEvery and the rates of Chaos. The
// seeds and the choices are not part of it, a recording has them anyway.
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

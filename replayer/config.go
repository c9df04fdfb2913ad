package replayer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// Policy determines what a replay does when the run departs from the recording.
type Policy uint8

// The policies.
const (
	// Strict ends the run soon after the first event that differs. An event after the last recorded one, and an end
	// before the last recorded event, count as differences.
	Strict Policy = iota

	// Resync continues. Within Config.Window it finds where the run and the recording meet again after insertions,
	// deletions and reorderings, and counts these. Choices are answered from the recorded events that have not
	// occurred yet. If nothing has matched for too long, it gives up and the run goes live. A choice must be
	// answered at once, so if several recorded events look alike, the answer may be one that was recorded for
	// another choice.
	Resync

	// Prefix is Strict for the first Config.Index events. Then the run goes live: a fork.
	Prefix

	// PastEnd is Strict up to the end of the recording. Then the run goes live.
	PastEnd
)

var policyNames = [...]string{"strict", "resync", "prefix", "past-end"}

// String returns "strict", "resync", "prefix" or "past-end".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy(%d)", uint8(p))
}

// MaxWindow is the largest Config.Window, in events.
const MaxWindow = divergence.MaxWindow

// ErrConfig is the class of errors about invalid settings. The program has not been run.
var ErrConfig = errors.New("wrong settings of a replay")

// Strategy makes a Chooser from a seed, as [simsched.NewRandom] does. It is called for each execution of the
// program and must return a new Chooser each time.
type Strategy func(seed uint64) simsched.Chooser

// Config sets how a recording is replayed. The zero Config replays strictly, under the default settings of a run.
type Config struct {
	// Sim has the settings of the run. Settings that can change the run (MaxSteps, CheckpointEvery and Chaos) must
	// be those of the recorded run. The recording determines Seed and Chooser, whose values here are ignored. The
	// Observer, if any, sees every event of the run up to a divergence, again in each execution. If CallSites is
	// set, a divergence at a TaskScheduled also has a code line.
	Sim simsched.Config

	// Policy determines what happens when the run departs from the recording; zero is Strict.
	Policy Policy

	// Window is the window of Resync, in events of either side, from 1 to MaxWindow. Memory, and the time for each
	// difference, grow with its square. It must be zero for the other policies.
	Window int

	// Index is the number of events that Prefix replays before the run goes live; it must not exceed the length of
	// the recording. With 0 the whole run is live. It must be zero for the other policies.
	Index uint64

	// Seed and Strategy make the Chooser of the live part, under any policy except Strict. Any seed is valid,
	// including 0. A nil Strategy means simsched.NewRandom.
	Seed     uint64
	Strategy Strategy

	// Omitted is the set of kinds that were not recorded; a source with a method Omitted() event.KindSet adds its
	// own. Events of these kinds, in the run and in the recording, are not compared and have no index.
	Omitted event.KindSet

	// Recorded makes the Chooser of the recorded run from the seed of the recording. It answers the choices whose
	// outcome is of a kind in Omitted, such as random values. This works only if its answers at one point, or for
	// one stream of values, do not depend on the choices at others. Nil means simsched.NewRandom, which has this
	// property.
	Recorded Strategy

	// BreakAt lists the indices of events at which Breakpoint is called; nil means none.
	BreakAt []uint64

	// Identity describes this process and is compared with the identity of the source, if it has one. The keys are
	// "module", "test", "package" and "go" (the Go version). Keys that are missing on either side are not compared;
	// "go" is filled in.
	Identity map[string]string

	// Reproduce is the command that replays this recording, for the report of a divergence; empty means no command.
	Reproduce string
}

// validate returns c with defaults filled in, or an [ErrConfig].
func (c Config) validate() (Config, error) {
	wrong := func(format string, args ...any) (Config, error) {
		return Config{}, fmt.Errorf("replayer: %w: "+format, append([]any{ErrConfig}, args...)...)
	}
	switch {
	case int(c.Policy) >= len(policyNames):
		return wrong("Policy %d is not known", uint8(c.Policy))
	case c.Policy == Resync && (c.Window < 1 || c.Window > MaxWindow):
		return wrong("a Window of %d with policy resync, must be from 1 to %d", c.Window, MaxWindow)
	case c.Policy != Resync && c.Window != 0:
		return wrong("a Window of %d with policy %v, which has none", c.Window, c.Policy)
	case c.Policy != Prefix && c.Index != 0:
		return wrong("an Index of %d with policy %v, which has none", c.Index, c.Policy)
	case c.Policy == Strict && (c.Strategy != nil || c.Seed != 0):
		return wrong("a Seed or Strategy with policy strict, which never goes on live")
	}
	if c.Strategy == nil {
		c.Strategy = simsched.NewRandom
	}
	if c.Recorded == nil {
		c.Recorded = simsched.NewRandom
	}
	c.BreakAt = slices.Compact(slices.Sorted(slices.Values(c.BreakAt)))
	identity := map[string]string{"go": runtime.Version()}
	for _, key := range identityKeys {
		if v, ok := c.Identity[key]; ok {
			identity[key] = v
		}
	}
	c.Identity = identity
	return c, nil
}

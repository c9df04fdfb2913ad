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

// Policy says what a replay does where the run and the recording part.
type Policy uint8

// The policies.
const (
	// Strict ends the run soon after the first event that differs, and so does a run that goes on after the last
	// recorded event, or ends before it.
	Strict Policy = iota

	// Resync goes on: it finds, within Config.Window, where the run and the recording meet again after insertions,
	// deletions and reorderings, counts those, and answers the choices from what of the recording has not come yet. When
	// nothing has matched for too long it gives up and the run goes on live. A choice must be answered when it comes: where
	// it shows only later which events of two that look alike belong together, the answer can be that to another choice.
	Resync

	// Prefix is Strict for the first Config.Index events. Then the run goes on live: a fork.
	Prefix

	// PastEnd is Strict as long as the recording goes. Then the run goes on live.
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

// ErrConfig is the class of the errors about settings that make no sense. Nothing has been run then.
var ErrConfig = errors.New("wrong settings of a replay")

// Strategy makes a Chooser that draws from a seed, as [simsched.NewRandom] does. It is called for each execution of the
// program and must return a new Chooser each time.
type Strategy func(seed uint64) simsched.Chooser

// Config says how a recording is replayed. The zero Config replays strictly, under the default settings of a run.
type Config struct {
	// Sim has the settings of the run, which must be those of the recorded run where they can change it: MaxSteps,
	// CheckpointEvery and Chaos. Its Seed is replaced by that of the recording, its Chooser by the recording. Its Observer,
	// if there is one, sees every event of the run up to a divergence, anew in each execution. With its CallSites the
	// divergence has a code line also where it is a TaskScheduled.
	Sim simsched.Config

	// Policy says what happens where the run and the recording part; zero is Strict.
	Policy Policy

	// Window is how far Resync looks, in events of either side, from 1 to MaxWindow: its memory and the time for a
	// difference grow with the square. It must be zero for the other policies.
	Window int

	// Index is the number of events that Prefix replays before the run goes on live, at most as many as the recording
	// has; with 0 the whole run is live. It must be zero for the other policies.
	Index uint64

	// Seed and Strategy make the Chooser of what goes on live, under any policy but Strict. Every seed is as good as any
	// other, 0 too; a nil Strategy means simsched.NewRandom.
	Seed     uint64
	Strategy Strategy

	// Omitted has the kinds of events that the recording lacks because they were not recorded; a source that has a
	// method Omitted() event.KindSet adds its own. Events of these kinds, of the run and of the recording, are not
	// compared and take no part in any index.
	Omitted event.KindSet

	// Recorded makes the Chooser of the recorded run from the seed of the recording. It answers the choices whose outcome is
	// of a kind in Omitted, such as random values, and can do so only if its answers at one point, or for one stream of
	// values, do not depend on the choices at others. Nil means simsched.NewRandom, which is like that.
	Recorded Strategy

	// BreakAt has the indices of events at which Breakpoint is called; nil means none.
	BreakAt []uint64

	// Identity is what this process is, to be compared with the identity that a source may have: under "module", "test",
	// "package" and "go", the Go version. Keys that are missing on either side are not compared; "go" is filled in.
	Identity map[string]string

	// Allow has what a recording may differ in without an error or a warning; zero means nothing.
	Allow Differences

	// Reproduce is the command that replays this recording, for the report of a divergence; empty means none.
	Reproduce string
}

// validate fills the defaults.
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
	case c.Allow&^allDifferences != 0:
		return wrong("Allow has a difference that is not known")
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
		if v, ok := c.Identity[key.name]; ok {
			identity[key.name] = v
		}
	}
	c.Identity = identity
	return c, nil
}

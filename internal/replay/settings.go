package replay

import (
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// Settings are the settings of a replay and of its report.
type Settings struct {
	Name      string `json:"name"`      // name of the recording, for people
	Path      string `json:"path"`      // path of the recording, which To, Break and Step read a second time
	Reproduce string `json:"reproduce"` // the command line of this replay

	Policy replayer.Policy `json:"policy"`
	Window int             `json:"window"` // look-ahead of Resync; see [replayer.Config]
	Fork   uint64          `json:"fork"`   // Index of Prefix
	Seed   uint64          `json:"seed"`   // seed of the live part

	To    string  `json:"to"`    // the target to stop at, see [ParseTarget]; "" for none
	Break *uint64 `json:"break"` // the event to stop at, and to call replayer.Breakpoint with; nil for none
	Step  bool    `json:"step"`  // commands on standard input control the replay

	// Expect makes the exit code an answer to how the run ends: "fail", "pass", or "" for whether it equals its recording.
	Expect string `json:"expect,omitempty"`

	All    bool   `json:"all"`    // the report tells every turn
	Format string `json:"format"` // one of base.ReportFormats
	Color  bool   `json:"color"`  // whether text has colours
	Prompt bool   `json:"prompt"` // a person types the commands: there are prompts, and a wrong command does not end the replay
}

// The values of Settings.Expect.
const (
	ExpectFail = "fail"
	ExpectPass = "pass"
)

// Policies are the names of the policies, by their values.
var Policies = []string{
	replayer.Strict.String(), replayer.Resync.String(), replayer.Prefix.String(), replayer.PastEnd.String(),
}

// Config returns the settings of a [replayer.Replayer] of a program that is run under cfg.
func (s *Settings) Config(cfg simsched.Config) replayer.Config {
	cfg.CallSites = cfg.CallSites || s.stops() || s.Step
	c := replayer.Config{
		Sim: cfg, Policy: s.Policy, Window: s.Window, Index: s.Fork, Seed: s.Seed, Reproduce: s.Reproduce,
	}
	if s.Break != nil {
		c.BreakAt = []uint64{*s.Break}
	}
	return c
}

// stops reports whether the replay stops at a target.
func (s *Settings) stops() bool { return s.To != "" || s.Break != nil }

// target returns the target, which must exist.
func (s *Settings) target() (replayer.Target, error) {
	if s.Break != nil {
		return replayer.AtIndex(*s.Break), nil
	}
	return ParseTarget(s.To)
}

// Check checks the settings as far as possible without the recording. The errors are of wrong use.
func (s *Settings) Check() error {
	switch {
	case s.Path == base.Stdio && (s.Step || s.stops()):
		return base.Usage("--to, --break and --step read the recording more than once, which standard input does not allow")
	case s.Expect != "" && s.Expect != ExpectFail && s.Expect != ExpectPass:
		return base.Usage("--expect %q is neither %s nor %s", s.Expect, ExpectFail, ExpectPass)
	case s.Expect != "" && (s.Step || s.stops()):
		return base.Usage("--expect is for a replay to the end, without --to, --break and --step")
	case s.Expect != "" && s.Policy == replayer.Strict:
		return base.Usage("--expect asks how the run ends, and --policy strict ends it at the first difference; use resync")
	case s.Step && s.Format != "text":
		return base.Usage("--step is a dialogue, whose only format is text")
	case s.To != "":
		_, err := ParseTarget(s.To)
		return err
	}
	return nil
}

package simtest

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/reprise-go/reprise/explore"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/strategy"
)

// defaultMinimal is the real time that is spent on looking for the smallest run of a finding.
const defaultMinimal = 3 * time.Second

// Option is a setting of a test. Flags and environment variables override options.
type Option func(*settings)

// Seeds sets the number of seeds to run, from 1 to 1,000,000,000.
func Seeds(n int) Option { return func(s *settings) { s.seeds, s.budget, s.given = n, 0, true } }

// Budget sets the real time during which seeds are run, instead of their number. At least one seed is run.
func Budget(d time.Duration) Option {
	return func(s *settings) { s.budget, s.seeds, s.given = d, 0, true }
}

// Sim sets how runs are made. Seed, Chooser and Observer must be zero, because the test sets them. Each seed gets
// faults of its own, whatever Chaos.Seed is. An empty Program means the name of the test.
func Sim(cfg simsched.Config) Option { return func(s *settings) { s.sim = cfg } }

// Strategy sets the strategy that chooses the next task, by its name in package strategy, which is kept in traces. The
// default is strategy.Default.
func Strategy(name string) Option { return func(s *settings) { s.setStrategy(name) } }

// setStrategy sets the strategy with a name; s.strategy is nil if there is none.
func (s *settings) setStrategy(name string) {
	s.strategyName, s.enumeration, s.profile = name, nil, nil
	if named := strategy.Find(name); named != nil && named.Profiled {
		s.profile = &strategy.Profile{}
	}
	s.strategy = s.named(name)
}

// live returns the strategy of a replay that leaves its recording.
func (s *settings) live() replayer.Strategy {
	if s.strategyName == strategy.Default {
		return s.named(strategy.Single) // there are no counts
	}
	return s.strategy
}

// named returns the strategy with a name, nil if there is none.
func (s *settings) named(name string) replayer.Strategy {
	named, profile := strategy.Find(name), s.profile
	if named == nil {
		return nil
	}
	return func(seed uint64) simsched.Chooser {
		return simsched.NewChooser(named, strategy.Config{Seed: seed, Profile: profile})
	}
}

// Deterministic repeats each run that passes twice, and fails if the two runs differ: then the behaviour of the
// program is not a function of its choices, for example because it ranges over a map.
func Deterministic() Option { return func(s *settings) { s.determinism = true } }

// settings are the combined settings of options, flags and environment.
type settings struct {
	sim          simsched.Config
	strategyName string
	strategyFlag bool // a flag or variable has named the strategy
	strategy     replayer.Strategy
	enumeration  enumeration       // of all schedules, instead of seeds; nil without Exhaustive and EveryOrder
	profile      *strategy.Profile // filled by a run before the others; nil if the strategy does not use it
	seeds        int               // 0 if there is only a budget; without given the number that is run at least
	unseen       float64           // bound of explore.Config.Unseen; 0 if there is none
	given        bool              // seeds or budget were given
	budget       time.Duration     // real time; 0 if there is none
	only         []uint64          // run only these seeds
	share        wire.Share        // of the seeds
	trace        string            // replay only this file
	determinism  bool
	minimal      time.Duration // real time for making a finding smaller; 0 if it is not made smaller
	leaks        string        // a value of wire.Leaks
	comparing    bool          // check only determinism
	update       bool
	artifacts    string         // folder; "" for one that depends on the user and the flags of go test
	asked        *front.Request // the replay that the command requested; nil if none
}

// newSettings combines the settings of a test. The error names everything that is wrong.
func newSettings(t testing.TB, opts []Option) (settings, error) {
	sign()
	s := settings{
		seeds: explore.DefaultSeeds, budget: explore.DefaultBudget, leaks: wire.LeaksAuto, minimal: defaultMinimal,
	}
	s.setStrategy(strategy.Default)
	for _, o := range opts {
		o(&s)
	}
	err := s.checkOptions()
	if testing.Short() {
		s.seeds, s.budget = (s.seeds+9)/10, s.budget/10
		if !s.given {
			s.budget = 0
		}
	}
	err = errors.Join(err, s.readKeys())
	if s.sim.Program == "" {
		s.sim.Program = testName(t)
	}
	s.sim.ContainGoexit = true
	return s, err
}

// sign tells `reprise test` that the test is simulated, so that it does not put it under control.
func sign() {
	if path := os.Getenv(wire.Simulated.Env); path != "" {
		_ = os.WriteFile(path, nil, 0o600) // without it the test runs once more, under control
	}
}

// checkOptions says what is wrong with the options.
func (s *settings) checkOptions() error {
	var errs []error
	if s.seeds < 0 || s.seeds > wire.MaxSeeds || s.budget < 0 ||
		s.seeds == 0 && s.budget == 0 && s.enumeration == nil {
		errs = append(errs, fmt.Errorf("Seeds(%d) or Budget(%v): must be a whole number from 1 to %d or a positive duration",
			s.seeds, s.budget, wire.MaxSeeds))
	}
	if s.sim.Seed != 0 || s.sim.Chooser != nil || s.sim.Observer != nil {
		errs = append(errs, errors.New("Sim: Seed, Chooser and Observer must be zero, the test sets them; see Strategy"))
	}
	if s.strategy == nil {
		errs = append(errs, fmt.Errorf("Strategy(%q): must be %s", s.strategyName, wire.Alternatives(strategy.Names())))
	}
	return errors.Join(errs...)
}

// readKeys reads the flags and their environment twins.
func (s *settings) readKeys() error {
	seeds, budget := 0, time.Duration(0)
	err := errors.Join(
		read(wire.Seed, &s.only),
		read(wire.Seeds, &seeds),
		read(wire.Shard, &s.share),
		read(wire.Budget, &budget),
		read(wire.UntilCovered, &s.unseen),
		read(wire.Trace, &s.trace),
		read(wire.Determinism, &s.determinism),
		read(wire.Update, &s.update),
		read(wire.Leaks, &s.leaks),
		read(wire.Minimize, &s.minimal),
		read(wire.Artifacts, &s.artifacts),
		s.readExhaustive(),
		s.readStrategy(),
		s.readRequest(),
	)
	if seeds > 0 || budget > 0 || s.unseen > 0 { // if several are set, all apply
		s.seeds, s.budget, s.given = seeds, budget, true
	}
	return err
}

// readRequest reads what the command asks for.
func (s *settings) readRequest() error {
	text, by := given(wire.Replay.Setting)
	if by == "" {
		return nil
	}
	if _, err := wire.Replay.Parse(by, text); err != nil {
		return err
	}
	asked, err := front.ParseRequest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", by, err)
	}
	s.asked, s.trace = &asked, asked.Path
	return nil
}

// readExhaustive reads whether every schedule is run. It makes no difference to a test that asks for some seeds.
func (s *settings) readExhaustive() error {
	var b wire.Bound
	err := read(wire.Exhaustive, &b)
	switch {
	case len(s.only) > 0 || !b.On:
	case b.Orders:
		EveryOrder()(s)
	default:
		Exhaustive(b.Preemptions)(s)
	}
	return err
}

// readStrategy reads the name of a strategy, which replaces the one of the options.
func (s *settings) readStrategy() error {
	name := ""
	err := read(wire.Strategy, &name)
	if name != "" && s.enumeration == nil {
		s.strategyFlag = true
		s.setStrategy(name)
	}
	return err
}

// config returns the settings of the run of a seed, without its Chooser.
func (s *settings) config(seed uint64) simsched.Config {
	cfg := s.sim
	cfg.Seed = seed
	cfg.Chaos.Seed = testpath.Mix(s.sim.Chaos.Seed ^ testpath.Mix(seed))
	return cfg
}

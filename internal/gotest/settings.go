package gotest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// The defaults of the settings.
const (
	defaultLimit = 10 * time.Second // real time for the seeds that a test runs at least
	defaultWall  = time.Minute      // real time for a run

	defaultMinimal = 10 * time.Second // of real time for making a finding smaller
	goTimeout      = 10 * time.Minute // default of -timeout
	// defaultRecords is the maximum number of records of a run, which take 128 MB. A recording of a longer run contains
	// its start.
	defaultRecords = 1 << 22
	// limitedRecords is the number of records that are kept of a run that a limit has ended and whose recording is not
	// whole: such a run goes round in circles, and a report about millions of its turns takes gigabytes.
	limitedRecords = 1 << 18
)

// settings are the settings in the arguments and the environment.
type settings struct {
	arguments
	limits
	seeds       int           // 0: no limit; without asked the number that is run at least
	budget      time.Duration // real time for a test; 0: none
	asked       bool          // seeds, budget or unseen were given
	exhaustive  wire.Bound    // run schedules instead of seeds
	resume      bool          // go on with an earlier search
	unseen      float64       // bound of explore.Config.Unseen; 0: none
	only        []uint64      // run these seeds
	share       wire.Share    // of the seeds
	determinism bool
	together    bool          // whether all test functions run in one process
	artifacts   string        // folder; "" for the default
	strategy    string        // a name of package strategy
	minimal     time.Duration // of real time for making a finding smaller; 0: it is not
	leaks       string        // one of wire.LeakModes
	slow        time.Duration // lateness that counts as a failure
	memory      string        // one of wire.MemoryModes
	packages    []string      // patterns of packages with points at accesses to memory besides those of the main module
	clock       time.Time     // when the clock of a run starts; zero: where package gort has it start
	network     string        // one of wire.NetworkModes
	faults      wire.NetworkFaults
	outside     wire.Outside
	slotsDir    string // "" for none
	collects    string // folder for test binaries that are not run; "" for none
	known       string // folder of files about seeds that need not be run; "" for none
	progress    bool
	processes   int // number of runs of all packages at a time, from -p; 0: the number of processors
}

// newSettings reads the arguments of a test binary, and the settings in the environment.
func newSettings(args []string, getenv func(string) string) (s settings, err error) {
	s.strategy, s.leaks, s.memory, s.minimal = strategy.Default, wire.LeaksAuto, wire.MemoryOff, defaultMinimal
	s.slow = defaultSlow
	if s.arguments, err = parseArguments(args); err != nil {
		return s, err
	}
	err = errors.Join(
		wire.Seeds.Read(getenv, &s.seeds), wire.Budget.Read(getenv, &s.budget), wire.Seed.Read(getenv, &s.only),
		wire.UntilCovered.Read(getenv, &s.unseen), wire.Exhaustive.Read(getenv, &s.exhaustive),
		wire.Resume.Read(getenv, &s.resume), wire.MemoryPackages.Read(getenv, &s.packages),
		wire.Shard.Read(getenv, &s.share),
		wire.Determinism.Read(getenv, &s.determinism), wire.Artifacts.Read(getenv, &s.artifacts),
		wire.Leaks.Read(getenv, &s.leaks), wire.Slow.Read(getenv, &s.slow), wire.Memory.Read(getenv, &s.memory),
		wire.Slots.Read(getenv, &s.slotsDir), wire.Progress.Read(getenv, &s.progress),
		wire.Collect.Read(getenv, &s.collects), wire.Known.Read(getenv, &s.known),
		wire.Processes.Read(getenv, &s.processes), wire.Strategy.Read(getenv, &s.strategy),
		wire.Minimize.Read(getenv, &s.minimal), wire.Clock.Read(getenv, &s.clock),
		wire.Network.Read(getenv, &s.network), wire.Faults.Read(getenv, &s.faults),
		wire.RecordOutside.Read(getenv, &s.outside),
		wire.Together.Read(getenv, &s.together), s.limits.read(getenv),
	)
	if err != nil {
		return s, err
	}
	s.fill()
	return s, s.conflict()
}

// Conflict returns an error if two settings exclude each other, those of the environment included.
func (o Options) Conflict() error {
	s, _ := newSettings(nil, func(key string) string {
		for _, line := range slices.Backward(o.Env) {
			if value, ok := strings.CutPrefix(line, key+"="); ok {
				return value
			}
		}
		return os.Getenv(key)
	})
	return s.conflict() // a variable that cannot be read is an error of each test binary
}

// conflict returns an error if two settings exclude each other.
func (s *settings) conflict() error {
	switch {
	case s.network == wire.NetworkReal && s.faults != (wire.NetworkFaults{}):
		return fmt.Errorf("--%s %s: only the simulated network has faults; leave --%s %s out", wire.Faults.Flag, s.faults,
			wire.Network.Flag, s.network)
	case s.exhaustive.On && s.share.Count > 1:
		return fmt.Errorf("--%s runs schedules and not seeds, which --%s divides; leave one of them out",
			wire.Exhaustive.Flag, wire.Shard.Flag)
	case s.exhaustive.On && s.strategy != strategy.Default:
		return fmt.Errorf("--%s runs every schedule, and --%s %s chooses among them; leave one of them out",
			wire.Exhaustive.Flag, wire.Strategy.Flag, s.strategy)
	}
	return nil
}

// fill sets the default number of seeds, which is the least if nothing was asked for.
func (s *settings) fill() {
	s.asked = s.seeds > 0 || s.budget > 0 || s.unseen > 0
	switch {
	case s.asked:
	case s.count > 1: // -count sets the number of runs
		s.seeds, s.asked = s.count, true
	case s.short:
		s.seeds = explore.DefaultSeeds / 10
	default:
		s.seeds = explore.DefaultSeeds
	}
}

// wall returns the real time for a run: that of -timeout, if it was given.
func (s *settings) wall() time.Duration {
	switch {
	case s.real > 0:
		return s.real
	case s.timeout == 0:
		return 365 * 24 * time.Hour
	case s.timeout == goTimeout:
		return defaultWall
	}
	return s.timeout
}

// byTimeout reports whether -timeout was given, and therefore limits each run as well.
func (s *settings) byTimeout() bool { return s.real == 0 && s.timeout != 0 && s.timeout != goTimeout }

// control returns the control of the run of a seed, without the choices of a replay and without a limit of real time.
func (s *settings) control(seed uint64, args []string) gort.Control {
	return gort.Control{
		Seed: seed, Strategy: s.strategy, NoLeaks: s.leaks == wire.LeaksOff, Records: cmp.Or(s.records, defaultRecords),
		Args: args, MaxTime: s.virtual, MaxSteps: uint64(s.decisions), Memory: s.watchesMemory(seed),
		Clock: s.clock, RealNetwork: s.network == wire.NetworkReal, Faults: s.faults.String(),
		Slow: s.slowest(), RecordOutside: s.outside.Bytes, RecordFiles: s.outside.Files, RecordEnv: s.outside.Env,
	}
}

// watchesMemory reports whether the run of a seed has preemption points at accesses to memory.
func (s *settings) watchesMemory(seed uint64) bool {
	const odd = 0x9e3779b97f4a7c15 // distributes consecutive seeds
	return s.memory == wire.MemoryOn || s.memory == wire.MemoryAuto && seed*odd>>63 == 1
}

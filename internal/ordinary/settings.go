package ordinary

import (
	"fmt"
	"strconv"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/testpath"
)

// How a test is run unless the settings say otherwise.
const (
	defaultSeeds = 100
	defaultLimit = 10 * time.Second // of real time for the seeds of a test
	defaultWall  = time.Minute      // of real time for a run
	goTimeout    = 10 * time.Minute // what go test gives a binary that was given no -timeout
	maxRecords   = 1 << 23          // of a run; a file of 256 MB, of which only what is written takes room
)

// What happens to runs that pass and leave goroutines behind.
const (
	leaksAuto   = "auto" // they fail if other seeds leave none
	leaksFail   = "fail"
	leaksReport = "report"
	leaksOff    = "off"
)

// Strategies are the values of REPRISE_STRATEGY.
var Strategies = []string{"random", strategyPCT}

const strategyPCT = "pct"

// Leaks are the values of REPRISE_LEAKS.
var Leaks = []string{leaksAuto, leaksFail, leaksReport, leaksOff}

// settings are what the arguments and the environment say.
type settings struct {
	arguments
	seeds       int           // 0: as many as there is time for
	budget      time.Duration // of real time for a test; 0: none
	asked       bool          // seeds or budget were given
	only        []uint64      // run these seeds
	determinism bool
	artifacts   string // folder, "" for one that everybody finds
	strategy    string // one of Strategies
	leaks       string // one of Leaks
	slotsDir    string // "" for none
	progress    bool
}

// newSettings reads the arguments of a test binary, and the settings in the environment.
func newSettings(args []string, getenv func(string) string) (s settings, err error) {
	s.strategy, s.leaks = Strategies[0], Leaks[0]
	if s.arguments, err = parseArguments(args); err != nil {
		return s, err
	}
	keys := []struct {
		env, accepted string
		set           func(value string) bool
	}{
		{"REPRISE_SEEDS", "a number over 0", func(v string) (ok bool) { s.seeds, ok = positive(v); return ok }},
		{"REPRISE_BUDGET", "a positive duration such as 30s or 5m", func(v string) bool {
			d, err := time.ParseDuration(v)
			s.budget = d
			return err == nil && d > 0
		}},
		{"REPRISE_SEED", testpath.SeedForm, func(v string) (ok bool) { s.only, ok = testpath.ParseSeeds(v); return ok }},
		{"REPRISE_DETERMINISM", "true or false", func(v string) (ok bool) { s.determinism, ok = boolean(v); return ok }},
		{"REPRISE_ARTIFACTS", "a folder", func(v string) bool { s.artifacts = v; return true }},
		{"REPRISE_STRATEGY", "random or pct", func(v string) bool { return oneOf(&s.strategy, v, Strategies) }},
		{"REPRISE_LEAKS", "auto, fail, report or off", func(v string) bool { return oneOf(&s.leaks, v, Leaks) }},
		{"REPRISE_SLOTS", "a folder", func(v string) bool { s.slotsDir = v; return true }},
		{"REPRISE_PROGRESS", "true or false", func(v string) (ok bool) { s.progress, ok = boolean(v); return ok }},
	}
	for _, k := range keys {
		if v := getenv(k.env); v != "" && !k.set(v) {
			return s, fmt.Errorf("%s=%q: must be %s", k.env, v, k.accepted)
		}
	}
	s.fill()
	return s, nil
}

// fill works out how many seeds are run if nobody has said so.
func (s *settings) fill() {
	s.asked = s.seeds > 0 || s.budget > 0
	switch {
	case s.asked:
	case s.count > 1: // those who ask for many runs get so many
		s.seeds, s.asked = s.count, true
	case s.short:
		s.seeds = defaultSeeds / 10
	default:
		s.seeds = defaultSeeds
	}
}

func positive(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

func boolean(s string) (bool, bool) {
	b, err := strconv.ParseBool(s)
	return b, err == nil
}

func oneOf(to *string, v string, list []string) bool {
	for _, name := range list {
		if v == name {
			*to = v
			return true
		}
	}
	return false
}

// wall is how much real time a run gets: what -timeout says, if that was given.
func (s *settings) wall() time.Duration {
	switch s.timeout {
	case 0:
		return 365 * 24 * time.Hour
	case goTimeout:
		return defaultWall
	}
	return s.timeout
}

// control is that of the run of a seed, without the choices of a replay and without a limit of real time.
func (s *settings) control(seed uint64, args []string) gort.Control {
	c := gort.Control{Seed: seed, NoLeaks: s.leaks == leaksOff, Records: maxRecords, Args: args}
	if s.strategy == strategyPCT {
		c.Strategy = gort.PCT
	}
	return c
}

package wire

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/strategy"
)

// The values of [Leaks]: what happens to a run that passes and leaves goroutines or tasks waiting for ever.
const (
	LeaksAuto   = "auto"   // the default: it fails
	LeaksFail   = "fail"   // it fails, as with auto
	LeaksReport = "report" // it passes, with a note
	LeaksOff    = "off"    // it passes
)

// LeakModes are the values of [Leaks], the default first.
var LeakModes = []string{LeaksAuto, LeaksFail, LeaksReport, LeaksOff}

// The values of [Memory]: in which runs accesses to memory are preemption points, and races are looked for.
const (
	MemoryAuto = "auto" // in half of them, by the seed
	MemoryOn   = "on"   // in all
	MemoryOff  = "off"  // in none
)

// MemoryModes are the values of [Memory].
var MemoryModes = []string{MemoryAuto, MemoryOn, MemoryOff}

// The values of [Network]: what connections between goroutines of one test go through.
const (
	NetworkSimulated = "simulated" // a network inside the process
	NetworkReal      = "real"      // the kernel
)

// NetworkModes are the values of [Network], the default first.
var NetworkModes = []string{NetworkSimulated, NetworkReal}

// Which seeds are run, and how.
var (
	Seeds = variable(Setting{
		Env: "REPRISE_SEEDS", Flag: "seeds", Help: "how many seeds are run", Form: countForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parseCount)
	Budget = variable(Setting{
		Env: "REPRISE_BUDGET", Flag: "budget", Help: "how long seeds are run",
		Form:    "a positive duration such as 30s or 5m",
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parseDuration)
	UntilCovered = variable(Setting{
		Env: "REPRISE_UNTIL_COVERED", Flag: "until-covered",
		Help: "run seeds until so few of them would show another order of operations", Form: percentForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parsePercent)
	Exhaustive = variable(Setting{
		Env: "REPRISE_EXHAUSTIVE", Flag: "exhaustive", Form: boundForm, Bare: true,
		Help:    "run every schedule with at most so many preemptions, instead of seeds",
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parseBound)
	Resume = variable(Setting{
		Env: "REPRISE_RESUME", Flag: "resume", Help: "go on with a search that was ended before it was complete",
		Form: boolForm, Bare: true, Writers: []string{User, Command}, Readers: []string{Wrapper, Fleet},
	}, parseBool)
	Seed = variable(Setting{
		Env: "REPRISE_SEED", Flag: "seed", Help: "run only these seeds", Form: SeedForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parseSeeds)
	Shard = variable(Setting{
		Env: "REPRISE_SHARD", Flag: "shard", Help: "which part of the seeds is run, such as 2/4", Form: shardForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate, Fleet},
	}, parseShard)
	Strategy = variable(Setting{
		Env: "REPRISE_STRATEGY", Flag: "strategy", Help: "how the next task is chosen", Form: Alternatives(strategy.Names()),
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate},
	}, func(name string) (string, bool) { return name, strategy.Find(name) != nil })
	Leaks = variable(Setting{
		Env: "REPRISE_LEAKS", Flag: "leaks", Help: "what happens to a run that leaves tasks waiting for ever",
		Form: Alternatives(LeakModes), Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate},
	}, among(LeakModes))
	Slow = variable(Setting{
		Env: "REPRISE_SLOW", Flag: "slow", Help: "below which lateness a failure counts that needs a goroutine to be late",
		Form: "0, any, or a positive duration such as 20ms", Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseSlow)
	Determinism = variable(Setting{
		Env: "REPRISE_DETERMINISM", Flag: "determinism", Help: "make each passing run twice more and compare them",
		Form: boolForm, Bare: true, Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate},
	}, parseBool)
	Minimize = variable(Setting{
		Env: "REPRISE_MINIMIZE", Flag: "minimize", Help: "how long to look for the smallest run of each finding",
		Form:    "a positive duration such as 10s, or off",
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate},
	}, parseDurationOrOff)
	Memory = variable(Setting{
		Env: "REPRISE_MEMORY", Flag: "memory", Help: "in which runs accesses to memory are preemption points",
		Form: Alternatives(MemoryModes), Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, among(MemoryModes))
	MemoryPackages = variable(Setting{
		Env: "REPRISE_MEMORY_PACKAGES", Form: "patterns of packages such as example.com/mod/..., with commas between",
		Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, parsePatterns)
	Clock = variable(Setting{
		Env: "REPRISE_CLOCK", Flag: "clock", Help: "when the clock of a run starts", Form: clockForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseClock)
	Network = variable(Setting{
		Env: "REPRISE_NETWORK", Flag: "network", Help: "what connections between goroutines of a test go through",
		Form: Alternatives(NetworkModes), Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, among(NetworkModes))
	Faults = variable(Setting{
		Env: "REPRISE_FAULTS", Flag: "faults", Help: "which faults of the simulated network are drawn, and how often",
		Form: faultsForm, Writers: []string{User, Command}, Readers: []string{Wrapper, Engine},
	}, parseFaults)
	RecordOutside = variable(Setting{
		Env: "REPRISE_RECORD_OUTSIDE", Flag: "record-outside",
		Help: "what of the outside is kept with a recording, and how much", Form: outsideForm,
		Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseOutside)
	Together = variable(Setting{
		Env: "REPRISE_TOGETHER", Flag: "together", Help: "run all tests of a package in one process",
		Form: boolForm, Bare: true, Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseBool)
	Artifacts = variable(Setting{
		Env: "REPRISE_ARTIFACTS", Flag: "artifacts", Help: "where traces and reports of failing runs go",
		Form:    "a folder",
		Writers: []string{User, Command}, Readers: []string{Wrapper, Simulate},
	}, parseText)
	Update = variable(Setting{
		Env: "REPRISE_UPDATE", Flag: "update", Help: "pin failing runs, and record changed pinned traces anew",
		Form: boolForm, Bare: true, Writers: []string{User}, Readers: []string{Simulate},
	}, parseBool)
)

// The limits of one run.
var (
	MaxVirtual = variable(Setting{
		Env: "REPRISE_MAX_VIRTUAL", Flag: "max-virtual", Help: "how much virtual time a run may take",
		Form: "a positive duration such as 3h", Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseDuration)
	MaxReal = variable(Setting{
		Env: "REPRISE_MAX_REAL", Flag: "max-real", Help: "how much real time a run may take",
		Form: "a positive duration such as 5m", Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseDuration)
	MaxRecords = variable(Setting{
		Env: "REPRISE_MAX_RECORDS", Flag: "max-records", Help: "how many records of a run are kept",
		Form: recordsForm, Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, func(s string) (int, bool) { return parseUpTo(s, mostRecords) })
	MaxDecisions = variable(Setting{
		Env: "REPRISE_MAX_DECISIONS", Flag: "max-decisions", Help: "how many decisions a run may take",
		Form: countForm, Writers: []string{User, Command}, Readers: []string{Wrapper},
	}, parseCount)
)

// How the processes of one go test share the machine, whether a terminal shows how far they are, and which of their
// tests are simulated.
var (
	Slots = variable(Setting{
		Env: "REPRISE_SLOTS", Form: "a folder", Writers: []string{Wrapper}, Readers: []string{Wrapper, Fleet},
	}, parseText)
	Processes = variable(Setting{
		Env: "REPRISE_PROCESSES", Form: countForm, Writers: []string{Wrapper}, Readers: []string{Wrapper, Fleet},
	}, parseCount)
	Progress = variable(Setting{
		Env: "REPRISE_PROGRESS", Form: boolForm, Writers: []string{Wrapper}, Readers: []string{Wrapper},
	}, parseBool)
	Simulated = variable(Setting{
		Env: "REPRISE_SIMULATED", Form: "the path of a file, which a simulated test creates",
		Writers: []string{Wrapper}, Readers: []string{Simulate},
	}, parseText)
)

// How a campaign is shared among machines.
var (
	Collect = variable(Setting{
		Env: "REPRISE_COLLECT", Form: "a folder for test binaries, which are not run",
		Writers: []string{Fleet}, Readers: []string{Wrapper},
	}, parseText)
	Known = variable(Setting{
		Env: "REPRISE_KNOWN", Form: "a folder of files about seeds that need not be run",
		Writers: []string{Fleet}, Readers: []string{Wrapper},
	}, parseText)
)

// The replay of one trace by a simulated test.
var (
	Trace = variable(Setting{
		Env: "REPRISE_TRACE", Flag: "trace", Help: "run only what this file has recorded",
		Form:    "the path of a trace file",
		Writers: []string{User}, Readers: []string{Simulate},
	}, parseText)
	Replay = variable(Setting{
		Env: "REPRISE_REPLAY", Form: "a request of package internal/replay in JSON",
		Writers: []string{Command}, Readers: []string{Simulate},
	}, parseJSON)
)

// Gort names the file that package gort shares with the runtime of the test binary.
var Gort = variable(Setting{
	Env: "REPRISE_GORT", Form: "the path of the shared file", Writers: []string{Engine}, Readers: []string{Runtime},
}, parseText)

// Forms that several variables have.
const (
	countForm = "a whole number from 1 to 1000000000"
	boolForm  = "true or false"

	recordsForm = "a whole number from 1 to 134000000"
	mostRecords = 134_000_000 // of which a file that package gort shares has room
)

// MaxSeeds is the greatest value of [Seeds].
const MaxSeeds = 1_000_000_000

func parseCount(s string) (int, bool) { return parseUpTo(s, MaxSeeds) }

func parseDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// parseDurationOrOff parses a duration or "off", which is 0.
func parseDurationOrOff(s string) (time.Duration, bool) {
	if s == "off" {
		return 0, true
	}
	return parseDuration(s)
}

// clockForm describes what [Clock] accepts.
const clockForm = "now, or a time from 1970 to 2200 such as 2026-11-17T10:24:51Z"

func parseClock(s string) (time.Time, bool) {
	if s == "now" {
		return time.Now(), true
	}
	return ParseClock(s)
}

// ParseClock parses what [ClockText] returns, and no other form of [Clock].
func ParseClock(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && 1970 <= t.Year() && t.Year() <= 2200
}

// ClockText returns the value of [Clock] for a time.
func ClockText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// percentForm describes what [UntilCovered] accepts.
const percentForm = "a percentage above 0 and below 100 such as 1%"

// parsePercent parses a percentage below 100, as a number from 0 to 1.
func parsePercent(s string) (float64, bool) {
	x, ok := parseShare(s)
	return x, ok && x < 1
}

// Bound is a value of [Exhaustive].
type Bound struct {
	On          bool
	Preemptions int  // maximum number; -1 means all schedules
	Orders      bool // one schedule of each order of operations that depend on each other
}

// The forms of [Exhaustive]. Most bugs that need preemptions need at most two.
const (
	boundForm        = "a number of preemptions from 0 to 1000, all, or orders"
	boundAll         = "all"
	boundOrders      = "orders"
	boundMost        = 1000
	boundPreemptions = 2 // without a value
)

func parseBound(s string) (Bound, bool) {
	switch s {
	case boundAll:
		return Bound{On: true, Preemptions: -1}, true
	case boundOrders:
		return Bound{On: true, Orders: true}, true
	case "true":
		return Bound{On: true, Preemptions: boundPreemptions}, true
	case "0":
		return Bound{On: true}, true
	}
	n, ok := parseUpTo(s, boundMost)
	return Bound{On: true, Preemptions: n}, ok
}

// String returns the value of [Exhaustive] for a bound that is on.
func (b Bound) String() string {
	switch {
	case b.Orders:
		return boundOrders
	case b.Preemptions < 0:
		return boundAll
	}
	return strconv.Itoa(b.Preemptions)
}

func parseJSON(s string) (string, bool) { return s, json.Valid([]byte(s)) }

// packagePattern matches a pattern of packages. Spaces and "=" have a meaning in -gcflags and are not allowed.
var packagePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./~@+-]*$`)

func parsePatterns(s string) ([]string, bool) {
	list := strings.Split(s, ",")
	return list, !slices.ContainsFunc(list, func(p string) bool { return !packagePattern.MatchString(p) })
}

func parseText(s string) (string, bool) { return s, s != "" }

// slowAny is the value of [Slow] without a bound.
const slowAny = time.Duration(math.MaxInt64)

func parseSlow(s string) (time.Duration, bool) {
	switch s {
	case "0":
		return 0, true
	case "any":
		return slowAny, true
	}
	return parseDuration(s)
}

// SlowText returns the text of a value of [Slow].
func SlowText(d time.Duration) string {
	switch d {
	case 0:
		return "0"
	case slowAny:
		return "any"
	}
	return strings.Replace(d.String(), "µ", "u", 1)
}

// among parses one of a list of texts.
func among(list []string) func(string) (string, bool) {
	return func(s string) (string, bool) { return s, slices.Contains(list, s) }
}

// Alternatives names the texts of a list, such as "auto, fail or off".
func Alternatives(list []string) string {
	last := len(list) - 1
	if last < 1 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

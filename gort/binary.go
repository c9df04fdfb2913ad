package gort

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// BuildConfig configures the build of a test binary. The zero BuildConfig is useful.
type BuildConfig struct {
	Output string   // path of the binary; "" for a file in a new folder that Close removes
	Cache  string   // folder of the overlays; "" for the user's cache folder
	Env    []string // environment of the go command and of the runs; nil for that of this process
	Args   []string // additional arguments of "go test -c", such as -race and -tags

	// Memory lists patterns of packages, such as "example.com/mod/...", in which accesses to memory are preemption
	// points and are checked for data races. If it is empty, the binary has no such points. In all other packages
	// except the standard library, functions of sync/atomic synchronise but are not preemption points.
	Memory []string
}

// Binary is a test binary with the controlled runtime. Its methods may be called concurrently.
type Binary struct {
	Path string   // the file
	Dir  string   // the folder of the package, in which the tests run
	Env  []string // the environment of the runs; nil for that of this process
	tmp  string   // folder to be removed by Close; "" for none
}

// Build builds the tests of one package in the module at dir. pkg is the package in the form of the go command,
// such as "." or "./queue". The errors are those of [Overlay] and of the go command.
func Build(ctx context.Context, dir, pkg string, cfg BuildConfig) (*Binary, error) {
	tools, err := Overlay(ctx, dir, cfg.Env, cfg.Cache, cfg.Memory)
	if err != nil {
		return nil, err
	}
	out, err := run(ctx, dir, tools.Env, tools.Go, "list", "-f", "{{.Dir}}", pkg)
	if err != nil {
		return nil, err
	}
	b := &Binary{Path: cfg.Output, Dir: strings.TrimSpace(string(out)), Env: cfg.Env}
	if strings.Contains(b.Dir, "\n") {
		return nil, fmt.Errorf("gort: %s is more than one package; build them one at a time", pkg)
	}
	if b.Path == "" {
		if b.tmp, err = os.MkdirTemp("", "reprise-"); err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		b.Path = filepath.Join(b.tmp, "package.test")
	}
	args := append([]string{"test", "-c", "-vet=off", "-o", b.Path}, tools.Args(cfg.Args)...)
	if _, err = run(ctx, dir, tools.Env, tools.Go, append(args, pkg)...); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// controlTags are the build tags of a controlled binary. They exclude C from packages net and os/user, because C can be
// neither controlled nor copied with a process.
const controlTags = "netgo,osusergo"

// withTags returns arguments of the go command with controlTags added to the build tags that the arguments set.
func withTags(args []string) []string {
	given := ""
	var rest []string
	for i := 0; i < len(args); i++ {
		name, value, assigned := strings.Cut(args[i], "=")
		switch {
		case name == "-args" || name == "--args":
			rest = append(rest, args[i:]...)
			i = len(args)
		case name != "-tags" && name != "--tags":
			rest = append(rest, args[i])
		case assigned:
			given = value + ","
		case i+1 < len(args):
			i++
			given = args[i] + ","
		}
	}
	return append([]string{"-tags=" + strings.ReplaceAll(given, " ", ",") + controlTags}, rest...)
}

// Flags returns the flags of "go test -c" with which the binary was built, without those that reprise adds.
func (b *Binary) Flags() ([]string, error) {
	info, err := buildinfo.ReadFile(b.Path)
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	return userFlags(info.Settings), nil
}

// userFlags returns the flags among the settings of a build, without those of [Tools.Args].
func userFlags(settings []debug.BuildSetting) (flags []string) {
	for _, s := range settings {
		switch {
		case s.Key == "-tags":
			if own := strings.TrimSuffix(strings.TrimSuffix(s.Value, controlTags), ","); own != "" {
				flags = append(flags, s.Key+"="+own)
			}
		case !strings.HasPrefix(s.Key, "-"), s.Key == "-buildmode", s.Key == "-compiler": // always the same
		case s.Key == "-gcflags" && isMemoryFlag(s.Value):
		case s.Value == "true":
			flags = append(flags, s.Key)
		default:
			flags = append(flags, s.Key+"="+s.Value)
		}
	}
	return flags
}

// Close removes the binary if Build chose its place.
func (b *Binary) Close() error {
	if b.tmp == "" {
		return nil
	}
	return os.RemoveAll(b.tmp)
}

// Tests lists the test functions of the binary in the order of the source.
func (b *Binary) Tests(ctx context.Context) ([]string, error) {
	out, err := run(ctx, b.Dir, b.Env, b.Path, "-test.list", "^Test")
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}

// Control sets how a run is made. The zero Control makes a run of seed 0.
type Control struct {
	// Seed seeds every choice of the run. If Choices is set, it seeds only what follows the last recorded choice (see
	// Continue).
	Seed uint64

	Choices  *Choices // recorded choices to replay; nil = none
	Continue bool     // after the last of Choices continue by Seed, instead of ending as Diverged
	Resync   int      // if > 0: skip up to this number of choices to find one that fits, and continue; implies Continue

	// Prefix ends a replay after the last decision in Choices, as Reached. It is for the recording of a run that was
	// cut off, because it was killed in the middle of a turn or has Dropped records.
	Prefix bool

	// Script makes the run by deviations from the default schedule, as the Script of a recording returns them, instead
	// of by a strategy; nil means no script. The script may be in any order. The program's random values come from
	// Seed. Choices must be nil then. Time leaps only where the script says so.
	Script *strategy.Script

	// Origin is the recording of the run from which Script was made; nil means that there is none. Servers outside are
	// then answered for from its tape, as far as the calls of each connection are those of the recording.
	Origin *Choices

	// Strategy is the name of a strategy of package strategy; "" means strategy.Single. Gap, Depth and Length are the
	// fields of strategy.Config; a strategy ignores those that it does not read.
	Strategy string
	Gap      int // mean number of points between preemptions; 0 means one of several, by the seed
	Depth    int // number of changes of priorities; 0 means one from 0 to 3, by the seed
	Length   int // expected number of points at which several goroutines are ready; 0 means one of several, by the seed

	// Record gets the counts of the run, for the strategies that work better with a Profile of an earlier run. At most
	// one of the two may be set; nil means none. A run that is counted has a decision at every point.
	Record, Profile *strategy.Profile

	// Route makes the choices of the run, see strategy.Route: the run takes the alternatives of these branches, and
	// alternative 0 at all that follow. The branches of the run become Outcome.Route. The schedule of the main goroutine,
	// which does the work of package testing, is not enumerated. No goroutine is late. Nil means that there is no route.
	Route []strategy.Branch

	// Steps records the steps of goroutines and what they use, see record.Recording.Walk.
	Steps bool

	Procs int // value of GOMAXPROCS and NumCPU; 0 = 4

	// Slow is the maximum time for which goroutines that are ready may be late, as on a busy machine: they do not run
	// although timers fire and others run. 0 means 100 ms, the maximum is 4 s; a negative value means that none is
	// late. In half of the seeds some are, for a time from 100 µs to Slow. A failure of a run with late goroutines is
	// of the class "timing", see [Outcome.Timing].
	Slow time.Duration

	// Late, if it is not 0, is the time for which goroutines may be late in this run, whatever the seed. A run of the
	// same seed and a shorter time is equal up to the point at which a goroutine is late for longer. A negative value
	// means that none is late.
	Late time.Duration

	// Memory makes accesses to memory preemption points, in the packages of BuildConfig.Memory, and writes to maps
	// everywhere. In a replay, the recording determines this.
	Memory bool

	pointsOnly bool // races are not looked for in runs with Memory; for benchmarks

	Clock time.Time // when the clock of the program starts; the zero Time is a fixed instant of the current year

	// RealNetwork leaves the sockets of loopback addresses to the kernel, instead of simulating them.
	RealNetwork bool

	// Faults says which faults of the simulated network are drawn and how often, as the flag --faults of reprise test
	// does, such as "net=2%"; "" for none. A replay and a script have those that were recorded. Faults that the test
	// itself asks for with package faults happen in any case.
	Faults string

	// Detail records each operation on locks, channels and the like, with its place, for reports. It changes no run.
	Detail bool

	NoLeaks   bool          // do not wait for goroutines that the test leaves behind, and do not list them
	MaxSteps  uint64        // maximum number of decisions; 0 = 10 million
	MaxPoints uint64        // maximum number of points at which a goroutine can be preempted; 0 = no limit
	MaxTime   time.Duration // maximum virtual time; 0 = an hour and ten minutes, go test's default limit plus an hour
	Wall      time.Duration // real time after which the process is killed; 0 = a minute

	// Records is the capacity of the recording, in records of 32 bytes; 0 means about a million, the maximum is 134
	// million. Records beyond it are Dropped.
	Records int

	// RecordOutside is the maximum number of bytes that the recording keeps of what the run takes from outside: of
	// sockets that leave the simulated network, and of pipes. 0 means 1 MiB, the maximum is 64 MiB, and a negative value
	// means that nothing is kept. What exceeds it is left out, and counted in record.Tape.Cut.
	RecordOutside int

	// RecordFiles keeps the content of files outside of the module, and RecordEnv the variables of the environment that
	// the program asks for, within RecordOutside. Both may be secret. A replay takes them from the recording, and keeps
	// what that has.
	RecordFiles, RecordEnv bool

	server bool // ask servers outside, and not the tape

	// Args are further arguments of the test binary, such as -test.short. They override the selection of the test.
	Args []string
}

// defaultRecords is the default of Control.Records.
const defaultRecords = 1 << 20

// defaultOutside is the default of Control.RecordOutside, and maxOutside its maximum.
const (
	defaultOutside = 1 << 20
	maxOutside     = 64 << 20
)

// outside returns the number of bytes of the tape, a multiple of 8.
func (c *Control) outside() int {
	return min(max(or(c.RecordOutside, defaultOutside), 0), maxOutside) &^ 7
}

// recording returns the recording whose tape the run may use, or nil.
func (c *Control) recording() *Choices {
	if c.Script != nil {
		return c.Origin
	}
	return c.Choices
}

// tapes returns the flags that say how the tape of the recording is used.
func (c *Control) tapes() (flags uint32) {
	from := c.recording()
	if from == nil || from.Tape == nil || c.server {
		return 0
	}
	if c.leaves() {
		return flagTape | flagTalk
	}
	return flagTape
}

// leaves reports whether the run may leave its recording.
func (c *Control) leaves() bool { return c.Script != nil || c.Continue || c.Resync > 0 }

// keeps returns the flags that say what is kept of files outside of the module and of the environment, and what is
// answered from the recording.
func (c *Control) keeps() (flags uint32) {
	files, env := c.RecordFiles, c.RecordEnv
	if from := c.recording(); from != nil {
		files, env = from.Tape.Has(record.CallHeld), from.Tape.Has(record.CallEnv)
		if files {
			flags |= flagHeld
		}
	}
	if files {
		flags |= flagHold
	}
	if env {
		flags |= flagEnv
	}
	return flags
}

// A replay that has left its recording continues for some decisions, so that a report can show them.
const (
	followed      = 48 // number of these decisions
	defaultWindow = 32 // number of recorded choices that they are compared with
)

// gaps are the mean gaps between preemptions, of which the seed selects one. Some bugs need few preemptions and others
// need many.
var gaps = []uint32{2, 3, 5, 10, 20, 50, 200}

// memoryGaps are the gaps for runs with points at accesses to memory, which pass many more points.
var memoryGaps = []uint32{2, 4, 10, 30, 100, 1000}

// noLimit is the number of points that no run passes.
const noLimit = 1 << 62

// header returns the control part of the shared file.
func (c *Control) header() (header, error) {
	s := strategy.Find(or(c.Strategy, strategy.Single))
	if s == nil {
		return header{}, fmt.Errorf("gort: Control.Strategy: there is no strategy %q", c.Strategy)
	}
	h := header{
		mode: modeLive, strategy: s.ID(), seed: mix(c.Seed, 1), key: mix(c.Seed, 2), gap: uint32(c.Gap),
		depth: uint32(c.Depth), length: uint32(c.Length), procs: uint32(or(c.Procs, 4)),
		maxSteps: or(c.MaxSteps, 10_000_000), maxTime: int64(or(c.MaxTime, 70*time.Minute)),
		maxPoints: or(c.MaxPoints, noLimit),
		clock:     or(c.Clock, defaultClock).UnixNano(),
	}
	gaps := gaps
	if c.memory() {
		gaps = memoryGaps
	}
	if h.gap == 0 && s.Name != strategy.Default { // which has gaps of its own
		h.gap = gaps[mix(c.Seed, 3)%uint64(len(gaps))]
	}
	if slow := c.slow(); slow > 0 && !s.Tame && c.Route == nil {
		h.flags |= flagSlow
		h.slow = uint32(slow.Nanoseconds())
	}
	if c.memory() {
		h.flags |= flagMemory
	}
	if c.pointsOnly {
		h.flags |= flagPoints
	}
	if !c.RealNetwork {
		h.flags |= flagNet
	}
	if c.Faults != "" {
		f, err := wire.Faults.Parse("gort: Control.Faults", c.Faults)
		if err != nil {
			return h, err
		}
		h.faultRate, h.faultKinds = uint32(f.Rate), f.Kinds
	}
	switch {
	case c.Route != nil:
		h.flags |= flagRoute
	case c.Record != nil:
		h.flags |= flagCount
	case c.Profile != nil:
		h.flags |= flagProfile
	}
	if !c.NoLeaks {
		h.flags |= flagLeaks
	}
	if c.Choices != nil {
		h.mode, h.key = modeReplay, mix(c.Choices.Seed, 2)
		if c.Continue || c.Resync > 0 {
			h.flags |= flagContinue
		}
		h.window, h.follow = uint32(or(c.Resync, defaultWindow)), followed
		if c.Resync > 0 {
			h.flags |= flagResync
		}
		if c.Prefix {
			h.flags |= flagPrefix
		}
		if c.Choices.Loose {
			h.flags |= flagLoose
		}
	}
	h.flags |= c.tapes() | c.keeps()
	if c.Detail {
		h.flags |= flagDetail
	}
	if c.Steps {
		h.flags |= flagSteps
	}
	if c.Script != nil {
		h.mode = modeScript
	}
	return h, nil
}

// or returns v, or instead if v is 0.
func or[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}

// mix combines two numbers with the finaliser of splitmix64.
func mix(a, b uint64) uint64 {
	x := a + b*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

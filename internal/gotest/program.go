package gotest

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
	"github.com/reprise-go/reprise/tracefile"
)

// program is a test binary and the settings of its build.
type program struct {
	gort.Binary
	module, pkg  string
	goVersion    string
	goos, goarch string
	flags        []string      // flags of "go test -c", such as -race
	patience     time.Duration // maximum real time of a test without control
	rapid        bool          // tests may use package rapid, and take noFailFile
	suites       bool          // test functions may contain whole suites
	simulated    bool          // test functions may use package simtest
}

// inspect reads the settings of the build of a test binary. Its runs will be in the folder dir with the environment
// env.
func inspect(path, dir string, env []string) (*program, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &program{
		Binary: gort.Binary{Path: path, Dir: dir, Env: env}, module: info.Main.Path, pkg: strings.TrimSuffix(info.Path,
			".test"),
		goVersion: info.GoVersion, patience: 10 * time.Second,
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			p.goos = s.Value
		case "GOARCH":
			p.goarch = s.Value
		}
	}
	p.flags, err = p.Flags()
	return p, err
}

// noFailFile is the argument by which tests with package rapid write no files about failures: each run reads those that
// earlier runs have left behind.
const noFailFile = "-rapid.nofailfile"

// look looks into the binary for the packages that matter: whether the table of functions names one of theirs.
func (p *program) look() error {
	b, err := os.ReadFile(p.Path)
	if err != nil {
		return err
	}
	has := func(parts ...string) bool { return bytes.Contains(b, []byte(strings.Join(parts, "/"))) } // not in this one
	p.rapid = has("\x00pgregory.net", "rapid.") && bytes.Contains(b, []byte("rapid."+"nofailfile"))
	p.suites = has("\x00github.com", "stretchr", "testify", "suite.Run") || has("internal", "grpctest.RunSubTests")
	p.simulated = has("\x00github.com", "reprise-go", "reprise", "simtest.")
	return nil
}

// unknownFlag starts the line by which a test binary refuses a flag.
const unknownFlag = "flag provided but not defined: "

// functions lists the test functions, fuzz targets and examples in the order in which package testing runs them.
func (p *program) functions(ctx context.Context, s *settings) (list []string, err error) {
	out, err := p.plainRun(ctx, s.wall(), append([]string{"-test.list=."}, s.each...))
	if err != nil {
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, unknownFlag) { // package testing prints all flags behind it
				return nil, errors.New(strings.TrimSpace(line))
			}
		}
		return nil, fmt.Errorf("the tests cannot be listed: %w\n%s", err, out)
	}
	lines := strings.Split(string(out), "\n")
	for _, kind := range []string{"Test", "Fuzz", "Example"} {
		for _, line := range lines {
			if strings.HasPrefix(line, kind) && !strings.ContainsAny(line, " \t") {
				list = append(list, line)
			}
		}
	}
	return list, nil
}

// plainRun runs the binary without control and returns its output. A run that takes longer than limit is ended.
func (p *program) plainRun(ctx context.Context, limit time.Duration, args []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out bytes.Buffer
	err := p.plainTo(ctx, args, p.Env, &out)
	return out.Bytes(), err
}

// plainTo runs the binary without control, until ctx ends, and writes its output to w. All processes that a run has
// started end with it.
func (p *program) plainTo(ctx context.Context, args, env []string, w io.Writer) error {
	cmd := exec.Command(p.Path, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = p.Dir, env, time.Second
	cmd.Stdout, cmd.Stderr = w, w
	procs.Group(cmd, syscall.SIGKILL)
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { procs.Signal(cmd.Process, os.Kill) })
	err := procs.Wait(cmd)
	stop()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return err
}

// plainTimeout is the argument with which a test binary has no time-out of its own; see plainRun.
const plainTimeout = "-test.timeout=0"

// plainEnd is the way in which a test ends without control.
type plainEnd uint8

const (
	plainUnknown plainEnd = iota // the test could not be run, or did not end in time
	plainPasses
	plainFails
)

// alone runs a test function without control, with a limit of time, and returns how it ended, also in words that
// continue a sentence.
func (p *program) alone(ctx context.Context, most time.Duration, args []string) (how string, end plainEnd, err error) {
	_, err = p.plainRun(ctx, most, append(args, plainTimeout, "-test.paniconexit0"))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "but it passes without control", plainPasses, nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("and without control it has not ended after %v", most), plainUnknown, nil
	case errors.As(err, &exit):
		return "and without control it fails too", plainFails, nil
	}
	return "", plainUnknown, err
}

// identity returns the identity of the traces of a test function that is run with the arguments args.
func (p *program) identity(function string, s *settings, args []string) (tracefile.Identity, error) {
	id := tracefile.Identity{
		tracefile.KeyTest: function, tracefile.KeyPackage: p.pkg, tracefile.KeyModule: p.module, tracefile.KeyGo: p.goVersion,
		tracefile.KeyOS: p.goos, tracefile.KeyArch: p.goarch, tracefile.KeyStrategy: s.strategy,
	}
	if s.memory != wire.MemoryOff {
		id[tracefile.KeyMemory] = wire.MemoryOff // a run with points overrides it
	}
	if s.leaks == wire.LeaksOff {
		id[tracefile.KeyLeaks] = wire.LeaksOff
	}
	if s.virtual > 0 {
		id[tracefile.KeyMaxTime] = s.virtual.String()
	}
	for key, list := range map[string][]string{tracefile.KeyBuild: p.flags, tracefile.KeyMemoryPackages: s.packages,
		tracefile.KeyArgs: args} { // lint: order does not matter because the keys differ
		if len(list) > 0 {
			b, err := json.Marshal(list)
			if err != nil {
				return nil, err
			}
			id[key] = string(b)
		}
	}
	return id, nil
}

// command returns the words of a command that runs a seed of the selected tests again.
func (p *program) command(selection string, s *settings, args []string, r *explore.Run) []string {
	words := []string{"reprise", "test"}
	words = append(words, p.flags...)
	if s.strategy != strategy.Default {
		words = append(words, "--"+wire.Strategy.Flag, s.strategy)
	}
	if s.leaks != wire.LeaksAuto {
		words = append(words, "--"+wire.Leaks.Flag, s.leaks)
	}
	if s.slow != defaultSlow {
		words = append(words, "--"+wire.Slow.Flag, wire.SlowText(s.slow))
	}
	if len(s.packages) > 0 {
		words = append(words, "--"+wire.Memory.Flag, strings.Join(s.packages, ","))
	} else if s.memory == wire.MemoryOn {
		words = append(words, "--"+wire.Memory.Flag, s.memory)
	}
	if s.network == wire.NetworkReal {
		words = append(words, "--"+wire.Network.Flag, s.network)
	}
	if faults := s.faults.String(); faults != "" {
		words = append(words, "--"+wire.Faults.Flag, faults)
	}
	if s.outside != (wire.Outside{}) {
		words = append(words, "--"+wire.RecordOutside.Flag, s.outside.String())
	}
	if !s.clock.IsZero() {
		words = append(words, "--"+wire.Clock.Flag, wire.ClockText(s.clock))
	}
	if s.determinism {
		words = append(words, "--"+wire.Determinism.Flag)
	}
	words = append(words, s.limits.flags()...)
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == noFailFile })
	own := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-test.") })
	if own < 0 {
		own = len(args)
	}
	for _, arg := range args[:own] {
		if name := strings.TrimPrefix(arg, "-test."); !strings.HasPrefix(name, "run=") && name != "v=true" {
			words = append(words, "-"+strings.TrimSuffix(name, "=true"))
		}
	}
	words = append(words, p.pkg)
	if s.together {
		words = append(words, "--"+wire.Together.Flag)
	}
	if selection != everything {
		words = append(words, "-run", selection)
	}
	if r.Route != nil {
		words = append(words, "--"+wire.Exhaustive.Flag, s.exhaustive.String())
	} else {
		words = append(words, "--"+wire.Seed.Flag, fmt.Sprintf("0x%016x", r.Seed))
	}
	if own < len(args) {
		words = append(append(words, "-args"), args[own:]...)
	}
	return words
}

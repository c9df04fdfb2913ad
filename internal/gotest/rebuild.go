package gotest

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// Rebuilt is the test of a recording, built from the current source of the program.
type Rebuilt struct {
	Package string   // import path
	Notes   []string // differences between this build and the recorded one

	binary *gort.Binary
	runner *gort.Runner
	test   string
	common gort.Control // settings that all runs share with the recorded one
}

// Given are flags of the build, and arguments of the test binary, that the user gives for a replay. Network is the
// network that the user expects of the recording, "" for any.
type Given struct {
	Flags, Args []string
	Network     string
}

// refusedBut returns Refused without the flags and arguments that the user gives.
func (o *Origin) refusedBut(more Given) []string {
	given := func(list []string) func(string) bool { return func(s string) bool { return slices.Contains(list, s) } }
	left := *o
	left.RefusedFlags = slices.DeleteFunc(slices.Clone(o.RefusedFlags), given(more.Flags))
	left.RefusedArgs = slices.DeleteFunc(slices.Clone(o.RefusedArgs), given(more.Args))
	return left.Refused()
}

// Rebuild builds the test that an identity names, with the flags of the recorded build, for runs in an environment.
// The package must belong to a main module in the current folder. Flags and arguments come from the identity, as far as
// [OriginOf] allows it, and from more. The errors are those of OriginOf and of [gort.Build], and errors about a package
// that does not build or has no tests, and about a test that does not exist.
func Rebuild(ctx context.Context, id tracefile.Identity, env []string, more Given) (*Rebuilt, error) {
	o, err := OriginOf(id)
	if err != nil {
		return nil, err
	}
	pkg, test, args := o.Package, o.Test, append(o.Args, more.Args...)
	common, err := recordedControl(id, more.Network)
	if err != nil {
		return nil, err
	}
	common.Args, common.Records, common.Wall = args, defaultRecords, replayWall
	cfg := gort.BuildConfig{Env: env, Args: append(o.Flags, more.Flags...)}
	if id[tracefile.KeyMemory] != "" {
		if cfg.Memory, err = mainPatterns(ctx, env); err != nil {
			return nil, err
		}
		cfg.Memory = append(cfg.Memory, o.Memory...)
	}
	b, err := gort.Build(ctx, ".", pkg, cfg)
	switch {
	case errors.Is(err, gort.ErrUnsupported):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("package %s does not build: %w", pkg, err)
	}
	if b.Env, err = testEnv(env, b.Dir); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	r := &Rebuilt{Package: pkg, Notes: o.refusedBut(more), binary: b, test: test, common: common}
	if err := r.check(ctx, id); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if r.runner, err = b.Runner(test, r.common); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// replayWall is the maximum real time of a replay. It is long because the recorded run may have had a long -timeout.
const replayWall = 10 * time.Minute

// check checks that the binary has the test, and adds notes about differences between the builds.
func (r *Rebuilt) check(ctx context.Context, id tracefile.Identity) error {
	info, err := buildinfo.ReadFile(r.binary.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // the go command makes no binary without tests
		return fmt.Errorf("package %s has no tests any more", r.Package)
	case err != nil:
		return fmt.Errorf("gotest: %w", err)
	}
	tests, err := r.binary.Tests(ctx)
	if err != nil {
		return err
	}
	function, _, _ := strings.Cut(r.test, "/")
	if !slices.Contains(tests, function) {
		return fmt.Errorf("package %s has no test %s any more; it has %s", r.Package, function, some(tests))
	}
	for _, c := range []struct{ what, then, now string }{
		{"version of Go", id[tracefile.KeyGo], info.GoVersion},
		{"operating system", id[tracefile.KeyOS], runtime.GOOS},
		{"architecture", id[tracefile.KeyArch], runtime.GOARCH},
	} {
		if c.then != "" && c.then != c.now {
			r.Notes = append(r.Notes, fmt.Sprintf("another %s: recorded with %s, replayed with %s", c.what, c.then, c.now))
		}
	}
	return nil
}

// testEnv returns the environment in which "go test" runs a test binary. A test that reads it, for example to find a
// command, then passes as many points as in the recorded run.
func testEnv(env []string, dir string) ([]string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("gotest: go env GOROOT: %w", err)
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "bin")
	for _, v := range env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok && p != "" {
			path += string(filepath.ListSeparator) + p
		}
	}
	return append(slices.Clip(env), "PATH="+path, "PWD="+dir, wire.Slots.Assign(os.DevNull)), nil
}

// some lists the first few tests.
func some(tests []string) string {
	const most = 12
	if len(tests) == 0 {
		return "none"
	}
	if n := len(tests) - most; n > 0 {
		tests = append(slices.Clone(tests[:most]), fmt.Sprintf("and %d more", n))
	}
	return strings.Join(tests, ", ")
}

// Run makes a run of the test, in a copy of one process if possible. It sets the fields of c that are the same for all
// runs: arguments, leaks and limits. The errors are those of [gort.Runner.Run].
func (r *Rebuilt) Run(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	c.NoLeaks = r.common.NoLeaks
	return r.runner.Run(ctx, c)
}

// Host prepares a run of the test for processes that another program starts, such as a debugger, with the settings that
// all runs share. It must be closed before the Rebuilt is.
func (r *Rebuilt) Host(c gort.Control) (*gort.Hosted, error) {
	c.Args, c.Clock, c.RealNetwork, c.Records = r.common.Args, r.common.Clock, r.common.RealNetwork, r.common.Records
	c.Procs, c.NoLeaks = r.common.Procs, r.common.NoLeaks
	return r.binary.Host(r.test, c)
}

// Dir returns the folder of the package.
func (r *Rebuilt) Dir() string { return r.binary.Dir }

// Close removes the binary.
func (r *Rebuilt) Close() error {
	var err error
	if r.runner != nil {
		err = r.runner.Close()
	}
	return errors.Join(err, r.binary.Close())
}

// list returns a list of texts in an identity, or nil if it is absent.
func list(id tracefile.Identity, key string) (texts []string, err error) {
	value, ok := id[key]
	if !ok {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(value), &texts); err != nil {
		return nil, fmt.Errorf("gotest: the recording's %q is no list of texts: %.60q", key, value)
	}
	return texts, nil
}

// packageDir asks the go command for the folder of a package, from the current folder.
func packageDir(pkg string) (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "--", pkg).Output()
	if err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			return "", fmt.Errorf("package %s is not found from here: %s", pkg, strings.TrimSpace(string(exit.Stderr)))
		}
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

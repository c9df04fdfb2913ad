package gotest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/wire"
)

// goRun is a call of the go command.
type goRun struct {
	name string
	args []string
	env  []string
	tmp  string // a folder to be removed, "" if there is none

	plainFlag bool // a flag on the command line requires that go test runs once, such as -bench
}

// goRun returns the call of go test. If ordinary tests cannot be controlled, plain is the reason.
func (o *Options) goRun(ctx context.Context, watched bool) (c *goRun, plain string, err error) {
	c = &goRun{name: "go", args: append([]string{"test", "-json"}, o.Args...), env: append(os.Environ(), o.Env...)}
	names, set := goFlags(o.Args), goFlags(splitQuoted(goflags(ctx)))
	for _, name := range []string{"exec", "overlay"} {
		if slices.Contains(set, name) {
			return nil,
				"", base.Usage("GOFLAGS has -%s, which reprise test sets itself; run it with another GOFLAGS, or run go test", name)
		}
	}
	if err := refuseCover(names, set); err != nil {
		return nil, "", err
	}
	if i := slices.IndexFunc(names, isPlain); i >= 0 {
		c.plainFlag = true
		return c, "-" + names[i] + " was given", nil
	}
	if i := slices.IndexFunc(set, isPlain); i >= 0 {
		return c, "GOFLAGS has -" + set[i], nil
	}
	memory, err := o.memoryPatterns(ctx, append(set, names...))
	if err != nil {
		return nil, "", err
	}
	tools, err := gort.Overlay(ctx, "", nil, "", memory)
	if errors.Is(err, gort.ErrUnsupported) {
		return c, err.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	wrapper, err := wrapperFlag()
	if err != nil {
		return nil, "", err
	}
	if c.tmp, err = os.MkdirTemp("", "reprise-test-"); err != nil {
		return nil, "", err
	}
	c.name = tools.Go
	if tools.Env != nil {
		c.env = append(tools.Env[:len(tools.Env):len(tools.Env)], o.Env...)
	}
	c.env = append(c.env, wire.Slots.Assign(c.tmp))
	if p := lastValue(slices.Concat(splitQuoted(goflags(ctx)), o.Args), "p"); wire.Processes.Valid(p) {
		c.env = append(c.env, wire.Processes.Assign(p))
	}
	if watched {
		c.env = append(c.env, wire.Progress.Assign("true"))
	}
	c.args = []string{"test", "-json", wrapper}
	c.env = append(c.env, wire.Memory.Assign(o.memoryMode(memory)))
	if other := o.otherMemory(); other != "" {
		c.env = append(c.env, wire.MemoryPackages.Assign(other))
	}
	if !slices.Contains(names, "count") {
		c.args = append(c.args, "-count=1") // cached results are of no use
	}
	c.args = append(c.args, tools.Args(append(tagsOf(goflags(ctx)), o.Args...))...)
	return c, "", nil
}

// refuseCover returns an error if coverage is asked for on the command line or in GOFLAGS.
func refuseCover(names, set []string) error {
	cover := func(name string) bool { return strings.HasPrefix(name, "cover") }
	const why = "coverage is not collected from runs under control; leave the flag out, or run go test for coverage"
	if i := slices.IndexFunc(names, cover); i >= 0 {
		return base.Usage("-%s: %s", names[i], why)
	}
	if i := slices.IndexFunc(set, cover); i >= 0 {
		return base.Usage("GOFLAGS has -%s: %s", set[i], why)
	}
	return nil
}

// BeforeArgs returns the arguments before -args. Those after it are for the test binary.
func BeforeArgs(args []string) []string {
	if i := slices.IndexFunc(args, func(arg string) bool { return arg == "-args" || arg == "--args" }); i >= 0 {
		return args[:i]
	}
	return args
}

// goFlags returns the names of the flags among arguments of go test, without those that are set to false.
func goFlags(args []string) (names []string) {
	for _, arg := range BeforeArgs(args) {
		if name, isFlag := strings.CutPrefix(arg, "-"); isFlag {
			name, value, _ := strings.Cut(strings.TrimPrefix(name, "-"), "=")
			if value != "false" {
				names = append(names, strings.TrimPrefix(name, "test."))
			}
		}
	}
	return names
}

// lastValue returns the last value of a flag among arguments of go test, or "" if the flag is not set.
func lastValue(args []string, name string) (value string) {
	args = BeforeArgs(args)
	for i, arg := range args {
		flag, v, given := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		switch flag = strings.TrimPrefix(flag, "-"); {
		case flag != name || !strings.HasPrefix(arg, "-"):
		case given:
			value = v
		case i+1 < len(args):
			value = args[i+1]
		}
	}
	return value
}

// tagsOf returns the flags with build tags in a value of GOFLAGS, which the tags on the command line would override.
func tagsOf(goflags string) (args []string) {
	for _, flag := range splitQuoted(goflags) {
		if strings.HasPrefix(flag, "-tags=") || strings.HasPrefix(flag, "--tags=") {
			args = append(args, flag)
		}
	}
	return args
}

// splitQuoted splits text as the go command splits GOFLAGS: at white space, except between a quote that starts a field
// and the next quote of its kind.
func splitQuoted(text string) (fields []string) {
	for text = strings.TrimLeft(text, " \t\r\n"); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
		if quote := text[0]; quote == '"' || quote == '\'' {
			field, rest, _ := strings.Cut(text[1:], string(quote))
			fields, text = append(fields, field), rest
			continue
		}
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		fields, text = append(fields, text[:end]), text[end:]
	}
	return fields
}

// goflags returns GOFLAGS, which may be set in the environment or by "go env -w".
func goflags(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOFLAGS").Output()
	if err != nil {
		return os.Getenv("GOFLAGS") // the go command will report the error
	}
	return strings.TrimRight(string(out), "\r\n")
}

// wrapperFlag returns the flag that makes go test start this program instead of test binaries.
func wrapperFlag() (string, error) {
	path, err := exec.LookPath(os.Args[0]) // os.Executable would lose the name by which the program was called
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		if path, err = os.Executable(); err != nil {
			return "", err
		}
	}
	quote := ""
	switch {
	case !strings.ContainsAny(path, " \t\r\n'\""):
	case !strings.Contains(path, "'"):
		quote = "'"
	case !strings.Contains(path, `"`):
		quote = `"`
	default:
		return "", fmt.Errorf("%s: go test cannot start a program whose path has both kinds of quotes; move it", path)
	}
	return "-exec=" + quote + path + quote + " exec-test", nil
}

// goTest runs go test and passes its events to r. It returns the status with which the go command failed, or nil if it
// did not. The error means that it could not be run.
func (o *Options) goTest(ctx context.Context, r *testResults, stdout, stderr io.Writer) (status *exec.ExitError,
	err error) {
	c, plain, err := o.goRun(ctx, base.IsDevice(stderr))
	var wrong *base.ExitError
	if errors.As(err, &wrong) {
		return nil, err
	}
	if err != nil {
		// Not %w: err may contain an exit status that is not that of go test.
		return nil, fmt.Errorf("go test cannot be run: %v", err)
	}
	if c.tmp != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(c.tmp)) }()
		if release, err := procs.Hold(filepath.Join(c.tmp, AliveSlot)); err == nil {
			defer release() // its files are removed with the folder
		}
		defer procs.Sweep(wire.Slots.Assign(c.tmp))
	}
	if plain != "" {
		r.plain = plain
		names := goFlags(o.Args)
		if !slices.Contains(names, "list") && !slices.Contains(names, "c") { // which run no tests
			_, _ = fmt.Fprintf(stderr, "reprise: ordinary tests run once, as go test runs them: %s\n", plain)
		}
	}
	cmd := exec.Command(c.name, c.args...)
	cmd.Env, cmd.Stderr = c.env, stderr
	procs.Group(cmd, syscall.SIGINT)
	if c.plainFlag && !o.files() { // go test prints its usual output
		cmd.Args = append([]string{c.name, "test"}, o.Args...)
		r.echo, r.asIs = stdout, true
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if plain == "" {
		r.building = newBuilding(stderr, slices.Contains(goFlags(c.args), "race"), time.Now())
		r.building.terminal = base.IsDevice(stderr)
		r.building.measure(ctx, packagesIn(o.Args))
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := make(chan []byte)
	go readLines(out, lines)
	r.follow(lines, signals, time.After, func(s os.Signal) { procs.Signal(cmd.Process, s) })
	if err = procs.Wait(cmd); errors.As(err, &status) {
		err = nil
	}
	return status, err
}

// readLines sends the lines of in.
func readLines(in io.Reader, lines chan<- []byte) {
	defer close(lines)
	for r := bufio.NewReader(in); ; {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			lines <- line
		}
		if err != nil {
			return
		}
	}
}

// interruptGrace is the time that the tests get to report their findings when they are interrupted.
const interruptGrace = 1500 * time.Millisecond

// follow handles lines up to their end. The first signal interrupts the tests, so that they report what they have found
// so far. They are killed if they do not end in time according to after, which is [time.After], and after SIGQUIT or a
// second signal.
func (r *testResults) follow(lines <-chan []byte, signals <-chan os.Signal, after func(time.Duration) <-chan time.Time,
	pass func(os.Signal)) {
	tick := time.NewTicker(base.ProgressEvery)
	defer tick.Stop()
	var late <-chan time.Time
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return
			}
			r.line(line)
		case now := <-tick.C:
			if r.tell(); r.building != nil && len(r.packages) == 0 && !r.building.terminal {
				r.building.tell(now)
			}
		case <-late:
			pass(os.Kill)
		case s := <-signals:
			if r.interrupted || s == syscall.SIGQUIT {
				pass(os.Kill)
			} else {
				pass(os.Interrupt) // the only signal that the go command handles
				late = after(interruptGrace)
			}
			r.interrupted = true
		}
	}
}

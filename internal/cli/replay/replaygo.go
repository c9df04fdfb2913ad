package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/ordinary"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
)

// testReplay says how the recording of a test is replayed. The zero value of a field is that the flag was not given.
type testReplay struct {
	policy  string // as replayer.Policy.String gives it
	window  int
	fork    string // the index of policy prefix
	seed    string // of what goes on live
	to      string // the index of an event
	breakAt string // indices of events, with commas between

	commands io.Reader // that lead the replay; nil if it goes by itself
}

// goTest replays the recording of a test, in a process of its own.
func (r *replay) goTest() (known bool, err error) {
	of, ok := originOf(r.in.Identity())
	if !ok {
		return false, nil
	}
	o := testReplay{window: r.window}
	switch {
	case r.fixed:
		return true, base.Usage("--fixed is for recordings of the demos; %s is of the test %s", r.in.Name, of.test)
	case r.step && r.given("to"):
		return true, base.Usage("--step of the recording of a test starts at its first event; give it the command to N")
	case r.Format != "text":
		return true, base.Usage("the replay of a test has no format but text")
	case r.path == base.Stdio:
		return true, base.Usage("the recording of a test must be a file: its process reads it again")
	}
	if r.policy != replayer.Strict.String() {
		o.policy = r.policy
	}
	if r.given("fork") {
		o.fork = strconv.FormatUint(r.fork, 10)
	}
	if r.given("seed") {
		o.seed = strconv.FormatUint(r.seed, 10)
	}
	if r.given("break") {
		o.breakAt = strconv.FormatUint(r.breakAt, 10)
	}
	if r.given("to") {
		o.to = strings.TrimPrefix(r.to, "index=")
		if _, err := strconv.ParseUint(o.to, 10, 64); err != nil {
			return true, base.Usage("--to %s: in the recording of a test the target is the index of an event", r.to)
		}
	}
	if r.step {
		o.commands = r.stdin
	}
	return true, replayTest(r.stdout, r.stderr, r.path, of, o)
}

// environment returns the settings of package simtest, for the trace at an absolute path.
func (o testReplay) environment(path string) []string {
	env := []string{wire.Trace.Assign(path)}
	add := func(s *wire.Setting, value string) {
		if value != "" {
			env = append(env, s.Assign(value))
		}
	}
	add(wire.Policy.Setting, o.policy)
	if o.window != 0 {
		add(wire.Window.Setting, strconv.Itoa(o.window))
	}
	add(wire.Fork.Setting, o.fork)
	add(wire.ForkSeed.Setting, o.seed)
	add(wire.To.Setting, o.to)
	add(wire.Break.Setting, o.breakAt)
	if o.commands != nil {
		add(wire.Step.Setting, "true")
	}
	return env
}

// replayTest replays the recording of a test, which package simtest has made: it builds the test's package as it is now
// and runs that test alone, with its output. The package is found from the current folder by its import path. It ends
// with exit code 0 if the replay equals its recording, even if the recorded run has failed, as it says then; 1 if it
// differs, or if a run that has gone on live fails; 3 if the recording cannot be replayed.
func replayTest(stdout, stderr io.Writer, path string, of origin, o testReplay) error {
	dir, err := ordinary.PackageDir(of.pkg)
	if err != nil {
		return base.Failed(fmt.Errorf("%s: %w", path, err))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return base.Failed(err)
	}
	tmp, err := os.MkdirTemp("", "reprise-replay-")
	if err != nil {
		return base.Failed(err)
	}
	defer os.RemoveAll(tmp) // nobody else uses it
	binary := filepath.Join(tmp, "replay.test")
	build := exec.Command("go", "test", "-c", "-o", binary, of.pkg)
	build.Stdout, build.Stderr = stderr, stderr
	if err := build.Run(); err != nil {
		return base.Failed(fmt.Errorf("%s: package %s does not build: %w", path, of.pkg, err))
	}
	if _, err := os.Stat(binary); err != nil {
		return base.Failed(fmt.Errorf("%s: package %s has no tests any more", path, of.pkg))
	}
	cmd := exec.Command(binary, "-test.run="+testpath.Pattern(of.test), "-test.count=1", "-test.v", "-test.timeout=0")
	cmd.Dir, cmd.Stderr, cmd.Stdin = dir, stderr, o.commands
	cmd.Env = append(wire.Strip(os.Environ()), append(o.environment(abs), "PWD="+dir)...)
	outcome, err := runReplay(cmd, stdout)
	if err != nil {
		return base.Failed(fmt.Errorf("%s: %w", path, err))
	}
	return replayOutcome(stdout, path, of, outcome)
}

// attrReplay matches the line of wire.AttrReplay, by which package simtest says how a replay ended.
var attrReplay = regexp.MustCompile(`^=== ATTR  .* ` + regexp.QuoteMeta(wire.AttrReplay.Name) + ` ([a-z-]+)$`)

// runReplay runs a test binary and passes its output on, without what testing itself says. The outcome is "" if the
// test has not replayed anything.
func runReplay(cmd *exec.Cmd, stdout io.Writer) (outcome string, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	var failed error
	for lines.Scan() {
		line := lines.Text()
		if m := attrReplay.FindStringSubmatch(line); m != nil {
			outcome = m[1]
		}
		if !frameLine.MatchString(line) && failed == nil {
			_, failed = fmt.Fprintln(stdout, line)
		}
	}
	failed = errors.Join(failed, lines.Err())
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		failed = errors.Join(failed, err)
	}
	return outcome, failed
}

// frameLine are the lines of a test's output that testing adds.
var frameLine = regexp.MustCompile(`^(=== |\s*--- (PASS|FAIL|SKIP): |PASS$|FAIL$|ok  \t|testing: warning: no tests to run)`)

// replayOutcome ends the command.
func replayOutcome(stdout io.Writer, path string, of origin, outcome string) error {
	switch outcome {
	case wire.ReplayEqual:
		_, err := fmt.Fprintf(stdout, "the replay equals its recording: %s of %s\n", of.test, of.pkg)
		return base.Written(err)
	case wire.ReplayStopped, wire.ReplayLive:
		return nil
	case wire.ReplayDiverged, wire.ReplayChanged, wire.ReplayLiveFailed:
		return base.Found()
	case wire.ReplayUnreadable:
		return &base.ExitError{Code: base.ExitInput}
	}
	return base.Failed(fmt.Errorf("%s: %s of %s replays nothing: the test is gone, was skipped, or no longer calls simtest.Check", path, of.test, of.pkg))
}

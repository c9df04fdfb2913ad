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
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/prose"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// simulated replays the recording of a test of package simtest: it builds the test's package as it is now, and asks its
// binary for the replay. The package is found from the current folder by its import path.
func (r *replay) simulated() (known bool, err error) {
	of, ok := originOf(r.in.Identity())
	if !ok {
		return false, nil
	}
	if err := r.ofTest("the test " + of.test); err != nil {
		return true, err
	}
	tmp, err := os.MkdirTemp("", "reprise-replay-")
	if err != nil {
		return true, base.Failed(err)
	}
	defer os.RemoveAll(tmp) // it is no longer used
	request := front.Request{Settings: r.Settings, Search: r.search, Answer: filepath.Join(tmp, "answer")}
	if request.Path, err = filepath.Abs(r.Path); err != nil {
		return true, base.Failed(err)
	}
	cmd, err := r.build(of, filepath.Join(tmp, "replay.test"))
	if err == nil {
		cmd.Env = append(cmd.Env, wire.Replay.Assign(request.String()))
		err = r.pass(cmd)
	}
	if err != nil {
		return true, base.Failed(fmt.Errorf("%s: %w", r.Name, err))
	}
	answered, err := request.Read(r.Stdout)
	if !answered {
		return true,
			base.Failed(fmt.Errorf("%s: %s of %s replays nothing: the test is gone, was skipped, or no longer calls "+
				"simtest.Check", r.Name, of.test, of.pkg))
	}
	return true, err
}

// build builds the binary of a test and returns the command that runs the test alone.
func (r *replay) build(of origin, binary string) (*exec.Cmd, error) {
	checked, err := gotest.OriginOf(r.in.Identity())
	if err != nil {
		return nil, err
	}
	build := exec.Command("go", slices.Concat([]string{"test", "-c", "-o", binary}, r.given.Flags,
		[]string{checked.Package})...)
	build.Stdout, build.Stderr = r.Stderr, r.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("package %s does not build: %w", of.pkg, err)
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("package %s has no tests any more", of.pkg)
	}
	args := []string{"-test.run=" + testpath.Pattern(checked.Test), "-test.count=1", "-test.v", "-test.timeout=0"}
	cmd := exec.Command(binary, append(args, r.given.Args...)...)
	cmd.Dir, cmd.Stderr, cmd.Env = checked.Dir, r.Stderr, append(wire.Strip(os.Environ()), "PWD="+checked.Dir)
	if r.Step {
		cmd.Stdin = r.Stdin
	}
	return cmd, nil
}

// output returns where the output of a test goes: where the report is for machines, not to standard output.
func (r *replay) output() io.Writer {
	if r.Format != "text" {
		return r.Stderr
	}
	return r.Stdout
}

// shown returns text of a test as it is shown.
func (r *replay) shown(text string) string {
	return prose.Terminal(text, r.Color || base.IsDevice(r.output()))
}

// pass runs a test binary and passes its output on, without the lines that package testing adds and, with --step, the
// spaces that it puts before the lines of the dialogue.
func (r *replay) pass(cmd *exec.Cmd) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	var failed error
	for lines.Scan() {
		line := lines.Text()
		if frameLine.MatchString(line) || failed != nil {
			continue
		}
		if r.Step {
			line = strings.TrimPrefix(line, "    ")
		}
		_, failed = fmt.Fprintln(r.output(), r.shown(line))
	}
	failed = errors.Join(failed, lines.Err())
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		failed = errors.Join(failed, err)
	}
	return failed
}

// frameLine matches the lines of a test's output that package testing adds.
var frameLine = regexp.MustCompile(`^(=== |\s*--- (PASS|FAIL|SKIP): |PASS$|FAIL$|ok  \t|testing: warning: no tests to run)`)

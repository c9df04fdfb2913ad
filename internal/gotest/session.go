package gotest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// session is the run of one test binary.
type session struct {
	settings
	*program
	out        *printer
	processors int
	now        func() time.Time
	deadline   time.Time // zero: none
	open       func(function string, c gort.Control) (runner, error)
	binary     binarySum
}

// Main runs a test binary. args has its path and the arguments of the go command. The runs get the environment env,
// which must not contain settings of reprise; these are read from the environment of the process. Main returns the exit
// code of a test binary. A binary that is called for another purpose than to run tests replaces this process.
func Main(args, env []string, stdout io.Writer) int {
	code, err := run(args, env, stdout)
	if err != nil {
		_, _ = fmt.Fprintf(stdout, "reprise: %v\n", err) // there is no other place to report a broken standard output
		return 1
	}
	return code
}

func run(args, env []string, stdout io.Writer) (code int, err error) {
	if len(args) == 0 {
		return 0, errors.New("exec-test needs the path of a test binary; it is for the flag -exec of go test")
	}
	s := &session{out: &printer{w: stdout}, processors: runtime.GOMAXPROCS(0), now: time.Now}
	if s.settings, err = newSettings(args[1:], os.Getenv); err != nil {
		return 0, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	if s.parallel > 0 { // the maximum number of runs at a time
		s.processors = min(s.processors, s.parallel)
	}
	if s.program, err = inspect(args[0], dir, env); err != nil {
		return 0, err
	}
	if err := s.look(); err != nil {
		return 0, err
	}
	if s.collects != "" {
		return 0, s.collect(s.collects, args[1:])
	}
	if s.plain || s.simulated && s.together {
		return 0, become(s.Path, args[1:], os.Environ())
	}
	s.acceptRapid()
	s.open = func(function string, c gort.Control) (runner, error) { return s.Runner(function, c) }
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	s.endWithCommand(stop)
	if code, err = s.run(ctx); err != nil {
		return 0, err
	}
	return code, s.out.err
}

// acceptRapid adds the argument by which tests with package rapid write no files.
func (s *session) acceptRapid() {
	if !s.rapid {
		return
	}
	own := slices.IndexFunc(s.each, func(arg string) bool { return !strings.HasPrefix(arg, "-test.") })
	if own < 0 {
		own = len(s.each)
	}
	s.each = slices.Insert(s.each, own, noFailFile)
}

// AliveSlot is the name of a file in the folder of slots that `reprise test` holds while it runs; see package procs.
const AliveSlot = "alive"

// endWithCommand calls stop when the command that has started all this ends, and ends the process if that does not.
func (s *session) endWithCommand(stop func()) {
	if s.slotsDir == "" {
		return
	}
	// With this variable the command finds processes that are left.
	s.Env = append(s.Env[:len(s.Env):len(s.Env)], wire.Slots.Assign(s.slotsDir))
	go func() {
		if procs.AwaitEnd(filepath.Join(s.slotsDir, AliveSlot)) == nil {
			stop()
			time.Sleep(time.Second)
			os.Exit(1) // its runs end with this process
		}
	}()
}

// notRunPrefix starts the line that names the tests for which there was no time, with commas between.
const notRunPrefix = "reprise: not run: "

// margin is the maximum of the time before the deadline of go test that is reserved for other work than runs. It is a
// tenth of the time, but at most margin.
const margin = 5 * time.Second

func (s *session) setDeadline() {
	if s.timeout > 0 {
		s.deadline = s.now().Add(s.timeout - min(margin, s.timeout/10))
	}
}

// run runs the test functions and returns the exit code of a test binary.
func (s *session) run(ctx context.Context) (int, error) {
	s.setDeadline()
	if s.timeout > 0 {
		late, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		ctx = late
	}
	list, err := s.functions(ctx, &s.settings)
	if err != nil {
		return 0, err
	}
	list = slices.DeleteFunc(list, func(f string) bool { return !selects(s.arguments.run, s.skip, f) })
	if len(list) == 0 {
		s.out.write("testing: warning: no tests to run\n")
	}
	if s.together && len(list) > 0 {
		code := 0
		if !s.searchTogether(list).run(ctx) {
			code = 1
		}
		s.out.write(marker + []string{"PASS", "FAIL"}[code] + "\n")
		return code, nil
	}
	code := 0
	for i, function := range list {
		if !s.runFunction(ctx, function, len(list)-i) {
			code = 1
		}
		if rest := list[i+1:]; ctx.Err() != nil && len(rest) > 0 {
			s.out.about(notRunPrefix + strings.Join(rest, ", "))
			break
		}
		if code != 0 && s.failfast {
			break
		}
	}
	s.out.write(marker + []string{"PASS", "FAIL"}[code] + "\n")
	return code, nil
}

// search returns the search of the next test, a function or a test of a suite, given the number of those that are left.
func (s *session) search(test string, left int) *search {
	c := &search{session: s, function: test, selection: testpath.Pattern(test), limit: s.budget, sharing: newSharing()}
	function, _, inSuite := strings.Cut(test, "/")
	if !inSuite {
		c.selection = s.arguments.run.of(function)
	}
	if c.selection != testpath.Pattern(test) {
		c.args = append(c.args, "-test.run="+c.selection)
	}
	if s.skip.parts(function) {
		c.args = append(c.args, "-test.skip="+s.skipped)
	}
	c.args = append(append(c.args, "-test.v=true"), s.each...)
	c.bound(left)
	return c
}

// boundRuns limits the real time of a run.
func (c *search) boundRuns() {
	c.wall = c.session.wall()
	if !c.deadline.IsZero() {
		c.wall = min(c.wall, max(c.deadline.Sub(c.now()), time.Second))
	}
}

// bound limits the real time of a search, after which so many others of equal weight shall have time, too.
func (c *search) bound(left int) {
	s := c.session
	c.boundRuns()
	if !s.asked && len(s.only) == 0 {
		c.limit = defaultLimit
		if !s.deadline.IsZero() { // each function gets a share of the time
			c.limit = min(c.limit, max(s.deadline.Sub(s.now())/time.Duration(left), time.Millisecond))
		}
	}
	if len(s.only) > 0 {
		c.limit = 0
	}
}

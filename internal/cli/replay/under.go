package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/term"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cause"
	"github.com/reprise-go/reprise/internal/delve"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/source"
)

// under makes the run o again under Delve, moves it to its place and hands it over to the user.
func (d *debug) under(ctx context.Context, test *gotest.Rebuilt, modules []string, c gort.Control, o *gort.Outcome,
) (err error) {
	all := uint64(o.Recording.Decisions())
	early := o.Recording.Steps - all
	if d.to == toDecision {
		if d.decision, err = d.decided(ctx, test); err != nil {
			return err
		}
	}
	if d.decision > all {
		return base.Failed(fmt.Errorf("%s: the run has %d turns; --to %d is behind its end", d.Name, all, d.decision))
	}
	run, err := test.Host(c)
	if err != nil {
		return base.Failed(err)
	}
	defer func() { err = errors.Join(err, base.Written(run.Close())) }()
	scratch, err := os.MkdirTemp("", "reprise-debug-")
	if err != nil {
		return base.Failed(err)
	}
	defer os.RemoveAll(scratch) // it is no longer used
	cfg := delve.Config{Path: d.dlv, Args: run.Args, Dir: run.Dir, Env: run.Env, Listen: d.listen, Scratch: scratch}
	if cfg.Stdout, cfg.Stderr, err = d.files(); err != nil {
		return err
	}
	server, err := delve.Start(ctx, cfg)
	if err != nil {
		return base.Failed(err)
	}
	defer func() { err = errors.Join(err, base.Written(server.Close())) }()
	run.By(server.Pid())
	session := &delve.Session{Server: server, Run: run, Own: ownCode(modules), Functions: delve.Functions{
		Stopped: run.Stopped, Steps: run.Steps, End: run.End, Fail: run.Fail}}
	return d.handOver(ctx, session, early)
}

// decided returns the number of the turn that decided the run: the one that is stored in the recording, or the one that
// a search finds.
func (d *debug) decided(ctx context.Context, test *gotest.Rebuilt) (uint64, error) {
	stored, err := storedCause(d.Path)
	switch {
	case err != nil:
		return 0, err
	case stored.Turn > 0:
		d.say("the recording says that turn %d decided the run", stored.Turn)
		return uint64(stored.Turn), nil
	}
	failing, err := test.Failing(ctx, d.Path, d.in.Identity(), defaultBudget)
	if err != nil {
		return 0, base.Failed(fmt.Errorf("%s: %w", d.Name, err))
	}
	why, err := failing.Explain(ctx)
	switch {
	case err != nil:
		return 0, base.Failed(fmt.Errorf("%s: %w", d.Name, err))
	case !why.Decided():
		return 0, base.Failed(fmt.Errorf("%s: %s; choose a turn with --to N", d.Name, why.Text("turn")))
	}
	return uint64(max(why.Turn, 1)), nil
}

// storedCause reads what a recording says about what decided its run.
func storedCause(path string) (cause.Cause, error) {
	in, err := base.OpenInput(nil, path, source.Config{})
	if err != nil {
		return cause.Cause{}, err
	}
	defer in.Close()
	c, err := cause.Read(in.Stream)
	if err != nil {
		return cause.Cause{}, in.Bad(err)
	}
	return c, nil
}

// ownCode matches the functions of modules.
func ownCode(modules []string) *regexp.Regexp {
	var list []string
	for _, m := range modules {
		list = append(list, regexp.QuoteMeta(m))
	}
	return regexp.MustCompile("^(" + strings.Join(list, "|") + ")(_test)?[./]")
}

// files returns the files for what dlv and the test print.
func (d *debug) files() (stdout, stderr *os.File, err error) {
	stdout, out := d.Stdout.(*os.File)
	stderr, errs := d.Stderr.(*os.File)
	if !out || !errs {
		return nil, nil, base.Usage("debug prints to a terminal, a file or a pipe")
	}
	return stdout, stderr, nil
}

// handOver moves the run of a session to its place and lets the user have it.
func (d *debug) handOver(ctx context.Context, s *delve.Session, early uint64) error {
	var p delve.Stop
	var err error
	if d.decision > 0 {
		p, err = s.ToDecision(early + d.decision)
	} else {
		p, err = s.ToFailure()
	}
	if err == nil {
		err = s.Server.Leave()
	}
	if err != nil {
		return base.Failed(fmt.Errorf("%s: %w", d.Name, err))
	}
	d.say("%s", d.where(p, early))
	if d.headless {
		d.say("dlv listens at %s; attach an editor, or: dlv connect %s", s.Server.Address, s.Server.Address)
		select {
		case <-ctx.Done():
		case <-s.Server.Ended():
		}
		return nil
	}
	stdin, ok := d.Stdin.(*os.File)
	if !ok {
		return base.Usage("debug reads commands from a terminal, a file or a pipe")
	}
	return base.Written(s.Server.Terminal(stdin, term.IsTerminal(int(stdin.Fd())), commands(p)))
}

// commands are the commands of dlv that show where the program is stopped.
func commands(p delve.Stop) []string {
	if p.Ended || p.Frame < 0 { // as in a deadlock, and where goroutines are left behind
		return []string{"goroutines"}
	}
	return []string{fmt.Sprintf("frame %d", p.Frame)}
}

// where says where the program is stopped.
func (d *debug) where(p delve.Stop, early uint64) string {
	var b strings.Builder
	turn := p.Decision - min(p.Decision, early)
	if p.Ended {
		return "the run is over without such a place"
	}
	fmt.Fprintf(&b, "stopped in turn %d", turn)
	if p.Goroutine > 0 {
		fmt.Fprintf(&b, ", dlv's goroutine %d,", p.Goroutine)
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, " at %s:%d", filepath.Base(p.File), p.Line)
	}
	switch {
	case d.decision > 0 && !p.Exact:
		b.WriteString(": its goroutine does not come to code of the module in this turn")
	case d.decision > 0:
	case p.Exact:
		b.WriteString(", before the line that fails")
	case p.Frame > 0:
		b.WriteString(fmt.Sprintf(", which fails, in frame %d", p.Frame))
	default:
		b.WriteString(", where the run ends")
	}
	return b.String()
}

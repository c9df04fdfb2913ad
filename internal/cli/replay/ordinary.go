package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/turns"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/source"
)

// ordinary replays the recording of an ordinary test: it builds the test's package as it is now, and runs the test in
// processes of its own.
func (r *replay) ordinary() (known bool, err error) {
	if !source.Ordinary(r.in.Stream) {
		return false, nil
	}
	if err := r.ofOrdinary(); err != nil {
		return true, err
	}
	if _, _, err := gort.Load(r.Path); err != nil { // before the build, which takes time
		return true, r.in.Bad(err)
	}
	return true, r.rebuilt("replay", r.turns)
}

// rebuilt builds the test of the recording as it is now and does something with it.
func (r *replay) rebuilt(verb string, do func(context.Context, *gotest.Rebuilt) error) error {
	id := r.in.Identity()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	p := base.NewProgress(r.Stderr, verb)
	p.Say("building %s", id["package"])
	test, err := gotest.Rebuild(ctx, id, wire.Strip(os.Environ()), r.given)
	p.Done()
	if err != nil {
		return base.Failed(fmt.Errorf("%s: %w", r.Name, err))
	}
	return errors.Join(do(ctx, test), base.Written(test.Close()))
}

// ofOrdinary checks that the settings make sense for the recording of an ordinary test.
func (r *replay) ofOrdinary() error {
	if err := r.ofTest("an ordinary test"); err != nil {
		return err
	}
	switch {
	case r.Break != nil:
		return base.Usage("--break is for a debugger, which does not see an ordinary test: its process does not call "+
			"replayer.Breakpoint; to stop at the event and see how the run stands: --to %d", *r.Break)
	case r.in.Form() != source.Reprise:
		return base.BadInput(fmt.Errorf("%s: an ordinary test replays from %s files only; convert it with: reprise convert "+
			"%s x%s", r.Name, source.Reprise, prose.ShellQuote(r.Path), source.Reprise))
	}
	return nil
}

// turns replays a test that has been built.
func (r *replay) turns(ctx context.Context, test *gotest.Rebuilt) error {
	s := r.session()
	d, err := turns.New(ctx, turns.Config{
		Path: r.Path, Policy: r.Policy, Window: r.Window, Fork: r.Fork, Seed: r.Seed, All: r.All,
		Reproduce: r.Reproduce, Notes: test.Notes, Output: &unframed{w: r.output(), shown: r.shown},
	}, test)
	if err != nil {
		return s.Refused(err)
	}
	s.Driver = d
	s.Locate = func(site string) string { return inPackage(test, site) }
	return errors.Join(s.Run(), base.Written(d.Close()))
}

// inPackage puts the folder of the package, as seen from the workspace, before a place in the code if its file is one
// of the package.
func inPackage(test *gotest.Rebuilt, site string) string {
	file, _, _ := strings.Cut(site, ":")
	if _, err := os.Stat(filepath.Join(test.Dir(), file)); file == "" || err != nil {
		return site
	}
	return path.Join(gotest.RelativeDir(test.Package), site)
}

// unframed passes on the output of a test, without the lines that package testing prints around it, and with a newline
// at the end. It takes the whole output in one call.
type unframed struct {
	w     io.Writer
	shown func(string) string
}

// Write implements [io.Writer].
func (u *unframed) Write(output []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(output)) {
		if line = strings.TrimSuffix(line, "\n"); !frameLine.MatchString(line) {
			b.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(u.w, u.shown(b.String()))
	return len(output), err
}

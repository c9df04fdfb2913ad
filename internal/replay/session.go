package replay

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/source"
)

// Session is one replay: a driver, its settings, and the streams of the command.
type Session struct {
	Settings
	Recording *base.Input     // the recording of the driver, for its length and its end
	Driver    replayer.Driver // at the start
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer // for prompts and for the errors of commands that a person types

	// Locate adds the folder of the file, relative to the workspace, to a place in the code such as "queue.go:25". The
	// format github needs it. Nil means that places already have their folders.
	Locate func(site string) string
}

// Run replays according to the settings. The error has an exit code of package base. It is base.ExitFound without a
// text if the run differs from its recording, failed after it continued live, or did not reach the target.
func (s *Session) Run() error {
	if !s.stops() && !s.Step {
		return s.toEnd()
	}
	if s.Recording.File == nil {
		return base.Usage("%s is no file: --to, --break and --step read the recording more than once", s.Name)
	}
	look, err := base.OpenInput(nil, s.Path, source.Config{})
	if err != nil {
		return err
	}
	defer look.Close()
	v := &view{Session: s, look: look}
	if s.Step {
		return (&loop{view: v}).run()
	}
	stop, err := v.atTarget()
	if err != nil {
		return err
	}
	return s.show(stop, stop.reached)
}

// toEnd replays to the end and reports.
func (s *Session) toEnd() error {
	result, err := s.Driver.Run()
	o, err := s.outcome(result, err)
	if err != nil {
		return err
	}
	if s.Expect != "" {
		err := s.show(o, (o.result.Err != nil) == (s.Expect == ExpectFail))
		return cmp.Or(s.unfit(o), err)
	}
	return s.show(o, !o.found())
}

// unfit returns an error if a run passes that has too little in common with its recording to show anything.
func (s *Session) unfit(o *outcome) error {
	f := o.result.Fidelity
	if s.Policy != replayer.Resync || wire.NewPin(o.result.Err != nil, false, f).Verdict != wire.PinUnfit {
		return nil
	}
	return base.BadInput(fmt.Errorf("%s: no longer fits the program, fidelity %.3f: the run passes, which shows little",
		s.Name, f))
}

// show writes a document. The error has the exit code base.ExitFound if the document reports a finding.
func (s *Session) show(d base.Document, fine bool) error {
	color := "never"
	if s.Color {
		color = "always"
	}
	if err := (base.ReportOptions{Format: s.Format, Color: color}).Render(s.Stdout, d); err != nil {
		return base.Failed(err)
	}
	if !fine {
		return base.Found()
	}
	return nil
}

// Refused adds the exit code to an error of a driver, or of creating one.
func (s *Session) Refused(err error) error {
	var coded *base.ExitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, replayer.ErrConfig):
		return base.Usage("--fork %d: %w", s.Fork, err) // all else has been checked
	}
	return s.Recording.Bad(err)
}

// diverged returns the divergence in err, with its places located, or nil if err is not a divergence.
func (s *Session) diverged(err error) *divergence.Divergence {
	var diverged *divergence.Error
	if !errors.As(err, &diverged) {
		return nil
	}
	s.locate(diverged.Divergence)
	return diverged.Divergence
}

// locate completes the places of a divergence.
func (s *Session) locate(d *divergence.Divergence) {
	if d == nil || s.Locate == nil || s.Format != "github" {
		return
	}
	for _, site := range []*string{&d.ExpectedSite, &d.ActualSite, &d.DecisionSite} {
		*site = s.Locate(*site)
	}
}

// markdown adds a heading to a text, which is shown verbatim.
func markdown(text string) string { return "### Replay\n\n" + indented("    ", text) }

package simtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
)

const stepHelp = `step [N]  make N events happen (1)
back [N]  go back by N events (1), by running again from the start
to N      go to the event with index N, forwards or back
tasks     what each task does and waits for
next      the next recorded event
run       run to the end
quit      stop here
An empty line repeats the last command.
`

// stepper is a replay that is led by commands.
type stepper struct {
	run    *replayer.Replayer
	out    io.Writer
	parted error // why the run cannot go on
}

// stepThrough replays by the commands that in has, a line each.
func (p *replay) stepThrough(t testing.TB, in io.Reader, out io.Writer) {
	t.Helper()
	f, cfg, err := p.open()
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	defer f.Close()        // of a file that was only read
	cfg.Sim.Observer = nil // going back makes events happen again
	run, err := replayer.New(f, cfg, p.body)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	defer run.Close() // ends the run
	s := &stepper{run: run, out: out}
	wrong := s.commands(in)
	outcome := wire.ReplayStopped
	if s.parted != nil || wrong != nil {
		outcome = wire.ReplayDiverged
	}
	t.Attr(wire.AttrReplay.Name, outcome)
	if wrong != nil {
		t.Errorf("simtest: %v; the commands are:\n%s", wrong, stepHelp)
	}
	if s.parted != nil {
		t.Errorf("%s: %v", p.path, s.parted)
	}
}

// commands obeys until there are no more, one ends the stepping, or one is wrong.
func (s *stepper) commands(in io.Reader) error {
	last := "step"
	for lines := bufio.NewScanner(in); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			line = last
		}
		last = line
		name, argument, _ := strings.Cut(line, " ")
		n, err := uint64(1), error(nil)
		if argument = strings.TrimSpace(argument); argument != "" || name == "to" {
			if n, err = strconv.ParseUint(argument, 10, 64); err != nil {
				return fmt.Errorf("%q: %q is no number", line, argument)
			}
		}
		if name == "quit" {
			return nil
		}
		if !s.obey(name, n) {
			return fmt.Errorf("unknown command %q", name)
		}
	}
	return nil
}

// obey does one command, and reports whether there is such a one.
func (s *stepper) obey(name string, n uint64) bool {
	switch name {
	case "step":
		for range n {
			if !s.moved(s.run.Step()) {
				break
			}
		}
	case "back":
		s.seek(s.run.Pos() - min(n, s.run.Pos()))
	case "to":
		s.seek(n)
	case "tasks":
		fmt.Fprint(s.out, tasksText(s.run))
	case "next":
		s.next()
	case "run":
		result, err := s.run.Run()
		if err != nil {
			s.note(err)
		} else {
			fmt.Fprintf(s.out, "the run has ended, %d events match; its error: %v\n", result.Events, result.Err)
		}
	case "help":
		fmt.Fprint(s.out, stepHelp)
	default:
		return false
	}
	return true
}

// moved tells of the event that has happened, or why none has.
func (s *stepper) moved(e event.Event, err error) bool {
	if err != nil {
		s.note(err)
		return false
	}
	fmt.Fprintf(s.out, "%6d  %10v  %v\n", s.run.Pos()-1, s.run.State().Time, e)
	return true
}

// note tells why the run cannot go on. That it has come to its end is no failure.
func (s *stepper) note(err error) {
	if err == io.EOF {
		fmt.Fprintln(s.out, "the run has ended")
		return
	}
	fmt.Fprintln(s.out, err)
	if !errors.Is(err, replayer.ErrEnded) && !errors.Is(err, replayer.ErrPosition) {
		s.parted = err
	}
}

func (s *stepper) seek(index uint64) {
	if err := s.run.Seek(index); err != nil {
		s.note(err)
		return
	}
	fmt.Fprintf(s.out, "before event %d, at %v\n", s.run.Pos(), s.run.State().Time)
}

func (s *stepper) next() {
	if now := s.run.State(); now.More {
		fmt.Fprintf(s.out, "next: %6d  %v\n", now.Pos, now.Next)
		return
	}
	fmt.Fprintln(s.out, "next: nothing: the recording ends")
}

// tasksText tells what each task of a run that stands still does.
func tasksText(r *replayer.Replayer) string {
	var b strings.Builder
	for _, info := range r.State().Tasks {
		fmt.Fprintf(&b, "  %v %-12s %-8s %s %s\n", info.ID, info.Name, info.State, info.WaitsFor, info.Line)
	}
	return b.String()
}

package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
)

// loop controls a replay by commands, one per line.
type loop struct {
	*view
	missed bool // the run differed from its recording, or a target was not reached
	over   bool // the command quit was given
	last   string
}

// command is a command of the loop.
type command struct {
	name, args, help string
	do               func(argument string) error
}

// commands are the commands in the order of their help.
func (l *loop) commands() []command {
	return []command{
		{"step", "[N]", "go on by a step, or by N: an event, or the turn of a goroutine of an ordinary test",
			counted(l.step)},
		{"back", "[N]", "go back by a step, or by N", counted(l.back)},
		{"to", "TARGET", "go on to N, index=N, tick=N, time=D, task=T or kind=K", l.to},
		{"tasks", "", "what every task does", plain(l.tasks)},
		{"where", "", "the event, the tasks and the next recorded events", plain(l.where)},
		{"next", "[N]", "the next recorded event, or N of them, without going on", counted(l.next)},
		{"run", "", "go on to the end and report, as without --step", plain(l.finish)},
		{"reset", "", "go back to the start", plain(l.restart)},
		{"help", "", "this list; an empty line repeats the last command", plain(l.help)},
		{"quit", "", "end; so does the end of the input", plain(func() error { l.over = true; return nil })},
	}
}

// plain is a command without an argument.
func plain(do func() error) func(string) error {
	return func(argument string) error {
		if argument != "" {
			return base.Usage("it takes no argument")
		}
		return do()
	}
}

// counted is a command with a number, which is 1 if it is not given.
func counted(do func(n uint64) error) func(string) error {
	return func(argument string) error {
		if argument == "" {
			return do(1)
		}
		n, err := strconv.ParseUint(argument, 10, 32)
		if err != nil || n == 0 {
			return base.Usage("%q is no number from 1 on", argument)
		}
		return do(n)
	}
}

// run reads and executes commands up to the end of the input, starting at the target of the settings if there is one.
func (l *loop) run() error {
	if l.stops() {
		s, err := l.atTarget()
		if err != nil {
			return err
		}
		l.missed = !s.reached
		if err := l.say(s.plain(l.Color)); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(l.Stdin)
	for l.prompt(); !l.over && lines.Scan(); l.prompt() {
		if err := l.obey(strings.TrimSpace(lines.Text())); err != nil {
			return err
		}
	}
	if l.Prompt && !l.over {
		fmt.Fprintln(l.Stderr) // after the last prompt
	}
	switch err := lines.Err(); {
	case err != nil:
		return base.Failed(fmt.Errorf("standard input: %w", err))
	case l.missed:
		return base.Found()
	}
	return nil
}

// prompt shows the position of the replay to a person who types commands.
func (l *loop) prompt() {
	if l.Prompt && !l.over {
		fmt.Fprintf(l.Stderr, "(%d) ", l.Driver.State().Pos)
	}
}

// say prints.
func (l *loop) say(text string) error {
	_, err := io.WriteString(l.Stdout, text)
	return base.Written(err)
}

// obey executes the command in a line. A wrong command ends the loop, unless a person types commands.
func (l *loop) obey(line string) error {
	if line == "" {
		line = l.last
	}
	if line == "" {
		return nil
	}
	l.last = line
	err := l.do(line)
	if !l.Prompt || !wrongUse(err) {
		return err
	}
	_, err = fmt.Fprintln(l.Stderr, err)
	return base.Written(err)
}

// wrongUse reports whether err is about a command that is not valid.
func wrongUse(err error) bool {
	var coded *base.ExitError
	return errors.As(err, &coded) && coded.Code == base.ExitUsage
}

// do finds a command and executes it.
func (l *loop) do(line string) error {
	name, argument, _ := strings.Cut(line, " ")
	for _, c := range l.commands() {
		if c.name != name {
			continue
		}
		err := c.do(strings.TrimSpace(argument))
		if wrongUse(err) {
			return base.Usage("%s: %w", line, err)
		}
		return err
	}
	return base.Usage("%s: there is no such command; help lists them", line)
}

// goOn continues to a target. If the run has ended, the returned stop has not reached it.
func (l *loop) goOn(t replayer.Target) (*stop, error) {
	s, err := l.runTo(t)
	switch {
	case errors.Is(err, replayer.ErrPosition):
		return nil, base.Usage("%v has passed, the next event is %d; back and reset go back", t, l.Driver.State().Pos)
	case err != nil:
		return nil, l.Refused(err)
	}
	l.missed = l.missed || s.first != nil
	return s, nil
}

// step makes a number of steps, and shows each.
func (l *loop) step(n uint64) error {
	for ; n > 0; n-- {
		s, err := l.goOn(replayer.Target{})
		if err != nil {
			return err
		}
		if !s.reached {
			return l.say(s.state.Turn + s.end() + s.rest(l.Color))
		}
		text := s.state.Turn
		if text == "" {
			text = s.line
		}
		if err := l.say(text); err != nil {
			return err
		}
	}
	return nil
}

// to continues to a target, and shows the event there.
func (l *loop) to(text string) error {
	t, err := ParseTarget(text)
	if err != nil {
		return err
	}
	s, err := l.goOn(t)
	switch {
	case err != nil:
		return err
	case s.reached:
		return l.say(s.line)
	}
	l.missed = true
	return l.say(s.plain(l.Color))
}

// back goes back by a number of steps. The program is executed again up to that position.
func (l *loop) back(n uint64) error {
	if steps := l.Driver.State().Steps; n > steps {
		return base.Usage("only %d steps have been made", steps)
	}
	if err := l.Driver.Back(n); err != nil {
		return l.Refused(err)
	}
	state := l.Driver.State()
	if state.Steps == 0 {
		l.at = nil
		return l.say(atStart)
	}
	l.at = &stop{Settings: &l.Settings, reached: true, state: state, line: l.line(state.Event, &state)}
	return l.say(l.at.line)
}

// restart goes back to the start.
func (l *loop) restart() error {
	if err := l.reset(); err != nil {
		return l.Refused(err)
	}
	return l.say(atStart)
}

// atStart describes the position at the start.
const atStart = "at the start, before event 0\n"

// tasks shows what every task does.
func (l *loop) tasks() error { return l.say(tasksText(l.Driver.State().Tasks)) }

// where shows the position of the run.
func (l *loop) where() error {
	switch at := l.at; {
	case at == nil:
		return l.say(atStart)
	case !at.reached:
		return l.say(at.end() + at.rest(l.Color) + "\n" + tasksText(at.state.Tasks))
	default:
		if err := l.complete(at); err != nil {
			return l.Refused(err)
		}
		return l.say(at.plain(false))
	}
}

// next shows the next recorded events.
func (l *loop) next(n uint64) error {
	state := l.Driver.State()
	_, lines, err := l.ahead(&state, int(n))
	if err != nil {
		return l.Refused(err)
	}
	return l.say((&stop{state: state, after: lines}).following())
}

// finish continues to the end and reports.
func (l *loop) finish() error {
	result, err := l.Driver.Run()
	o, refused := l.outcome(result, err)
	if refused != nil {
		return refused
	}
	l.missed = l.missed || o.found()
	l.at = l.view.over(result, l.diverged(err))
	return l.say(o.Text(l.Color))
}

// help lists the commands.
func (l *loop) help() error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range l.commands() {
		fmt.Fprintf(w, "%s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return l.say(b.String())
}

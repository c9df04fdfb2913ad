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

// debugger replays by commands, one a line.
type debugger struct {
	*replay
	view     *view
	terminal bool // somebody types the commands
	found    bool // a divergence, or a target that was never met
	quit     bool
	last     string
}

func newDebugger(r *replay, v *view) *debugger {
	return &debugger{replay: r, view: v, terminal: base.IsDevice(r.stdin)}
}

// debugCommand is a command of the debugger.
type debugCommand struct {
	name, args, help string
	do               func(argument string) error
}

// commands are the commands in the order of their help.
func (d *debugger) commands() []debugCommand {
	return []debugCommand{
		{"step", "[N]", "go on by an event, or by N", counted(d.step)},
		{"back", "[N]", "go back by an event, or by N", counted(d.back)},
		{"to", "TARGET", "go on to N, index=N, tick=N, time=D, task=T or kind=K", d.to},
		{"tasks", "", "what every task does", plain(d.tasks)},
		{"where", "", "the event, the tasks and the next recorded events", plain(d.where)},
		{"next", "[N]", "the next recorded event, or N of them, without going on", counted(d.next)},
		{"run", "", "go on to the end and report, as without --step", plain(d.toEnd)},
		{"reset", "", "go back to the start", plain(d.reset)},
		{"help", "", "this list; an empty line repeats the last command", plain(d.help)},
		{"quit", "", "end; so does the end of the input", plain(func() error { d.quit = true; return nil })},
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

// run reads and does commands to the end of the input.
func (d *debugger) run() error {
	if d.target != nil {
		if err := d.begin(); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(d.stdin)
	for d.prompt(); !d.quit && lines.Scan(); d.prompt() {
		if err := d.command(strings.TrimSpace(lines.Text())); err != nil {
			return err
		}
	}
	if d.terminal && !d.quit {
		fmt.Fprintln(d.stderr) // after the last prompt
	}
	switch err := lines.Err(); {
	case err != nil:
		return base.Failed(fmt.Errorf("standard input: %w", err))
	case d.found:
		return base.Found()
	}
	return nil
}

// prompt tells somebody who types where the replay stands.
func (d *debugger) prompt() {
	if d.terminal && !d.quit {
		fmt.Fprintf(d.stderr, "(%d) ", d.view.run.Pos())
	}
}

// begin goes to where the flags say, and shows that.
func (d *debugger) begin() error {
	s, err := d.atTarget(d.view)
	if err != nil {
		return err
	}
	d.found = !s.reached
	return d.say(s.Text(d.Colored(d.stdout)))
}

// say prints.
func (d *debugger) say(text string) error {
	_, err := io.WriteString(d.stdout, text)
	return base.Written(err)
}

// command does what a line says. Wrong use ends the debugger, unless somebody types.
func (d *debugger) command(line string) error {
	if line == "" {
		line = d.last
	}
	if line == "" {
		return nil
	}
	d.last = line
	err := d.do(line)
	var coded *base.ExitError
	if !d.terminal || !errors.As(err, &coded) || coded.Code != base.ExitUsage {
		return err
	}
	_, err = fmt.Fprintln(d.stderr, coded)
	return base.Written(err)
}

// do finds a command and does it.
func (d *debugger) do(line string) error {
	name, argument, _ := strings.Cut(line, " ")
	for _, c := range d.commands() {
		if c.name != name {
			continue
		}
		err := c.do(strings.TrimSpace(argument))
		var coded *base.ExitError
		if errors.As(err, &coded) && coded.Code == base.ExitUsage {
			return base.Usage("%s: %w", line, coded.Err)
		}
		return err
	}
	return base.Usage("%s: there is no such command; help lists them", line)
}

// goOn goes on to a target and shows the event there. The stand is one that has not reached it if the replay has ended.
func (d *debugger) goOn(t replayer.Target) (*stand, error) {
	s, err := d.view.runTo(t)
	switch {
	case errors.Is(err, replayer.ErrPosition):
		return nil, base.Usage("%v has passed, the next event is %d; back and reset go back", t, d.view.run.Pos())
	case err != nil:
		return nil, d.refused(err)
	case s.reached:
		return s, d.say(s.line)
	}
	d.found = d.found || s.first != nil
	return s, nil
}

// step goes on by some events.
func (d *debugger) step(n uint64) error {
	for ; n > 0; n-- {
		s, err := d.goOn(replayer.Target{})
		if err != nil {
			return err
		}
		if !s.reached {
			return d.say(s.end(d.Colored(d.stdout)))
		}
	}
	return nil
}

// to goes on to a target.
func (d *debugger) to(text string) error {
	t, err := parseTarget(text)
	if err != nil {
		return err
	}
	s, err := d.goOn(t)
	if err != nil || s.reached {
		return err
	}
	d.found = true
	return d.say(s.Text(d.Colored(d.stdout)))
}

// back goes back by some events: the program is executed anew up to there.
func (d *debugger) back(n uint64) error {
	pos := d.view.run.Pos()
	switch {
	case n > pos:
		return base.Usage("only %d events have come", pos)
	case n == pos:
		return d.reset()
	}
	if err := d.view.reset(); err != nil {
		return d.refused(err)
	}
	_, err := d.goOn(replayer.AtIndex(pos - n - 1))
	return err
}

// reset goes back to the start.
func (d *debugger) reset() error {
	if err := d.view.reset(); err != nil {
		return d.refused(err)
	}
	return d.say(atStart)
}

// atStart is where nothing has run.
const atStart = "at the start, before event 0\n"

// tasks shows what every task does.
func (d *debugger) tasks() error {
	return d.say(strings.TrimPrefix(tasksText(d.view.run.State().Tasks), "\n"))
}

// where shows how the run stands.
func (d *debugger) where() error {
	switch at := d.view.at; {
	case at == nil:
		return d.say(atStart)
	case !at.reached:
		return d.say(at.end(d.Colored(d.stdout)) + tasksText(at.tasks))
	default:
		if err := d.view.whole(at); err != nil {
			return d.refused(err)
		}
		return d.say(at.Text(false))
	}
}

// next shows the next recorded events.
func (d *debugger) next(n uint64) error {
	done, _, lines, err := d.view.ahead(int(n))
	if err != nil {
		return d.refused(err)
	}
	return d.say((&stand{done: done, after: lines}).following())
}

// toEnd goes on to the end and reports.
func (d *debugger) toEnd() error {
	result, err := d.view.run.Run()
	o := d.outcome(result)
	if failure := o.take(err); failure != nil {
		return d.refused(failure)
	}
	d.found = d.found || o.found()
	d.view.at = d.view.over(result, divergenceOf(err))
	return d.say(o.Text(d.Colored(d.stdout)))
}

// help lists the commands.
func (d *debugger) help() error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range d.commands() {
		fmt.Fprintf(w, "%s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return d.say(b.String())
}

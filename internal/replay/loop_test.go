package replay

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// list is a driver that plays a list of events and runs no program. A step is a number of events, like a turn of an
// ordinary test.
type list struct {
	events []event.Event
	stride int    // events of a step
	parted uint64 // the event at which the run leaves the recording; len(events) if it does not
	pos    int
	ended  bool
}

var _ replayer.Driver = (*list)(nil)

// Steps, Elapsed, TaskName and TaskPath make the list a [replayer.Moment].
func (*list) Steps() uint64                { return 0 }
func (*list) Elapsed() time.Duration       { return 0 }
func (*list) TaskName(event.TaskID) string { return "" }
func (*list) TaskPath(event.TaskID) string { return "" }

func (l *list) err() error {
	if l.parted < uint64(len(l.events)) {
		m := divergence.Mismatch{Index: l.parted, Expected: []event.Event{l.events[l.parted]}}
		return &divergence.Error{Divergence: divergence.Describe(m)}
	}
	return nil
}

func (l *list) end() { l.pos, l.ended = int(l.parted), true }

func (l *list) RunTo(t replayer.Target) (event.Event, error) {
	if index, exact := t.Index(); exact && index < uint64(l.pos) {
		return event.Event{}, replayer.ErrPosition
	}
	for i := l.pos; !l.ended && i < int(l.parted); i++ {
		if !t.Met(l, uint64(i), l.events[i]) {
			continue
		}
		if stop := (i/l.stride + 1) * l.stride; stop <= int(l.parted) {
			l.pos = stop
			return l.events[stop-1], nil
		}
		break
	}
	l.end()
	if err := l.err(); err != nil {
		return event.Event{}, err
	}
	return event.Event{}, io.EOF
}

func (l *list) steps() int {
	if l.ended {
		return int(l.parted)/l.stride + 1
	}
	return l.pos / l.stride
}

func (l *list) Back(n uint64) error {
	if n > uint64(l.steps()) {
		return replayer.ErrPosition
	}
	l.pos, l.ended = (l.steps()-int(n))*l.stride, false
	return nil
}

func (l *list) Reset() error { l.pos, l.ended = 0, false; return nil }

func (l *list) Run() (replayer.Result, error) {
	l.end()
	return replayer.Result{Events: l.parted, Emitted: l.parted}, l.err()
}

func (l *list) State() replayer.State {
	s := replayer.State{Steps: uint64(l.steps()), Pos: uint64(l.pos), Recorded: uint64(l.pos)}
	if l.pos > 0 && !l.ended {
		s.Event = l.events[l.pos-1]
	}
	if s.More = l.pos < len(l.events); s.More {
		s.Next = l.events[l.pos]
	}
	for i := range l.pos % 3 {
		s.Tasks = append(s.Tasks, simsched.TaskInfo{
			ID: event.NewTaskID(uint32(i), 0), Name: "t", State: simsched.TaskWaiting, WaitsFor: fmt.Sprint("for ", l.pos),
		})
	}
	if l.stride > 1 && !l.ended {
		s.Turn = fmt.Sprintf("turn %d\n", l.steps())
	}
	return s
}

func (*list) Close() error { return nil }

// model is what the commands must print, from a list of lines and a number: the position.
type model struct {
	*list
	line   []string // of each event, as dump prints it with its time
	out    strings.Builder
	missed bool
}

func (m *model) printf(format string, args ...any) { fmt.Fprintf(&m.out, format, args...) }

// last prints the event at which the run stands.
func (m *model) last(pos int) {
	if pos == 0 {
		m.printf("at the start, before event 0\n")
		return
	}
	m.printf("%s", m.line[pos-1])
}

// finish prints how the run has ended.
func (m *model) finish() {
	if m.parted < uint64(len(m.events)) {
		m.missed = true
		m.printf("the run and its recording part at event %d\n…", m.parted)
		return
	}
	m.printf("the run ended after %d events\nit passed\n", m.parted)
}

// command does what a command must do, on a list of its own. ok is false for wrong use.
func (m *model) command(line string) (ok bool) {
	name, argument, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(argument)
	if argument == "" {
		n, err = 1, nil
	}
	switch name {
	case "step":
		for ; n > 0; n-- {
			if m.ended || m.pos+m.stride > int(m.parted) {
				m.end()
				m.finish()
				return true
			}
			if m.pos += m.stride; m.stride > 1 {
				m.printf("turn %d\n", m.pos/m.stride)
			} else {
				m.last(m.pos)
			}
		}
	case "back":
		before := m.pos / m.stride
		if m.ended {
			before = int(m.parted)/m.stride + 1
		}
		if n > before {
			return false
		}
		m.pos, m.ended = (before-n)*m.stride, false
		m.last(m.pos)
	case "to":
		if err != nil || n < m.pos {
			return false
		}
		stop := n - n%m.stride + m.stride
		if m.ended || stop > int(m.parted) || n >= int(m.parted) {
			m.end()
			m.missed = true
			m.printf("x: never at event %d: ", n)
			m.finish()
			return true
		}
		m.pos = stop
		m.last(m.pos)
	case "tasks":
		m.printf("%s", tasksText(m.State().Tasks))
	case "next":
		if m.pos >= len(m.events) {
			m.printf("  nothing more to compare with, after %d recorded events\n", m.pos)
		}
		for i := m.pos; i < min(m.pos+n, len(m.events)); i++ {
			m.printf("%s", strings.Replace(m.line[i], "0s", untimed[i > m.pos], 1))
		}
	case "reset":
		m.pos, m.ended = 0, false
		m.last(0)
	default:
		return false
	}
	return true
}

// untimed is the time of an event behind another one at the same time.
var untimed = map[bool]string{false: "0s", true: "  "}

// write writes events into a trace file.
func write(t *rapid.T, dir string, events []event.Event) (path string) {
	path = filepath.Join(dir, "x.reprise")
	w, err := tracefile.Create(path, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// play leads a driver by commands and returns what is printed, with what a divergence says cut short.
func play(t *rapid.T, path string, d replayer.Driver, commands []string) (text string, err error) {
	in, err := base.OpenInput(nil, path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out strings.Builder
	s := &Session{
		Settings:  Settings{Name: "x", Path: path, Format: "text", Step: true},
		Recording: in, Driver: d, Stdin: strings.NewReader(strings.Join(append(commands, ""), "\n")), Stdout: &out,
	}
	err = s.Run()
	return shortened(out.String()), err
}

// shortened replaces every divergence by a mark.
func shortened(text string) string {
	const from, to = "\ndivergence [", "signature  "
	for {
		head, rest, found := strings.Cut(text, from)
		if !found {
			return text
		}
		_, rest, _ = strings.Cut(rest, to)
		_, rest, _ = strings.Cut(rest, "\n")
		text = head + "…" + rest
	}
}

// codeOf returns the exit code of an error.
func codeOf(err error) int {
	var coded *base.ExitError
	if errors.As(err, &coded) {
		return coded.Code
	}
	return base.ExitOK
}

// TestLoopIsAModel: any sequence of commands prints what a list of events and a number say, and does so each time.
// Wrong use ends the loop; a parting of run and recording, or a target that is never met, gives the exit code
// ExitFound.
func TestLoopIsAModel(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		events := []event.Event{event.RngSeed(1)}
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			events = append(events, event.RngValue(uint64(len(events))))
		}
		path := write(t, dir, events)
		stride := rapid.IntRange(1, 3).Draw(t, "stride")
		parted := rapid.Uint64Range(1, uint64(len(events))).Draw(t, "parted")
		commands := rapid.SliceOf(rapid.Custom(func(t *rapid.T) string {
			name := rapid.SampledFrom([]string{"step", "step", "back", "to", "tasks", "next", "reset", ""}).Draw(t, "command")
			if name == "to" || name != "tasks" && name != "reset" && name != "" && rapid.Bool().Draw(t, "counted") {
				name += fmt.Sprint(" ", rapid.IntRange(1, 9).Draw(t, "n"))
			}
			return name
		})).Draw(t, "commands")

		m := &model{list: &list{events: events, stride: stride, parted: parted}}
		for i, e := range events {
			fields := strings.TrimPrefix(e.String(), e.Kind().String())
			m.line = append(m.line, base.EventLine(base.IndexWidth, uint64(i), "0s", e.Kind().String(), fields, ""))
		}
		wrong, last := false, ""
		for _, c := range commands {
			if c == "" {
				c = last
			}
			if last = c; c != "" && !m.command(c) {
				wrong = true
				break
			}
		}
		for range 2 {
			text, err := play(t, path, &list{events: events, stride: stride, parted: parted}, commands)
			if text != m.out.String() {
				t.Fatalf("commands %q print\n%s\nwant\n%s", commands, text, m.out.String())
			}
			want := base.ExitOK
			switch {
			case wrong:
				want = base.ExitUsage
			case m.missed:
				want = base.ExitFound
			}
			if code := codeOf(err); code != want {
				t.Fatalf("commands %q end with %v, want exit code %d", commands, err, want)
			}
		}
	})
}

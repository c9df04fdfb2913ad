// Package stepper is the terminal debugger over a recorded run, or over two that part: the turns, the tasks with what
// each waits for, and the source around the turn, on one screen. It must not run a program.
package stepper

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/walk"
	"github.com/reprise-go/reprise/traceview"
)

// Screen is the state of the debugger; it is a model of Bubble Tea.
type Screen struct {
	walk   *walk.Walk
	other  *walk.Walk // the other of two runs, at the turn with the same number; nil if there is one run
	second bool       // walk is the second of two runs

	events        func(from, to uint64) []Row // of walk
	others        func(from, to uint64) []Row // of other
	event         uint64                      // index of the event at which walk stands
	listing       bool                        // the events are listed, and not the turns
	files         *gofiles.Finder
	width, height int
	lane          int // the task that is selected
	typing        bool
	query         string
	message       string
	help          bool
}

// Run is a recorded run.
type Run struct {
	Model  *traceview.Model            // with turns
	Events func(from, to uint64) []Row // reads events from an index up to another, fewer at the end; nil if it cannot
}

// New returns the debugger of a run, or of two that are compared. Two runs stand at their first difference. The screen
// has 80 by 24 characters until its size is known.
func New(files *gofiles.Finder, run Run, other ...Run) *Screen {
	s := &Screen{walk: walk.New(run.Model), events: run.Events, files: files, width: 80, height: 24}
	if len(other) > 0 {
		s.other, s.others = walk.New(other[0].Model), other[0].Events
		if !s.walk.Differs(s.walk.Turn()) && !s.walk.Seek(true, s.walk.Differs) {
			s.walk.Move(-len(run.Model.Turns))
		}
	}
	s.arrived()
	return s
}

// Init implements [tea.Model].
func (s *Screen) Init() tea.Cmd { return nil }

// Update implements [tea.Model].
func (s *Screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = max(msg.Width, 40), max(msg.Height, 12)
	case tea.KeyPressMsg:
		if s.typing {
			s.typed(msg)
			return s, nil
		}
		if key := msg.String(); key == "q" || key == "ctrl+c" || key == "ctrl+d" { // the last also if the terminal is gone
			return s, tea.Quit
		}
		s.key(msg.String())
	}
	return s, nil
}

// typed takes a key of the text that is searched.
func (s *Screen) typed(msg tea.KeyPressMsg) {
	switch key := msg.String(); key {
	case "enter":
		s.typing = false
		s.search()
	case "esc", "ctrl+c":
		s.typing, s.query = false, ""
	case "backspace":
		if _, n := utf8.DecodeLastRuneInString(s.query); n > 0 {
			s.query = s.query[:len(s.query)-n]
		}
	default:
		s.query += msg.Key().Text
	}
}

// search goes to the next turn with the text.
func (s *Screen) search() {
	if s.query == "" {
		return
	}
	before := s.walk.At()
	if !s.walk.Seek(true, s.walk.About(s.query)) {
		s.walk.Move(before - s.walk.At())
		s.message = fmt.Sprintf("%q does not occur from here on", s.query)
		return
	}
	s.arrived()
}

// commands are the keys and what they do, in the order of the help.
var commands = []struct {
	keys, about string
	do          func(s *Screen) bool // reports whether there was such a turn
}{
	{"n right space", "next turn", func(s *Screen) bool { return s.walk.Move(1) }},
	{"p left", "turn before", func(s *Screen) bool { return s.walk.Move(-1) }},
	{"N", "next turn of the selected task", func(s *Screen) bool { return s.of(true) }},
	{"P", "turn before of the selected task", func(s *Screen) bool { return s.of(false) }},
	{"c", "on to a failure, difference or critical turn", func(s *Screen) bool { return s.marked(true) }},
	{"C", "back to a failure, difference or critical turn", func(s *Screen) bool { return s.marked(false) }},
	{"g home", "first turn", func(s *Screen) bool { s.walk.Move(-len(s.walk.Model.Turns)); return true }},
	{"G end", "last turn", func(s *Screen) bool { s.walk.Move(len(s.walk.Model.Turns)); return true }},
}

// marked goes to another turn with a mark that counts.
func (s *Screen) marked(forward bool) bool { return s.walk.Seek(forward, s.walk.Marked) }

// of goes to another turn of the selected task, or stays.
func (s *Screen) of(forward bool) bool {
	lane, before := s.lane, s.walk.At()
	if s.walk.Seek(forward, walk.Of(lane)) {
		return true
	}
	s.walk.Move(before - s.walk.At())
	s.message = "no such turn"
	return false
}

// key takes a command.
func (s *Screen) key(key string) {
	s.message, s.help = "", key == "?" && !s.help
	switch key {
	case "j", "down":
		s.lane = min(s.lane+1, len(s.walk.Model.Lanes)-1)
		return
	case "k", "up":
		s.lane = max(s.lane-1, 0)
		return
	case "/":
		s.typing, s.query = true, ""
		return
	case "v":
		s.listing = !s.listing
		return
	case "e", "E", "d", "D":
		s.eventStep(key == "e" || key == "d", key == "d" || key == "D")
		return
	case "tab":
		if s.other != nil {
			s.walk, s.other, s.second = s.other, s.walk, !s.second
			s.events, s.others = s.others, s.events
			s.arrived()
		}
		return
	case "r":
		s.search()
		return
	}
	for _, c := range commands {
		if slices.Contains(strings.Fields(c.keys), key) {
			if c.do(s) || s.message == "" {
				s.arrived()
			}
			return
		}
	}
}

// arrived is called when the run has moved to another turn.
func (s *Screen) arrived() {
	s.event = s.walk.Turn().Event
	s.followed()
}

// followed selects the task that runs, and moves the other run to the same turn.
func (s *Screen) followed() {
	s.lane = s.walk.Turn().Lane
	if s.other != nil {
		s.other.Move(s.walk.At() - s.other.At())
	}
}

// View implements [tea.Model].
func (s *Screen) View() tea.View {
	v := tea.NewView(s.Text())
	v.AltScreen = true
	return v
}

// Text returns the screen: lines of at most its width, at most its height.
func (s *Screen) Text() string {
	head := []string{bold(s.fit(s.walk.Model.Title + ": " + s.walk.Where())), s.fit(s.which())}
	foot := []string{"", s.fit(s.bottom())}
	if s.help {
		return strings.Join(append(append(head, s.helpLines()...), foot...), "\n")
	}
	rows := s.height - len(head) - len(foot) - 2
	turns := max(rows/2, 3)
	body := s.beside(s.tasks(max(rows-turns, 2)), s.source(max(rows-turns, 2)))
	lines := append(head, body...)
	lines = append(lines, "")
	if s.listing {
		lines = append(lines, s.window(turns)...)
	} else {
		lines = append(lines, s.turns(turns)...)
	}
	if marks := s.marks(); marks != "" {
		foot[0] = s.fit(marks)
	}
	return strings.Join(append(lines, foot...), "\n")
}

// which says which of two runs is shown.
func (s *Screen) which() string {
	switch {
	case s.other == nil:
		return ""
	case s.second:
		return "the second run, on the right; tab shows the first, which is at " + s.other.Where()
	}
	return "the first run, on the left; tab shows the second, which is at " + s.other.Where()
}

// bottom is the last line.
func (s *Screen) bottom() string {
	switch {
	case s.typing:
		return "/" + s.query + "_"
	case s.message != "":
		return s.message
	}
	return "n next  p back  N/P of the task  e/E event  j/k select  / search  c failure  ? help  q quit"
}

func (s *Screen) helpLines() (list []string) {
	add := func(keys, about string) { list = append(list, s.fit(fmt.Sprintf("  %-14s  %s", keys, about))) }
	for _, c := range commands {
		add(c.keys, c.about)
	}
	add("j down, k up", "select another task")
	add("e, E", "next event, event before")
	add("d, D", "next decision, decision before")
	add("v", "list events instead of turns, and back")
	add("/", "search a line, an object, a task or a text")
	add("r", "search again")
	if s.other != nil {
		add("tab", "show the other run")
	}
	return list[:min(len(list), s.height-4)]
}

// marks says what is marked at the turn.
func (s *Screen) marks() string {
	var list []string
	for _, m := range s.walk.Marks(s.walk.Turn()) {
		list = append(list, m.Text)
	}
	return strings.Join(list, "; ")
}

// fit cuts a line to the width of the screen.
func (s *Screen) fit(line string) string { return prose.Cut(line, s.width) }

// tasks lists the tasks around the one that is selected.
func (s *Screen) tasks(most int) []string {
	half := s.width / 2
	list := s.walk.Tasks()
	from := min(max(s.lane-most/2, 0), max(len(list)-most, 0))
	var lines []string
	for _, t := range list[from:min(from+most, len(list))] {
		line := "  "
		if t.Lane == s.lane {
			line = "> "
		}
		line = prose.Cut(line+s.walk.Name(t.Lane)+": "+t.How, half-2)
		if t.State == traceview.Running {
			line = bold(line) + strings.Repeat(" ", max(half-utf8.RuneCountInString(line), 0))
		} else {
			line += strings.Repeat(" ", max(half-utf8.RuneCountInString(line), 0))
		}
		lines = append(lines, line)
	}
	return lines
}

// source returns the lines around the place of the selected task.
func (s *Screen) source(most int) []string {
	place := s.walk.Tasks()[s.lane].Place
	text := s.files.Lines(place)
	lines := []string{prose.Cut(cast.ShortSite(place), s.width-s.width/2)}
	for line := range strings.Lines(text) {
		lines = append(lines, prose.Cut(strings.TrimRight(line, "\n"), s.width-s.width/2))
	}
	return lines[:min(len(lines), most)]
}

// beside puts two blocks beside each other; the lines of the left one have the same width.
func (s *Screen) beside(left, right []string) (lines []string) {
	for i := range max(len(left), len(right)) {
		l, r := strings.Repeat(" ", s.width/2), ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		lines = append(lines, strings.TrimRight(l+r, " "))
	}
	return lines
}

// turns lists the turns around those at which the runs stand.
func (s *Screen) turns(most int) []string {
	switch {
	case s.other == nil:
		return s.turnsOf(s.walk, most, s.width, true)
	case s.second:
		return s.beside(s.padded(s.turnsOf(s.other, most, s.width/2-1, false)), s.turnsOf(s.walk, most, s.width/2, true))
	}
	return s.beside(s.padded(s.turnsOf(s.walk, most, s.width/2-1, true)), s.turnsOf(s.other, most, s.width/2, false))
}

// padded fills lines up to half of the width.
func (s *Screen) padded(lines []string) []string {
	for i, line := range lines {
		width := utf8.RuneCountInString(strings.NewReplacer(boldOn, "", boldOff, "").Replace(line))
		lines[i] = line + strings.Repeat(" ", max(s.width/2-width, 0))
	}
	return lines
}

// turnsOf lists the turns around the one at which a run stands, which is bold if the run is the one that is shown.
func (s *Screen) turnsOf(w *walk.Walk, most, width int, shown bool) (lines []string) {
	m := w.Model
	at := w.At() - m.First
	from := min(max(at-most/2, 0), max(len(m.Turns)-most, 0))
	for i := from; i < min(from+most, len(m.Turns)); i++ {
		t := &m.Turns[i]
		mark := " "
		if i == at {
			mark = ">"
		}
		if w.Differs(t) {
			mark += "≠"
		}
		line := fmt.Sprintf("%-2s%6d  %s: %s", mark, t.Decision, w.Name(t.Lane), t.Sentence())
		if t.Place != "" {
			line += " at " + cast.ShortSite(t.Place)
		}
		if line = prose.Cut(line, width); i == at && shown {
			line = bold(line)
		}
		lines = append(lines, line)
	}
	return lines
}

// The sequences of a terminal before and after a bold text.
const (
	boldOn  = "\x1b[1m"
	boldOff = "\x1b[m"
)

// bold makes a text bold on a terminal.
func bold(text string) string { return boldOn + text + boldOff }

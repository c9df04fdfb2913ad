package stepper_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/stepper"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

func model(t interface {
	Helper()
	Fatal(...any)
}, name string) *traceview.Model {
	t.Helper()
	return focused(t, name, traceview.Options{Focus: -1})
}

func focused(t interface {
	Helper()
	Fatal(...any)
}, name string, o traceview.Options) *traceview.Model {
	t.Helper()
	f, err := source.Open("../../traceview/testdata/"+name, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := traceview.Read(&f.Stream, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// one returns the run of a model, with 40 events of which every third is a decision.
func one(m *traceview.Model) stepper.Run {
	return stepper.Run{Model: m, Events: func(from, to uint64) (list []stepper.Row) {
		for i := from; i < min(to, m.Turns[0].Event+40); i++ {
			list = append(list, stepper.Row{Text: fmt.Sprintf("event %d", i), Decision: i%3 == 0})
		}
		return list
	}}
}

// TestCriticalPair: where the recording has what decided the run, c goes from turn to turn of the critical pair, C goes
// back, and the last lines say what each has to do with it.
func TestCriticalPair(t *testing.T) {
	s := stepper.New(gofiles.New(""), one(model(t, "decided.reprise")))
	for _, step := range []struct{ key, turn, part string }{
		{"c", "turn 24 of 28", "critical pair: stands here at bank.go:14"},
		{"c", "turn 25 of 28", "critical pair: runs meanwhile"},
		{"c", "turn 26 of 28", "critical pair: goes on"},
		{"C", "turn 25 of 28", "critical pair: runs meanwhile"},
	} {
		s.Update(press(step.key))
		s.Update(tea.WindowSizeMsg{Width: 200, Height: 24})
		if text := s.Text(); !strings.Contains(text, step.turn) || !strings.Contains(text, step.part) {
			t.Errorf("%s leads to %s, want %s with %s", step.key, text, step.turn, step.part)
		}
	}
}

// TestEvents goes through the events of a run, which takes it to their turns.
func TestEvents(t *testing.T) {
	m := model(t, "leak.reprise")
	s := stepper.New(gofiles.New(""), one(m))
	s.Update(tea.WindowSizeMsg{Width: 100, Height: 24})
	at := m.Turns[0].Event
	check := func(key string, want uint64) {
		t.Helper()
		s.Update(press(key))
		text := escapes.ReplaceAllString(s.Text(), "")
		turn := 1
		for turn < len(m.Turns) && m.Turns[turn].Event <= want {
			turn++
		}
		if !strings.Contains(text, fmt.Sprintf("> event %d\n", want)) ||
			!strings.Contains(text, fmt.Sprintf("turn %d of ", turn)) {
			t.Errorf("after %s the screen is not at event %d in turn %d:\n%s", key, want, turn, text)
		}
	}
	for i := range uint64(39) {
		check("e", at+i+1)
	}
	check("e", at+39) // there is no more
	for i := at + 38; ; i-- {
		if i%3 == 0 {
			check("D", i)
			break
		}
	}
	check("E", (at+38)/3*3-1)
	check("d", (at+38)/3*3)
	s.Update(press("g"))
	check("e", at+1)
	check("E", at)
	check("E", at)
}

// press is a key as a terminal sends it.
func press(key string) tea.KeyPressMsg {
	named := map[string]rune{"enter": tea.KeyEnter, "left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp,
		"down": tea.KeyDown, "home": tea.KeyHome, "end": tea.KeyEnd, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace,
		"tab": tea.KeyTab}
	if code, ok := named[key]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	r, _ := utf8.DecodeRuneInString(key)
	return tea.KeyPressMsg{Code: r, Text: key}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9]*m")

// TestScreen compares screens after keys with a golden.
func TestScreen(t *testing.T) {
	s := stepper.New(gofiles.New("../dap/testdata"), one(model(t, "leak.reprise")))
	s.Update(tea.WindowSizeMsg{Width: 100, Height: 20})
	var b strings.Builder
	for _, key := range []string{"", "n", "right", "G", "p", "k", "N", "g", "/", "m", "u", "x", "backspace", "t", "enter",
		"r", "c", "?", "?", "C"} {
		if key != "" {
			s.Update(press(key))
		}
		b.WriteString("== after " + key + "\n" + escapes.ReplaceAllString(s.Text(), "") + "\n")
	}
	golden.Check(t, "screens.txt", b.String())
}

// TestTwo compares screens over two runs, which differ from the second turn on, with a golden.
func TestTwo(t *testing.T) {
	var list []*traceview.Model
	for _, name := range []string{"leak.reprise", "ordinary.reprise"} {
		third := int64(model(t, name).Turns[2].Event)
		list = append(list, focused(t, name, traceview.Options{Focus: third, Difference: "the other run differs here"}))
	}
	s := stepper.New(gofiles.New(""), one(list[0]), one(list[1]))
	s.Update(tea.WindowSizeMsg{Width: 110, Height: 22})
	var b strings.Builder
	for _, key := range []string{"", "n", "tab", "n", "C", "G", "?"} {
		if key != "" {
			s.Update(press(key))
		}
		b.WriteString("== after " + key + "\n" + escapes.ReplaceAllString(s.Text(), "") + "\n")
	}
	golden.Check(t, "two.txt", b.String())
}

// TestFits checks that a screen fits whatever keys come, and that the place stays within the run.
func TestFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := model(t, rapid.SampledFrom([]string{"leak.reprise", "simulated.reprise", "ordinary.reprise"}).Draw(t, "file"))
		s := stepper.New(gofiles.New(""), one(m))
		if rapid.Bool().Draw(t, "two") {
			s = stepper.New(gofiles.New(""), one(m), one(model(t, "ordinary.reprise")))
		}
		width, height := rapid.IntRange(40, 150).Draw(t, "width"), rapid.IntRange(12, 60).Draw(t, "height")
		s.Update(tea.WindowSizeMsg{Width: width, Height: height})
		keys := []string{"n", "p", "N", "P", "c", "C", "g", "G", "j", "k", "/", "r", "?", "enter", "esc", "backspace", "left",
			"right", "up", "down", "home", "end", "tab", " ", "é", "e", "E",
			"d", "D", "v"}
		for range rapid.IntRange(0, 30).Draw(t, "length") {
			s.Update(press(rapid.SampledFrom(keys).Draw(t, "key")))
			lines := strings.Split(escapes.ReplaceAllString(s.Text(), ""), "\n")
			if len(lines) > height {
				t.Fatalf("%d lines on a screen of %d", len(lines), height)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > width {
					t.Fatalf("%d characters on a screen of %d: %s", n, width, line)
				}
			}
		}
	})
}

// TestProgram runs the debugger as a program, with the keys of a terminal as input.
func TestProgram(t *testing.T) {
	var out bytes.Buffer
	p := tea.NewProgram(stepper.New(gofiles.New(""), one(model(t, "simulated.reprise"))),
		tea.WithInput(strings.NewReader("nnq")), tea.WithOutput(&out), tea.WithoutSignals(), tea.WithWindowSize(100, 30))
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "lost-update") {
		t.Errorf("the screen is %q", got)
	}
}

package story_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/source"
)

// of makes the story of a simulated run in which three tasks do what the lines say, each in a turn of its own:
// "TASK OPERATION KIND OBJECT PLACE...", with callers behind the place. The run ends with an error of the last task.
func of(t *testing.T, lines ...string) *story.Story {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"version":1,"seed":5,"recorded_at":0,"config_hash":0}
{"type":"RngSeed","seed":5}
{"type":"RegionCreated","region":0,"parent":null,"at_tick":0,"name":"root"}
`)
	id := func(n int) uint64 { return uint64(n) << 32 }
	for n, name := range []string{"main", "a", "b"} {
		fmt.Fprintf(&b, `{"type":"TaskSpawned","task":%d,"region":0,"at_tick":0,"name":%q}`+"\n", id(n), name)
	}
	notes := ""
	for i, line := range lines {
		var task int
		words := strings.Split(line, " ")
		fmt.Sscan(words[0], &task)
		fmt.Fprintf(&b, `{"type":"TaskScheduled","task":%d,"at_tick":%d%s}`+"\n", id(task), i+1, notes)
		var stack []string
		for _, frame := range words[5:] {
			stack = append(stack, fmt.Sprintf("%q", strings.Replace(frame, "@", " ", 1)))
		}
		notes = fmt.Sprintf(`,"notes":[{"act":"does","task":%d,"reason":%q,"kind":%q,"object":%q,"place":%q,"stack":[%s]}]`,
			id(task), words[1], words[2], words[3], strings.Replace(words[4], "@", " ", 1), strings.Join(stack, ","))
	}
	fmt.Fprintf(&b, `{"type":"TaskScheduled","task":0,"at_tick":%d%s}`+"\n", len(lines)+1, notes)
	b.WriteString(`{"type":"TaskCompleted","task":0,"outcome":1,` +
		`"after":[{"act":"ends","reason":"failed"}],"end":{"reason":"failed"}}` + "\n")
	s, err := source.NewReader(strings.NewReader(b.String()), source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	told, err := story.Read(s)
	if err != nil {
		t.Fatal(err)
	}
	told.Turning = 3
	return told
}

// update is a run in which task 1 reads and writes an account in two sections, with a section of task 2 between them.
func update(caller string) []string {
	return []string{
		"0 locks mutex mu c.go:1@m.new",
		"1 locks mutex mu a.go:1@m.get " + caller + "1@m.add", "1 unlocks mutex mu a.go:2@m.get " + caller + "1@m.add",
		"2 locks mutex mu a.go:5@m.set", "2 unlocks mutex mu a.go:6@m.set",
		"1 locks mutex mu a.go:5@m.set " + caller + "2@m.add", "1 unlocks mutex mu a.go:6@m.set " + caller + "2@m.add",
	}
}

// harmless is the same without the section between.
func harmless() []string {
	list := update("a.go:1")
	return append(list[:3:3], append(slices.Clone(list[5:]), list[3:5]...)...)
}

// TestCheckThenAct: a check and an act around a change are named only in one call of the code that is tested, and if
// the run that passes lacks such a row.
func TestCheckThenAct(t *testing.T) {
	for name, c := range map[string]struct {
		run     []string
		passing [][]string
		want    bool
	}{
		"verified":                   {update("a.go:1"), [][]string{harmless()}, true},
		"no run passes":              {update("a.go:1"), nil, false},
		"the run that passes has it": {update("a.go:1"), [][]string{harmless(), update("a.go:1")}, false},
		"two calls of a test":        {update("a_test.go:1"), [][]string{harmless()}, false},
		"no change between":          {harmless(), [][]string{update("b.go:1")}, false},
	} {
		s := of(t, c.run...)
		for _, p := range c.passing {
			s.Passing = append(s.Passing, of(t, p...))
		}
		d := s.Critical()
		if (d.Kind == "check-then-act") != c.want || strings.Contains(d.Text, "check-then-act: ") != c.want {
			t.Errorf("%s: kind %q in\n%s%s", name, d.Kind, d.Text, s.Schedule(20))
		}
		if want := []string{"a.go:2 m.get", "a.go:5 m.set"}; c.want && !slices.Equal(d.Lines, want) {
			t.Errorf("%s: lines %q, want %q", name, d.Lines, want)
		}
	}
}

// TestCriticalTwice: what decided is told in the same words each time, also after the schedule.
func TestCriticalTwice(t *testing.T) {
	s := of(t, update("a.go:1")...)
	s.Passing = []*story.Story{of(t, harmless()...)}
	first := s.Critical()
	s.Schedule(20)
	if again := s.Critical(); again.Text != first.Text || !slices.Equal(again.Lines, first.Lines) {
		t.Errorf("first\n%s%q\nthen\n%s%q", first.Text, first.Lines, again.Text, again.Lines)
	}
}

package turns

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawRecords draws the records of a run of up to four goroutines, whose decisions are at the indices that are
// returned.
func drawRecords(t *rapid.T) (records []record.Record, decisions []int) {
	live, now := uint32(1), int64(0)
	add := func(r record.Record) { r.Time = now; records = append(records, r) }
	add(record.Record{Kind: record.Spawn, G: 1, Points: 1})
	add(record.Record{Kind: record.Sched, G: 1, N: 1})
	add(record.Record{Kind: record.Begin, G: 1})
	runs := uint32(1)
	for i := range rapid.IntRange(1, 80).Draw(t, "turns") {
		if live < 4 && rapid.Bool().Draw(t, "spawn") {
			live++
			add(record.Record{Kind: record.Spawn, G: live, Val: uint64(runs)<<32 | uint64(live), Points: 1, Site: 2})
		}
		add(record.Record{
			Kind: rapid.SampledFrom([]record.Kind{record.Block, record.Yield, record.Preempt}).Draw(t,
				"stop"), G: runs, Site: 2, Points: 3,
		})
		if rapid.Bool().Draw(t, "let in") {
			add(record.Record{Kind: record.Admit, G: rapid.Uint32Range(1, live).Draw(t, "ready"), Reason: 1})
		}
		now += 1000 * int64(i)
		next := rapid.Uint32Range(1, live).Draw(t, "next")
		decisions = append(decisions, len(records))
		add(record.Record{Kind: record.Sched, G: next, N: uint16(live), Val: uint64(runs), Points: 1})
		runs = next
	}
	return records, decisions
}

// outcomeOf returns the outcome of a run with these records.
func outcomeOf(records []record.Record, verdict gort.Verdict) *gort.Outcome {
	return &gort.Outcome{Verdict: verdict, Recording: &record.Recording{
		Seed: 1, Records: records, Texts: []string{"", "main.main", "a.go:7 m.f", "chan receive"},
	}}
}

// play is a test that has the same records in every run.
type play struct {
	records   []record.Record
	decisions []int
	runs      int
}

// Run implements [Test].
func (p *play) Run(_ context.Context, c gort.Control) (*gort.Outcome, error) {
	p.runs++
	const early = 1
	if c.MaxSteps == 0 || int(c.MaxSteps)-early > len(p.decisions) {
		return outcomeOf(p.records, gort.Passed), nil
	}
	records := slices.Clone(p.records[:p.decisions[int(c.MaxSteps)-early-1]+1])
	for g := range uint32(4) {
		if slices.ContainsFunc(records, func(r record.Record) bool { return r.Kind == record.Spawn && r.G == g+1 }) {
			records = append(records, record.Record{Kind: record.Left, G: g + 1})
		}
	}
	return outcomeOf(records, gort.Limited), nil
}

// save writes a run into a trace file and returns its events.
func save(t *rapid.T, path string, records []record.Record) (events []event.Event) {
	if err := outcomeOf(records, gort.Passed).Save(path, "", nil); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		e, err := f.Next()
		if err == io.EOF {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
}

// TestPlaces checks the places of choices and decisions against the choices that gort reads, and against the records.
func TestPlaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.reprise")
	rapid.Check(t, func(t *rapid.T) {
		records, decisions := drawRecords(t)
		events := save(t, path, records)
		r, err := openRecording(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.file.Close()
		p := r.places
		if p.events != uint64(len(events)) || p.early != 1 || len(p.decisions) != len(decisions) ||
			len(p.choices) != len(r.choices.Records) {
			t.Fatalf("%+v of %d events, %d decisions and %d choices", p, len(events), len(decisions), len(r.choices.Records))
		}
		for i, index := range p.choices {
			e, task := events[index], gorun.Task(r.choices.Records[i].G)
			decision := gorun.MeaningOf(e) == gorun.Decision && e.Task() == task
			if !decision && (gorun.MeaningOf(e) != gorun.LetIn || gorun.Admitted(e) != task) {
				t.Fatalf("choice %d, %+v, is at event %d, %v", i, r.choices.Records[i], index, e)
			}
		}
	})
}

// model is where the driver must stand, by a list of events and a number.
type model struct {
	events    []event.Event
	decisions []int // indices in events
	parted    int   // index of the first event that is not recorded; len(events) if all are
	position  int
	ended     bool
}

func (m *model) pos() uint64 {
	switch {
	case m.ended:
		return uint64(m.parted)
	case m.position == 0:
		return 0
	}
	return uint64(m.decisions[m.position-1] + 1)
}

// to moves to the first decision at or behind an event.
func (m *model) to(index uint64) {
	n := slices.IndexFunc(m.decisions, func(d int) bool { return uint64(d) >= index })
	if m.ended || n < 0 || m.decisions[n] >= m.parted {
		m.end()
		return
	}
	m.position = n + 1
}

func (m *model) end() {
	m.ended = true
	m.position = 1
	for _, d := range m.decisions {
		if d < m.parted {
			m.position++
		}
	}
}

func (m *model) back(n int) {
	m.position -= n
	m.ended = m.ended && n == 0
}

// check compares the state of the driver with the model.
func (m *model) check(t *rapid.T, d *Driver) {
	s := d.State()
	if s.Steps != uint64(m.position) || s.Pos != m.pos() || s.Recorded != min(m.pos(), uint64(len(m.events))) {
		t.Fatalf("%d steps, at event %d, %d recorded; want %d, %d", s.Steps, s.Pos, s.Recorded, m.position, m.pos())
	}
	want := event.Event{}
	if m.position > 0 && !m.ended {
		want = m.events[m.pos()-1]
		running := slices.IndexFunc(s.Tasks, func(i simsched.TaskInfo) bool { return i.State == simsched.TaskRunning })
		if s.Chosen == nil || s.Chosen.ID != want.Task() || running < 0 || s.Tasks[running].ID != want.Task() {
			t.Fatalf("after %v the task %+v runs", want, s.Chosen)
		}
	}
	if s.Event != want {
		t.Fatalf("at event %d: %v, want %v", s.Pos, s.Event, want)
	}
}

// TestWalk leads a driver through a run, to and fro, and compares where it stands with a list and a number.
func TestWalk(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		records, decisions := drawRecords(t)
		recorded := slices.Clone(records)
		if rapid.Bool().Draw(t, "changed") {
			recorded[rapid.SampledFrom(decisions).Draw(t, "decision")].Points++
		}
		path := filepath.Join(dir, "recorded.reprise")
		m := &model{events: save(t, filepath.Join(dir, "run.reprise"), records)}
		was := save(t, path, recorded)
		for m.parted < len(m.events) && m.events[m.parted] == was[m.parted] {
			m.parted++
		}
		begun := false
		for i, e := range m.events {
			if begun = begun || e.Kind() == event.KindCheckpoint; begun && e.Kind() == event.KindTaskScheduled {
				m.decisions = append(m.decisions, i)
			}
		}
		d, err := New(context.Background(), Config{Path: path}, &play{records: records, decisions: decisions})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for range rapid.IntRange(1, 10).Draw(t, "moves") {
			m.move(t, d)
			m.check(t, d)
		}
	})
}

// move makes a random move of the driver and of the model.
func (m *model) move(t *rapid.T, d *Driver) {
	var err error
	wrong := false
	switch rapid.SampledFrom([]string{"step", "to", "back", "reset", "run"}).Draw(t, "move") {
	case "step":
		_, err = d.RunTo(replayer.Target{})
		m.to(m.pos())
	case "to":
		index := rapid.Uint64Range(0, uint64(len(m.events)+2)).Draw(t, "index")
		_, err = d.RunTo(replayer.AtIndex(index))
		if wrong = index < m.pos(); !wrong {
			m.to(index)
		}
	case "back":
		n := rapid.IntRange(0, m.position+1).Draw(t, "n")
		if err = d.Back(uint64(n)); n > m.position {
			wrong = true
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		m.back(n)
		return
	case "reset":
		err = d.Reset()
		m.position, m.ended = 0, false
	case "run":
		var result replayer.Result
		if result, err = d.Run(); err == nil {
			err = io.EOF
		}
		m.end()
		if result.Events != uint64(m.parted) {
			t.Fatalf("%d events match, want %d", result.Events, m.parted)
		}
	}
	switch parted := m.parted < len(m.events); {
	case wrong:
		if !errors.Is(err, replayer.ErrPosition) {
			t.Fatalf("the error is %v, want a wrong position", err)
		}
	case m.ended && parted:
		var diverged *divergence.Error
		if !errors.As(err, &diverged) || diverged.Divergence.Index != uint64(m.parted) {
			t.Fatalf("the error is %v, want a divergence at event %d", err, m.parted)
		}
	case m.ended:
		if err != io.EOF {
			t.Fatalf("the error at the end is %v", err)
		}
	case err != nil:
		t.Fatal(err)
	}
}

// TestTargets: targets are looked for in the events of the run, and a step of a long run does not make it whole.
func TestTargets(t *testing.T) {
	var decisions []int
	records := []record.Record{
		{Kind: record.Spawn, G: 1, Points: 1}, {Kind: record.Sched, G: 1, N: 1}, {Kind: record.Begin, G: 1},
	}
	for i := range 300 {
		records = append(records, record.Record{Kind: record.Yield, G: 1, Site: 2, Time: int64(i) * 2e6})
		decisions = append(decisions, len(records))
		records = append(records, record.Record{Kind: record.Sched, G: 1, N: 1, Val: 1, Time: int64(i) * 2e6})
	}
	path := filepath.Join(t.TempDir(), "x.reprise")
	if err := outcomeOf(records, gort.Passed).Save(path, "", nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target replayer.Target
		steps  uint64
		runs   int
	}{
		{replayer.Target{}, 1, 2},
		{replayer.AtTask(event.NewTaskID(0, 0)), 1, 2},
		{replayer.AtTaskPath("0"), 1, 2},
		{replayer.AtTaskName("main.main"), 1, 2},
		{replayer.AtTick(1010), 10, 2},
		{replayer.AtTime(20e6), 11, 2},
		{replayer.AtKind(event.KindTaskYielded), 1, 2},
		{replayer.AtTick(1150), 150, 4}, // of 64, 128 and 256 decisions, and up to the target
	} {
		test := &play{records: records, decisions: decisions}
		d, err := New(context.Background(), Config{Path: path}, test)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.RunTo(c.target)
		if s := d.State(); err != nil || s.Steps != c.steps || test.runs != c.runs {
			t.Errorf("to %v: %d steps by %d runs, %v; want %d by %d", c.target, s.Steps, test.runs, err, c.steps, c.runs)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNotAgain: a run that is another one the second time is an error that says so.
func TestNotAgain(t *testing.T) {
	test := &moody{}
	records, path := []record.Record{
		{Kind: record.Spawn, G: 1, Points: 1}, {Kind: record.Sched, G: 1, N: 1}, {Kind: record.Begin, G: 1},
		{Kind: record.Yield, G: 1}, {Kind: record.Sched, G: 1, N: 1, Val: 1},
	}, filepath.Join(t.TempDir(), "x.reprise")
	if err := outcomeOf(records, gort.Passed).Save(path, "", nil); err != nil {
		t.Fatal(err)
	}
	test.play = play{records: records, decisions: []int{4}}
	d, err := New(context.Background(), Config{Path: path}, test)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.RunTo(replayer.Target{}); err == nil ||
		!strings.Contains(err.Error(), "decision 1 is not reached again") {
		t.Errorf("the error is %v", err)
	}
}

// moody is a test whose second run passes at once.
type moody struct{ play }

// Run implements [Test].
func (m *moody) Run(ctx context.Context, c gort.Control) (*gort.Outcome, error) {
	if m.runs > 0 {
		c.MaxSteps = 0
	}
	return m.play.Run(ctx, c)
}

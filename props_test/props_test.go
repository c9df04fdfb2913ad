package props_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// drawn is a program with the settings of its run.
type drawn struct {
	program    program
	seed       uint64
	roundRobin bool
	chaos      simsched.Chaos
}

func draw(t *rapid.T) drawn {
	return drawn{
		program:    programs(3).Draw(t, "program"),
		seed:       rapid.Uint64Range(0, 1000).Draw(t, "seed"),
		roundRobin: rapid.Bool().Draw(t, "round robin"),
		chaos: rapid.SampledFrom([]simsched.Chaos{{}, {}, simsched.ChaosLight(1), simsched.ChaosHeavy(2)}).Draw(t,
			"chaos"),
	}
}

func (d drawn) config() simsched.Config {
	cfg := simsched.Config{Seed: d.seed, MaxSteps: 2000, CheckpointEvery: 7, Chaos: d.chaos}
	if d.roundRobin {
		cfg.Chooser = simsched.NewRoundRobin(d.seed)
	}
	return cfg
}

func (d drawn) record() (*event.Trace, error) { return recorder.Run(d.config(), d.program.body) }

// replayConfig has the settings of the run, and neither its seed nor its strategy.
func (d drawn) replayConfig() simsched.Config {
	cfg := d.config()
	return simsched.Config{MaxSteps: cfg.MaxSteps, CheckpointEvery: cfg.CheckpointEvery, Chaos: cfg.Chaos}
}

// replay replays tr and records the replay.
func (d drawn) replay(tr *event.Trace) (*event.Trace, replayer.Result, error) {
	cfg := d.replayConfig()
	again := recorder.New(tr.Metadata)
	cfg.Observer = again
	result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, d.program.body)
	return again.Trace(), result, err
}

func lines(tr *event.Trace) []string {
	var s []string
	for i, e := range tr.All() {
		s = append(s, fmt.Sprintf("%d %v", i, e))
	}
	return s
}

func pack(t *rapid.T, tr *event.Trace) []byte {
	var b bytes.Buffer
	if err := tr.WriteMsgpack(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplayEqualsRecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, runErr := d.record()
		again, result, err := d.replay(tr)
		if err != nil {
			t.Fatalf("the replay differs: %v", err)
		}
		if diff := cmp.Diff(lines(tr), lines(again)); diff != "" {
			t.Fatalf("the replay emitted other events (-recorded +replayed):\n%s", diff)
		}
		if fmt.Sprint(result.Err) != fmt.Sprint(runErr) {
			t.Fatalf("the replay ended with\n%v\nthe recording with\n%v", result.Err, runErr)
		}
	})
}

func TestSameSeedSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		first, err1 := d.record()
		second, err2 := d.record()
		if !bytes.Equal(pack(t, first), pack(t, second)) {
			t.Fatalf("one seed, two runs:\n%s", cmp.Diff(lines(first), lines(second)))
		}
		if fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("one seed, two errors:\n%v\n%v", err1, err2)
		}
	})
}

func TestReplayOfDecodedTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		tr, _ := d.record()
		packed := pack(t, tr)
		decoded, err := event.ParseMsgpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := tr.WriteJSONL(&text); err != nil {
			t.Fatal(err)
		}
		fromText, err := event.ReadJSONL(&text)
		if err != nil || !fromText.Equal(decoded) {
			t.Fatalf("the JSON form gives another trace: %v", err)
		}
		again, _, err := d.replay(decoded)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pack(t, again), packed) {
			t.Fatal("record, encode, decode, replay, encode gives other bytes")
		}
	})
}

func TestRecordedTraceKeepsTheLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr, _ := draw(t).record()
		if err := tracecheck.Check(tr); err != nil {
			t.Fatalf("%v\n%s", err, lines(tr))
		}
	})
}

// TestChangedRecordingIsCaught changes one event of a recording. The replay must diverge at exactly the first event
// that differs, with one exception that lies in the nature of a replay: a change of the outcome of a choice into
// another possible outcome makes the recording of another run, which the replay then follows as far as it goes.
func TestChangedRecordingIsCaught(t *testing.T) {
	caught := 0
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		choices := &notedChoices{inner: d.config().Chooser, possible: map[int][]event.Event{}, free: map[int]bool{},
			faults: map[int]bool{}}
		if choices.inner == nil {
			choices.inner = simsched.NewRandom(d.seed)
		}
		choices.recorder = recorder.New(d.config().Metadata())
		cfg := d.config()
		cfg.Chooser, cfg.Observer = choices, choices.recorder
		_ = simsched.Run(cfg, d.program.body)
		tr := choices.recorder.Trace()

		changed := change(t, tr)
		at := firstDifference(tr, changed)
		if at < 0 {
			return // for example two equal events swapped
		}
		again, _, err := d.replay(changed)
		var de *divergence.Error
		if err != nil && !errors.As(err, &de) {
			t.Fatalf("the replay failed with %v", err)
		}
		if at < tr.Len() && at < changed.Len() && choices.allows(at, changed.At(at), tr.At(at)) {
			if err == nil && !again.Equal(changed) {
				t.Fatal("the replay followed the changed recording but emitted other events")
			}
			if err != nil && de.Divergence.Index < uint64(at) || err != nil && !choices.faults[at] &&
				de.Divergence.Index == uint64(at) {
				t.Fatalf("event %d was changed, the replay diverged before: %v", at, err)
			}
			return
		}
		if err == nil {
			t.Fatalf("event %d was changed and the replay did not notice", at)
		}
		if de.Divergence.Index != uint64(at) {
			t.Fatalf("event %d was changed, the replay diverged at %d: %v", at, de.Divergence.Index, err)
		}
		compared, err := divergence.Compare(source.FromTrace(changed), source.FromTrace(tr))
		if seedOnly := at == 0 && changed.Len() > 0 && changed.At(0).Kind() == event.KindRngSeed; seedOnly {
			return // another seed is no divergence for Compare
		}
		if err != nil || compared == nil || compared.Index != uint64(at) {
			t.Fatalf("event %d was changed, Compare says %v, %v", at, compared, err)
		}
		caught++
	})
	if caught == 0 {
		t.Fatal("no change was ever caught: the property says nothing")
	}
}

// notedChoices notes which events could have followed each choice.
type notedChoices struct {
	inner    simsched.Chooser
	recorder *recorder.Recorder
	possible map[int][]event.Event // by index of the event that tells the outcome; identifiers only
	free     map[int]bool          // any random value could have followed
	faults   map[int]bool          // a fault could have followed, or none
}

func (n *notedChoices) Choose(c *simsched.Choice) uint64 {
	at := n.recorder.Trace().Len()
	switch c.Point {
	case simsched.PointValue:
		n.free[at] = true
	case simsched.PointFault:
		n.faults[at] = true
	}
	for i := range c.N {
		n.possible[at] = append(n.possible[at], outcome(c.Point, c.ID(i)))
	}
	return n.inner.Choose(c)
}

// outcome is the event that tells of an alternative, with zeros for what the choice does not decide.
func outcome(p simsched.Point, id uint64) event.Event {
	switch p {
	case simsched.PointTask:
		return event.TaskScheduled(event.TaskID(id), 0)
	case simsched.PointTimer:
		return event.TimerFired(event.TimerID(id))
	case simsched.PointWaiter:
		return event.WakerWake(event.TaskID(id))
	case simsched.PointBytes:
		return event.IoResult(0, int64(id))
	default:
		return event.RngValue(id)
	}
}

// allows reports whether changed could have stood in the place of recorded.
func (n *notedChoices) allows(at int, changed, recorded event.Event) bool {
	if n.faults[at] && (changed.Kind() == event.KindChaosInjection || recorded.Kind() == event.KindChaosInjection) {
		return true // another fault, or none, could have been injected
	}
	if n.free[at] {
		return changed.Kind() == event.KindRngValue
	}
	if changed.Kind() != recorded.Kind() {
		return false
	}
	switch changed.Kind() {
	case event.KindTaskScheduled:
		return changed.Tick() == recorded.Tick() && n.has(at, event.TaskScheduled(changed.Task(), 0))
	case event.KindIoResult:
		return changed.Token() == recorded.Token() && n.has(at, event.IoResult(0, changed.Bytes()))
	default:
		return n.has(at, changed)
	}
}

func (n *notedChoices) has(at int, e event.Event) bool { return slices.Contains(n.possible[at], e) }

func firstDifference(a, b *event.Trace) int {
	for i := range max(a.Len(), b.Len()) {
		if i >= a.Len() || i >= b.Len() || a.At(i) != b.At(i) {
			return i
		}
	}
	return -1
}

// change returns a copy of tr with one event altered, dropped, inserted or swapped with the next.
func change(t *rapid.T, tr *event.Trace) *event.Trace {
	events := tr.Slice(0, tr.Len())
	i := rapid.IntRange(0, len(events)-1).Draw(t, "where")
	other := events[rapid.IntRange(0, len(events)-1).Draw(t, "other")]
	switch rapid.SampledFrom([]string{"alter", "replace", "drop", "insert", "swap"}).Draw(t, "change") {
	case "alter":
		events[i] = alter(t, events[i])
	case "replace":
		events[i] = other
	case "drop":
		events = slices.Delete(events, i, i+1)
	case "insert":
		events = slices.Insert(events, i, other)
	case "swap":
		if i+1 < len(events) {
			events[i], events[i+1] = events[i+1], events[i]
		}
	}
	changed := event.NewTrace(tr.Metadata)
	for _, e := range events {
		changed.Append(e)
	}
	return changed
}

// alter changes one number of e by way of its JSON form.
func alter(t *rapid.T, e event.Event) event.Event {
	text := e.AppendJSON(nil)
	var digits []int
	for i := bytes.IndexByte(text, ','); i >= 0 && i < len(text); i++ {
		if text[i] >= '0' && text[i] <= '9' {
			digits = append(digits, i)
		}
	}
	if len(digits) == 0 {
		return e
	}
	i := rapid.SampledFrom(digits).Draw(t, "digit")
	text[i] = '0' + byte(rapid.IntRange(1, 9).Draw(t, "to"))
	var altered event.Event
	if err := altered.UnmarshalJSON(text); err != nil {
		return e // out of range
	}
	return altered
}

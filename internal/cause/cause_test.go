package cause_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/cause"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// drawn is a cause as a search finds it.
func drawn(t *rapid.T) (c cause.Cause) {
	c.Turn = rapid.IntRange(0, 1000).Draw(t, "turn")
	c.Text = rapid.SampledFrom([]string{"", "the turn that decided it: 3\nT1 stood at a.go:7"}).Draw(t, "text")
	at := -1
	for range rapid.IntRange(0, 20).Draw(t, "samples") {
		at += rapid.IntRange(1, 9).Draw(t, "apart")
		of := rapid.IntRange(1, 64).Draw(t, "of")
		c.Curve = append(c.Curve, cause.Sample{Decisions: at, Failed: rapid.IntRange(0, of).Draw(t, "failed"), Of: of})
	}
	at = 1
	for range rapid.IntRange(0, 6).Draw(t, "roles") {
		at += rapid.IntRange(0, 9).Draw(t, "apart")
		c.Pair = append(c.Pair, cause.Role{Decision: at, Task: event.NewTaskID(uint32(at), 0), Part: "stands here",
			Place: rapid.SampledFrom([]string{"", "a.go:7 m.f"}).Draw(t, "place")})
	}
	return c
}

// recording writes a trace file with notes of the end, whose first event has an index.
func recording(t interface{ Fatal(...any) }, notes []tracefile.Note, first uint64) *source.Stream {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{First: first})
	if err == nil {
		err = w.Append(event.RngSeed(1))
	}
	for _, n := range notes {
		w.Note(n)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := source.NewReader(&b, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRead: what is written is read, from the notes and from a file, beside notes about other things; a file without
// the start of the run says nothing, since its decisions have other numbers.
func TestRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawn(t)
		notes := append(want.Notes(), tracefile.Note{Act: tracefile.ActEnd, Task: tracefile.NoTask, Reason: "failed"})
		if got, err := cause.Read(recording(t, notes, 0)); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v, want %+v", got, err, want)
		}
		if got, err := cause.Read(recording(t, notes, 5)); err != nil || !reflect.DeepEqual(got, cause.Cause{}) {
			t.Fatalf("of a part: %+v, %v", got, err)
		}
	})
}

// FuzzTake: any notes give a cause that holds its promises, and that is written and read as itself.
func FuzzTake(f *testing.F) {
	f.Add("cause", "decision 3", "", false, "odds", "decision 1", "3 of 16")
	f.Add("odds", "decision 1", "17 of 16", true, "odds", "decision 01", "0 of 0")
	f.Add("cause", "decision 99999999999999999999", "x", true, "odds", "decision -1", "1 of 2")
	f.Fuzz(func(t *testing.T, act, name, reason string, task bool, act2, name2, reason2 string) {
		var c cause.Cause
		n := tracefile.Note{Act: tracefile.Act(act), Task: tracefile.NoTask, Reason: reason,
			Object: tracefile.Object{Kind: "decision", Name: name}}
		if task {
			n.Task = 1
		}
		m := n
		m.Act, m.Object.Name, m.Reason, m.Task = tracefile.Act(act2), name2, reason2, tracefile.NoTask
		for range 70 {
			c.Take(n)
			c.Take(m)
		}
		if len(c.Curve) > 2 || len(c.Pair) > 64 || c.Turn < 0 {
			t.Fatalf("%d samples, %d roles, turn %d", len(c.Curve), len(c.Pair), c.Turn)
		}
		increase := slices.IsSortedFunc(c.Curve, func(a, b cause.Sample) int { return a.Decisions - b.Decisions })
		for _, s := range c.Curve {
			if !increase || s.Failed < 0 || s.Failed > s.Of || s.Of == 0 || s.Decisions < 0 {
				t.Fatalf("the curve is %+v", c.Curve)
			}
		}
		var again cause.Cause
		for _, n := range c.Notes() {
			again.Take(n)
		}
		if !reflect.DeepEqual(again, c) {
			t.Fatalf("%+v is read as %+v", c, again)
		}
	})
}

// TestDamaged: the error of a damaged file is returned.
func TestDamaged(t *testing.T) {
	s, err := source.NewReader(strings.NewReader(`{"`), source.Config{})
	if err == nil {
		_, err = cause.Read(s)
	}
	if err == nil || err == io.EOF {
		t.Errorf("error %v", err)
	}
}

// TestInterval compares with values of Wilson's interval from the literature: 0 of 8 and 8 of 8.
func TestInterval(t *testing.T) {
	if low, high := (cause.Sample{Of: 8}).Interval(); low > 1e-9 || high < 0.32 || high > 0.33 {
		t.Errorf("0 of 8: %v to %v", low, high)
	}
	if low, high := (cause.Sample{Failed: 8, Of: 8}).Interval(); high < 1-1e-9 || low < 0.67 || low > 0.68 {
		t.Errorf("8 of 8: %v to %v", low, high)
	}
}

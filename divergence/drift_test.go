package divergence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
)

// TestDrift has equal draws that lie beyond what is known of a run: nothing may be said of them.
func TestDrift(t *testing.T) {
	yields := func(n int) events { return slices.Repeat(events{event.TaskYielded(t1)}, n) }
	draw := func(v uint64) events { return events{event.RngValue(v)} }
	for _, c := range []struct {
		name             string
		expected, actual events
		want             string
	}{
		{"an equal draw pushed out of sight", slices.Concat(yields(30), draw(1), yields(40)),
			slices.Concat(events{event.TimerCancelled(1), event.TimerCancelled(2)}, yields(30), draw(1), yields(40)), ""},
		{"another value", slices.Concat(yields(1), draw(1), yields(40)), slices.Concat(draw(2), yields(40)),
			"the first random value that differs is draw 1: event 1 in the expected run, event 0 in the actual run, of stream \"dice\""},
		{"a run that ends before", slices.Concat(yields(1), draw(1), yields(40)), events{event.TimerCancelled(1)},
			"the first random value that differs is draw 1: event 1 in the expected run, none in the actual run"},
	} {
		m := divergence.Mismatch{Expected: c.expected, Actual: c.actual, Stream: "dice"}
		m.Expected, m.Actual = m.Expected[:min(len(m.Expected), divergence.Lookahead)], m.Actual[:min(len(m.Actual),
			divergence.Lookahead)]
		got := ""
		if d := divergence.Describe(m).Drift; d != nil {
			got = d.String()
		}
		if got != c.want {
			t.Errorf("%s: the drift is %q, want %q", c.name, got, c.want)
		}
	}
}

// TestRunErrorLines gives an error of many lines: the first six are shown.
func TestRunErrorLines(t *testing.T) {
	m := divergence.Mismatch{Expected: events{event.TaskYielded(t1)}, Actual: events{event.RngValue(1)}}
	m.RunError = "simsched: deadlock: 9 tasks wait and none can go on" +
		strings.Repeat("\n\tT1 worker waits to be woken", 9)
	d := divergence.Describe(m)
	if lines := strings.Split(d.RunError, "\n"); len(lines) != 6 || lines[1] != "T1 worker waits to be woken" ||
		lines[5] != "…" {
		t.Errorf("the error is shown as %q", d.RunError)
	}
	if want := "\n    T1 worker waits to be woken\n"; !strings.Contains(report.Of(d).Text(), want) {
		t.Errorf("the lines are not indented:\n%s", report.Of(d).Text())
	}
}

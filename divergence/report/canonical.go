package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
)

// layer is the [Report] of a difference in more than the order of independent events.
type layer struct{ *divergence.Canonical }

// Text implements [Report]. It shows at most ten events of each side.
func (c layer) Text() string {
	var b strings.Builder
	if c.Layer == 0 {
		fmt.Fprintf(&b, "the runs differ in more than the order of independent events: at barrier %d\n", c.Segment+1)
	} else {
		fmt.Fprintf(&b, "the runs differ in more than the order of independent events: after barrier %d, in layer %d\n",
			c.Segment, c.Layer)
	}
	c.side(&b, "- ", "expected", c.ExpectedOnly)
	c.side(&b, "+ ", "actual", c.ActualOnly)
	section(&b, "notes", c.Notes, func(n string) string { return n })
	return b.String()
}

func (c layer) side(b *strings.Builder, mark, name string, events []divergence.Placed) {
	const most = 10
	if len(events) == 0 && c.Layer == 0 {
		fmt.Fprintf(b, "%sthe %s run ends\n", mark, name)
	}
	width := 0
	for _, p := range events[:min(len(events), most)] {
		width = max(width, len(strconv.FormatUint(p.Index, 10)))
	}
	for _, p := range events[:min(len(events), most)] {
		fmt.Fprintf(b, "%s%*d  %v%s\n", mark, width, p.Index, p.Event, by(p))
	}
	if n := len(events) - most; n > 0 {
		fmt.Fprintf(b, "%sand %d more\n", mark, n)
	}
}

// by names the task that was running, unless the event names it first.
func by(p divergence.Placed) string {
	if !p.Running || p.Event.Kind() == event.KindTaskScheduled {
		return ""
	}
	return fmt.Sprintf("  (while %v runs)", p.Task)
}

// ColorText implements [Report]: it has no colours.
func (c layer) ColorText() string { return c.Text() }

// Markdown implements [Report].
func (c layer) Markdown() string {
	return "### The runs differ in more than the order of independent events\n\n" +
		strings.TrimSuffix(fenced("diff", c.Text()), "\n")
}

// GitHub implements [Report].
func (c layer) GitHub() string {
	return GitHubError("the runs differ in more than the order of independent events", strings.TrimSuffix(c.Text(), "\n"))
}

type jsonCanonical struct {
	Schema       int          `json:"schema"`
	Segment      int          `json:"segment"`
	Layer        int          `json:"layer"`
	ExpectedOnly []jsonPlaced `json:"expected_only"`
	ActualOnly   []jsonPlaced `json:"actual_only"`
	Notes        []string     `json:"notes"`
}

type jsonPlaced struct {
	Index uint64        `json:"index"`
	Task  *event.TaskID `json:"task"`
	Event event.Event   `json:"event"`
}

// MarshalJSON implements [Report]: one object.
//
//	schema         the number of this form, [JSONSchema]
//	segment        number of barriers before the difference
//	layer          the first layer that differs, from 1; 0 if the barrier differs that ends the segment
//	expected_only  events that only the expected run has there: objects with index, event, task (running, or null)
//	actual_only    events that only the actual run has there
//	notes          the differences of the metadata
func (c layer) MarshalJSON() ([]byte, error) {
	return json.Marshal(jsonCanonical{
		JSONSchema, c.Segment, c.Layer, placedJSON(c.ExpectedOnly), placedJSON(c.ActualOnly), list(c.Notes),
	})
}

func placedJSON(events []divergence.Placed) []jsonPlaced {
	all := []jsonPlaced{}
	for _, p := range events {
		j := jsonPlaced{Index: p.Index, Event: p.Event}
		if p.Running {
			j.Task = &p.Task
		}
		all = append(all, j)
	}
	return all
}

// list returns s, or an empty list for nil.

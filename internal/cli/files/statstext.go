package files

import (
	"fmt"
	"math"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
)

// text returns the statistics for people, on one screen.
func (s *statistics) text() string {
	var b strings.Builder
	s.head(&b)
	s.kindTable(&b)
	s.busyTable(&b)
	s.advanceTable(&b)
	return b.String()
}

// head prints what is known of the whole.
func (s *statistics) head(b *strings.Builder) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(b, "%-9s  "+format+"\n", append([]any{label}, args...)...)
	}
	m := s.Metadata
	line("file", "%s, form %s", base.PlainOrQuotedLine(s.File), s.Form)
	if m.Description != "" {
		line("of", "%q", m.Description)
	}
	line("seed", "%d, config hash %#x", m.Seed, m.ConfigHash)
	if len(s.Identity) > 0 {
		line("identity", "%s", strings.TrimPrefix(identityText(s.Identity), " "))
	}
	if s.First > 0 {
		line("events", "%d, from event %d on", s.Events, s.First)
	} else {
		line("events", "%d", s.Events)
	}
	line("bytes", "%s", s.byteText())
	line("time", "%s, from %s to %s", base.Nanos(s.Time.To-s.Time.From), base.Nanos(s.Time.From), base.Nanos(s.Time.To))
	line("tasks", "%s", s.taskText())
	r, t := s.Regions, s.Timers
	line("regions", "%d created, %d closed, %d cancelled; at most %d open", r.Created, r.Closed, r.Cancelled, r.MostOpen)
	line("timers", "%d created, %d fired, %d cancelled; at most %d pending", t.Created, t.Fired, t.Cancelled,
		t.MostPending)
	if c := s.Choices; c != nil {
		line("choices", "%d decisions, %d preemptions, %d waits, %d yields, %d leaps of time, %d let in from outside",
			c.Decisions, c.Preemptions, c.Waits, c.Yields, c.Leaps, c.LetIn)
	}
	if len(s.Waits) > 0 {
		line("waits", "%s", s.waitText())
	}
	if s.Outside != nil {
		line("outside", "%s", outsideText(s.Outside))
		for _, part := range keptTexts(s.Outside) {
			line("stored", "%s", part)
		}
	}
	if s.End != nil {
		line("ends", "%s", strings.TrimSuffix(base.PlainOrQuoted(s.End.Reason)+": "+base.PlainOrQuotedLine(s.End.Message),
			": "))
	}
}

// byteText tells how large the input is, and the events in the forms where each takes its own bytes.
func (s *statistics) byteText() string {
	each := func(n uint64) string {
		if s.Events == 0 {
			return "0"
		}
		return fmt.Sprintf("%.1f", float64(n)/float64(s.Events))
	}
	text := fmt.Sprintf("%s an event as MessagePack, %s as JSON", each(s.EventBytes.Msgpack), each(s.EventBytes.JSONL))
	if s.Bytes >= 0 {
		text = fmt.Sprintf("%d, %s an event in this file; %s", s.Bytes, each(uint64(s.Bytes)), text)
	}
	return text
}

// taskText tells what has become of the tasks.
func (s *statistics) taskText() string {
	t := &s.Tasks
	var b strings.Builder
	fmt.Fprintf(&b, "%d spawned", t.Spawned)
	if t.Earlier > 0 {
		fmt.Fprintf(&b, ", %d earlier", t.Earlier)
	}
	fmt.Fprintf(&b, ", %d completed", t.Completed)
	separator := ": "
	for i, n := range t.Outcomes {
		name := "other"
		if i < outcomes-1 {
			name = event.Outcome(i).String()
		}
		if n > 0 {
			fmt.Fprintf(&b, "%s%d %s", separator, n, name)
			separator = ", "
		}
	}
	fmt.Fprintf(&b, "; at most %d live", t.MostLive)
	return b.String()
}

// maxWaitKinds is the maximum number of listed kinds of objects for which tasks wait.
const maxWaitKinds = 6

// waitText tells what tasks waited for, the most frequent first.
func (s *statistics) waitText() string {
	var parts []string
	for _, w := range s.Waits[:min(len(s.Waits), maxWaitKinds)] {
		parts = append(parts, fmt.Sprintf("%d %s", w.Count, w.For))
	}
	if n := len(s.Waits) - maxWaitKinds; n > 0 {
		parts = append(parts, fmt.Sprintf("%d others", n))
	}
	return strings.Join(parts, ", ")
}

// barWidth is the length of the longest bar.
const barWidth = 30

// bar returns the bar of n where the longest one stands for most. No bar is empty unless n is 0.
func bar(n, most uint64) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("#", int(math.Ceil(barWidth*float64(n)/float64(most))))
}

// kindTable prints the kinds that there are.
func (s *statistics) kindTable(b *strings.Builder) {
	if s.Events == 0 {
		return
	}
	var most uint64
	for _, k := range s.Kinds {
		most = max(most, k.Events)
	}
	seconds := float64(s.Time.To-s.Time.From) / 1e9
	fmt.Fprintf(b, "\n%-15s  %10s  %6s  %12s\n", "kind", "events", "share", "a second")
	for _, k := range s.Kinds {
		if k.Events == 0 {
			continue
		}
		rate := "-"
		if seconds > 0 {
			rate = fmt.Sprintf("%.4g", float64(k.Events)/seconds)
		}
		share := 100 * float64(k.Events) / float64(s.Events)
		fmt.Fprintf(b, "%-15s  %10d  %5.1f%%  %12s  %s\n", k.Kind, k.Events, share, rate, bar(k.Events, most))
	}
}

// busyTable prints the tasks with the most events.
func (s *statistics) busyTable(b *strings.Builder) {
	if len(s.Busiest) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-27s  %10s\n", "busiest tasks", "events")
	for _, t := range s.Busiest {
		what := t.Task.String()
		if t.Name != "" {
			what += fmt.Sprintf(" %q", t.Name)
		}
		fmt.Fprintf(b, "%-27s  %10d  %s\n", what, t.Events, bar(t.Events, s.Busiest[0].Events))
	}
}

// advanceTable prints how far virtual time moved at once, without the decades before the first and after the last.
func (s *statistics) advanceTable(b *strings.Builder) {
	var most uint64
	first, last := len(s.Advances), -1
	for i, d := range s.Advances {
		most = max(most, d.Count)
		if d.Count > 0 {
			first, last = min(first, i), i
		}
	}
	if last < 0 {
		return
	}
	fmt.Fprintf(b, "\n%-27s  %10s\n", "time moved at once by", "times")
	for _, d := range s.Advances[first : last+1] {
		fmt.Fprintf(b, "%-27s  %10d  %s\n", "at least "+base.Nanos(d.AtLeast), d.Count, bar(d.Count, most))
	}
}

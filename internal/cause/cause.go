// Package cause holds what a search has found out about the cause of a failing run: how many continuations fail, by
// the number of decisions that are as in the run; the turn that decided the run; and the turns that make the critical
// pair. In a trace file these are notes of the end of the run. The package must not know how a run is made, searched or
// drawn.
package cause

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Cause is what decided a failing run. Decisions are numbered from 1, in an ordinary run at the start of main.main. The
// zero Cause says that nothing is known.
type Cause struct {
	Turn  int      // number of the decision that began the turn that decided the run; 0 if none did
	Text  string   // what decided the run, in lines; "" if that is not known
	Curve []Sample // by the number of decisions, which increases
	Pair  []Role   // the turns that make the critical pair, in the order of the run
}

// Role is the part that a turn has in what decided a run.
type Role struct {
	Decision int          // number of the decision that began the turn
	Task     event.TaskID // the task whose turn it is
	Part     string       // what the task does in the turn, such as "stands here"
	Place    string       // where it does so, as in tracefile.Note; "" if that is not known
}

// What a file may hold at most. A search makes about twenty samples, and a pair has six turns.
const (
	mostSamples = 1_000
	mostRoles   = 64
)

// decision is the kind of object that names a decision in a note.
const decision = "decision"

// Notes returns the notes of the end of the run that hold c.
func (c *Cause) Notes() (list []tracefile.Note) {
	if c.Text != "" || c.Turn > 0 {
		list = append(list, note(tracefile.ActCause, c.Turn, tracefile.NoTask, c.Text, ""))
	}
	for _, s := range c.Curve {
		odds := fmt.Sprintf("%d of %d", s.Failed, s.Of)
		list = append(list, note(tracefile.ActOdds, s.Decisions, tracefile.NoTask, odds, ""))
	}
	for _, r := range c.Pair {
		list = append(list, note(tracefile.ActCause, r.Decision, r.Task, r.Part, r.Place))
	}
	return list
}

// note returns a note about a decision.
func note(act tracefile.Act, n int, task event.TaskID, reason, place string) tracefile.Note {
	return tracefile.Note{Act: act, Task: task, Reason: reason, Place: place,
		Object: tracefile.Object{Kind: decision, Name: decision + " " + strconv.Itoa(n)}}
}

// Take adds a note of the end of a run, which may come from a stranger. Notes about other things, and what does not fit
// the notes before, are passed over.
func (c *Cause) Take(n tracefile.Note) {
	name, found := strings.CutPrefix(n.Object.Name, decision+" ")
	at, ok := number(name)
	if n.Object.Kind != decision || !found || !ok {
		return
	}
	switch {
	case n.Act == tracefile.ActOdds:
		c.sample(at, n.Reason)
	case n.Act != tracefile.ActCause:
	case n.Task == tracefile.NoTask:
		c.Turn, c.Text = at, n.Reason
	case at > 0 && len(c.Pair) < mostRoles && (len(c.Pair) == 0 || c.Pair[len(c.Pair)-1].Decision <= at):
		c.Pair = append(c.Pair, Role{at, n.Task, n.Reason, n.Place})
	}
}

// sample adds a sample if it is one and is behind the last.
func (c *Cause) sample(at int, text string) {
	failed, of, found := strings.Cut(text, " of ")
	s := Sample{Decisions: at}
	var ok [2]bool
	s.Failed, ok[0] = number(failed)
	s.Of, ok[1] = number(of)
	last := len(c.Curve) - 1
	if !found || !ok[0] || !ok[1] || s.Of == 0 || s.Failed > s.Of || len(c.Curve) == mostSamples ||
		last >= 0 && c.Curve[last].Decisions >= at {
		return
	}
	c.Curve = append(c.Curve, s)
}

// Read returns what a recording says, which is read from where s stands to its end. The errors are those of s.
func Read(s *source.Stream) (c Cause, err error) {
	for {
		if _, err = s.Next(); err == io.EOF {
			break
		}
		if err != nil {
			return Cause{}, err
		}
	}
	notes, err := s.Notes()
	if err != nil || source.First(s) > 0 {
		return Cause{}, err // the numbers of decisions are those of the whole run
	}
	for _, n := range notes {
		c.Take(n)
	}
	return c, nil
}

// number parses a number as Notes writes it.
func number(text string) (n int, ok bool) {
	u, err := strconv.ParseUint(text, 10, 31)
	return int(u), err == nil && strconv.FormatUint(u, 10) == text
}

// At returns the sample for a number of decisions, or the zero Sample if there is none.
func (c *Cause) At(decisions int) Sample {
	for _, s := range c.Curve {
		if s.Decisions == decisions {
			return s
		}
	}
	return Sample{}
}

// Sample is an estimate of the probability that a run fails, given its first decisions.
type Sample struct {
	Decisions int `json:"decisions"` // number of decisions that are as in the failing run
	Failed    int `json:"failed"`    // number of continuations with the signature of the failing run
	Of        int `json:"of"`        // number of continuations
}

// Rate returns the estimate, 0 if there is no continuation.
func (s Sample) Rate() float64 {
	if s.Of == 0 {
		return 0
	}
	return float64(s.Failed) / float64(s.Of)
}

// Interval returns the Wilson score interval of the probability, with 95 % confidence.
func (s Sample) Interval() (low, high float64) {
	if s.Of == 0 {
		return 0, 1
	}
	const z = 1.96
	n, p := float64(s.Of), s.Rate()
	middle := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max((middle-half)/(1+z*z/n), 0), min((middle+half)/(1+z*z/n), 1)
}

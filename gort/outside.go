package gort

import (
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
)

// Dependence describes, for people, in at most three lines, how the run depended on the world outside, and what
// that means for a replay. It returns "" if there was no dependence. The search of package time for the time zone
// is not counted.
func (o *Outcome) Dependence() string {
	var lines []string
	reached, came := o.reached(), o.came()
	if came != "" {
		lines = append(lines, "from outside: "+came+" ("+strings.Join(o.Outside(), ", ")+")",
			"a replay waits for each at the same decision, "+o.stored(""))
	} else if reached != "" {
		lines = append(lines, "outside of the control: "+reached,
			"nothing came from there by itself, "+o.stored("a replay "))
	}
	if o.Forced > 0 {
		lines = append(lines, prose.Count(o.Forced, "preemption")+
			" by the real clock, of goroutines that passed no point for a second: a replay cannot repeat them")
	}
	return strings.Join(lines, "\n")
}

// stored says what the recording has of what the run took from outside, as the end of a sentence. who is the subject of
// that, with a space behind it, "" if the sentence has it already.
func (o *Outcome) stored(who string) string {
	t := &o.Recording.Tape
	s := t.Stored()
	if s.Calls == 0 && t.Cut == 0 {
		return "but what is read there is not recorded, so that other data make another run"
	}
	var compared []string
	if s.Files > 0 {
		compared = append(compared, prose.Count(s.Files, "file")+" of the module")
	}
	if s.Compared > 0 {
		compared = append(compared, "size and date of "+prose.Count(s.Compared, "file")+" outside of it")
	}
	text := "and " + who + "takes " + s.String() + " from the recording"
	switch taken := s.Sockets + s.Pipes + len(s.Kept) + len(s.Variables) + len(s.Unset); {
	case len(compared) > 0 && taken == 0:
		text = "and " + who + "compares " + cast.Enumerate(compared) + " with the recording"
	case len(compared) > 0:
		text += ", with which it compares " + cast.Enumerate(compared)
	}
	if t.Cut > 0 {
		text += "; " + prose.Count(int(t.Cut), "call") + " after that had no room there: --record-outside keeps more"
	}
	return text
}

// came counts what came from outside, by how it came.
func (o *Outcome) came() string {
	polled, returned, called := 0, 0, 0
	for _, r := range o.Recording.Records {
		switch {
		case r.Kind != record.Admit:
		case r.Reason == 2:
			returned++
		case r.Reason == 3:
			called++
		default:
			polled++
		}
	}
	var list []string
	if polled > 0 {
		list = append(list, prose.Count(polled, "wake-up")+" by the network poller or a signal")
	}
	if called > 0 {
		list = append(list, prose.Count(called, "wake-up")+" by threads of C code that call Go")
	}
	if returned > 0 {
		list = append(list, prose.Count(returned, "return")+" from system calls that wait")
	}
	return cast.Enumerate(list)
}

// reached counts the system calls by the kind of object: "3 system calls for files and 1 system call for sockets".
func (o *Outcome) reached() string {
	count := map[string]int{}
	for n, calls := range o.Calls { // lint: order does not matter because sums do not depend on it
		if class := outsideClasses[n]; class != "" {
			count[class] += int(calls)
		}
	}
	if len(count) == 1 && count["files"] == 1 && len(o.Calls) <= zoneCalls {
		return ""
	}
	var list []string
	for _, class := range o.Outside() {
		list = append(list, prose.Count(count[class], "system call")+" for "+class)
	}
	return cast.Enumerate(list)
}

// zoneCalls is the number of system calls with which package time finds the time zone: it opens, reads and closes
// one file. Package os needs one more call to open a file.
const zoneCalls = 3

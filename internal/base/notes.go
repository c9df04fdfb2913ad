package base

import (
	"fmt"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/tracefile"
)

// noteText returns a note in words, or "" for a note that repeats another event. name returns the text of a task with
// its name.
func noteText(n tracefile.Note, name func(event.TaskID) string) string {
	task := ""
	if n.Task != tracefile.NoTask {
		task = name(n.Task) + " "
	}
	switch n.Act {
	case tracefile.ActStop:
		return ifAny(task, stopText(n, name))
	case tracefile.ActWake:
		by := phrase(" by ", names(n.Tasks, name)) + phrase(" by ", n.Reason)
		return ifAny(task+"is woken", by+phrase(", waited for ", n.Object.String()))
	case tracefile.ActDo:
		if (n.Place != "" || n.Time != 0) && n.Task != tracefile.NoTask {
			return task + n.Deed()
		}
		return strings.TrimSpace(ifAny(strings.TrimSpace(task), ": ") + n.Deed())
	case tracefile.ActFail:
		return task + "marks the test as failed"
	case tracefile.ActRace:
		return task + "races with " + strings.Join(append([]string{names(n.Tasks, name)}, n.Stack...), " at ") + ": " +
			n.Reason + phrase(" at ", n.Place)
	case tracefile.ActPart:
		return "here the recording has instead: " + n.Reason
	case tracefile.ActLeft:
		return task + "is left" + phrase(", ", stopText(n, name)) + phrase(" at ", n.Place)
	case tracefile.ActKept:
		return task + "may go on: code that may still run reaches what it waits for"
	case tracefile.ActEnd:
		if n.Place == "" {
			return "the run " + n.Reason
		}
		return "the run " + n.Reason + phrase(" in ", strings.TrimSpace(task)) + " at " + n.Place
	case tracefile.ActCause: // its object is a decision
		return "cause: " + phrase("", n.Object.String()) + phrase(": ", task+strings.ReplaceAll(n.Reason, "\n", "; ")) +
			phrase(" at ", n.Place)
	case tracefile.ActOdds:
		return "after " + n.Object.String() + ": " + n.Reason + " continuations fail"
	}
	return ""
}

// stopText returns the reason for which a task stopped, or "" if an event of an ordinary run contains it.
func stopText(n tracefile.Note, name func(event.TaskID) string) string {
	switch n.Reason {
	case "", gorun.ReasonYield, gorun.ReasonPreempt:
		return ""
	case gorun.ReasonForced:
		return n.Reason
	case gorun.ReasonSyscall:
		return "is held up in a system call"
	}
	return "waits: " + n.Reason + phrase(" on ", n.Object.String()) +
		phrase(", "+cast.HeldBy(n.Reason)+" ", names(n.Tasks, name))
}

// ifAny returns two texts together, or "" if one of them is empty.
func ifAny(text, more string) string {
	if text == "" || more == "" {
		return ""
	}
	return text + more
}

// phrase returns a text after an introduction, or "" if the text is empty.
func phrase(lead, text string) string {
	if text == "" {
		return ""
	}
	return lead + text
}

func names(ids []event.TaskID, name func(event.TaskID) string) string {
	var list []string
	for _, id := range ids {
		list = append(list, name(id))
	}
	return strings.Join(list, ", ")
}

// meaningText returns the meaning of an event of an ordinary run, with the relevant fields, or "" if it is that of its
// kind.
func meaningText(e event.Event, name func(event.TaskID) string) (meaning, fields string) {
	leap := func(key string) string { return fmt.Sprintf(" %s=%v", key, time.Duration(e.ChaosData())) }
	switch gorun.MeaningOf(e) {
	case gorun.Preemption:
		task, _ := e.ChaosTask()
		fields = " task=" + name(task)
		if e.ChaosData() > 0 {
			fields += leap("leap")
		}
		return "preemption", fields
	case gorun.Leap:
		return "leap of time", leap("by")
	case gorun.LetIn:
		return "let in", " task=" + name(gorun.Admitted(e))
	}
	return "", ""
}

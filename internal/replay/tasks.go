package replay

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/simsched"
)

// taskText returns the text of a task in a list.
func taskText(t simsched.TaskInfo) string {
	if t.Name == "" {
		return t.ID.String()
	}
	return fmt.Sprintf("%v %q", t.ID, t.Name)
}

// tasksText returns a table of tasks, with one line for each.
func tasksText(tasks []simsched.TaskInfo) string {
	if len(tasks) == 0 {
		return "no task is alive\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "task\tpath\tregion\tline\tstate\n")
	for _, t := range tasks {
		line := t.Line
		if line == "" {
			line = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%v %q\t%s\t%s\n",
			taskText(t), t.Path, t.Region, t.RegionName, base.PlainOrQuoted(line), stateText(t, tasks))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// heldOrWanted matches a text of package simsched that names the tasks that hold a lock or wait for it.
var heldOrWanted = regexp.MustCompile(` (held|held or wanted) by `)

// stateText describes what a task does, what it waits for, and which tasks could end the wait.
func stateText(t simsched.TaskInfo, tasks []simsched.TaskInfo) string {
	text := t.State.String()
	if t.WaitsFor != "" {
		text += " " + t.WaitsFor
	}
	if t.Until > 0 {
		text += fmt.Sprintf(", until %v", t.Until)
	}
	if len(t.HeldBy) > 0 && !heldOrWanted.MatchString(t.WaitsFor) {
		var who []string
		for _, id := range t.HeldBy {
			who = append(who, taskText(infoOf(tasks, id)))
		}
		text += ", " + cast.HeldBy(t.WaitsFor) + " " + strings.Join(who, ", ")
	}
	return text
}

// infoOf returns the information about a task, which has only the identifier if the task is not in the list.
func infoOf(tasks []simsched.TaskInfo, id event.TaskID) simsched.TaskInfo {
	for _, t := range tasks {
		if t.ID == id {
			return t
		}
	}
	return simsched.TaskInfo{ID: id}
}

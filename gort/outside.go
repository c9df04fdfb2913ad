package gort

import (
	"strings"
)

// Dependence says for people in at most three lines what the run had to do with the world outside of the control, and
// what that means for a replay; "" if it had nothing to do with it. That package time looks for the time zone is left
// out.
func (o *Outcome) Dependence() string {
	var lines []string
	polled, returned := 0, 0
	for _, r := range o.Recording.Records {
		if r.Kind == Admit && r.Reason == 2 {
			returned++
		} else if r.Kind == Admit {
			polled++
		}
	}
	var came []string
	if polled > 0 {
		came = append(came, plural(polled, "wake-up")+" by the network poller or a signal")
	}
	if returned > 0 {
		came = append(came, plural(returned, "return")+" from system calls that wait")
	}
	reached := o.reached()
	if len(came) > 0 {
		lines = append(lines, "from outside: "+enumerate(came)+" ("+strings.Join(o.Outside(), ", ")+")",
			"a replay waits for each at the same decision, but what is read there is not recorded, so that other data make another run")
	} else if reached != "" {
		lines = append(lines, "outside of the control: "+reached,
			"nothing came from there by itself, but what is read there is not recorded, so that other data make another run")
	}
	if o.Forced > 0 {
		lines = append(lines, plural(o.Forced, "preemption")+" by the real clock, of goroutines that passed no point for a second: a replay cannot repeat them")
	}
	return strings.Join(lines, "\n")
}

// reached counts the system calls by what they reach, "3 system calls for files and 1 system call for sockets".
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
		list = append(list, plural(count[class], "system call")+" for "+class)
	}
	return enumerate(list)
}

// zoneCalls is how many system calls package time knows to find the time zone: it opens, reads and closes one file.
// Package os needs one more to open a file.
const zoneCalls = 3

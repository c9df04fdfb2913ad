package gort

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
)

// Signature returns 16 hex digits that are equal for failures of one cause, as far as can be told, and "" for a run that
// passed. Seed, schedule and times take no part in it, nor do paths of goroutines; numbers and durations count as equal,
// and so do lists of them, whatever their length. It depends on the class and on this:
//
//   - test failure: the set of lines that the failing tests have logged, with the names of files; the names of the tests
//     if they have logged nothing;
//   - data race: the two accesses, in any order: read or write, and in which function;
//   - panic, fatal error: the first line of the message, and the innermost function of the program;
//   - deadlock: the set of what each goroutine waits for and in which function; only of those that wait for each other in
//     a circle, if it is known who holds what;
//   - leak: the set of the function that was started, what it waits for, and in which function;
//   - timeout: in virtual time as for a deadlock; in real time what each goroutine of the program waits for and in which
//     function, or, if some could run, only the functions that these began with; failing that, of the one that ran last;
//   - limit: which one, and the set of the functions of the goroutines that ran in the last hundred decisions;
//   - divergence: why a choice was due in the recording and in the replay, and the functions of the goroutines;
//   - exit: the last line that the program has printed; killed: nothing.
func (o *Outcome) Signature() string {
	c := o.cause()
	if c.class == "" {
		return ""
	}
	h := fnv.New64a()
	for _, part := range append(c.parts, c.class) {
		part = fold(part)
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

var (
	// numbers are what a signature takes as equal: numbers of all forms with their sign and unit of time.
	numbers = regexp.MustCompile(`0x[0-9a-fA-F…]+|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?:ns|µs|us|ms|h|m|s)?`)
	// rows are several of them, as in a list.
	rows = regexp.MustCompile(`#(?:[ ,:.]*#)+`)
)

// fold puts # for every number and every row of numbers.
func fold(text string) string { return rows.ReplaceAllString(numbers.ReplaceAllString(text, "#"), "#") }

// set returns the distinct parts in order, where folding makes parts equal too.
func set(parts []string) []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = fold(p)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

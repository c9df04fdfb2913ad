package gort

import "github.com/reprise-go/reprise/internal/finding"

// Signature returns 16 hex digits that are equal for failures of one cause, as far as can be told, and "" for a run
// that passed. Seed, schedule and times take no part in it, nor do paths of goroutines; numbers in messages count as
// equal as package internal/finding folds them. It depends on the class and on this, where a place is a function and a
// line:
//
//   - test failure: the set of lines that the failing tests have logged, with file and line; the names of the tests if
//     they have logged nothing;
//   - data race: the two accesses, in any order: read or write, and their places;
//   - panic, fatal error: the first line of the message, and the innermost place of the program;
//   - deadlock: the set of what each goroutine waits for and its place; only of those that wait for each other in a
//     circle, if it is known which goroutine holds what;
//   - leak: the set of the function that was started, what it waits for, and its place;
//   - timeout: in virtual time as for a deadlock; in real time what each goroutine of the program waits for and in
//     which function, or, if some could run, only the functions that these began with; failing that, of the one that
//     ran last;
//   - limit: which one, and the set of the functions of the goroutines that ran in the last hundred decisions;
//   - divergence: why a choice was due in the recording and in the replay, and the functions of the goroutines;
//   - exit: the last line that the program has printed; killed: nothing.
func (o *Outcome) Signature() string {
	c := o.cause()
	if c.class == "" {
		return ""
	}
	return finding.Sign(c.class, c.parts...)
}

package gort

import "github.com/reprise-go/reprise/internal/finding"

// Signature returns 16 hex digits that are equal for failures with the same cause, as far as the outcome shows it, and
// "" for a run that passed. It does not depend on the seed, the schedule, times or paths of goroutines, and treats
// numbers in messages as package internal/finding does. It depends on the class and on the following, where a place is
// a function and a line:
//
//   - test failure: the lines that were logged where the test was first marked as failed, with file and line; if that
//     is not known, the set of lines that the failing tests logged; of properties of package rapid only their line and
//     failure, without the values drawn; the names of the tests if they logged nothing;
//   - assertion: the first one that was violated: its kind, message and file;
//   - data race: the two accesses, in any order: read or write, and their places;
//   - panic, fatal error: the first line of the message, and the innermost place of the program;
//   - deadlock: for each goroutine, what it waits for and its place; only the goroutines of a cycle if the holders of
//     the locks are known and form one;
//   - leak: for each goroutine, the function in which it started, what it waits for, and its place;
//   - timeout: in virtual time as for a deadlock; in real time, for each goroutine of the program, what it waits for
//     and in which function, or, if some were ready, only the functions in which these started; if there are none, that
//     of the goroutine that ran last;
//   - limit: the limit, and the functions of the goroutines that ran in the last hundred decisions;
//   - divergence: the reasons for the decision in the recording and in the replay, and the functions of the goroutines;
//   - exit: the last line that the program printed; killed: nothing else.
//
// It tells failures apart as they were found; see Finding.Settle of package internal/finding for their cause.
func (o *Outcome) Signature() string {
	c := o.cause()
	if c.class == "" {
		return ""
	}
	return finding.Sign(c.class, c.parts...)
}

// Parts returns the parts of the signature besides the class, see Sign of package internal/finding. It returns nil for
// a run that passed.
func (o *Outcome) Parts() []string { return o.cause().parts }

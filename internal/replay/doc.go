// Package replay is the front of a replay, for people and for machines. It moves a [replayer.Driver] of a simulated
// program or an ordinary test to its end, to a target, or by commands, and reports the result in every format. The
// reprise command uses it, and so does package simtest within the test binary that the command runs.
//
// It must not know how a driver runs its program.
package replay

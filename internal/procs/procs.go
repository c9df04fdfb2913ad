// Package procs starts processes whose descendants end with them.
//
// A process that [Group] prepares heads a process group of its own and, on Linux, is killed when its parent dies.
// [Wait] waits for the head and kills the rest of its group. A descendant that has left the group, such as a daemon,
// still has the environment that it inherited: [Sweep] kills every process that has a given variable there. A process
// that is neither parent nor child learns by [AwaitEnd] that one which called [Hold] has ended, however it did.
//
// The package knows nothing of tests, runs and recordings.
package procs

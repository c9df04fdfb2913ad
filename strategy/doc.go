// Package strategy holds the strategies that decide which ready task of a run goes next: one file each, in plain
// arithmetic. The same source runs in both worlds. Package simsched calls it for simulated runs. Package gort compiles
// it into the runtime of ordinary tests, where package runtime must not import anything and a decision must not
// allocate.
//
// # The protocol
//
//  1. The host, which is simsched or the patched runtime, finds a [Strategy] by name and calls its New once a run.
//  2. It asks Gap how many points the running task may pass before it is preempted. A point is a place at which a task
//     can be preempted: every operation of a simulated task, every operation of an ordinary goroutine on a channel, a
//     lock or an atomic value.
//  3. When the gap is over and another task is ready, the host asks Pick with [Preempted], and then Gap again. If no
//     other task is ready, the host asks Gap without a Pick: the preemption did not take place.
//  4. When the running task blocks, ends or yields, the host asks Pick and leaves the gap as it is. A decision with a
//     single ready task is forced and is not asked.
//  5. If the Picker is a [Stepper], the host calls Step each time that a task goes on: after Pick, and where the
//     decision was forced or did not take place.
//  6. The host keeps a [Task] for each task. A strategy stores what it knows of a task there, so that it needs no
//     memory of its own, however many tasks there are. The host sets the exported fields: those that identify the task
//     when it is created, Next at each point where the strategy is asked.
//
// The picks of a run are a function of the [Config], of the decisions and of the steps. They do not depend on how often
// Gap is called.
//
// # Adding a strategy
//
// Add one file: a type with the methods of [Picker], and a variable that is assigned the result of [Register]. Nothing
// else has to be edited. The name then works as --strategy of the command, as REPRISE_STRATEGY, as an option of
// package simtest and as gort.Control.Strategy, and it becomes part of the identity of a trace. The file must import
// nothing. Gap, Pick and Step must not allocate; New may, by strategyState and strategySlice alone. Every name that is
// declared at the top level of the file gets a prefix when it is compiled into the runtime, so that it cannot collide
// with a name of the runtime there.
//
// A strategy that needs counts of operations from an earlier run, such as the length of the run or what each task does
// to each object, reads them from Config.Profile. A strategy that needs more adds a field to [Task] or to [Config],
// which both hosts fill.
package strategy

// Package tracecheck holds an independent checker of the eight laws that every recorded trace keeps. It knows the
// package event and nothing of how a trace comes about, so that a mistake of a scheduler or a recorder cannot hide in
// it.
//
// # The laws
//
// An event names a task if it has one: TaskSpawned, TaskScheduled, TaskYielded, TaskCompleted, WakerWake, and
// ChaosInjection with a task. It names a region if it has one: RegionCreated, also as the parent, RegionClosed,
// RegionCancelled, and TaskSpawned. Of several laws that one event breaks, the lowest is reported.
//
//  1. RngSeed stands only at event 0, with the seed of the metadata.
//  2. A task is spawned before another event names it; a region is created before another event names it. One
//     exception: the first TaskSpawned of a trace may come before the RegionCreated of its region, which then has to
//     come before the end; until it comes no other event may name the region. TaskSpawned and RegionCreated may use an
//     arena index again only after the task or region that held it has ended, under a higher generation.
//  3. Time is 0 at the start. from_nanos of TimeAdvanced is the time so far, and to_nanos is later.
//  4. A timer is created once in a run. TimerFired and TimerCancelled name a timer that has been created and has
//     neither fired nor been cancelled; TimerFired comes when the time has reached the deadline. A deadline may lie
//     in the past from the beginning.
//  5. Of the events that name a completed task all but WakerWake break this law; a second TaskSpawned breaks law 2.
//  6. RegionClosed comes when every task and every child region of the region has ended. No event names a closed
//     region; a second RegionCreated breaks law 2.
//  7. The at_tick of TaskScheduled, TaskSpawned and RegionCreated never decreases, from one to the next of any of the
//     three.
//  8. The sequence of a Checkpoint is one more than that of the Checkpoint before; the first may have any. Its time is
//     the time so far, active_tasks the tasks spawned less those completed, active_regions the regions created less
//     those closed.
//
// A generation may rise by more than one. The identifiers that were passed over were never used, and naming one breaks
// law 2.
//
// Every beginning of a trace that keeps the laws keeps them too, except for the region that law 2 demands by the end;
// only [Checker.End] and [Check] ask for it.
//
// # Parts of a run
//
// A recording may start in the middle of a run, as one does that keeps only the last events. [NewPartial] makes a
// Checker for it, which is never harder than that of the whole run would be:
//
//   - A task or region that an event names as live, and of whose arena index no event has told, was live before.
//     WakerWake shows only that its task has been spawned. A generation below all that events have told of has ended.
//   - A timer that fires or is cancelled and was not created here was created before, with a deadline in the past.
//   - The time is learnt from the first TimeAdvanced or Checkpoint if it is not known. Until then no deadline is checked.
//   - The first Checkpoint tells how many tasks and regions are live. From then on it is known how many no event has
//     named yet; when there is none left, naming one is like naming one that has ended.
//   - Law 6 holds for the tasks and child regions that began here.
//   - What [Checker.End] asks for, the region of the first task, may have come before.
//
// So laws 3, 7 and 8 are checked from their first event on, law 4 from the event on that first names a timer, law 5 from
// the event on that first names a task, and laws 2 and 6 where the conflict lies within the part.
//
// # Cost
//
// A checker keeps 48 bytes for each arena index of the run, and 8 bytes whenever a generation rises by more than one.
// Where indices are handed out from 0 upwards, its maps stay empty. It knows what has become of the last 32,768 timers,
// in 1 MiB; of older ones it keeps those that are pending, and which identifiers were used: 16 bytes for each range of
// them, if they ascend, and a map entry for each that is below an earlier one. So its memory does not grow with the run
// if indices and timer identifiers are handed out in order.
package tracecheck

// Package tracecheck holds an independent checker of the eight laws that every recorded trace obeys. It imports
// only package event and knows nothing about how traces are recorded, so that a bug of a scheduler or a recorder
// cannot also be in the checker.
//
// # The laws
//
// An event names a task if it has a task field: TaskSpawned, TaskScheduled, TaskYielded, TaskCompleted, WakerWake,
// and ChaosInjection with a task. It names a region if it has a region field: RegionCreated (the region and its
// parent), RegionClosed, RegionCancelled and TaskSpawned. If one event breaks several laws, the lowest is reported.
//
//  1. RngSeed occurs only as event 0, with the seed of the metadata.
//  2. A task is spawned before another event names it; a region is created before another event names it. One
//     exception: the first TaskSpawned of a trace may precede the RegionCreated of its region, which must then come
//     before the end; until then no other event may name the region. TaskSpawned and RegionCreated may reuse an
//     arena index only after the task or region that had it has ended, and with a higher generation.
//  3. Time is 0 at the start. from_nanos of TimeAdvanced is the current time, and to_nanos is later.
//  4. A timer is created once in a run. TimerFired and TimerCancelled name a timer that was created and has
//     neither fired nor been cancelled; TimerFired occurs when the time has reached the deadline. A deadline may be
//     in the past when the timer is created.
//  5. No event except WakerWake names a completed task; a second TaskSpawned breaks law 2.
//  6. RegionClosed occurs when every task and every child region of the region has ended. No event names a closed
//     region; a second RegionCreated breaks law 2.
//  7. The at_tick of TaskScheduled, TaskSpawned and RegionCreated never decreases across the events of these three
//     kinds.
//  8. The sequence of a Checkpoint is one more than that of the Checkpoint before; the first may have any number. Its
//     time is the current time, active_tasks is the number of tasks spawned minus those completed, and active_regions
//     the number of regions created minus those closed.
//
// A generation may rise by more than one. The skipped identifiers were never used, and naming one breaks law 2.
//
// Every prefix of a trace that obeys the laws obeys them too, except for the region that law 2 demands by the end.
// Only [Checker.End] and [Check] check for that region.
//
// # Parts of a run
//
// A recording may start in the middle of a run, for example if it keeps only the last events. [NewPartial] makes a
// Checker for it that never rejects more than a Checker of the whole run would:
//
//   - If an event names a task or region as live, and no earlier event named its arena index, it was live before.
//     WakerWake only shows that its task was spawned. A generation below all those seen has ended.
//   - If a timer fires or is cancelled and was not created here, it was created before, with a deadline in the past.
//   - If the time is not known, it is taken from the first TimeAdvanced or Checkpoint. Until then no deadline is
//     checked.
//   - The first Checkpoint gives the number of live tasks and regions, and so the number of those not yet named. When
//     none of them is left, naming one is like naming one that has ended.
//   - Law 6 holds for the tasks and child regions that began here.
//   - The region of the first task, which [Checker.End] demands, may have been created before.
//
// So laws 3, 7 and 8 are checked from their first event, law 4 from the first event that names a timer, law 5 from
// the first event that names a task, and laws 2 and 6 where the conflict lies within the part.
//
// # Cost
//
// A checker keeps 48 bytes for each arena index of the run, and 8 bytes whenever a generation rises by more than
// one. If indices are assigned from 0 upwards, its maps stay empty. It keeps the state of the last 32,768 timers in
// 1 MiB. Of older timers it keeps those that are pending and the identifiers that were used: 16 bytes for each
// ascending range of identifiers, and a map entry for each identifier below an earlier one. So its memory does not
// grow with the run if indices and timer identifiers are assigned in order.
package tracecheck

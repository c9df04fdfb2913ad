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
// # Cost
//
// A checker keeps 48 bytes for each arena index of the run, 32 bytes for each timer, since a timer identifier may never
// come back, and 8 bytes whenever a generation rises by more than one. Where indices are handed out from 0 upwards and
// timer identifiers one after the other, its maps stay empty.
package tracecheck

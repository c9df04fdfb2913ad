package tracecheck

import (
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// The generator draws lawful traces over a small world, so that identifiers meet, and then changes them a little.

// indices are the arena indices in use: some in arena order, some far away.
var indices = []uint32{0, 1, 2, 3, 7, math.MaxUint32}

// world is what a lawful trace needs to know to go on. It keeps lists and looks through them.
type world struct {
	t                    *rapid.T
	events               []event.Event
	tasks, regions       []holder // live
	oldTasks, oldRegions []uint64 // completed or closed
	timers               []event.TimerID
	deadlines            []uint64 // of timers
	oldTimers            []event.TimerID
	now, tick, sequence  uint64
	waiting              event.RegionID // region of the first task, while it is missing
	isWaiting            bool
}

// holder is a live task with its region or a live region with its parent.
type holder struct {
	id, owner uint64
	owned     bool
}

// lawfulTrace draws metadata and the events of a trace that keeps all laws.
func lawfulTrace(t *rapid.T) (event.Metadata, []event.Event) {
	md := event.NewMetadata(rapid.Uint64Range(0, 3).Draw(t, "seed"))
	w := &world{t: t, tick: upTo2(t, "first tick"),
		sequence: choose(t, "first sequence", []uint64{0, 1, math.MaxUint64 - 2})}
	if rapid.Bool().Draw(t, "with seed") {
		w.emit(event.RngSeed(md.Seed))
	}
	w.begin()
	for range choose(t, "steps", []int{0, 5, 10, 20, 30, 40, 50, 60}) {
		choose(t, "step", steps)(w)
	}
	if w.isWaiting {
		w.createWaiting()
	}
	return md, w.events
}

// steps are drawn from; what is there twice comes twice as often.
var steps = []func(*world){
	(*world).spawn, (*world).spawn, (*world).schedule, (*world).act, (*world).complete, (*world).complete,
	(*world).createRegion, (*world).createRegion, (*world).closeRegion, (*world).closeRegion, (*world).cancelRegion,
	(*world).wake, (*world).advance, (*world).createTimer, (*world).endTimer, (*world).checkpoint, (*world).other,
	(*world).createWaiting,
}

// uniform draws a number below n, which is at most 256. Unlike rapid.IntRange it does not prefer small ones.
func uniform(t *rapid.T, label string, n int) int {
	drawn := 0
	for range 8 {
		drawn *= 2
		if rapid.Bool().Draw(t, label) {
			drawn++
		}
	}
	return drawn % n
}

func choose[T any](t *rapid.T, label string, from []T) T { return from[uniform(t, label, len(from))] }

func upTo2(t *rapid.T, label string) uint64 { return rapid.Uint64Range(0, 2).Draw(t, label) }

func (w *world) emit(e event.Event) { w.events = append(w.events, e) }

// step moves the tick on, or not.
func (w *world) step() uint64 {
	w.tick += upTo2(w.t, "ticks")
	return w.tick
}

// freshID draws an identifier that may come into use.
func (w *world) freshID(current []holder, old []uint64) (uint64, bool) {
	index := choose(w.t, "index", indices)
	if slices.ContainsFunc(current, func(h holder) bool { return indexOf(h.id) == index }) {
		return 0, false
	}
	generation := uint32(upTo2(w.t, "generation"))
	for _, id := range old {
		if indexOf(id) == index {
			generation = max(generation, generationOf(id)+1+uint32(choose(w.t, "jump", []int{0, 0, 1, 2})))
		}
	}
	return uint64(index)<<32 | uint64(generation), true
}

// begin makes the first region and the first task, in any order, or only one of them, or none.
func (w *world) begin() {
	switch uniform(w.t, "begin", 4) {
	case 0:
		w.createRegion()
		w.spawn()
	case 1:
		task, _ := w.freshID(nil, nil)
		region, _ := w.freshID(nil, nil)
		w.spawnAs(task, region)
		w.waiting, w.isWaiting = event.RegionID(region), true
	case 2:
		w.createRegion()
	}
}

// createWaiting makes the region that the first task has been waiting for, if there is one.
func (w *world) createWaiting() {
	if !w.isWaiting {
		return
	}
	w.isWaiting = false
	w.emit(event.RootRegionCreated(w.waiting, w.step()))
	w.regions = append(w.regions, holder{id: uint64(w.waiting)})
}

func (w *world) spawnAs(task, region uint64) {
	w.emit(event.TaskSpawned(event.TaskID(task), event.RegionID(region), w.step()))
	w.tasks = append(w.tasks, holder{id: task, owner: region, owned: true})
}

func (w *world) spawn() {
	task, ok := w.freshID(w.tasks, w.oldTasks)
	if region, has := w.pick(w.regions); ok && has {
		w.spawnAs(task, region.id)
	}
}

func (w *world) pick(from []holder) (holder, bool) {
	if len(from) == 0 {
		return holder{}, false
	}
	return choose(w.t, "holder", from), true
}

func (w *world) schedule() {
	if h, ok := w.pick(w.tasks); ok {
		w.emit(event.TaskScheduled(event.TaskID(h.id), w.step()))
	}
}

func (w *world) act() {
	h, ok := w.pick(w.tasks)
	switch {
	case !ok:
		w.emit(event.ChaosInjection(event.ChaosDelay, 5))
	case rapid.Bool().Draw(w.t, "yield"):
		w.emit(event.TaskYielded(event.TaskID(h.id)))
	default:
		w.emit(event.ChaosInjectionInto(event.TaskID(h.id), event.ChaosCancel, 0))
	}
}

func (w *world) complete() {
	if h, ok := w.pick(w.tasks); ok {
		w.emit(event.TaskCompleted(event.TaskID(h.id), event.OutcomeOK))
		w.tasks = slices.DeleteFunc(w.tasks, func(o holder) bool { return o.id == h.id })
		w.oldTasks = append(w.oldTasks, h.id)
	}
}

func (w *world) createRegion() {
	id, ok := w.freshID(w.regions, w.oldRegions)
	if !ok || w.isWaiting && indexOf(id) == w.waiting.Index() {
		return
	}
	if parent, ok := w.pick(w.regions); ok && rapid.Bool().Draw(w.t, "child") {
		w.emit(event.RegionCreated(event.RegionID(id), event.RegionID(parent.id), w.step()))
		w.regions = append(w.regions, holder{id: id, owner: parent.id, owned: true})
		return
	}
	w.emit(event.RootRegionCreated(event.RegionID(id), w.step()))
	w.regions = append(w.regions, holder{id: id})
}

func (w *world) closeRegion() {
	h, ok := w.pick(w.regions)
	owns := func(o holder) bool { return o.owned && o.owner == h.id }
	if !ok || slices.ContainsFunc(w.tasks, owns) || slices.ContainsFunc(w.regions, owns) {
		return
	}
	w.emit(event.RegionClosed(event.RegionID(h.id), event.OutcomeOK))
	w.regions = slices.DeleteFunc(w.regions, func(o holder) bool { return o.id == h.id })
	w.oldRegions = append(w.oldRegions, h.id)
}

func (w *world) cancelRegion() {
	if h, ok := w.pick(w.regions); ok {
		w.emit(event.RegionCancelled(event.RegionID(h.id), event.CancelUser))
	}
}

func (w *world) wake() {
	known := slices.Clone(w.oldTasks)
	for _, h := range w.tasks {
		known = append(known, h.id)
	}
	if len(known) > 0 {
		w.emit(event.WakerWake(event.TaskID(choose(w.t, "woken", known))))
	}
}

func (w *world) advance() {
	to := w.now + 1 + upTo2(w.t, "nanos")
	w.emit(event.TimeAdvanced(w.now, to))
	w.now = to
}

func (w *world) createTimer() {
	id := event.TimerID(len(w.timers) + len(w.oldTimers))
	if uniform(w.t, "far timer", 8) == 7 {
		id = event.TimerID(rapid.Uint64Range(math.MaxUint64-3, math.MaxUint64).Draw(w.t, "timer"))
	}
	if slices.Contains(w.timers, id) || slices.Contains(w.oldTimers, id) {
		return
	}
	deadline := w.now + upTo2(w.t, "deadline")
	w.emit(event.TimerCreated(id, deadline))
	w.timers, w.deadlines = append(w.timers, id), append(w.deadlines, deadline)
}

// endTimer fires a timer that is due and cancels one that is not, or is.
func (w *world) endTimer() {
	if len(w.timers) == 0 {
		return
	}
	i := uniform(w.t, "timer", len(w.timers))
	id, due := w.timers[i], w.deadlines[i] <= w.now
	if due && rapid.Bool().Draw(w.t, "fire") {
		w.emit(event.TimerFired(id))
	} else {
		w.emit(event.TimerCancelled(id))
	}
	w.timers, w.deadlines = slices.Delete(w.timers, i, i+1), slices.Delete(w.deadlines, i, i+1)
	w.oldTimers = append(w.oldTimers, id)
}

func (w *world) checkpoint() {
	if w.sequence == math.MaxUint64 {
		return
	}
	w.emit(event.Checkpoint(w.sequence, w.now, uint32(len(w.tasks)), uint32(len(w.regions))))
	w.sequence++
}

// other emits an event of which no law speaks.
func (w *world) other() {
	w.emit(choose(w.t, "other", []event.Event{
		event.IoReady(1, event.Readable), event.IoResult(1, -5), event.IoError(1, event.IOTimedOut),
		event.RngValue(9), event.WakerBatchWake(3), event.ChaosInjection(event.ChaosBudget, 0),
	}))
}

// mutate changes a trace in one place.
func mutate(t *rapid.T, md event.Metadata, events []event.Event) []event.Event {
	events = slices.Clone(events)
	i := uniform(t, "place", len(events)+1)
	if i == len(events) {
		return append(events, anyEvent(t, md, events))
	}
	j := uniform(t, "other place", len(events))
	switch choose(t, "mutation", []string{"tweak", "tweak", "replace", "drop", "swap", "insert", "repeat"}) {
	case "tweak":
		events[i] = tweak(t, events[i])
	case "replace":
		events[i] = anyEvent(t, md, events)
	case "drop":
		events = slices.Delete(events, i, i+1)
	case "swap":
		events[i], events[j] = events[j], events[i]
	case "insert":
		events = slices.Insert(events, i, anyEvent(t, md, events))
	case "repeat":
		events = slices.Insert(events, i, events[j])
	}
	return events
}

// tweak changes one field of an event a little, by way of its JSON form.
func tweak(t *rapid.T, e event.Event) event.Event {
	var fields []event.Field
	for f := range e.Fields() {
		fields = append(fields, f)
	}
	chosen := choose(t, "field", fields)
	text := fmt.Appendf(nil, `{"type":%q`, e.Kind())
	for f, v := range e.Fields() {
		switch {
		case f.Type == event.TypeBytes:
			text = fmt.Appendf(text, `,%q:%d`, f.Name, v.Int64())
		case f == chosen:
			change := choose(t, "change", []uint64{1, 1, 2, 1 << 32, math.MaxUint64, math.MaxUint64 - 1<<32 + 1})
			text = fmt.Appendf(text, `,%q:%d`, f.Name, v.Uint64()+change)
		case v.Present():
			text = fmt.Appendf(text, `,%q:%d`, f.Name, v.Uint64())
		}
	}
	var changed event.Event
	if err := changed.UnmarshalJSON(append(text, '}')); err != nil {
		return e // the change is out of the field's range
	}
	return changed
}

// seen lists the values that the events have in fields of the given types.
func seen(events []event.Event, types ...event.FieldType) (values []uint64) {
	for _, e := range events {
		for f, v := range e.Fields() {
			if slices.Contains(types, f.Type) && v.Present() {
				values = append(values, v.Uint64())
			}
		}
	}
	return values
}

// anyID draws an identifier, mostly one that is there.
func anyID(t *rapid.T, known []uint64) uint64 {
	if len(known) > 0 && uniform(t, "new", 4) > 0 {
		return choose(t, "known", known)
	}
	return uint64(choose(t, "index", indices))<<32 | upTo2(t, "generation")
}

// anyKinds are drawn from; the kinds that end something come twice as often.
var anyKinds = append(slices.Collect(event.Kinds()),
	event.KindTaskCompleted, event.KindRegionClosed, event.KindTimerFired, event.KindTimerCancelled)

// anyEvent draws any event over the small world, mostly with identifiers that the events have.
func anyEvent(t *rapid.T, md event.Metadata, events []event.Event) event.Event {
	small := func(label string) uint64 { return rapid.Uint64Range(0, 12).Draw(t, label) }
	task := event.TaskID(anyID(t, seen(events, event.TypeTask, event.TypeOptionalTask)))
	regions := seen(events, event.TypeRegion, event.TypeOptionalRegion)
	region := event.RegionID(anyID(t, regions))
	timer := event.TimerID(anyID(t, seen(events, event.TypeTimer)))
	switch choose(t, "kind", anyKinds) {
	case event.KindTaskScheduled:
		return event.TaskScheduled(task, small("tick"))
	case event.KindTaskYielded:
		return event.TaskYielded(task)
	case event.KindTaskCompleted:
		return event.TaskCompleted(task, event.OutcomeErr)
	case event.KindTaskSpawned:
		return event.TaskSpawned(task, region, small("tick"))
	case event.KindTimeAdvanced:
		return event.TimeAdvanced(small("from"), small("to"))
	case event.KindTimerCreated:
		return event.TimerCreated(timer, small("deadline"))
	case event.KindTimerFired:
		return event.TimerFired(timer)
	case event.KindTimerCancelled:
		return event.TimerCancelled(timer)
	case event.KindRngSeed:
		return event.RngSeed(md.Seed + upTo2(t, "seed"))
	case event.KindChaosInjection:
		return event.ChaosInjectionInto(task, event.ChaosDelay, small("data"))
	case event.KindRegionCreated:
		return event.RegionCreated(region, event.RegionID(anyID(t, regions)), small("tick"))
	case event.KindRegionClosed:
		return event.RegionClosed(region, event.OutcomeErr)
	case event.KindRegionCancelled:
		return event.RegionCancelled(region, event.CancelTimeout)
	case event.KindWakerWake:
		return event.WakerWake(task)
	case event.KindCheckpoint:
		return event.Checkpoint(small("sequence"), small("time"), uint32(upTo2(t, "tasks")), uint32(upTo2(t, "regions")))
	default: // of the kinds that no law speaks of
		return event.RootRegionCreated(region, small("tick"))
	}
}

// drawn is a trace and its metadata.
type drawn struct {
	md     event.Metadata
	events []event.Event
}

// traces draws lawful traces with up to two mutations, and now and then one of unrelated events.
func traces() *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		md, events := lawfulTrace(t)
		if uniform(t, "unrelated", 10) == 9 {
			events = nil
			for range rapid.IntRange(1, 10).Draw(t, "events") {
				events = append(events, anyEvent(t, md, events))
			}
		}
		for range choose(t, "mutations", []int{0, 1, 1, 1, 2}) {
			events = mutate(t, md, events)
		}
		return drawn{md, events}
	})
}

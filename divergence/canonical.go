package divergence

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// Canonical describes where two runs part that differ in more than the order of independent events. Both runs are
// cut at their barriers, and the events between two barriers are arranged in layers (see [CompareCanonical]).
// Canonical is the first layer that differs.
type Canonical struct {
	Segment      int      // number of barriers before the difference
	Layer        int      // layer in the segment, from 1; 0 if the barrier that ends it differs, or one run ends there
	ExpectedOnly []Placed // events of the layer that only the expected run has, by index
	ActualOnly   []Placed // events of the layer that only the actual run has, by index
	Notes        []string // the differences of the metadata
}

// Placed is an event with its place in its run.
type Placed struct {
	Index uint64
	Event event.Event
	Task  event.TaskID // the running task, if Running
	// Running is false if no task was running since the last barrier.
	Running bool
}

// CompareCanonical reads two runs and compares them up to the order of independent events. It returns nil if they
// are equal. It compares the Foata normal forms of the runs (Cartier and Foata, Problèmes combinatoires de
// commutation et réarrangements, 1969; Diekert and Rozenberg, The Book of Traces, 1995), with this dependence:
//
//   - An event belongs to the running task, which is that of the last TaskScheduled, and to every task, region, timer
//     and token that it names. From a barrier to the next TaskScheduled the scheduler itself counts as the running
//     task.
//   - RngValues also belong to the source of randomness.
//   - Two events that belong to the same thing are dependent, and their order counts.
//   - TimeAdvanced, Checkpoint, RngSeed, WakerBatchWake and a ChaosInjection without a task are barriers: they depend
//     on every event.
//
// Events are equal if their [Comparable] and the running task are equal. So schedules may differ where tasks do
// nothing together that makes an event; interactions without an event, such as an uncontended lock, are not seen.
//
// The layer of an event is one more than the highest layer among the earlier events that it depends on. Two runs
// are equivalent if and only if each layer has the same events, equally often. The comparison takes O(n log n) time
// and memory for the events between two barriers. Sources are treated as by [Compare], except that runs which begin
// late are an error.
func CompareCanonical(expected, actual source.Source) (*Canonical, error) {
	if expected == actual {
		return nil,
			errors.New("divergence: CompareCanonical called with one source for both runs, whose cursor they would share")
	}
	if err := errors.Join(source.Rewind(expected), source.Rewind(actual)); err != nil {
		return nil, err
	}
	if source.First(expected) != 0 || source.First(actual) != 0 {
		return nil,
			errors.New("divergence: CompareCanonical of a run whose first events are missing: its layers are not known")
	}
	e, a := &segmenter{src: expected}, &segmenter{src: actual}
	for n := 0; ; n++ {
		if err := errors.Join(e.read(), a.read()); err != nil {
			return nil, err
		}
		d := compareSegments(e, a)
		if d != nil {
			d.Segment, d.Notes = n, compareMetadata(expected.Metadata(), actual.Metadata())
			return d, nil
		}
		if e.barrier.Kind() == 0 {
			return nil, nil
		}
	}
}

// compareSegments compares the current segments of two segmenters, including their barriers.
func compareSegments(e, a *segmenter) *Canonical {
	if !slices.Equal(e.events, a.events) {
		if d := compareLayers(e, a); d != nil {
			return d
		}
	}
	if Comparable(e.barrier) == Comparable(a.barrier) || e.start == 0 && a.start == 0 &&
		len(e.events)+len(a.events) == 0 && bothSeeds(e.barrier, a.barrier) {
		return nil
	}
	d := &Canonical{}
	if e.barrier.Kind() != 0 {
		d.ExpectedOnly = []Placed{{Index: e.start + uint64(len(e.events)), Event: e.barrier}}
	}
	if a.barrier.Kind() != 0 {
		d.ActualOnly = []Placed{{Index: a.start + uint64(len(a.events)), Event: a.barrier}}
	}
	return d
}

// compareLayers finds the first layer in which two segments differ.
func compareLayers(es, as *segmenter) *Canonical {
	e, a := es.layers(), as.layers()
	n := 0
	for n < len(e) && n < len(a) && es.compareTo(e[n], as, a[n]) == 0 {
		n++
	}
	e, a = e[n:], a[n:]
	if len(e) == 0 && len(a) == 0 {
		return nil
	}
	layer := uint32(math.MaxUint32)
	for _, side := range [][]placed{e, a} {
		if len(side) > 0 {
			layer = min(layer, side[0].layer)
		}
	}
	d := &Canonical{Layer: int(layer)}
	in := func(side []placed) bool { return len(side) > 0 && side[0].layer == layer }
	for in(e) || in(a) {
		c := 0
		switch {
		case !in(a):
			c = -1
		case !in(e):
			c = 1
		default:
			c = es.compareTo(e[0], as, a[0])
		}
		if c < 0 {
			d.ExpectedOnly = append(d.ExpectedOnly, es.public(e[0]))
		}
		if c > 0 {
			d.ActualOnly = append(d.ActualOnly, as.public(a[0]))
		}
		if c <= 0 {
			e = e[1:]
		}
		if c >= 0 {
			a = a[1:]
		}
	}
	byIndex := func(x, y Placed) int { return cmp.Compare(x.Index, y.Index) }
	slices.SortFunc(d.ExpectedOnly, byIndex)
	slices.SortFunc(d.ActualOnly, byIndex)
	return d
}

// placed is an event in its layer.
type placed struct {
	tag   uint64 // of the Comparable event and the running task; equal pairs have equal tags
	layer uint32
	at    uint32 // index in the segment
}

// compareTo orders by layer, and within a layer by tag, so that equal events are adjacent. Different events with
// the same tag are compared as text.
func (s *segmenter) compareTo(p placed, o *segmenter, q placed) int {
	if p.layer != q.layer || p.tag != q.tag {
		return cmp.Or(cmp.Compare(p.layer, q.layer), cmp.Compare(p.tag, q.tag))
	}
	if s.runs[p.at] != o.runs[q.at] {
		return cmp.Compare(s.runs[p.at], o.runs[q.at])
	}
	x, y := Comparable(s.events[p.at]), Comparable(o.events[q.at])
	if x == y {
		return 0
	}
	return bytes.Compare(x.AppendJSON(nil), y.AppendJSON(nil))
}

func (s *segmenter) public(p placed) Placed {
	run := s.runs[p.at]
	r := Placed{Index: s.start + uint64(p.at), Event: s.events[p.at], Running: run != scheduler}
	if r.Running {
		r.Task = taskOf(run)
	}
	return r
}

// actor identifies something that an event can belong to: a hash of its kind and identifier. Within a kind the hash
// is one to one. A collision between kinds is unlikely and would only make two independent events dependent.
type actor uint64

const (
	taskActor   = 0xff51afd7ed558ccd
	regionActor = 0x9e3779b97f4a7c15
	timerActor  = 0xbf58476d1ce4e5b9
	tokenActor  = 0x94d049bb133111eb

	scheduler  actor = 0xd6e8feb86659fd93
	randomness actor = 0xa0761d6478bd642f
)

func actorOf(kind, id uint64) actor { return actor(id ^ kind) }

func taskOf(a actor) event.TaskID { return event.TaskID(a ^ taskActor) }

// segmenter reads a run up to its next barrier.
type segmenter struct {
	src     source.Source
	start   uint64 // index of the first event of the segment
	events  []event.Event
	barrier event.Event // the event after events; the zero Event at the end of the run
	next    uint64

	runs   []actor  // the task that was running at each event
	found  []placed // in the order of the run
	placed []placed // by layer and tag
	counts []uint32 // number of events in each layer
	last   depths
}

func (s *segmenter) read() error {
	s.events, s.start, s.barrier = s.events[:0], s.next, event.Event{}
	for {
		e, err := s.src.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		s.next++
		if isBarrier(e) {
			s.barrier = e
			return nil
		}
		s.events = append(s.events, e)
	}
}

func isBarrier(e event.Event) bool {
	switch e.Kind() {
	case event.KindTimeAdvanced, event.KindCheckpoint, event.KindRngSeed, event.KindWakerBatchWake:
		return true
	case event.KindChaosInjection:
		_, ok := e.ChaosTask()
		return !ok
	}
	return false
}

// layers arranges the events of the segment in layers, in the order of compareTo.
func (s *segmenter) layers() []placed {
	s.runs, s.found, s.counts = s.runs[:0], s.found[:0], s.counts[:0]
	s.last.reset()
	run := scheduler
	for i, e := range s.events {
		if e.Kind() == event.KindTaskScheduled {
			run = actorOf(taskActor, uint64(e.Task()))
		}
		first, second, value := belongs(e)
		s.last.grow()
		a, b, c := s.last.of(run), s.last.of(first), s.last.of(second)
		layer := 1 + max(*a, *b, *c)
		*a, *b, *c = layer, layer, layer
		tag := mix(mix(mix(uint64(e.Kind())<<32^uint64(first))^uint64(second))^value) ^ uint64(run)
		s.found = append(s.found, placed{mix(tag), layer, uint32(i)})
		s.runs = append(s.runs, run)
		for int(layer) >= len(s.counts) {
			s.counts = append(s.counts, 0)
		}
		s.counts[layer]++
	}
	return s.sorted()
}

// sorted sorts the events: into layers by counting, and then within each layer.
func (s *segmenter) sorted() []placed {
	s.placed = slices.Grow(s.placed[:0], len(s.found))[:len(s.found)]
	end := uint32(0)
	for i, n := range s.counts {
		s.counts[i] = end // the start of the layer
		end += n
	}
	for _, p := range s.found {
		s.placed[s.counts[p.layer]] = p
		s.counts[p.layer]++ // finally the end of the layer
	}
	start := uint32(0)
	for _, end := range s.counts {
		slices.SortFunc(s.placed[start:end], func(p, q placed) int { return s.compareTo(p, s, q) })
		start = end
	}
	return s.placed
}

// belongs returns the actors of e besides the running task, 0 if there is none, and a hash of its other fields.
func belongs(e event.Event) (first, second actor, value uint64) {
	switch e.Kind() {
	case event.KindTaskScheduled, event.KindTaskYielded, event.KindWakerWake:
		return actorOf(taskActor, uint64(e.Task())), 0, 0
	case event.KindTaskCompleted:
		return actorOf(taskActor, uint64(e.Task())), 0, uint64(e.Outcome())
	case event.KindTaskSpawned:
		return actorOf(taskActor, uint64(e.Task())), actorOf(regionActor, uint64(e.Region())), 0
	case event.KindTimerCreated:
		return actorOf(timerActor, uint64(e.Timer())), 0, e.DeadlineNanos()
	case event.KindTimerFired, event.KindTimerCancelled:
		return actorOf(timerActor, uint64(e.Timer())), 0, 0
	case event.KindIoReady:
		return actorOf(tokenActor, uint64(e.Token())), 0, uint64(e.Readiness())
	case event.KindIoResult:
		return actorOf(tokenActor, uint64(e.Token())), 0, uint64(e.Bytes())
	case event.KindIoError:
		return actorOf(tokenActor, uint64(e.Token())), 0, uint64(e.IOErrorKind())
	case event.KindRngValue:
		return randomness, 0, e.Value()
	case event.KindChaosInjection:
		task, _ := e.ChaosTask()
		return actorOf(taskActor, uint64(task)), 0, e.ChaosData()<<8 ^ uint64(e.ChaosKind())
	case event.KindRegionCreated:
		region := actorOf(regionActor, uint64(e.Region()))
		if parent, ok := e.Parent(); ok {
			return region, actorOf(regionActor, uint64(parent)), 1
		}
		return region, 0, 0
	case event.KindRegionClosed:
		return actorOf(regionActor, uint64(e.Region())), 0, uint64(e.Outcome())
	case event.KindRegionCancelled:
		return actorOf(regionActor, uint64(e.Region())), 0, uint64(e.CancelKind())
	}
	return 0, 0, 0
}

// mix is a bijection that spreads every bit over all bits (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// depths is the highest layer so far of each actor, as a hash table that is emptied by incrementing its round.
type depths struct {
	slots []depth
	used  int
	shift int
	round uint32
	none  uint32 // layer of actor 0, which is no actor
}

type depth struct {
	actor actor
	round uint32
	layer uint32
}

// reset empties the table.
func (d *depths) reset() {
	d.round++
	d.used = 0
	if d.round == 0 || len(d.slots) == 0 {
		d.resize(64)
	}
}

func (d *depths) resize(size int) {
	d.slots, d.shift, d.round = make([]depth, size), 64-bits.Len(uint(size-1)), 1
}

// grow makes room for three more actors.
func (d *depths) grow() {
	if 2*(d.used+3) <= len(d.slots) {
		return
	}
	old, round := d.slots, d.round
	d.resize(2 * len(old))
	d.used = 0
	for i := range old {
		if old[i].round == round {
			*d.of(old[i].actor) = old[i].layer
		}
	}
}

// of returns the layer of an actor, initially 0. The pointer is valid until the next grow.
func (d *depths) of(a actor) *uint32 {
	if a == 0 {
		d.none = 0
		return &d.none
	}
	for i := mix(uint64(a)) >> d.shift; ; i = (i + 1) & uint64(len(d.slots)-1) {
		s := &d.slots[i]
		if s.round != d.round {
			s.actor, s.round, s.layer = a, d.round, 0
			d.used++
			return &s.layer
		}
		if s.actor == a {
			return &s.layer
		}
	}
}

package replayer

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// mode determines what an execution does with an event.
type mode uint8

const (
	matching  mode = iota // the event must be the next recorded one
	differing             // after the first difference of a strict replay: the event is kept for the report
	aligning              // Resync
	live                  // the event is only observed
)

// execution is the Chooser and the Observer of one run of the program: simsched calls Choose for each choice and
// Observe for each event. Indices count events, without those of omitted kinds. It works like this:
//
//  1. Recorded events are read ahead in batches. Events of the batch before batch.at have matched.
//
//  2. A choice is answered from the next recorded event if that event is the outcome of such a choice. No other event
//     is examined, so that a run that follows its recording never searches.
//
//  3. An event that equals the next recorded one moves batch.at, and nothing else happens, unless the index has reached
//     watch: the smallest index at which anything else must be done (a stop, a breakpoint, the end of a prefix).
//
//  4. An event that differs, or a choice that the next recorded event does not answer, ends the mode matching. What
//     follows depends on the policy:
//
//     from      policy    on                                 to         answers then come from
//     matching  Strict    an event that differs              differing  the guide by the events ahead, then round robin
//     matching  Prefix    Config.Index events                live       Config.Strategy
//     matching  PastEnd   the end of the recording           live       Config.Strategy
//     matching  others    an event that differs              differing  as under Strict
//     aligning  Resync    the aligner finds no more matches  live       Config.Strategy
//
//     Under Resync the mode is aligning from the start, and the guide answers from all recorded events within the
//     window that have not occurred yet.
//
//  5. In the mode differing the run continues for divergence.Lookahead events, which the report shows, and is then
//     ended by errStop. In the mode live events are only counted and observed.
//
//  6. If there is a gate, the run stops in Observe at the events that the Replayer asks for, and continues or ends as
//     the Replayer decides.
//
//  7. finish turns the collected state into a Result, and a mismatch into a divergence.
type execution struct {
	cfg      *Config
	recorded source.Source // the source that was passed in
	src      source.Source // its unread events, without those of omitted kinds
	bulk     source.Bulk   // src, if it is a Bulk
	metadata event.Metadata
	omitted  event.KindSet
	warnings []string
	sim      *simsched.Sim // set before the first event

	mode     mode
	ahead    batch               // recorded events, in mode matching
	progress divergence.Progress // of the events before those of the batch
	watch    uint64              // from this number of emitted events on, each event is passed to watched
	breaks   []uint64

	seeded simsched.Chooser // answers choices whose outcomes were omitted
	beyond simsched.Chooser // answers what the guide cannot, after a difference of a strict replay
	forked simsched.Chooser // answers choices of the live part
	guide  *guide           // answers under Resync, and in a strict replay after a difference

	liveAt   uint64 // index of the first live event, if mode is live
	named    namer  // names in the recording, until one differs; nil if it has none
	renamed  string // the warning about that name
	expected *expected
	mismatch *mismatch
	failed   error // error of the source or the Observer, or errClosed
	gate     *gate // nil if the execution does not stop before its end
}

var (
	_ simsched.Chooser  = (*execution)(nil)
	_ simsched.Attacher = (*execution)(nil)
)

// newExecution prepares a run of the recording src, which must be at its first event. cfg is valid.
func newExecution(src source.Source, cfg *Config, warnings []string) (*execution, error) {
	if n, ok := length(src); ok && cfg.Index > n {
		return nil, indexError(cfg.Index, n)
	}
	x := &execution{
		cfg: cfg, recorded: src, src: src, metadata: src.Metadata(), omitted: cfg.Omitted, breaks: cfg.BreakAt,
		warnings: warnings,
	}
	if r, ok := src.(source.Recording); ok {
		x.omitted = x.omitted.Union(r.Omitted())
	}
	if x.omitted != 0 {
		x.src = &filtered{src, x.omitted}
	}
	x.named, _ = src.(namer)
	seed := x.metadata.Seed
	x.beyond = simsched.NewRoundRobin(seed)
	if x.omitted != 0 {
		x.seeded = cfg.Recorded(seed)
	}
	if cfg.Policy != Strict {
		x.forked = cfg.Strategy(cfg.Seed)
	}
	x.rewatch()
	switch {
	case cfg.Policy == Resync:
		x.mode, x.guide = aligning, newGuide(x.src, cfg.Window, turn{})
	case cfg.Policy == Prefix && cfg.Index == 0:
		x.goLive()
	default:
		x.bulk, _ = x.src.(source.Bulk)
		x.ahead.size = x.batchSize()
		x.fill()
	}
	return x, x.failed
}

// batch holds the recorded events that have been read. Reading them, and adding those that matched to the progress,
// is much cheaper for many events at once.
type batch struct {
	size   int
	events [divergence.Lookahead + 1]event.Event // the one after the last is the zero Event
	at     int                                   // index of the next event; earlier ones have matched
	n      int
	err    error // the error of the source after these events
}

// batchSize returns the number of events that may be read ahead. A source with code lines gives the line of the
// event read last, so the execution must be able to go back to it.
func (x *execution) batchSize() int {
	_, sites := x.recorded.(source.Recording)
	_, seeks := x.recorded.(source.Seeker)
	if sites && (!seeks || x.omitted != 0) {
		return 1
	}
	return divergence.Lookahead
}

// index returns the index of the next event.
func (x *execution) index() uint64 { return x.progress.Index + uint64(x.ahead.at) }

// next returns the next recorded event, or the zero Event if there is none, or none that counts.
func (x *execution) next() *event.Event { return &x.ahead.events[x.ahead.at] }

// more reports whether there is a next recorded event.
func (x *execution) more() bool { return x.ahead.at < x.ahead.n }

// settle adds the events that matched to the progress.
func (x *execution) settle() {
	b := &x.ahead
	x.progress.AddAll(b.events[:b.at])
	b.n = copy(b.events[:], b.events[b.at:b.n])
	b.at, b.events[b.n] = 0, event.Event{}
}

// fill reads the next recorded events when all that were read have matched.
func (x *execution) fill() {
	x.settle()
	b := &x.ahead
	if b.err == nil {
		b.n, b.err = x.read(b.events[:b.size])
	}
	b.events[b.n] = event.Event{}
	switch {
	case b.n > 0:
	case b.err != io.EOF:
		x.failed = b.err
	case x.cfg.Policy == Prefix && x.progress.Index < x.cfg.Index:
		x.failed = indexError(x.cfg.Index, x.progress.Index)
	}
}

// read reads events like [source.Bulk], from any source.
func (x *execution) read(dst []event.Event) (n int, err error) {
	if x.bulk != nil {
		return x.bulk.Read(dst)
	}
	for n < len(dst) {
		if dst[n], err = x.src.Next(); err != nil {
			break
		}
		n++
	}
	return n, err
}

// recording returns the number of recorded events that have occurred, and the next one if the run is still compared
// with the recording. Under Resync both are the current estimate.
func (x *execution) recording() (done uint64, next event.Event, more bool) {
	switch x.mode {
	case live:
		return x.liveAt, event.Event{}, false
	case aligning:
		next, more = x.guide.aligner.Expect()
		return x.guide.aligner.Index(), next, more
	}
	return x.index(), *x.next(), x.more()
}

// rest returns up to n recorded events from the next one on.
func (x *execution) rest(n int) ([]event.Event, error) {
	x.settle()
	b := &x.ahead
	list := append([]event.Event(nil), b.events[:min(b.n, n)]...)
	if len(list) == n || b.err == io.EOF {
		return list, nil
	}
	if b.err != nil {
		return nil, b.err
	}
	more, err := divergence.Read(x.src, n-len(list))
	return append(list, more...), err
}

// site returns the code line of the next recorded event, or "" if it is unknown.
func (x *execution) site() string {
	n, ok := x.recorded.(source.Recording)
	if !ok || !x.more() {
		return ""
	}
	if k, ok := x.recorded.(source.Seeker); ok && x.omitted == 0 {
		after := k.Pos()
		defer func() { x.keep(k.Seek(after)) }()
		if err := k.Seek(x.index()); err != nil {
			return ""
		}
		if _, err := k.Next(); err != nil {
			return ""
		}
	}
	return n.Site()
}

// keep stores an error that ends the replay, if err is one.
func (x *execution) keep(err error) {
	if x.failed == nil {
		x.failed = err
	}
}

// filtered is a source without the events of some kinds.
type filtered struct {
	source.Source
	omitted event.KindSet
}

// Next implements [source.Source].
func (f *filtered) Next() (event.Event, error) {
	for {
		e, err := f.Source.Next()
		if err != nil || !f.omitted.Has(e.Kind()) {
			return e, err
		}
	}
}

// run runs the program to its end.
func (x *execution) run(body func(*simsched.Sim) error) (Result, error) {
	cfg := x.cfg.Sim
	cfg.Seed, cfg.Chooser, cfg.Observer = x.metadata.Seed, x, x
	return x.finish(simsched.Run(cfg, body))
}

// Attach implements [simsched.Attacher].
func (x *execution) Attach(s *simsched.Sim) {
	x.sim = s
	if a, ok := x.cfg.Sim.Observer.(simsched.Attacher); ok {
		a.Attach(s)
	}
}

func indexError(index, length uint64) error {
	return fmt.Errorf("replayer: %w: Index %d with policy prefix is beyond the recording, which has %d events",
		ErrConfig, index, length)
}

// Observe implements [simsched.Observer].
func (x *execution) Observe(e event.Event) error {
	b := &x.ahead
	if e != b.events[b.at] {
		return x.unexpected(e)
	}
	if x.named != nil {
		x.compareName(e)
	}
	if b.at++; b.at == b.n {
		x.fill()
	}
	if x.failed == nil && x.cfg.Sim.Observer == nil && x.index() < x.watch {
		return nil
	}
	return x.emitted(e)
}

// unexpected handles an event that is not the next recorded one of a strict replay.
func (x *execution) unexpected(e event.Event) error {
	switch {
	case x.omitted.Has(e.Kind()):
		if x.mode == differing {
			return nil
		}
		return x.tell(e)
	case x.mode == matching && x.cfg.Policy == PastEnd && !x.more():
		x.goLive()
	case x.mode == matching, x.mode == differing:
		return x.differ(e)
	case x.mode == aligning:
		if x.align(e); x.failed != nil {
			return x.failed
		}
	}
	x.progress.Add(e)
	return x.emitted(e)
}

// emitted handles an event that counts.
func (x *execution) emitted(e event.Event) error {
	if x.failed != nil {
		return x.failed
	}
	if err := x.tell(e); err != nil {
		return err
	}
	if x.index() >= x.watch {
		return x.watched(e)
	}
	return nil
}

// tell passes an event to the Observer in the settings.
func (x *execution) tell(e event.Event) error {
	if o := x.cfg.Sim.Observer; o != nil {
		x.failed = o.Observe(e)
	}
	return x.failed
}

// Note implements [simsched.Noter], for an Observer of the settings that is one.
func (x *execution) Note(what string, o simsched.Object) {
	if n, ok := x.cfg.Sim.Observer.(simsched.Noter); ok {
		n.Note(what, o)
	}
}

// goLive leaves the recording.
func (x *execution) goLive() {
	x.mode, x.liveAt = live, x.index()
	x.abandon()
	x.rewatch()
}

// abandon ignores the recording from the next event on.
func (x *execution) abandon() {
	x.settle()
	x.ahead.n, x.ahead.events[0] = 0, event.Event{}
}

// rewatch computes watch.
func (x *execution) rewatch() {
	x.watch = math.MaxUint64
	if x.gate != nil {
		x.watch = x.gate.watch()
	}
	if len(x.breaks) > 0 {
		x.watch = min(x.watch, x.breaks[0]+1)
	}
	if x.cfg.Policy == Prefix && x.mode == matching {
		x.watch = min(x.watch, x.cfg.Index)
	}
}

// watched carries out what was requested for an event.
func (x *execution) watched(e event.Event) error {
	emitted := x.index()
	if x.cfg.Policy == Prefix && x.mode == matching && emitted >= x.cfg.Index {
		x.goLive()
	}
	stop := x.gate != nil && x.gate.wanted(x, e)
	broken := len(x.breaks) > 0 && x.breaks[0] < emitted
	if broken {
		x.breaks = x.breaks[1:]
	}
	if broken || stop {
		Breakpoint(emitted-1, e)
	}
	if stop && !x.gate.stop(x, e) {
		x.failed = errClosed
	}
	x.rewatch()
	return x.failed
}

// outcomes are the kinds of events that show the outcome of a choice.
var outcomes = [...]event.Kind{
	simsched.PointTask: event.KindTaskScheduled, simsched.PointTimer: event.KindTimerFired,
	simsched.PointWaiter: event.KindWakerWake, simsched.PointCase: event.KindRngValue,
	simsched.PointBytes: event.KindIoResult, simsched.PointValue: event.KindRngValue,
	simsched.PointFault: event.KindChaosInjection,
}

// Choose implements [simsched.Chooser]: the next recorded event shows the outcome. If it cannot be the outcome of
// this choice, the next event of the run is bound to differ.
func (x *execution) Choose(c *simsched.Choice) uint64 {
	if x.mode == matching && x.omitted == 0 {
		if answer, ok := answer(c, x.next()); ok {
			return answer
		}
		return x.unanswered(c)
	}
	switch {
	case x.mode == live:
		return x.forked.Choose(c)
	case x.omitted.Has(outcomes[c.Point]):
		return x.seeded.Choose(c)
	case x.mode == differing:
		return x.guided(c, x.beyond)
	case x.mode == aligning:
		return x.guided(c, x.forked)
	}
	if answer, ok := answer(c, x.next()); ok {
		return answer
	}
	return x.unanswered(c)
}

// unanswered answers a choice whose outcome the next recorded event does not show.
func (x *execution) unanswered(c *simsched.Choice) uint64 {
	switch more := x.more(); {
	case !more && x.cfg.Policy == PastEnd:
		x.goLive()
		return x.forked.Choose(c)
	case !more:
		return x.beyond.Choose(c)
	case c.Point == simsched.PointFault:
		return 0 // no fault: there is no event for it
	}
	x.foresee()
	return x.guided(c, x.beyond)
}

// guided answers a choice from the events still to come, or by another Chooser if they have no answer.
func (x *execution) guided(c *simsched.Choice, other simsched.Chooser) uint64 {
	if x.guide != nil {
		if answer, ok := x.guide.answer(c); ok {
			return answer
		}
	}
	return other.Choose(c)
}

// answer returns the answer to c whose outcome is e, if there is one.
func answer(c *simsched.Choice, e *event.Event) (answer uint64, ok bool) {
	if e.Kind() != outcomes[c.Point] {
		return 0, false
	}
	id := uint64(0)
	switch c.Point {
	case simsched.PointValue:
		return e.Value(), true
	case simsched.PointFault:
		return c.FaultAnswer(*e)
	case simsched.PointTask, simsched.PointWaiter:
		id = uint64(e.Task())
	case simsched.PointTimer:
		id = uint64(e.Timer())
	case simsched.PointCase:
		id = e.Value()
	case simsched.PointBytes:
		id = uint64(max(e.Bytes(), 0)) // 0 is not an alternative
	}
	i, ok := c.IndexOf(id)
	return uint64(i), ok
}

var (
	errStop   = errors.New("replayer: the replay has diverged")
	errClosed = errors.New("replayer: the replay was closed")
)

// finish computes the result of a run that ended with err.
func (x *execution) finish(err error) (Result, error) {
	stopped := errors.Is(err, errStop)
	result := Result{
		Events: x.index(), Emitted: x.index(), Err: without(without(err, errStop), errClosed),
		Warnings: x.warnings, Live: x.mode == live, LiveAt: x.liveAt,
	}
	if x.mode == live {
		result.Events = x.liveAt
	}
	if x.failed == nil && x.mode == matching && x.more() {
		x.describe(nil) // the run ended too early
	}
	if x.cfg.Policy == Resync {
		x.aligned(&result)
	}
	if x.failed != nil {
		return result, x.failed
	}
	if x.mismatch == nil {
		return result, nil
	}
	d := x.mismatch.divergence(err, stopped)
	if x.cfg.Policy == Resync {
		result.First = d
		return result, nil
	}
	return result, &divergence.Error{Divergence: d}
}

// without removes target, which is not an error of the program, from an error of simsched.Run.
func without(err, target error) error {
	if !errors.Is(err, target) {
		return err
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		if !errors.Is(e, target) {
			rest = append(rest, e)
		}
	}
	return errors.Join(rest...)
}

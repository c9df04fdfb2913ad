// Package replayer turns events back into a run: it drives the scheduler from a recording, without seed or strategy,
// and checks every event that the run emits. It writes no file.
package replayer

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// ErrProgram is the class of every [*ProgramError], for errors.Is.
var ErrProgram = errors.New("a recording of another program")

// ProgramError says that a recording is not of the program that is to be replayed.
type ProgramError struct {
	Recorded string // the description of the recording
	Program  string // simsched.Config.Program
}

// Error names both programs.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("replayer: the recording is of %.60q, the program is %.60q; replay it against its own program",
		e.Recorded, e.Program)
}

// Is reports whether target is [ErrProgram].
func (e *ProgramError) Is(target error) bool { return target == ErrProgram }

// Result tells how the replayed run itself ended.
type Result struct {
	Events uint64 // how many events matched

	// Err is what simsched.Run returned: the recorded failure again, if the replay matched. After a divergence it tells
	// how the run ended if it came to an end by itself; if it was the replay that ended it, only what had gone wrong
	// before, such as a panic.
	Err error
}

// Run replays the recording in src against body. A src that stands elsewhere than at its first event is rewound if it
// can be. The error is nil if the run emitted exactly the
// recorded events and ended where the recording does; a [*divergence.Error] at the first event that differs; or the
// error of a source that cannot be read, or of the Observer of cfg. If the recording and cfg both name a program and the
// names differ, nothing is run and the error is a [*ProgramError].
//
// The seed of cfg is replaced by that of the recording, and its Chooser by the recording. The other settings must be
// those of the recorded run: a difference is a note in the divergence that it is likely to cause. The Observer of cfg,
// if there is one, sees every event that matched. If a task calls runtime.Goexit, Run does not return.
//
// After the first difference the run goes on for a few events, as under [simsched.NewRoundRobin], so that the report can
// show where it was heading.
func Run(src source.Source, cfg simsched.Config, body func(*simsched.Sim) error) (Result, error) {
	r := &replay{
		src: src, observer: cfg.Observer, configHash: cfg.Hash(), beyond: simsched.NewRoundRobin(src.Metadata().Seed),
	}
	if recorded := src.Metadata().Description; recorded != cfg.Program && recorded != "" && cfg.Program != "" {
		return Result{}, &ProgramError{recorded, cfg.Program}
	}
	if err := r.rewind(); err != nil {
		return Result{}, err
	}
	cfg.Seed, cfg.Chooser, cfg.Observer = src.Metadata().Seed, r, r
	err := simsched.Run(cfg, func(s *simsched.Sim) error {
		r.sim = s
		return body(s)
	})
	result := Result{Events: r.progress.Index, Err: withoutStop(err)}
	if r.failed == nil && r.diverged == nil && r.more {
		r.describe() // the run has ended too early
		if err != nil && r.diverged != nil {
			line, _, _ := strings.Cut(err.Error(), "\n")
			r.diverged.Notes = append(r.diverged.Notes, "the actual run ended with: "+line)
		}
	}
	switch {
	case r.failed != nil:
		return result, r.failed
	case r.diverged != nil:
		return result, &divergence.Error{Divergence: r.diverged}
	}
	return result, nil
}

// withoutStop takes errStop, which is no error of the program, out of what simsched.Run returned.
func withoutStop(err error) error {
	if !errors.Is(err, errStop) {
		return err
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var rest []error
	for _, e := range joined.Unwrap() {
		if !errors.Is(e, errStop) {
			rest = append(rest, e)
		}
	}
	return errors.Join(rest...)
}

// replay is the Chooser and the Observer of one strict replay.
type replay struct {
	src        source.Source
	observer   simsched.Observer
	configHash uint64           // of the replayed run
	beyond     simsched.Chooser // answers where the recording cannot
	sim        *simsched.Sim    // nil until the main task runs

	next     event.Event // the next recorded event, if more
	more     bool
	progress divergence.Progress

	diverged *divergence.Divergence // from the first difference on
	failed   error                  // of the source or the observer
}

var (
	_ simsched.Chooser  = (*replay)(nil)
	_ simsched.Observer = (*replay)(nil)
)

func (r *replay) rewind() error {
	if err := source.Rewind(r.src); err != nil {
		return err
	}
	r.fetch()
	return r.failed
}

// fetch reads the next recorded event.
func (r *replay) fetch() {
	var err error
	r.next, err = r.src.Next()
	r.more = err == nil
	if err != nil && err != io.EOF {
		r.failed = err
	}
}

// Choose implements [simsched.Chooser]: the next recorded event tells the outcome. If it cannot be the outcome of this
// choice, any answer will do, since the event that the run emits next is bound to differ.
func (r *replay) Choose(c *simsched.Choice) uint64 {
	if !r.more || r.diverged != nil {
		return r.beyond.Choose(c)
	}
	if c.Point == simsched.PointFault {
		return r.chooseFault(c)
	}
	if id, ok := outcome(c.Point, r.next); ok {
		if c.Point == simsched.PointValue {
			return id
		}
		if i, ok := c.IndexOf(id); ok {
			return uint64(i)
		}
	}
	return r.beyond.Choose(c)
}

// chooseFault injects the fault that the next recorded event tells of, if it does; no event tells of no fault.
func (r *replay) chooseFault(c *simsched.Choice) uint64 {
	if r.next.Kind() != event.KindChaosInjection {
		return 0
	}
	answer, _ := c.FaultAnswer(r.next)
	return answer
}

// outcome returns the alternative that e tells of, if e is the outcome of a choice at p.
func outcome(p simsched.Point, e event.Event) (id uint64, ok bool) {
	switch k := e.Kind(); {
	case p == simsched.PointTask && k == event.KindTaskScheduled, p == simsched.PointWaiter && k == event.KindWakerWake:
		return uint64(e.Task()), true
	case p == simsched.PointTimer && k == event.KindTimerFired:
		return uint64(e.Timer()), true
	case p == simsched.PointCase && k == event.KindRngValue, p == simsched.PointValue && k == event.KindRngValue:
		return e.Value(), true
	case p == simsched.PointBytes && k == event.KindIoResult && e.Bytes() > 0:
		return uint64(e.Bytes()), true
	}
	return 0, false
}

// errStop ends the run after a divergence.
var errStop = errors.New("replayer: the replay has diverged")

// Observe implements [simsched.Observer].
func (r *replay) Observe(e event.Event) error {
	if r.diverged != nil || !r.more || e != r.next {
		return r.differ(e)
	}
	r.progress.Add(e)
	r.fetch()
	if r.failed != nil {
		return r.failed
	}
	if r.observer != nil {
		r.failed = r.observer.Observe(e)
	}
	return r.failed
}

// differ notes an event of the run that is not the recorded one, or comes after such a one.
func (r *replay) differ(e event.Event) error {
	if r.diverged == nil {
		r.describe(e)
		return r.failed
	}
	r.diverged.Actual = append(r.diverged.Actual, e)
	if len(r.diverged.Actual) > divergence.DefaultContext {
		return errStop
	}
	return nil
}

// describe works out the first difference, while those that take part still have their names. It fails if the
// source cannot be read on. The source is not used after it.
func (r *replay) describe(actual ...event.Event) {
	m := r.progress.Mismatch()
	m.Actual = actual
	if r.more {
		rest, err := divergence.Read(r.src, divergence.DefaultContext)
		if err != nil {
			r.failed = err
			return
		}
		m.Expected = append([]event.Event{r.next}, rest...)
	}
	if r.sim != nil {
		m.ActualNames = r.sim
	}
	recorded := r.src.Metadata()
	now := recorded
	now.ConfigHash = r.configHash
	r.diverged = divergence.Describe(m)
	r.diverged.Notes = divergence.CompareMetadata(recorded, now)
}

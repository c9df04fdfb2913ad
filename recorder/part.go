package recorder

import (
	"errors"
	"io"
	"iter"
	"maps"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// Part is a run, or a part of one, from a Recorder that keeps events in memory.
type Part struct {
	First uint64       // index of the first event in the run; not 0 if older events were dropped or rotated out
	Time  uint64       // virtual time before that event, in nanoseconds since the start of the run
	Trace *event.Trace // the metadata of the run and the events of this part
}

// Snapshot returns a copy of the events kept now. It panics if the events go to a Sink.
func (r *Recorder) Snapshot() Part {
	p := r.part()
	for e := range r.kept() {
		p.Trace.Append(e)
	}
	return p
}

// Rotate returns the events kept now and continues with none; the limits count anew. It panics if the events go to
// a Sink; see [Recorder.RotateFile].
func (r *Recorder) Rotate() Part {
	p := r.Snapshot()
	r.forget()
	return p
}

// part returns the part kept now, without its events.
func (r *Recorder) part() Part {
	if r.settings.Sink != nil {
		panic("recorder: Snapshot, Rotate or WriteFile of a Recorder whose events go to a Sink")
	}
	p := Part{r.state.first, r.state.start, event.NewTrace(r.trace.Metadata)}
	if g := r.state.ring; g != nil {
		p.First, p.Time = g.first, g.start
	}
	return p
}

// kept yields the kept events.
func (r *Recorder) kept() iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		if g := r.state.ring; g != nil {
			for i := 0; i < g.n && yield(g.at(i)); i++ {
			}
			return
		}
		for _, e := range r.trace.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// forget drops all kept events, and the names of tasks and regions that have ended.
func (r *Recorder) forget() {
	s := &r.state
	if !r.special { // the events were not counted so far
		for e := range r.kept() {
			s.seen++
			if e.Kind() == event.KindTimeAdvanced {
				s.now = e.ToNanos()
			}
		}
	}
	if s.ring == nil {
		for e := range r.kept() {
			s.notes.ended(e)
		}
		r.trace.Reset(r.trace.Metadata)
	} else {
		for s.ring.n > 0 {
			r.drop()
		}
	}
	clear(s.notes.sites)
	clear(s.notes.more.at)
	s.first, s.start = s.seen, s.now // room is computed again when it is used up
}

// WriteFile writes the kept events into a new trace file, with names, code lines and the identity of the settings.
// The file is created completely or not at all; an existing file is replaced. end is the reason why the recording
// ends there; if a limit ended the recording before, the file has that reason instead. It panics if the events go
// to a Sink. The error is that of the file.
func (r *Recorder) WriteFile(path string, end tracefile.End) error {
	p := r.part()
	w, err := tracefile.Create(path, p.Trace.Metadata, r.fileConfig(p.First, p.Time, true))
	if err != nil {
		return err
	}
	return r.write(w, p, end)
}

// Encode writes the kept events to w as [Recorder.WriteFile] does to a file. The error is that of w.
func (r *Recorder) Encode(w io.Writer, end tracefile.End) error {
	p := r.part()
	x, err := tracefile.NewWriter(w, p.Trace.Metadata, r.fileConfig(p.First, p.Time, false))
	if err != nil {
		return err
	}
	return r.write(x, p, end)
}

// write writes the kept events, which are those of a part, and closes w.
func (r *Recorder) write(w *tracefile.Writer, p Part, end tracefile.End) error {
	n := &r.state.notes
	n.nameEarlier(w, r.kept())
	index := p.First
	for e := range r.kept() {
		n.write(w, index, e)
		if err := w.Append(e); err != nil {
			_ = w.Abort() // the first error is more useful
			return err
		}
		index++
	}
	if r.state.stopped != "" {
		end = r.atStop()
	}
	if r.settings.Notes {
		n.annotateEnd(w, end)
	}
	w.SetEnd(end)
	return w.Close()
}

// RotateFile closes the *tracefile.Writer that is the Sink and continues in a new file, which begins with the next
// event and has the names of live tasks and regions. [Recorder.Run] closes the last file; without Run call
// [Recorder.Close]. It panics if the Sink is not a *tracefile.Writer. If the old file cannot be closed or the new
// one cannot be created, every further event fails.
func (r *Recorder) RotateFile(path string) error {
	old, ok := r.settings.Sink.(*tracefile.Writer)
	if !ok {
		panic("recorder: RotateFile of a Recorder whose Sink is no *tracefile.Writer")
	}
	old.SetEnd(tracefile.End{Reason: tracefile.EndRotated})
	if err := old.Close(); err != nil {
		return err
	}
	s := &r.state
	w, err := tracefile.Create(path, r.trace.Metadata, r.fileConfig(s.seen, s.now, false))
	if err != nil {
		return err
	}
	s.notes.nameAll(w)
	s.notes.file, r.settings.Sink, r.state.own = w, w, true
	s.first, s.start = s.seen, s.now // room is computed again when it is used up
	return nil
}

// Close closes the file that RotateFile opened last; the caller closes a Sink of its own. A second Close does
// nothing and returns the error of the first.
func (r *Recorder) Close() error {
	if !r.state.own {
		return nil
	}
	return r.settings.Sink.(*tracefile.Writer).Close()
}

func (r *Recorder) fileConfig(first, time uint64, atomic bool) tracefile.Config {
	identity := maps.Clone(r.settings.Identity)
	if r.settings.Omit != 0 {
		if identity == nil {
			identity = tracefile.Identity{}
		}
		identity[tracefile.KeyOmitted] = r.settings.Omit.String()
	}
	return tracefile.Config{Identity: identity, First: first, Time: time, Atomic: atomic}
}

// Run runs body under cfg and records it, with names. The metadata of the Recorder should be cfg.Metadata(). If cfg
// has an Observer, it sees each event after it was recorded. At the end Run sets the reason in a trace file that is
// the Sink, closes the file that RotateFile opened last, and writes the FailureFile if the run failed. The error is
// that of [simsched.Run], joined with those of these files.
func (r *Recorder) Run(cfg simsched.Config, body func(*simsched.Sim) error) error {
	if r.settings.Disabled {
		return simsched.Run(cfg, body)
	}
	cfg.Observer = r.beside(cfg.Observer)
	cfg.CallSites = cfg.CallSites || r.settings.Sites
	return r.finish(simsched.Run(cfg, r.Body(body)))
}

// Body wraps body for a run that another package starts with r as its Observer, such as a replay, so that r can
// record the names of tasks and regions and the code lines.
func (r *Recorder) Body(body func(*simsched.Sim) error) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		r.attach(s)
		return body(s)
	}
}

// finish records how the run ended.
func (r *Recorder) finish(err error) error {
	end := tracefile.End{Reason: tracefile.EndFinished}
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		end = tracefile.End{Reason: tracefile.EndFailed, Message: line}
	}
	if r.state.stopped == "" {
		r.setEnd(end)
	}
	if closing := r.Close(); closing != nil {
		return errors.Join(err, closing)
	}
	if err == nil || r.settings.FailureFile == "" {
		return err
	}
	if failed := r.WriteFile(r.settings.FailureFile, end); failed != nil {
		return errors.Join(err, failed)
	}
	return err
}

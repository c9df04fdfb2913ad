package gort

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// ErrNotOrdinary is wrapped by the errors of [Load] for a trace file that is not the recording of an ordinary run.
var ErrNotOrdinary = errors.New("gort: no recording of an ordinary run")

// Save writes the run as a trace file, with the names of the goroutines and the code lines of the program. id is the
// identity of the program; Save adds [tracefile.KeyRun] and the tool. Equal runs with equal identities give equal
// bytes.
func (o *Outcome) Save(path, description string, id tracefile.Identity) (err error) {
	return o.SaveContext(context.Background(), path, description, id)
}

// SaveContext is like Save, but if ctx is done before the file is complete, it returns the error of ctx and leaves no
// file behind.
func (o *Outcome) SaveContext(ctx context.Context, path, description string, id tracefile.Identity) error {
	all := tracefile.Identity{tracefile.KeyRun: tracefile.RunOrdinary, tracefile.KeyTool: tool()}
	maps.Copy(all, id)
	if o.Recording.Memory {
		all[tracefile.KeyMemory] = wire.MemoryOn
	}
	all[tracefile.KeyNetwork] = wire.NetworkSimulated
	if o.Recording.RealNetwork {
		all[tracefile.KeyNetwork] = wire.NetworkReal
	}
	if o.Recording.Faults != "" {
		all[tracefile.KeyFaults] = o.Recording.Faults
	}
	if !o.Recording.Clock.IsZero() {
		all[tracefile.KeyClock] = wire.ClockText(o.Recording.Clock)
	}
	md := event.NewMetadata(o.Recording.Seed)
	md.Description = description
	w, err := tracefile.Create(path, md, tracefile.Config{Identity: all, Atomic: true})
	if err != nil {
		return err
	}
	return o.write(ctx, w)
}

// Encode writes the run in the form of [Outcome.Save], without a description. The identity has only
// [tracefile.KeyRun].
func (o *Outcome) Encode(w io.Writer) error {
	id := tracefile.Identity{tracefile.KeyRun: tracefile.RunOrdinary}
	x, err := tracefile.NewWriter(w, event.NewMetadata(o.Recording.Seed), tracefile.Config{Identity: id})
	if err != nil {
		return err
	}
	return o.write(context.Background(), x)
}

// write writes the run and closes w.
func (o *Outcome) write(ctx context.Context, w *tracefile.Writer) error {
	if err := o.translate(ctx, w); err != nil {
		return errors.Join(err, w.Abort())
	}
	writeTape(&o.Recording.Tape, w)
	w.SetEnd(o.end())
	return w.Close()
}

// end returns the end of the trace file: the failure as in [Outcome.Failure], and what the run depends on.
func (o *Outcome) end() tracefile.End {
	e := tracefile.End{Reason: tracefile.EndFailed, Message: o.Failure()}
	switch o.Verdict {
	case Passed:
		e.Reason = tracefile.EndFinished
	case Diverged:
		e.Reason = tracefile.EndLimit // the program would have continued
	}
	if n := o.Recording.Dropped; n > 0 {
		e.Message = strings.TrimPrefix(fmt.Sprintf("%s\nthe rest of the run, %d records, is left out", e.Message, n), "\n")
	}
	if d := o.Dependence(); d != "" {
		e.Message = strings.TrimPrefix(e.Message+"\n"+d, "\n")
	}
	return e
}

// tool returns the name and version of this program.
func tool() string {
	name := "reprise"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		name += " " + info.Main.Version
	}
	return name
}

// Choices is what a replay of a run needs. [Load] reads it from a trace file.
type Choices = record.Choices

// Load reads the choices and the identity of a run from a trace file that [Outcome.Save] has written. The errors wrap
// [ErrNotOrdinary], or are those of package tracefile.
func Load(path string) (*Choices, tracefile.Identity, error) {
	r, err := tracefile.Open(path)
	if err != nil {
		return nil, nil, err
	}
	c, id, err := load(r)
	return c, id, errors.Join(err, r.Close())
}

func load(r *tracefile.Reader) (*Choices, tracefile.Identity, error) {
	id := r.Identity()
	if id[tracefile.KeyRun] != tracefile.RunOrdinary {
		return nil, nil, fmt.Errorf("%w: the identity has no %q: %q", ErrNotOrdinary, tracefile.KeyRun, tracefile.RunOrdinary)
	}
	cr := choiceReader{c: &Choices{Seed: r.Metadata().Seed, Memory: id[tracefile.KeyMemory] == wire.MemoryOn, Loose: true}}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) && !cr.Started() {
			return nil, nil, fmt.Errorf("%w that can be replayed: no Checkpoint marks the start of main.main", ErrNotOrdinary)
		}
		if errors.Is(err, io.EOF) {
			cr.c.Tape, err = readTape(r)
			return cr.c, id, err
		}
		if err != nil {
			return nil, nil, err
		}
		if err := cr.event(e); err != nil {
			return nil, nil, err
		}
	}
}

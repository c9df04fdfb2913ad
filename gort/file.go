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
	"github.com/reprise-go/reprise/tracefile"
)

// KeyKind marks the trace files of ordinary runs in their identity, with the value "ordinary".
const KeyKind = tracefile.KeyRun

// What else the identity of the recording of a test says, so that the test can be built and run again.
const (
	KeyBuild = "build" // flags of "go test -c" such as -race, as a JSON array; absent if there are none
	KeyArgs  = "args"  // arguments of the test binary such as -test.short, as a JSON array; absent if there are none
	KeyLeaks = "leaks" // [LeaksOff] if Control.NoLeaks was set; absent if not

	// KeyMaxTime is Control.MaxTime as [time.Duration.String] gives it; absent if that was not set.
	KeyMaxTime = "max-virtual"

	// KeyMemory is [MemoryOn] or [MemoryOff] if the test was built with the flags of [MemoryFlags], and says whether the
	// run had Control.Memory set; absent if it was built without.
	KeyMemory = "memory"
)

// The values of [KeyMemory].
const (
	MemoryOn  = "on"
	MemoryOff = "off"
)

// LeaksOff is the value of [KeyLeaks].
const LeaksOff = "off"

// kindOrdinary is the value of [KeyKind].
const kindOrdinary = tracefile.RunOrdinary

// ErrNotOrdinary is wrapped by the error of [Load] for a trace file that is no recording of an ordinary run.
var ErrNotOrdinary = errors.New("gort: no recording of an ordinary run")

// Save writes the run as a trace file, with the names of the goroutines and the lines of the program. The identity says
// which program it was; [KeyKind] and the tool are added. Equal runs with equal identities give equal bytes.
func (o *Outcome) Save(path, description string, id tracefile.Identity) (err error) {
	return o.SaveContext(context.Background(), path, description, id)
}

// SaveContext is Save with a context: when it is done before all is written, nothing is, and its error is returned.
func (o *Outcome) SaveContext(ctx context.Context, path, description string, id tracefile.Identity) error {
	all := tracefile.Identity{KeyKind: kindOrdinary, tracefile.KeyTool: tool()}
	maps.Copy(all, id)
	if o.Recording.Memory {
		all[KeyMemory] = MemoryOn
	}
	md := event.NewMetadata(o.Recording.Seed)
	md.Description = description
	w, err := tracefile.Create(path, md, tracefile.Config{Identity: all, Atomic: true})
	if err != nil {
		return err
	}
	return o.write(ctx, w)
}

// Encode writes the run as [Outcome.Save] does, without a description and with no more identity than [KeyKind].
func (o *Outcome) Encode(w io.Writer) error {
	id := tracefile.Identity{KeyKind: kindOrdinary}
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
	w.SetEnd(o.end())
	return w.Close()
}

// end says for a trace file how the run ended: as a failure that [Outcome.Failure] tells, and what it depends on.
func (o *Outcome) end() tracefile.End {
	e := tracefile.End{Reason: tracefile.EndFailed, Message: o.Failure()}
	switch o.Verdict {
	case Passed:
		e.Reason = tracefile.EndFinished
	case Diverged:
		e.Reason = tracefile.EndLimit // the program would have gone on
	}
	if n := o.Recording.Dropped; n > 0 {
		e.Message = strings.TrimPrefix(fmt.Sprintf("%s\nthe rest of the run, %d records, is left out", e.Message, n), "\n")
	}
	if d := o.Dependence(); d != "" {
		e.Message = strings.TrimPrefix(e.Message+"\n"+d, "\n")
	}
	return e
}

// tool names this program and its version.
func tool() string {
	name := "reprise"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		name += " " + info.Main.Version
	}
	return name
}

// Choices is what a replay of a run needs. [Load] reads it from a trace file.
type Choices = record.Choices

// Load reads the choices of a run out of a trace file that [Outcome.Save] has written, and its identity. The errors
// wrap [ErrNotOrdinary], or are those of package tracefile.
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
	if id[KeyKind] != kindOrdinary {
		return nil, nil, fmt.Errorf("%w: the identity has no %q: %q", ErrNotOrdinary, KeyKind, kindOrdinary)
	}
	cr := choiceReader{c: &Choices{Seed: r.Metadata().Seed, Memory: id[KeyMemory] == MemoryOn, Loose: true}}
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) && !cr.Started() {
			return nil, nil, fmt.Errorf("%w that can be replayed: no Checkpoint marks the start of main.main", ErrNotOrdinary)
		}
		if errors.Is(err, io.EOF) {
			return cr.c, id, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if err := cr.event(e); err != nil {
			return nil, nil, err
		}
	}
}

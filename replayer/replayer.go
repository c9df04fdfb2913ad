// Package replayer turns events back into a run: it drives the scheduler from a recording, without seed or strategy,
// and checks every event that the run emits. It writes no file.
//
// [Run] replays a recording in one call. A [Replayer] replays it step by step, forwards and backwards, and tells at each
// stop what every task does. A [Policy] says what happens where the run and the recording part. [CheckDeterminism] and
// a [Fingerprint] find programs that can not be replayed because something they do is no function of their choices.
package replayer

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// Result tells how a replayed run ended, and how far it was that of the recording.
type Result struct {
	// Events is how many events matched the recording in order, those of kinds that are omitted not counted.
	Events uint64

	// Emitted is how many events the run emitted that count: those that matched and, under Resync and live, the others.
	// After a divergence it is equal to Events.
	Emitted uint64

	// Err is what simsched.Run returned: the recorded failure again, if the replay matched. After a divergence it tells
	// how the run ended if it came to an end by itself; if it was the replay that ended it, only what had gone wrong
	// before, such as a panic.
	Err error

	// Warnings say, a line each, in what the recording differs from the program and the settings, see [Differences].
	Warnings []string

	// Live says that the run has gone on without the recording, from event LiveAt on, or was free to: because of Prefix, or
	// PastEnd, or because Resync has given up.
	Live   bool
	LiveAt uint64

	// Of Resync only: how the events of the run align with those recorded, how much they have in common, from 0 to 1,
	// and the first difference, nil if there is none. What is live is not counted, but for its first event.
	Stats    divergence.Stats
	Fidelity float64
	First    *divergence.Divergence
}

// Run replays the recording in src against body. A src that stands elsewhere than at its first event is rewound if it
// can be.
//
// Under the policy [Strict] the error is nil if the run emitted exactly the recorded events and ended where the recording
// does; a [*divergence.Error] at the first event that differs; or the error of a source that cannot be read, or of the
// Observer of cfg. The other policies have a divergence only where they are strict. If the settings make no sense
// ([ErrConfig]), or the recording is not of this program ([ErrProgram]), of another schema version ([ErrVersion]), or
// without its beginning ([ErrPartial]), nothing is run. It panics if src or body is nil. If a task calls runtime.Goexit, Run does not return.
//
// After the first difference of a strict replay the run goes on for up to divergence.Lookahead events, so that the report can
// tell where it was heading. What of the recording comes next still answers its choices, as under [Resync]; where that has no
// answer the tasks take turns.
func Run(src source.Source, cfg Config, body func(*simsched.Sim) error) (Result, error) {
	x, err := prepare("Run", src, &cfg)
	if err != nil {
		return Result{}, err
	}
	needBody("Run", body)
	return x.run(body)
}

// needBody panics if a function is called without a program.
func needBody(function string, body func(*simsched.Sim) error) {
	if body == nil {
		panic("replayer: " + function + " called with a nil program")
	}
}

// prepare checks the settings, fills their defaults and prepares the first execution.
func prepare(function string, src source.Source, cfg *Config) (*execution, error) {
	if src == nil {
		panic("replayer: " + function + " called with a nil Source")
	}
	valid, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	*cfg = valid
	return begin(src, cfg)
}

// begin prepares an execution from the first event of src on.
func begin(src source.Source, cfg *Config) (*execution, error) {
	warnings, err := cfg.compatible(src)
	if err != nil {
		return nil, err
	}
	if err := source.Rewind(src); err != nil {
		return nil, err
	}
	return newExecution(src, cfg, warnings)
}

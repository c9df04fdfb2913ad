// Package replayer turns events back into a run: it drives the scheduler from a recording, without seed or strategy,
// and checks every event that the run emits. It writes no file.
//
// [Run] replays a recording in one call. A [Replayer] replays it step by step, forwards and backwards, and
// describes at each stop the state of every task. A [Policy] determines what happens when the run departs from the
// recording. [CheckDeterminism] finds programs that cannot be replayed because their behaviour is not a function of
// their choices.
package replayer

import (
	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// Result describes how a replayed run ended, and how far it matched the recording.
type Result struct {
	// Events is the number of events that matched the recording in order, without those of omitted kinds.
	Events uint64

	// Emitted is the number of events that the run emitted, without those of omitted kinds: those that matched and,
	// under Resync and live, the others. After a divergence it equals Events.
	Emitted uint64

	// Err is the error of simsched.Run: the recorded failure again, if the replay matched. After a divergence it is
	// the error with which the run ended by itself; if the replay ended the run, it has only errors from before,
	// such as a panic.
	Err error

	// Warnings has one line for each difference between the recording and the program or settings.
	Warnings []string

	// Live is true if the run continued, or could have continued, without the recording from event LiveAt on:
	// because of Prefix or PastEnd, or because Resync gave up.
	Live   bool
	LiveAt uint64

	// Story describes the last turns of the run, in lines that each end in a newline, if the driver has one. [Run] leaves
	// it empty.
	Story string

	// For Resync only: how the events of the run align with those recorded, how much they have in common, from 0 to
	// 1, and the first difference, or nil. Of the live part only the first event is counted.
	Stats    divergence.Stats
	Fidelity float64
	First    *divergence.Divergence
}

// Run replays the recording in src against body. If src is not at its first event, it is rewound if possible.
//
// Under the policy [Strict] the error is nil if the run emitted exactly the recorded events and ended where the
// recording ends. Otherwise it is a [*divergence.Error] at the first event that differs, or the error of a source
// that cannot be read, or that of the Observer of cfg. The other policies report a divergence only in their strict
// part. The program is not run if the settings are invalid ([ErrConfig]), or if the recording is of another program
// ([ErrProgram]), of another schema version ([ErrVersion]), or without its beginning ([ErrPartial]). Run panics if
// src or body is nil. If a task calls runtime.Goexit, Run does not return.
//
// After the first difference of a strict replay the run continues for up to divergence.Lookahead events, so that
// the report can show where it was heading. The next recorded events still answer its choices, as under [Resync];
// if they have no answer, the tasks take turns.
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

// begin prepares an execution from the first event of src.
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

package explore

import (
	"context"

	"github.com/reprise-go/reprise/internal/dpor"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/strategy"
)

// Plan describes the run to make.
type Plan struct {
	Number int    // number of the seed in its campaign, from 0
	Seed   uint64 // seed of the choices of the run

	Strategy string // name of the strategy of package strategy that makes the choices, unless one of the following does

	// Choices is the Run.Recorded of an earlier run, which is to be repeated. If nil, the run is made from Seed.
	Choices any

	// Script makes the run by deviations from the default schedule, with the random values of Seed where the world has
	// no deviations for them; nil means no script. Choices must be nil then.
	Script *strategy.Script

	// The run may be ended, as one that is Run.Limited, when its Length exceeds Limit, or its Points exceed Points; 0
	// means no limit.
	Limit  int
	Points int

	// Route makes the run along a route of a [Tree] or of [Orders]; nil means that there is none. Choices and Script must
	// be nil then.
	Route []strategy.Branch

	Steps bool // find out the steps of the run, with a Route

	// Fork replays only the first Choices and continues with fresh ones; nil means that all are replayed.
	Fork *Fork

	// Detail records everything that the tasks do, for reports, where a world does not always do so.
	Detail bool
}

// Fork says where a run leaves its recording, and how it continues.
type Fork struct {
	Decisions int    // number of decisions that are replayed
	Seed      uint64 // seed of the fresh choices
}

// Outcome is the result of a run for its test.
type Outcome uint8

// The outcomes.
const (
	Passed   Outcome = iota
	Noted            // it passed and deserves a note
	Doubtful         // Subject.Keep decides whether it is a failure or a note
	Failed
)

// Run is the result of a run.
type Run struct {
	Plan
	Outcome Outcome
	Finding *finding.Finding // with name, class, failure and signature; nil if and only if the run passed
	Skipped bool             // the test skipped itself; a campaign ends with that
	Common  bool             // a failure so frequent that it would hide others; see Config.MaxFailing
	Last    bool             // no seed may be run after this one
	Why     string           // the reason for Last; "" if it needs none

	Length      int               // number of decisions of an ordinary run, or of events of a simulated one
	Points      int               // points that an ordinary run passed at which a goroutine can be preempted
	Limited     bool              // a limit of the plan ended the run, which therefore shows nothing
	Script      strategy.Script   // the deviations of a run that was made from Choices or a Script
	Branches    []strategy.Branch // of a run along a Plan.Route
	BranchCount int               // their number, greater than len(Branches) if there was no room for all
	Steps       []dpor.Step       // of a run with Plan.Steps
	Irreducible error             // the reason why they are not known, or do not determine the run; nil if there is none
	Recorded    any               // the choices that repeat the run; nil if it cannot be repeated
	Digest      uint64            // equal for runs with equal behaviour
	Class       uint64            // equal for runs that differ only in the order of what is independent; 0 if unknown
	Told        bool              // the run was made elsewhere, see Config.Known
	Loose       bool              // the run depends on more than its choices: a replay may differ and still fail alike
	Reached     bool              // of a replay: it followed the whole recording, which ends before the run did
	Detail      any               // data of the front end

	Unfinished error // of a replay or a run by a script: why it was ended before it showed anything; nil if it was not

	// Set by the campaign for the first failing run of a signature.
	Again   *Run   // the last replay
	Apart   bool   // a replay failed alike and did something else on the way
	Differs string // how a replay that did not fail alike differs, from Subject.Difference
	Problem error  // why there was no replay
}

// Subject makes the runs of one test, one at a time. The errors of its methods end a campaign: the test cannot be run.
type Subject interface {
	// Run makes a run. It may end early when ctx is done.
	Run(ctx context.Context, p Plan) (*Run, error)
	// Keep is called for the first run of each signature before it is replayed. It may save the run, decide about a
	// Doubtful one, and set the verdict of its finding, which is then not replayed.
	Keep(ctx context.Context, r *Run) error
	// Difference describes in a few lines how a replay differs from the run that it should equal.
	Difference(first, again *Run) (string, error)
	// Close releases the resources of the runs.
	Close() error
}

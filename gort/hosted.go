package gort

import (
	"errors"
	"sync/atomic"

	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/wire"
)

// Hosted is a run whose process another program starts, such as a debugger. That program may end the process and start
// it again, as often as it wants to: each process makes the same run. No limit of real time applies. Standard input,
// output and error are those that the program gives to the process.
//
// The runtime calls two functions on which a debugger can set breakpoints: Stopped after the decision that StopAt has
// set, and End where the run ends.
type Hosted struct {
	Args []string // the command line of the process, from the path of the binary on
	Dir  string   // its folder
	Env  []string // its environment

	// Names in the program for a debugger: the functions Stopped and End, those where a test is marked as failed and
	// where a data race is printed, which a program need not have, and the variable with the value of Decisions.
	Stopped, End string
	Fail         []string
	Steps        string

	r *Runner
}

// Host prepares a run of one test function or subtest, by its exact name, for processes that another program starts. It
// must be closed.
func (b *Binary) Host(test string, c Control) (*Hosted, error) {
	r, err := b.Runner(test, c)
	if err != nil {
		return nil, err
	}
	r.alone = true
	c.server = c.leaves() // the process cannot be made again with it
	if err := r.prepare(c, 0); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	cmd, out, err := r.command()
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Hosted{Args: cmd.Args, Dir: cmd.Dir, Env: cmd.Env, r: r, Stopped: "runtime.rprStopped",
		End: "runtime.rprFinish", Fail: []string{"testing.(*common).Fail", "runtime.rprPrintRace"},
		Steps: "runtime.rpr.h.steps"}, out.Close()
}

// Close ends what is left of the processes, and the program that has started them if that has the same environment.
func (h *Hosted) Close() error {
	procs.Sweep(wire.Gort.Assign(nameOf(h.r.s.file)))
	return h.r.Close()
}

// By sets the number of the process that starts the processes of the run. No other process can take part in it.
func (h *Hosted) By(pid int) { atomic.StoreUint32(&h.r.s.header().host, uint32(pid)) }

// StopAt sets the number of the decision after which the runtime calls Stopped, counted from the start of the
// process; 0 means never. It may be called while the process is stopped.
func (h *Hosted) StopAt(decision uint64) { atomic.StoreUint64(&h.r.s.header().stopAt, decision) }

// Decisions returns how many decisions the process has made so far, counted from its start.
func (h *Hosted) Decisions() uint64 { return atomic.LoadUint64(&h.r.s.header().steps) }

// Chosen returns the goroutine that the decision of StopAt has chosen, by the number that the runtime gives it and
// debuggers show.
func (h *Hosted) Chosen() uint64 { return atomic.LoadUint64(&h.r.s.header().chosen) }

package gotest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// pinned is the replay of a pinned recording, which is made before the seeds of its test.
type pinned struct {
	test   string // name of the test
	name   string // of the replay within its test: pin=<file>
	path   string
	result wire.Pin
	err    error        // the recording could not be replayed, which fails the test
	not    string       // why it was not replayed, which does not
	run    *explore.Run // the run if it fails, which the campaign then has; otherwise nil
	first  string       // the first difference from the recording, "" if there is none
}

// replayPins replays the pinned recordings of the tests of the search, each as far as the program lets it. A run that
// fails becomes one of the campaign.
func (c *search) replayPins(ctx context.Context) {
	if len(c.only) > 0 || c.determinism || !c.share.First() {
		return
	}
	tests := c.members
	if tests == nil {
		tests = []string{c.function}
	}
	for _, test := range tests {
		dir := filepath.Join(c.Dir, filepath.FromSlash(testpath.Pins(test)))
		names, err := pinsIn(dir)
		if err != nil {
			c.pins = append(c.pins, &pinned{test: test, name: "pin=", err: err})
		}
		for _, name := range names {
			if ctx.Err() != nil || c.campaign.End == explore.EndLast {
				return
			}
			p := &pinned{test: test, name: "pin=" + strings.TrimSuffix(name, testpath.Ext), path: filepath.Join(dir, name)}
			c.pins = append(c.pins, p)
			if p.err = c.replayPin(ctx, p); p.err != nil && ctx.Err() != nil {
				p.err, p.not = nil, problem(ctx.Err())
			}
		}
	}
}

// pinsIn returns the names of the recordings in a folder, in order. A folder that does not exist has none.
func pinsIn(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the pinned recordings cannot be read: %w", err)
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), testpath.Ext) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// replayPin makes one replay.
func (c *search) replayPin(ctx context.Context, p *pinned) error {
	choices, id, err := gort.Load(p.path)
	switch {
	case err != nil:
		return err
	case id[tracefile.KeyTest] != p.test || id[tracefile.KeyPackage] != c.pkg:
		return fmt.Errorf("%s: it is a recording of %s in %s", p.path, id[tracefile.KeyTest], id[tracefile.KeyPackage])
	case choices.Memory && c.memory == wire.MemoryOff:
		p.not = "it has preemption points at accesses to memory, and this build has none (--memory, -race, -gcflags)"
		return nil
	}
	control, err := recordedControl(id, "")
	if err != nil {
		return err
	}
	args, err := list(id, tracefile.KeyArgs)
	if err != nil {
		return err
	}
	control.Args, _ = sift(args, testFlags)
	control.Wall, control.Records = c.wall, defaultRecords
	o, err := c.runPin(ctx, p.test, control, choices)
	if err != nil {
		return err
	}
	return c.judgePin(p, o)
}

// runPin makes the run of a pinned recording.
func (c *search) runPin(ctx context.Context, test string, control gort.Control, choices *gort.Choices) (*gort.Outcome,
	error) {
	w := &subject{search: &search{session: c.session, function: test, sharing: newSharing()}}
	control.Choices, control.Resync, control.Detail = choices, wire.PinWindow, true
	control.MaxPoints = pinPoints(choices)
	o, err := w.make(ctx, control, false)
	return o, errors.Join(err, w.Close())
}

// A pinned recording may pass pinFactor times as many points as were recorded, and pinRest more.
const (
	pinFactor = 100
	pinRest   = 100_000_000
)

// pinPoints returns the maximum number of points that the run of a pinned recording may pass.
func pinPoints(choices *gort.Choices) uint64 {
	recorded := uint64(0)
	for _, r := range choices.Records {
		if r.Kind == record.Sched {
			recorded += uint64(r.Points)
		}
	}
	return pinFactor*recorded + pinRest
}

// judgePin compares the run of a pinned recording with it.
func (c *search) judgePin(p *pinned, o *gort.Outcome) error {
	compared, err := Compare(p.path, o)
	if err != nil {
		return err
	}
	fidelity := 1.0
	if d := compared.First; d != nil {
		fidelity, p.first = 0, d.Summary()
		if d.Rest != nil {
			fidelity = d.Rest.Fidelity()
		}
	}
	w := &subject{search: c}
	failed := w.judge(o) != explore.Passed && w.judge(o) != explore.Noted
	before, err := recordedFailure(p.path)
	if err != nil {
		return err
	}
	p.result = wire.NewPin(failed, finding.Alike(before, o.Failure()), fidelity)
	if !failed {
		return nil
	}
	r := &explore.Run{
		Plan: explore.Plan{Number: -1, Seed: o.Recording.Seed}, Outcome: explore.Failed, Length: o.Recording.Decisions(),
		Detail: detail{Outcome: o},
	}
	r.Finding = &finding.Finding{
		Name: p.name, Seed: r.Seed, Class: o.Class(), Failure: o.Failure(), Signature: o.Signature(), Parts: o.Parts(),
		Trace:   p.path,
		Verdict: finding.Reproduced, Confirmed: "the pinned recording " + p.result.Text(), Reproduce: p.commands(),
	}
	if p.first != "" {
		r.Finding.Note("the program has changed since the recording was pinned, first at " + p.first)
	}
	p.run = r
	c.campaign.Extra(r)
	return nil
}

// commands returns the commands that run the recording again.
func (p *pinned) commands() []string {
	return []string{fmt.Sprintf("reprise replay --policy resync --window %d %s", wire.PinWindow, prose.ShellQuote(p.path))}
}

// recordedFailure returns the text of the failure at the end of a recording, "" if it has none.
func recordedFailure(path string) (string, error) {
	r, err := tracefile.Open(path)
	if err != nil {
		return "", err
	}
	end, _ := r.End()
	return end.Message, r.Close()
}

// recordedControl returns the settings that a replay shares with the run that an identity describes. network is the
// network that the user expects, "" for any.
func recordedControl(id tracefile.Identity, network string) (c gort.Control, err error) {
	if text := id[tracefile.KeyMaxTime]; text != "" {
		if c.MaxTime, err = time.ParseDuration(text); err != nil || c.MaxTime < 0 {
			return c, fmt.Errorf("gotest: the recording has a wrong limit of virtual time: %q", text)
		}
	}
	mode, err := recordedNetwork(id[tracefile.KeyNetwork], network)
	if err != nil {
		return c, err
	}
	c.RealNetwork = mode == wire.NetworkReal
	if c.Faults = id[tracefile.KeyFaults]; c.Faults != "" && !wire.Faults.Valid(c.Faults) {
		return c, fmt.Errorf("gotest: the recording has unknown faults of the network: %q", c.Faults)
	}
	c.NoLeaks = id[tracefile.KeyLeaks] == wire.LeaksOff
	c.Clock, err = recordedClock(id[tracefile.KeyClock])
	return c, err
}

// tellPins prints the replays of a test that do not fail, as subtests. It reports whether every recording could be
// replayed.
func (c *search) tellPins(test string) (ok bool) {
	ok = true
	for _, p := range c.pins {
		if p.run != nil || p.test != test {
			continue
		}
		name := p.test + "/" + p.name
		c.out.run(name)
		switch {
		case p.err != nil:
			c.out.log(name, fmt.Sprintf("reprise: the pinned recording cannot be replayed: %v", p.err))
			c.out.end("FAIL", name, 0)
			ok = false
		case p.not != "":
			c.out.log(name, fmt.Sprintf("reprise: the pinned recording was not replayed: %s", p.not))
			c.out.end("SKIP", name, 0)
		default:
			c.out.attr(name, wire.AttrPin.Name, p.result.String())
			text := "reprise: the pinned recording " + p.result.Text()
			if p.first != "" {
				text += "\nthe program has changed since, first at " + p.first
			}
			c.out.log(name, text)
			c.out.end("PASS", name, 0)
		}
	}
	return ok
}

// pinOf returns the replay of which a run is, or nil.
func (c *search) pinOf(r *explore.Run) *pinned {
	for _, p := range c.pins {
		if p.run == r {
			return p
		}
	}
	return nil
}

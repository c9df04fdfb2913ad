package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/ordinary"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// ordinary replays the recording of an ordinary test, in a process of its own: it builds the test's package as it is now.
func (r *replay) ordinary() (known bool, err error) {
	if !source.Ordinary(r.in.Stream) {
		return false, nil
	}
	if err := r.ordinaryUse(); err != nil {
		return true, err
	}
	choices, id, err := gort.Load(r.path)
	if err != nil {
		return true, r.in.Bad(err)
	}
	places, err := ordinary.ReadPlaces(r.in.Stream)
	if err != nil {
		return true, r.in.Bad(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := &ordinaryReplay{replay: r, choices: choices, places: places}
	if err := o.plan(); err != nil {
		return true, err
	}
	p := base.NewProgress(r.stderr, "replay")
	p.Say("building %s", id["package"])
	o.test, err = ordinary.Rebuild(ctx, id, wire.Strip(os.Environ()))
	p.Done()
	if err != nil {
		return true, base.Failed(fmt.Errorf("%s: %w", r.path, err))
	}
	return true, errors.Join(o.run(ctx), base.Written(o.test.Close()))
}

// ordinaryUse checks that the flags make sense for the recording of an ordinary test.
func (r *replay) ordinaryUse() error {
	switch {
	case r.fixed:
		return base.Usage("--fixed is for recordings of the demos; %s is of an ordinary test", r.in.Name)
	case r.step:
		return base.Usage("--step is for simulated runs; an ordinary test shows how it stands at an event with: --to N")
	case r.given("break"):
		return base.Usage("--break is for simulated runs, which call replayer.Breakpoint; an ordinary test shows how it stands at an event with: --to N")
	case r.given("to") && r.policy != replayer.Strict.String():
		return base.Usage("--to of the recording of an ordinary test goes with --policy strict")
	case r.path == base.Stdio:
		return base.Usage("the recording of a test must be a file")
	case r.in.Form() != source.Reprise:
		return base.BadInput(fmt.Errorf("%s: an ordinary test replays from %s files only; convert it with: reprise convert %s x%s",
			r.in.Name, source.Reprise, base.PlainOrQuoted(r.path), source.Reprise))
	}
	return nil
}

// scheduleLines is how long a schedule may be that a replay tells.
const scheduleLines = 24

// ordinaryReplay is the replay of the recording of an ordinary test.
type ordinaryReplay struct {
	*replay
	choices *gort.Choices
	places  ordinary.Places
	test    *ordinary.Rebuilt

	control gort.Control
	until   uint64 // index of the first event that may be live, under a policy that has such
	stand   uint64 // index of the decision to stop at
}

// plan works out how the policy and the target are run.
func (o *ordinaryReplay) plan() error {
	o.cfg = o.settings(simsched.Config{})
	o.control = gort.Control{Choices: o.choices, Seed: o.seed}
	switch o.policy {
	case replayer.Resync.String():
		o.control.Resync = o.window
	case replayer.PastEnd.String():
		o.goLive(len(o.places.Choices))
	case replayer.Prefix.String():
		if o.fork > o.places.Events {
			return base.Usage("--fork %d is beyond the recording, which has %d events", o.fork, o.places.Events)
		}
		o.goLive(before(o.places.Choices, o.fork))
	}
	if !o.given("to") {
		return nil
	}
	target, err := strconv.ParseUint(strings.TrimPrefix(o.to, "index="), 10, 64)
	if err != nil {
		return base.Usage("--to %s: in the recording of a test the target is the index of an event", o.to)
	}
	i := before(o.places.Decisions, target)
	if len(o.places.Decisions) == 0 {
		return base.BadInput(fmt.Errorf("%s: the recording has no decision to stop at", o.path))
	}
	if i == len(o.places.Decisions) {
		return base.Usage("--to %d: no decision comes there or later; the recording has %d events, and its last decision is event %d",
			target, o.places.Events, o.places.Decisions[i-1])
	}
	o.stand, o.control.MaxSteps = o.places.Decisions[i], uint64(i+1)
	return nil
}

// goLive lets the run go on live after some choices: from the decision behind the last of them.
func (o *ordinaryReplay) goLive(choices int) {
	o.control.Continue = true
	o.choices.Records = o.choices.Records[:choices]
	if choices > 0 {
		o.until = o.places.Choices[choices-1] + 1
	}
}

// before is how many of some rising indices are below a limit.
func before(indices []uint64, limit uint64) int {
	return sort.Search(len(indices), func(i int) bool { return indices[i] >= limit })
}

// run makes the run and reports.
func (o *ordinaryReplay) run(ctx context.Context) error {
	run, err := o.test.Run(ctx, o.control)
	if err != nil {
		return base.Failed(err)
	}
	if o.given("to") {
		return o.stop(run)
	}
	if err := o.print(run.Output); err != nil {
		return base.Failed(err)
	}
	c, err := ordinary.Compare(o.path, run)
	if err != nil {
		return base.Failed(err)
	}
	if d := c.First; d != nil {
		d.Reproduce = o.command(o.path)
		if o.Format == "github" {
			for _, site := range []*string{&d.ExpectedSite, &d.ActualSite, &d.DecisionSite} {
				*site = o.inPackage(*site)
			}
		}
	}
	out := o.replay.outcome(o.result(run, c))
	if !out.result.Live && out.cfg.Policy != replayer.Resync {
		out.first = c.First
	}
	if text := run.Schedule(scheduleLines); out.first == nil && out.result.Err != nil {
		out.tail = "the schedule up to the end of it:\n" + indented("  ", text)
	}
	return o.conclude(out)
}

// inPackage returns a place in the code with the folder of the package, from that of the workspace, before the base name
// of its file if that is one of the package.
func (o *ordinaryReplay) inPackage(site string) string {
	file, _, _ := strings.Cut(site, ":")
	if _, err := os.Stat(filepath.Join(o.test.Dir(), file)); file == "" || err != nil {
		return site
	}
	return path.Join(ordinary.RelativeDir(o.test.Package), site)
}

// print prints what the test has printed, without what testing says around it. Where the report is for machines it goes
// elsewhere.
func (o *ordinaryReplay) print(output []byte) error {
	to := o.stdout
	if o.Format != "text" {
		to = o.stderr
	}
	var b bytes.Buffer
	for line := range bytes.Lines(output) {
		if !frameLine.Match(bytes.TrimSuffix(line, []byte("\n"))) {
			b.Write(line)
		}
	}
	if n := b.Len(); n > 0 && b.Bytes()[n-1] != '\n' {
		b.WriteByte('\n')
	}
	_, err := to.Write(b.Bytes())
	return err
}

// result tells of a run what the replay of a simulated run tells. A difference where the run may have been live is none.
func (o *ordinaryReplay) result(run *gort.Outcome, c ordinary.Comparison) replayer.Result {
	result := replayer.Result{Events: c.Events, Emitted: c.Events, Warnings: o.test.Notes}
	if text := run.Dependence(); text != "" {
		result.Warnings = append(slices.Clip(o.test.Notes), strings.Split(text, "\n")...)
	}
	if text := run.Failure(); text != "" && run.Verdict != gort.Diverged {
		result.Err = errors.New(text)
	}
	d := c.First
	if d == nil {
		return result
	}
	result.Events = d.Index
	switch {
	case o.control.Resync > 0 && d.Rest != nil: // a run that ends as diverged has no rest
		result.First, result.Stats, result.Fidelity = d, *d.Rest, d.Rest.Fidelity()
		result.Events = d.Rest.Matched
		d.Notes = append(d.Notes, fmt.Sprintf("of %d recorded choices %d fitted a decision of the run and %d were passed over; %d decisions fitted none",
			len(o.choices.Records), run.Resync.Matched, run.Resync.Skipped, run.Resync.Extra))
	case o.control.Continue && run.Mismatch == nil && d.Index >= o.until:
		result.Live, result.LiveAt = true, d.Index
		if o.policy == replayer.Prefix.String() {
			result.Events, result.LiveAt = o.until, o.until
		}
	default:
		d.Notes = append(d.Notes, result.Warnings...)
		result.Emitted = d.Index
	}
	return result
}

// stop reports how the run stands at the target.
func (o *ordinaryReplay) stop(run *gort.Outcome) error {
	s := &stand{name: o.in.Name, target: "index=" + strconv.FormatUint(o.stand, 10)}
	look, err := base.OpenInput(nil, o.path, source.Config{})
	if err != nil {
		return err
	}
	defer look.Close()
	c, err := ordinary.Compare(o.path, run)
	if err != nil {
		return base.Failed(err)
	}
	if d := c.First; d != nil && d.Index <= o.stand {
		d.Reproduce = o.command(o.path)
		s.first, s.pos = d, d.Index
		return o.show(s)
	}
	if run.Verdict != gort.Limited {
		s.pos, s.err = c.Events, errors.New(run.Failure())
		return o.show(s)
	}
	s.reached, s.index, s.done = true, o.stand, o.stand+1
	if err := s.fill(look, run); err != nil {
		return err
	}
	return o.show(s)
}

// fill fills in how the run stands, and what the recording has there and next.
func (s *stand) fill(recording *base.Input, run *gort.Outcome) error {
	at, line, err := following(recording, s.index, 1)
	if err != nil {
		return err
	}
	s.event, s.line, s.now = at[0], line, time.Duration(recording.Time())
	if s.next, s.after, err = following(recording, s.done, nextShown); err != nil {
		return err
	}
	list, ready := ordinary.Stands(run)
	for _, g := range list {
		s.tasks = append(s.tasks, taskInfo(g))
	}
	for i := range s.tasks {
		if s.tasks[i].State == simsched.TaskRunning {
			s.running = &s.tasks[i]
		}
	}
	for _, g := range ready {
		s.ready = append(s.ready, infoOf(s.tasks, gorun.Task(g)))
	}
	return nil
}

// taskInfo says what a goroutine does as that of a task is said.
func taskInfo(s ordinary.Stand) simsched.TaskInfo {
	t := simsched.TaskInfo{ID: gorun.Task(s.ID), Path: s.Path, RegionName: "process"}
	t.Name = strings.TrimPrefix(s.Name(), s.Path+" ")
	line, _, _ := strings.Cut(s.Where, " ")
	t.Line = line[strings.LastIndexByte(line, '/')+1:]
	switch {
	case s.Runs:
		t.State = simsched.TaskRunning
	case s.Waits != "":
		t.State, t.WaitsFor = simsched.TaskWaiting, "for "+s.Waits
	}
	if s.Holder != 0 {
		t.HeldBy = []event.TaskID{gorun.Task(s.Holder)}
	}
	return t
}

package files

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/event/gorun"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// statsSchema is the number of the JSON form of statistics; it rises when a key changes its meaning.
const statsSchema = 1

func NewStats() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "stats FILE",
		Example: verb.Examples(
			"how much is in a trace", "reprise stats run.reprise",
		),
		Short: "Count what is in a trace",
		Long: "Count the events of a trace by kind, its tasks, regions and timers, and tell how much virtual time it spans, how\n" +
			"many bytes it takes in each form, and why it ends where it does. FILE may be -.\n\n" +
			"A rate is by second of virtual time. A recording that starts in the middle of a run counts a task as live from\n" +
			"the first event on that names it. The busiest tasks are those with the most events that name them.\n\n" +
			"With --json the output is one object: schema (1), file, form, metadata, identity, end (reason, message), first (index\n" +
			"of the first event), events, bytes (of the input, -1 if not known), event_bytes (of the events alone, by form),\n" +
			"time (from and to, virtual, in nanoseconds), kinds (kind, events), tasks (spawned, earlier, completed by outcome,\n" +
			"most_live), regions, timers, busiest (task, name, events), advances (at_least in nanoseconds, count), choices of the\n" +
			"recording of an ordinary test (decisions, preemptions, waits, yields, leaps, let_in), and waits by what they were\n" +
			"for, as far as the file says (for, count). outside counts what the file keeps of what the run took from outside:\n" +
			"sockets, pipes, calls, bytes, and missing, the calls at the end of the run that had no room.",
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := base.OpenInput(cmd.InOrStdin(), args[0], source.Config{ReadAhead: true})
			if err != nil {
				return err
			}
			defer in.Close()
			return stats(cmd.OutOrStdout(), in, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// stats prints the statistics of a trace; those of what could be read of a bad one.
func stats(stdout io.Writer, in *base.Input, asJSON bool) error {
	s := newStatistics(in)
	bad := in.Each(s.take)
	s.finish(in)
	text := s.text()
	if asJSON {
		b, err := json.Marshal(s)
		if err != nil {
			return base.Failed(err)
		}
		text = string(b) + "\n"
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return base.Failed(err)
	}
	return bad
}

// statistics are what stats counts.
type statistics struct {
	Schema     int                `json:"schema"`
	File       string             `json:"file"`
	Form       source.Form        `json:"form"`
	Metadata   event.Metadata     `json:"metadata"`
	Identity   tracefile.Identity `json:"identity,omitempty"`
	End        *endStats          `json:"end,omitempty"`
	First      uint64             `json:"first"`
	Events     uint64             `json:"events"`
	Bytes      int64              `json:"bytes"`
	EventBytes formBytes          `json:"event_bytes"`
	Time       span               `json:"time"`
	Kinds      []kindStats        `json:"kinds"`
	Tasks      taskStats          `json:"tasks"`
	Regions    regionStats        `json:"regions"`
	Timers     timerStats         `json:"timers"`
	Busiest    []busyTask         `json:"busiest"`
	Advances   []decade           `json:"advances"`
	Choices    *choiceStats       `json:"choices,omitempty"`
	Waits      []waitStats        `json:"waits,omitempty"`
	Outside    *record.Stored     `json:"outside,omitempty"`

	nameOf  func(event.TaskID) string
	byKind  [event.NumKinds]uint64
	steps   [decades]uint64
	live    map[event.TaskID]*uint64 // events of each live task
	recent  [256]recentTask          // a part of live that is found without a search, by the low bits of the index
	open    level
	pending level
	notes   func() ([]tracefile.Note, error)
	run     gorun.Reader
	waits   map[string]uint64
}

// choiceStats counts what the events of an ordinary run mean. Those from before main.main are counted too.
type choiceStats struct {
	Decisions   uint64 `json:"decisions"`
	Preemptions uint64 `json:"preemptions"`
	Waits       uint64 `json:"waits"`
	Yields      uint64 `json:"yields"`
	Leaps       uint64 `json:"leaps"`
	LetIn       uint64 `json:"let_in"`
}

// waitStats counts the waits for objects of a kind, or in an operation without one.
type waitStats struct {
	For   string `json:"for"`
	Count uint64 `json:"count"`
}

type endStats struct {
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// formBytes are the bytes that the events take in forms where each takes its own.
type formBytes struct {
	Msgpack uint64 `json:"msgpack"`
	JSONL   uint64 `json:"jsonl"`
}

// span is a stretch of virtual time.
type span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

type kindStats struct {
	Kind   string `json:"kind"`
	Events uint64 `json:"events"`
}

type taskStats struct {
	Spawned   uint64           `json:"spawned"`
	Earlier   uint64           `json:"earlier"` // spawned before the first event, and seen since
	Completed uint64           `json:"completed"`
	Outcomes  [outcomes]uint64 `json:"outcomes"` // ok, err, cancelled, panicked, other
	MostLive  uint64           `json:"most_live"`
}

type regionStats struct {
	Created   uint64 `json:"created"`
	Closed    uint64 `json:"closed"`
	Cancelled uint64 `json:"cancelled"`
	MostOpen  uint64 `json:"most_open"`
}

type timerStats struct {
	Created     uint64 `json:"created"`
	Fired       uint64 `json:"fired"`
	Cancelled   uint64 `json:"cancelled"`
	MostPending uint64 `json:"most_pending"`
}

type busyTask struct {
	Task   event.TaskID `json:"task"`
	Name   string       `json:"name,omitempty"`
	Events uint64       `json:"events"`
}

// decade counts the steps of virtual time of at least a power of ten of nanoseconds, and less than the next.
type decade struct {
	AtLeast uint64 `json:"at_least"`
	Count   uint64 `json:"count"`
}

const (
	outcomes    = 5  // the last one is any other
	decades     = 20 // a uint64 has so many digits
	mostBusiest = 10
)

// level is a number that goes up and down, and the highest it was. In part of a run more may go down than went up.
type level struct{ now, most uint64 }

func (l *level) up() {
	l.now++
	l.most = max(l.most, l.now)
}

func (l *level) down() {
	if l.now > 0 {
		l.now--
	}
}

func newStatistics(in *base.Input) *statistics {
	s := &statistics{
		Schema: statsSchema, File: in.Name, Form: in.Form(), Metadata: in.Metadata(), Identity: in.Identity(),
		First: in.First(), Time: span{From: in.FirstTime()}, Busiest: []busyTask{},
		nameOf: in.TaskName, live: map[event.TaskID]*uint64{}, notes: in.Notes, waits: map[string]uint64{},
	}
	if source.Ordinary(in.Stream) {
		s.Choices = &choiceStats{}
	}
	return s
}

// take counts an event.
func (s *statistics) take(_ uint64, e event.Event) error {
	s.Events++
	s.byKind[e.Kind().Number()]++
	msgpack, json := e.EncodedLen()
	s.EventBytes.Msgpack += uint64(msgpack)
	s.EventBytes.JSONL += uint64(json + len("\n"))
	switch e.Kind() {
	case event.KindTimeAdvanced:
		s.steps[magnitude(e.ToNanos()-e.FromNanos())]++
	case event.KindRegionCreated:
		s.open.up()
	case event.KindRegionClosed:
		s.open.down()
	case event.KindTimerCreated:
		s.pending.up()
	case event.KindTimerFired, event.KindTimerCancelled:
		s.pending.down()
	default:
		s.taskEvent(e)
	}
	if s.Choices != nil {
		s.choice(e)
	}
	s.countWaits()
	return nil
}

// choice counts what an event of an ordinary run means.
func (s *statistics) choice(e event.Event) {
	n := s.Choices
	switch gorun.MeaningOf(e) {
	case gorun.Decision:
		n.Decisions++
	case gorun.Preemption:
		n.Preemptions++
	case gorun.Leap:
		n.Leaps++
	case gorun.LetIn:
		n.LetIn++
	}
	c, decided, err := s.run.Read(e)
	if err != nil || !decided || c.LetIn || c.Prev == 0 {
		return
	}
	switch c.Why {
	case gorun.Blocked:
		n.Waits++
	case gorun.Yielded:
		n.Yields++
	}
}

// maxWaits is how many things that are waited for are counted apart.
const maxWaits = 1 << 10

// noWaits are the reasons for which a task stops that could go on.
var noWaits = []string{gorun.ReasonYield, gorun.ReasonPreempt, gorun.ReasonForced}

// countWaits counts the waits in the notes of an event. Malformed notes are for verify to find.
func (s *statistics) countWaits() {
	notes, _ := s.notes()
	for _, n := range notes {
		what := n.Object.Kind
		if what == "" {
			what = n.Reason
		}
		if n.Act != tracefile.ActStop || slices.Contains(noWaits, what) {
			continue
		}
		if _, found := s.waits[what]; found || len(s.waits) < maxWaits {
			s.waits[what]++
		}
	}
}

// recentTask is a task that an event named, and its counter; nil if the task is not live.
type recentTask struct {
	task   event.TaskID
	events *uint64
}

// count counts an event for a task, and reports whether the task is live.
func (s *statistics) count(task event.TaskID) bool {
	r := &s.recent[task.Index()%uint32(len(s.recent))]
	if r.task != task || r.events == nil {
		*r = recentTask{task, s.live[task]}
	}
	if r.events != nil {
		*r.events++
	}
	return r.events != nil
}

// begin makes a task live and counts an event for it.
func (s *statistics) begin(task event.TaskID) {
	s.live[task] = new(uint64)
	s.count(task)
	s.Tasks.MostLive = max(s.Tasks.MostLive, uint64(len(s.live)))
}

// end takes a task, which is live, out of the live ones.
func (s *statistics) end(task event.TaskID) {
	s.rank(task, *s.live[task])
	delete(s.live, task)
	s.recent[task.Index()%uint32(len(s.recent))] = recentTask{}
}

// taskEvent counts an event for its task, if it has one.
func (s *statistics) taskEvent(e event.Event) {
	switch e.Kind() {
	case event.KindTaskSpawned:
		if !s.count(e.Task()) {
			s.begin(e.Task())
		}
	case event.KindTaskScheduled, event.KindTaskYielded:
		s.acts(e.Task())
	case event.KindChaosInjection:
		if task, ok := e.ChaosTask(); ok {
			s.acts(task)
		}
	case event.KindWakerWake:
		s.count(e.Task()) // unless it has ended
	case event.KindTaskCompleted:
		s.acts(e.Task())
		s.Tasks.Outcomes[min(int(e.Outcome()), outcomes-1)]++
		s.end(e.Task())
	}
}

// acts counts an event for a task that is live.
func (s *statistics) acts(task event.TaskID) {
	if !s.count(task) {
		s.Tasks.Earlier++
		s.begin(task)
	}
}

// rank puts a task among the busiest, if it belongs there.
func (s *statistics) rank(task event.TaskID, events uint64) {
	at, _ := slices.BinarySearchFunc(s.Busiest, busyTask{Task: task, Events: events}, func(a, b busyTask) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Task, b.Task))
	})
	if at == mostBusiest {
		return
	}
	if len(s.Busiest) == mostBusiest {
		s.Busiest = s.Busiest[:mostBusiest-1]
	}
	s.Busiest = slices.Insert(s.Busiest, at, busyTask{task, s.nameOf(task), events})
}

// magnitude returns the power of ten that is not above n, which is not 0, and 0 for 0.
func magnitude(n uint64) (power int) {
	for ; n >= 10; n /= 10 {
		power++
	}
	return power
}

// finish takes in what is known at the end.
func (s *statistics) finish(in *base.Input) {
	for task, events := range s.live { // lint: order does not matter because rank has a total order
		s.rank(task, *events)
	}
	if end, known := in.End(); known {
		s.End = &endStats{end.Reason, end.Message}
	}
	s.Outside = outsideOf(in)
	s.Bytes, s.Time.To = in.Bytes(), in.Time()
	for k := range event.Kinds() {
		s.Kinds = append(s.Kinds, kindStats{k.String(), s.byKind[k.Number()]})
	}
	s.countWaits() // at the end
	for _, what := range slices.Sorted(maps.Keys(s.waits)) {
		s.Waits = append(s.Waits, waitStats{what, s.waits[what]})
	}
	slices.SortStableFunc(s.Waits, func(a, b waitStats) int { return cmp.Compare(b.Count, a.Count) })
	power := uint64(1)
	for _, n := range s.steps {
		s.Advances = append(s.Advances, decade{power, n})
		power *= 10
	}
	of := func(k event.Kind) uint64 { return s.byKind[k.Number()] }
	s.Tasks.Spawned, s.Tasks.Completed = of(event.KindTaskSpawned), of(event.KindTaskCompleted)
	s.Regions = regionStats{of(event.KindRegionCreated), of(event.KindRegionClosed), of(event.KindRegionCancelled),
		s.open.most}
	s.Timers = timerStats{of(event.KindTimerCreated), of(event.KindTimerFired), of(event.KindTimerCancelled),
		s.pending.most}
}

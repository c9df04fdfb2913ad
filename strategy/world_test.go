package strategy

import (
	"testing"

	"pgregory.net/rapid"
)

// world is a host with nothing but tasks: it asks a Picker as the protocol says and keeps the decisions.
type world struct {
	t         rapid.TB
	picker    Picker
	stepper   Stepper // the same, if it is one
	ready     []*Task
	gap       uint64
	decisions []decision
	steps     []Task // since the last decision
}

// decision is one answer with its question.
type decision struct {
	ready   []uint32 // numbers of the tasks
	running int
	reason  Reason
	pick    uint32
	steps   []Task // that led to the question
	next    []Op   // of the ready tasks
}

func (w *world) At(i int) *Task { return w.ready[i] }

// newWorld makes a world with tasks 1 to n, all ready.
func newWorld(t rapid.TB, p Picker, n int) *world {
	w := &world{t: t, picker: p, gap: p.Gap()}
	w.stepper, _ = p.(Stepper)
	for i := range n {
		w.ready = append(w.ready, newTask(uint32(i+1)))
	}
	return w
}

// newTask returns a task whose parent is half its number.
func newTask(number uint32) *Task {
	return &Task{Number: number, Path: uint64(number), Parent: uint64(number / 2)}
}

// step tells a Stepper that a task goes on.
func (w *world) step(t *Task) *Task {
	if w.stepper != nil {
		w.steps = append(w.steps, Task{Number: t.Number, Next: t.Next})
		w.stepper.Step(t)
	}
	return t
}

// decide lets the picker choose among the ready tasks and takes its pick out of them. The running task, if it is
// ready, is the last.
func (w *world) decide(reason Reason) *Task {
	i := 0
	if len(w.ready) > 1 {
		i = w.ask(reason)
	}
	picked := w.ready[i]
	w.ready = append(w.ready[:i:i], w.ready[i+1:]...)
	return w.step(picked)
}

func (w *world) ask(reason Reason) int {
	q := Decision{Ready: w, N: len(w.ready), Running: -1, Why: reason}
	if reason != Blocked {
		q.Running = q.N - 1
	}
	d := decision{running: q.Running, reason: reason, steps: w.steps}
	w.steps = nil
	for _, task := range w.ready {
		d.ready = append(d.ready, task.Number)
		d.next = append(d.next, task.Next)
	}
	i := w.picker.Pick(&q)
	if i < 0 || i >= q.N {
		w.t.Fatalf("Pick = %d of %d ready tasks", i, q.N)
	}
	d.pick = w.ready[i].Number
	w.decisions = append(w.decisions, d)
	return i
}

// pointAt is point before an operation.
func (w *world) pointAt(running *Task, next Op) *Task {
	running.Next = next
	return w.point(running)
}

// point lets the running task pass a point and returns the task that runs behind it.
func (w *world) point(running *Task) *Task {
	if w.gap--; w.gap > 0 {
		if w.stepper != nil {
			w.t.Fatalf("the gaps of a Stepper must be 1")
		}
		return running
	}
	if len(w.ready) > 0 {
		w.ready = append(w.ready, running)
		running = w.decide(Preempted)
	} else {
		w.step(running)
	}
	if w.gap = w.picker.Gap(); w.gap < 1 {
		w.t.Fatalf("Gap = 0")
	}
	return running
}

// yield lets the running task give way.
func (w *world) yield(running *Task) *Task {
	w.ready = append(w.ready, running)
	return w.decide(Yielded)
}

// The steps of a script: what the running task does next.
const (
	stepPoint = iota // most of them
	stepYield
	stepBlock // let others run; the task becomes ready again after the decision
	stepSpawn
	numSteps
)

// play makes a run from a script and returns its decisions.
func play(t rapid.TB, p Picker, tasks int, script []byte) []decision {
	w := newWorld(t, p, tasks)
	created := uint32(tasks)
	running := w.decide(Blocked)
	for _, b := range script {
		switch step := int(b) % (2 * numSteps); {
		case step == stepYield:
			running = w.yield(running)
		case step == stepBlock && len(w.ready) > 0:
			blocked := running
			running = w.decide(Blocked)
			w.ready = append(w.ready, blocked)
		case step == stepSpawn && created < 40:
			created++
			w.ready = append(w.ready, newTask(created))
		default:
			running = w.pointAt(running, Op{Object: uint64(b) >> 3 % 4, Kind: OpKind(b >> 5 % 3)})
		}
	}
	return w.decisions
}

// run is a run that rapid draws: under which settings, and a script.
type run struct {
	config Config
	tasks  int
	script []byte
}

func drawRun(t *rapid.T) run {
	return run{
		Config{
			Seed: rapid.Uint64().Draw(t, "seed"), Gap: rapid.Uint64Range(0, 20).Draw(t, "gap"),
			Thin:  rapid.Uint64Range(0, 9).Draw(t, "thin"),
			Depth: rapid.Uint64Range(0, 70).Draw(t, "depth"), Length: rapid.Uint64Range(0, 200).Draw(t, "length"),
			Profile: drawProfile(t),
		},
		rapid.IntRange(1, 6).Draw(t, "tasks"), rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "script"),
	}
}

// drawProfile draws the counts of some other run, or none.
func drawProfile(t *rapid.T) *Profile {
	script := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "profiled")
	if len(script) == 0 {
		return nil
	}
	p := &Profile{}
	play(t, Find(Default).Start(Config{Record: p}), rapid.IntRange(1, 4).Draw(t, "profiled tasks"), script)
	return p
}

// forEach calls check for each registered strategy.
func forEach(t *testing.T, check func(*testing.T, *Strategy)) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) { check(t, s) })
	}
}

func forEachRun(t *testing.T, check func(*rapid.T, *Strategy, run)) {
	forEach(t, func(t *testing.T, s *Strategy) {
		rapid.Check(t, func(t *rapid.T) { check(t, s, drawRun(t)) })
	})
}

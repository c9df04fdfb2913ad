package strategy

// Strategy describes a strategy and makes it for a run.
type Strategy struct {
	Name       string      // in lower case, as in --strategy NAME and in the identity of a trace
	About      string      // one line for help, without a full stop
	Parameters []Parameter // the fields of Config that New reads besides Seed
	// Tame makes the host take the default for all other choices, too: of timers, waiters, cases and sizes.
	Tame bool
	// Dense strategies make a decision at nearly every point, and mostly let the running task go on. A host may ask them
	// before that task stops, and need not record that it did not.
	Dense bool
	// Profiled strategies work better with a Config.Profile.
	Profiled bool
	New      func(Config) Picker // makes the state of one run
}

// Parameter describes a field of [Config] that a strategy reads.
type Parameter struct {
	Name  string // the name of the field in lower case
	About string // one line for help, with the unit
}

// Reads reports whether s reads the parameter with a name.
func (s *Strategy) Reads(name string) bool {
	for i := range s.Parameters {
		if s.Parameters[i].Name == name {
			return true
		}
	}
	return false
}

// Start makes the state of one run, for a host: New, and what else the configuration asks for. A run that is counted in
// Config.Record has a decision at every point, so that it differs from a run that is not. So has a run along a
// Config.Route, whatever the strategy.
func (s *Strategy) Start(c Config) Picker {
	if c.Route != nil {
		return following(c.Route)
	}
	p := s.New(c)
	if c.Record != nil {
		p = profiling(p, c.Record)
	}
	return p
}

// ID returns a number that stands for the name of s, for places that have no room for a name. It is never 0.
func (s *Strategy) ID() uint32 { return uint32(Label(s.Name)) | 1 }

// Config says how a strategy chooses in one run. The zero Config is valid.
type Config struct {
	Seed uint64

	// Gap is the mean number of points between two preemptions. At 0 and 1 every point is a decision.
	Gap uint64

	// Thin is the number of gaps after which their mean doubles, again and again, so that a run of millions of points
	// is not preempted at a steady rate. 0 means never.
	Thin uint64

	// Depth is the number of changes of priorities; the maximum is 64. 0 means a number from 0 to 3 that depends on Seed.
	Depth uint64

	// Length is the number of points that a run is expected to pass while more than one task is ready. 0 means the number
	// in Profile or, without a Profile, one of 16, 64, 256, 1024 and 4096, depending on Seed.
	Length uint64

	// Profile has counts from an earlier run of the program. Nil means that there are none. It is not changed.
	Profile *Profile

	// Record gets the counts of this run. Nil means that nothing is counted. See [Strategy.Start].
	Record *Profile

	// Route makes the choices of the run, instead of a strategy, and gets its branches. Nil means that there is none. See
	// [Strategy.Start].
	Route *Route
}

const maxDepth = 64

// fill fills the defaults of Depth and Length.
func (c *Config) fill() {
	r := NewRand(c.Seed, Label("defaults"))
	depth, length := r.Below(4), uint64(16)<<(2*r.Below(5))
	if c.Depth == 0 {
		c.Depth = depth
	}
	if c.Length == 0 && c.Profile != nil {
		c.Length = c.Profile.Contested
	}
	if c.Length == 0 {
		c.Length = length
	}
	c.Depth = min(c.Depth, maxDepth)
}

// Picker is a strategy during one run.
type Picker interface {
	// Gap returns the number of points until the next preemption, at least 1: the next point is 1 point away.
	Gap() uint64

	// Pick returns the index of the ready task that runs next, at least 0 and below d.N. It must not keep d.
	Pick(d *Decision) int
}

// Stepper is a Picker that follows every step of a run. Its Gap must always return 1.
type Stepper interface {
	Picker

	// Step is called each time that a task goes on, whether it was picked or is the only one that is ready, before it
	// makes its operation t.Next.
	Step(t *Task)
}

// Decision is the question which of the ready tasks runs next.
type Decision struct {
	Ready   Tasks
	N       int    // number of ready tasks, at least 2
	Running int    // index of the task that ran until now and could go on; -1 if it cannot
	Why     Reason // why the decision is due
}

// Tasks gives access to the ready tasks.
type Tasks interface {
	// At returns the ready task with index i. Task 0 has been ready longest; the others are in no particular order.
	At(i int) *Task
}

// Reason is why a decision is due.
type Reason uint8

// The reasons.
const (
	Blocked   Reason = iota // the running task blocked or ended, or there was none; Running is -1
	Preempted               // the gap is over; Running is the preempted task
	Yielded                 // the running task asked to let others go first; Running is that task
)

// Task is what the host keeps of a task for its strategy. The zero Task with a Number is a task that no strategy has
// seen.
type Task struct {
	Number uint32 // counts the tasks of the run in the order of creation, from 1
	Path   uint64 // identifies the task in all runs of the program, by its ancestors; never 0
	Parent uint64 // the Path of the task that created it; 0 for the first task

	// Next is the operation that the task makes when it goes on. The zero Op stands for anything else, such as the start
	// of the task, or what follows a wait.
	Next Op

	priority uint64 // 0 if the strategy has not seen the task
	slot     int32  // of a walk
	done     uint64 // a set of what the task has done, if the strategy or a profile needs it; see Profile.remember
}

// Op is an operation on an object.
type Op struct {
	// Object identifies what is accessed or locked, as far as possible alike in all runs of the program. 0 means that the
	// operation has no object.
	Object uint64
	Kind   OpKind
}

// OpKind is what an operation does to its object.
type OpKind uint8

// The kinds of operations.
const (
	Load  OpKind = iota // reads memory
	Store               // writes memory, or reads and writes it in one step
	Sync                // uses a lock, a channel or another object that orders tasks
)

// conflicts reports whether the order of two operations matters: they have an object in common, and do not both read.
func (o Op) conflicts(p Op) bool {
	return o.Object == p.Object && o.Object != 0 && (o.Kind != Load || p.Kind != Load)
}

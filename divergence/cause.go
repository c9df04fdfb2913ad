package divergence

import (
	"iter"
	"slices"

	"github.com/reprise-go/reprise/event"
)

// Cause is the probable cause of a divergence, with advice. It is a guess: the first of the [Rules] that fits gives
// it.
type Cause struct {
	Rule       string // stable name of the rule
	Text       string // one or two sentences
	Suggestion string // what to do
}

// Rule is the public part of a rule that finds causes.
type Rule struct {
	Name       string
	Mirror     string // name of the rule that fits if the two runs are swapped; often the same rule
	When       string // the condition of the rule, in words
	Suggestion string
}

// Rules yields the rules in the order in which they are tried.
func Rules() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for i := range rules {
			if !yield(rules[i].Rule) {
				return
			}
		}
	}
}

// rule is a row of the table of causes.
type rule struct {
	Rule
	fits func(f *facts) bool
	text func(f *facts) string
}

// facts is the input of the rules.
type facts struct {
	*Mismatch
	d    *Divergence
	e, a event.Event // the expected and the actual event; the zero Event if a run has ended
}

// cause returns the cause of the first rule that fits.
func (m *Mismatch) cause(d *Divergence) Cause {
	f := &facts{Mismatch: m, d: d}
	if len(m.Expected) > 0 {
		f.e = m.Expected[0]
	}
	if len(m.Actual) > 0 {
		f.a = m.Actual[0]
	}
	for i := range rules {
		if r := &rules[i]; r.fits(f) {
			return Cause{r.Name, r.text(f), r.Suggestion}
		}
	}
	panic("divergence: no rule fits, although the last one fits every divergence")
}

// both reports whether both events are of a kind.
func (f *facts) both(k event.Kind) bool { return f.e.Kind() == k && f.a.Kind() == k }

// either reports whether one of the events is of a kind.
func (f *facts) either(k event.Kind) bool { return f.e.Kind() == k || f.a.Kind() == k }

// differs reports whether a field differs.
func (f *facts) differs(field string) bool {
	return slices.ContainsFunc(f.d.Fields, func(d FieldDiff) bool { return d.Name == field })
}

// otherMetadata reports whether a number of the metadata is known for both runs and differs.
func (f *facts) otherMetadata(get func(event.Metadata) uint64) bool {
	known := f.ExpectedMetadata.Version != 0 && f.ActualMetadata.Version != 0
	return known && get(f.ExpectedMetadata) != get(f.ActualMetadata)
}

func (f *facts) otherSeed() bool {
	return f.otherMetadata(func(m event.Metadata) uint64 { return m.Seed })
}

func (f *facts) otherConfig() bool {
	return f.ExpectedMetadata.ConfigHash != 0 && f.ActualMetadata.ConfigHash != 0 &&
		f.otherMetadata(func(m event.Metadata) uint64 { return m.ConfigHash })
}

// who returns the task that ran up to the divergence, as the subject of a sentence.
func (f *facts) who() string {
	if f.Running.Kind() == 0 {
		return "the run"
	}
	return "task " + f.task(f.Running.Task())
}

// stranger returns the task or region that e is the first event to name, or "" if there is none: one that was never
// created before, and that the other run does not create in the events known of it.
func (f *facts) stranger(e event.Event, other []event.Event) string {
	if f.tasks == nil && f.regions == nil {
		return "" // not known
	}
	for field, v := range e.Fields() {
		kind := entityKinds[field.Type]
		if kind != "task" && kind != "region" || !v.Present() || mentions(other, field.Type, v.Uint64()) {
			continue
		}
		id := v.Uint64()
		people := f.tasks
		if kind == "region" {
			people = f.regions
		}
		if people.lacks(uint32(id>>32), uint32(id)) {
			x := f.entity("", kind, id)
			x.ActualName = ""
			return x.String()
		}
	}
	return ""
}

// mentions reports whether an event names a task or region.
func mentions(events []event.Event, t event.FieldType, id uint64) bool {
	task := entityKinds[t] == "task"
	for _, e := range events {
		for field, v := range e.Fields() {
			if kind := entityKinds[field.Type]; (kind == "task") == task && (kind == "region") != task && v.Present() &&
				v.Uint64() == id {
				return true
			}
		}
	}
	return false
}

// anonymous returns e without the identifiers that a run assigns in order of creation.
func anonymous(e event.Event) event.Event {
	switch e.Kind() {
	case event.KindTaskSpawned:
		return event.TaskSpawned(0, e.Region(), 0)
	case event.KindTimerCreated:
		return event.TimerCreated(0, e.DeadlineNanos())
	case event.KindRegionCreated:
		if parent, ok := e.Parent(); ok {
			return event.RegionCreated(0, parent, 0)
		}
		return event.RootRegionCreated(0, 0)
	}
	return Comparable(e)
}

// permuted returns the number of events, from the divergence on, that are the same in both runs but in another
// order, with the same sequence of kinds. It returns 0 if there are none.
func (f *facts) permuted() int {
	counts := map[event.Event]int{}
	open := 0 // number of counts that are not 0
	count := func(e event.Event, by int) {
		was := counts[e]
		counts[e] = was + by
		switch {
		case was == 0:
			open++
		case was+by == 0:
			open--
		}
	}
	for i := range min(len(f.Expected), len(f.Actual)) {
		e, a := f.Expected[i], f.Actual[i]
		if e.Kind() != a.Kind() {
			return 0
		}
		count(anonymous(e), 1)
		count(anonymous(a), -1)
		if open == 0 {
			return i + 1
		}
	}
	return 0
}

// swapped returns two tasks or regions whose names are exchanged: each has, in the actual run, the name of another
// in the expected run.
func (f *facts) swapped() (x, y Entity, ok bool) {
	var renamed []Entity
	for _, e := range slices.Concat(f.d.Entities, f.d.Runnable, f.spawned()) {
		if e.ActualName != "" && !slices.ContainsFunc(renamed,
			func(r Entity) bool { return r.Kind == e.Kind && r.ID == e.ID }) {
			renamed = append(renamed, e)
		}
	}
	for i, x := range renamed {
		for _, y := range renamed[:i] {
			if x.Kind == y.Kind && x.Name == y.ActualName {
				return y, x, true
			}
		}
	}
	return x, y, false
}

// spawned returns the tasks and regions that were created in the shared events before the divergence.
func (f *facts) spawned() []Entity {
	var list []Entity
	for _, e := range f.Before {
		switch e.Kind() {
		case event.KindTaskSpawned:
			list = append(list, f.entity("", "task", uint64(e.Task())))
		case event.KindRegionCreated:
			list = append(list, f.entity("", "region", uint64(e.Region())))
		}
	}
	return list
}

// notRunnable reports whether the runnable tasks are known and do not include a task.
func (f *facts) notRunnable(id event.TaskID) bool {
	return f.Runnable != nil && !slices.Contains(f.Runnable, id)
}

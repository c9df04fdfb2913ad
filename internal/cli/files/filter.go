package files

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/source"
)

// filter selects events.
type filter struct {
	from, to       uint64 // indices, from included and to excluded
	since, until   time.Duration
	kindNames      []string
	tasks, regions []string

	given   bool // whether any flag was given
	ends    bool // whether until was given
	kinds   event.KindSet
	taskIDs []uint64 // the tasks that are identifiers rather than names
	regIDs  []uint64
}

// flags defines the flags of a filter.
func (f *filter) flags(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.Uint64Var(&f.from, "from", 0, "only events from this index on")
	fs.Uint64Var(&f.to, "to", math.MaxUint64, "only events below this index (default: the end)")
	fs.Lookup("to").DefValue = "0" // hides the number
	fs.DurationVar(&f.since, "since", 0, "only events from this virtual time on, such as 1.5s")
	fs.DurationVar(&f.until, "until", 0, "only events up to and including this virtual time (default: the end)")
	fs.Lookup("until").DefValue = "0s"
	fs.StringSliceVar(&f.kindNames, "kind", nil, "only events of these kinds, such as TaskScheduled,RngValue")
	fs.StringArrayVar(&f.tasks, "task", nil,
		"only events that name this task, such as T1, T1g2 or its name; may be repeated")
	fs.StringArrayVar(&f.regions, "region",
		nil, "only events that name this region, such as R1 or its name; may be repeated")
}

// filterFlags are the names of the flags.
var filterFlags = []string{"from", "to", "since", "until", "kind", "task", "region"}

// check validates the flags.
func (f *filter) check(cmd *cobra.Command) error {
	f.given = slices.ContainsFunc(filterFlags, cmd.Flags().Changed)
	f.ends = cmd.Flags().Changed("until")
	switch {
	case f.from > f.to:
		return base.Usage("--from %d is after --to %d", f.from, f.to)
	case f.since < 0 || f.until < 0:
		return base.Usage("virtual time starts at 0s; a time must not be negative")
	case f.ends && f.since > f.until:
		return base.Usage("--since %v is after --until %v", f.since, f.until)
	}
	for _, name := range f.kindNames {
		k, err := base.ParseKind(name)
		if err != nil {
			return err
		}
		f.kinds = f.kinds.Union(event.NewKindSet(k))
	}
	f.taskIDs, f.regIDs = base.ParseIDs(f.tasks, 'T'), base.ParseIDs(f.regions, 'R')
	return nil
}

// contiguous reports whether the filter selects all events between the first and the last one.
func (f *filter) contiguous() bool { return f.kinds == 0 && len(f.tasks) == 0 && len(f.regions) == 0 }

// place moves in to the first event that can be selected, if that saves enough, and narrows the indices.
func (f *filter) place(in *base.Input) error {
	file := in.File
	if file == nil || file.Form() != source.Reprise { // seeking would read the whole file
		return nil
	}
	if f.ends {
		if err := file.SeekTime(uint64(f.until) + 1); err != nil {
			return err
		}
		f.to, f.ends = min(f.to, in.Pos()), false
	}
	if f.since > 0 {
		if err := file.SeekTime(uint64(f.since)); err != nil {
			return err
		}
		f.from, f.since = max(f.from, in.Pos()), 0
	}
	err := file.Seek(max(min(f.from, f.to), in.First()))
	if errors.Is(err, source.ErrSeek) { // after the last event
		f.to = in.First()
		return file.Seek(in.First())
	}
	return err
}

// over reports whether neither an event nor a later one can be selected. now is the time after the event.
func (f *filter) over(index, now uint64) bool {
	return index >= f.to || f.ends && now > uint64(f.until)
}

// wants reports whether an event is selected, given that over is false.
func (f *filter) wants(index, now uint64, e event.Event, names *base.NameBook) bool {
	return index >= f.from && now >= uint64(f.since) &&
		(f.kindNames == nil || f.kinds.Has(e.Kind())) &&
		(f.tasks == nil || names.Concerns(e, base.IsTask, f.taskIDs, f.tasks)) &&
		(f.regions == nil || names.Concerns(e, base.IsRegion, f.regIDs, f.regions))
}

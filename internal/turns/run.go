package turns

import (
	"errors"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/source"
)

// recording is the recording that is replayed.
type recording struct {
	file    *source.File
	choices *gort.Choices
	places  places
}

// openRecording reads a recording.
func openRecording(path string) (*recording, error) {
	choices, _, err := gort.Load(path)
	if err != nil {
		return nil, err
	}
	file, err := source.Open(path, source.Config{})
	if err != nil {
		return nil, err
	}
	places, err := readPlaces(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &recording{file, choices, places}, nil
}

// run is a run of the test from its start to a decision or to its end.
type run struct {
	outcome *gort.Outcome
	file    *source.File // its events
	places  places
	first   *divergence.Divergence // the first difference from the recording; the end of the run may be one
	whole   bool                   // the run reached its end
	ending  *ending                // end of the replay that this run is; nil until it is determined
}

// attempt makes a run up to a decision, or to its end if decisions is 0, and compares it with the recording.
func (d *Driver) attempt(decisions int) (r *run, err error) {
	r = &run{}
	if r.outcome, err = d.run(decisions); err != nil {
		return nil, err
	}
	c, err := gotest.Compare(d.cfg.Path, r.outcome)
	if err != nil {
		return nil, err
	}
	r.first = c.First
	path := filepath.Join(d.dir, "run.reprise")
	if err := r.outcome.Save(path, "", nil); err != nil {
		return nil, err
	}
	if r.file, err = source.Open(path, source.Config{}); err != nil {
		return nil, err
	}
	if r.places, err = readPlaces(r.file); err != nil {
		return nil, errors.Join(err, r.file.Close())
	}
	r.whole = decisions == 0 || r.outcome.Verdict != gort.Limited || len(r.places.decisions) < decisions
	return r, nil
}

// before returns the number of indices below a limit. The indices are in increasing order.
func before(indices []uint64, limit uint64) int {
	return sort.Search(len(indices), func(i int) bool { return indices[i] >= limit })
}

// find returns the position of the first decision at or after the first event that meets t, among the events from an
// index on, or 0 if r has none.
func (r *run) find(t replayer.Target, from uint64) (int, error) {
	m := &moment{file: r.file}
	if err := r.file.Seek(0); err != nil {
		return 0, err
	}
	for index := uint64(0); index < r.places.events; index++ {
		e, err := r.file.Next()
		if err != nil {
			return 0, err
		}
		if e.Kind() == event.KindTaskScheduled {
			m.tick = e.Tick()
		}
		if index >= from && t.Met(m, index, e) {
			if decision := before(r.places.decisions, index); decision < len(r.places.decisions) {
				return decision + 1, nil
			}
			return 0, nil
		}
	}
	return 0, nil
}

// event returns an event of r.
func (r *run) event(index uint64) (event.Event, error) {
	if err := r.file.Seek(index); err != nil {
		return event.Event{}, err
	}
	return r.file.Next()
}

// moment is a place in a run that is being read.
type moment struct {
	file *source.File
	tick uint64 // tick of the last decision
}

var _ replayer.Moment = (*moment)(nil)

// Steps implements [replayer.Moment]: a decision takes a tick, and so does each preemption point that was passed.
func (m *moment) Steps() uint64 { return m.tick }

// Elapsed implements [replayer.Moment].
func (m *moment) Elapsed() time.Duration { return time.Duration(m.file.Time()) }

// TaskName implements [replayer.Moment]. The name of a goroutine in a trace file is its path and its function.
func (m *moment) TaskName(id event.TaskID) string {
	_, function, _ := strings.Cut(m.file.TaskName(id), " ")
	return function
}

// TaskPath implements [replayer.Moment].
func (m *moment) TaskPath(id event.TaskID) string {
	path, _, _ := strings.Cut(m.file.TaskName(id), " ")
	return path
}

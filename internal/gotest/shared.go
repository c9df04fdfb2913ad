package gotest

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/reprise-go/reprise/gort"
)

// sharing is what is known of the files that the runs of a test share. If a run changes files outside of its own folder
// of temporary files, the seeds run one at a time from then on, before they disturb each other. The first run shows
// that, if it is short: the others wait for its end for a moment.
type sharing struct {
	started atomic.Bool // the first run has
	first   chan struct{}
	wrote   atomic.Pointer[string] // the first path outside that a run has changed; nil for none
}

func newSharing() *sharing { return &sharing{first: make(chan struct{})} }

// firstPatience is how long other runs wait for the end of the first.
const firstPatience = 300 * time.Millisecond

// await waits until the first run has ended, for a moment. Its caller makes a run, and then calls done with its
// outcome, nil if there is none.
func (s *sharing) await(ctx context.Context) (done func(*gort.Outcome)) {
	if !s.started.Swap(true) {
		return func(o *gort.Outcome) {
			s.note(o)
			close(s.first)
		}
	}
	select {
	case <-s.first:
	case <-ctx.Done():
	case <-time.After(firstPatience):
	}
	return s.note
}

// note takes what a run has written.
func (s *sharing) note(o *gort.Outcome) {
	if o != nil && o.Wrote != "" {
		s.wrote.CompareAndSwap(nil, &o.Wrote)
	}
}

// shares says what files the runs of the test share, "" if they share none.
func (c *search) shares() string {
	wrote := c.sharing.wrote.Load()
	if wrote == nil {
		return ""
	}
	path, where := *wrote, ""
	if rel, err := filepath.Rel(c.Dir, path); err == nil && filepath.IsLocal(rel) {
		path, where = rel, " in the folder of the package"
	}
	return "its runs change " + path + where + ", which all of them see, so they were made one at a time"
}

package recorder

import (
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/simsched"
)

// manyTasks spawns tasks one after the other.
func manyTasks(s *simsched.Sim) error {
	for range 1000 {
		_ = s.Go("task", func() error { return nil }).Join() // nil
	}
	return nil
}

// TestNotesAreBounded looks at what a Recorder holds besides events: no more than those that are kept need.
func TestNotesAreBounded(t *testing.T) {
	for name, cfg := range map[string]Config{
		"ring":          {Sites: true, AtLimit: DropOldest, MaxEvents: 50},
		"turned a ring": {Sites: true, AtLimit: Ask, MaxEvents: 50, OnLimit: func(Limit) Action { return DropOldest }},
		"rotated":       {Sites: true},
	} {
		r, err := NewConfig(event.NewMetadata(5), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(simsched.Config{Seed: 5}, manyTasks); err != nil {
			t.Fatal(err)
		}
		if name == "rotated" {
			r.Rotate()
		}
		n := &r.state.notes
		if len(n.sites) > 50 || len(n.tasks) > 50 || len(n.regions) > 50 || r.trace.Len() > 0 {
			t.Errorf("%s: %d lines, %d and %d names, %d events are held", name, len(n.sites), len(n.tasks), len(n.regions),
				r.trace.Len())
		}
	}
}

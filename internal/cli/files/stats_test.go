package files

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// TestCounts compares the counts of tasks with those of a plain map. The indices of the tasks share their low bits.
func TestCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &statistics{live: map[event.TaskID]*uint64{}}
		plain := map[event.TaskID]uint64{}
		var earlier, most uint64
		ended := map[event.TaskID][]uint64{}
		s.nameOf = func(event.TaskID) string { return "" }
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			index := rapid.SampledFrom([]uint32{0, 1, 256, 512}).Draw(t, "index")
			task := event.NewTaskID(index, rapid.Uint32Range(0, 1).Draw(t, "generation"))
			acts := func() {
				if plain[task]++; plain[task] == 1 {
					earlier++
				}
			}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				s.taskEvent(event.TaskSpawned(task, 0, 0))
				plain[task]++
			case 1:
				s.taskEvent(event.TaskYielded(task))
				acts()
			case 2:
				s.taskEvent(event.WakerWake(task))
				if plain[task] > 0 {
					plain[task]++
				}
			case 3:
				s.taskEvent(event.TaskCompleted(task, event.OutcomeOK))
				acts()
				most = max(most, uint64(len(plain)))
				ended[task] = append(ended[task], plain[task])
				delete(plain, task)
			}
			most = max(most, uint64(len(plain)))
		}
		if s.Tasks.Earlier != earlier || s.Tasks.MostLive != most || len(s.live) != len(plain) {
			t.Fatalf("%d earlier, at most %d live, %d at the end; want %d, %d, %d", s.Tasks.Earlier, s.Tasks.MostLive,
				len(s.live), earlier, most, len(plain))
		}
		for task, events := range plain {
			if n := s.live[task]; n == nil || *n != events {
				t.Fatalf("%v has %v events, want %d", task, n, events)
			}
		}
		for _, b := range s.Busiest {
			if !slices.Contains(ended[b.Task], b.Events) {
				t.Fatalf("%v is listed with %d events, it ended with %v", b.Task, b.Events, ended[b.Task])
			}
		}
	})
}

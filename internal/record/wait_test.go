package record

import "testing"

// TestGiven: the calls of a replay say for how many choices their goroutine waited before them, and none does that was
// ready all the time.
func TestGiven(t *testing.T) {
	sched := func(g uint32) Record { return Record{Kind: Sched, G: g} }
	admit := func(g uint32) Record { return Record{Kind: Admit, G: g} }
	c := &Choices{
		Records: []Record{sched(1), sched(2), admit(1), sched(1), sched(2), sched(1), admit(2), sched(2)},
		Tape: &Tape{Calls: []Call{
			{What: CallEnv, G: 1}, {What: CallConnect, G: 1, Turn: 1}, {What: CallOption, G: 1, Turn: 4},
			{What: CallRead, G: 1, Turn: 4}, {What: CallRead, G: 2, Turn: 8}, {What: CallRead, G: 2, Turn: 8},
		}},
	}
	want := []uint32{0, 2, 0, 2, 0}
	list := c.Given()
	if len(list) != len(want) {
		t.Fatalf("%d calls, want %d", len(list), len(want))
	}
	for i, call := range list {
		if call.wait != want[i] {
			t.Errorf("call %d, a %v, waits for %d, want %d", i, call.What, call.wait, want[i])
		}
	}
}

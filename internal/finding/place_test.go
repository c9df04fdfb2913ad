package finding

import (
	"slices"
	"testing"
)

// TestPlaces: the failure comes first, then the report without its commands, each place once.
func TestPlaces(t *testing.T) {
	f := &Finding{
		Failure: "all goroutines are asleep: 2 in sync.Mutex.Lock",
		Text: "all goroutines are asleep: 2 in sync.Mutex.Lock\n  waits: sync.Mutex.Lock at bank.go:25 bank.Move `b.Lock()`\n" +
			"  called from bank_test.go:28, and again bank.go:25\nto reproduce: go test x.go:1",
	}
	if got := f.Places(); !slices.Equal(got, []Place{
		{"bank.go", 25, "waits: sync.Mutex.Lock at bank.go:25 bank.Move `b.Lock()`"},
		{"bank_test.go", 28, "called from bank_test.go:28, and again bank.go:25"},
	}) {
		t.Errorf("places of a deadlock: %v", got)
	}
	f.Text = "all goroutines are asleep\n  1 starts at x_test.go:3\ngoroutines at the end:\n  0.0 m.TestX\n" +
		"    waits: sync.WaitGroup.Wait at x_test.go:5 m.TestX\n  0.1 m.TestX.func1\n    waits: select at x_test.go:9 m.TestX.func1\n" +
		"  0.2 m.send\n    waits: chan send at bus.go:36 m.send, held by 0.1 since bus.go:33\n"
	if got := f.Places(); len(got) < 4 || !slices.EqualFunc(got[:4], []Place{
		{"bus.go", 36, ""}, {"bus.go", 33, ""}, {"x_test.go", 9, ""}, {"x_test.go", 3, ""},
	}, Place.same) {
		t.Errorf("places of a deadlock with its end: %v", got)
	}
	f.Failure, f.Telling = "x_test.go:7: lost", "y.go:0: no line"
	if got := f.Places(); len(got) != 6 || got[0] != (Place{"x_test.go", 7, "x_test.go:7: lost"}) {
		t.Errorf("places of a test failure: %v", got)
	}
}

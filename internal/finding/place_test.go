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
	if got := f.Places(); !slices.Equal(got, []Place{{"bank.go", 25}, {"bank_test.go", 28}}) {
		t.Errorf("places of a deadlock: %v", got)
	}
	f.Failure, f.Telling = "x_test.go:7: lost", "y.go:0: no line"
	if got := f.Places(); len(got) != 3 || got[0] != (Place{"x_test.go", 7}) {
		t.Errorf("places of a test failure: %v", got)
	}
}

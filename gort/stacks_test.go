package gort

import (
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/cast"
)

// TestWaitCycle checks the line about a circle, in any order of the goroutines.
func TestWaitCycle(t *testing.T) {
	o := lockOrder(true).outcome(Deadlocked, 0, "")
	for range 2 {
		circle := cast.WaitCycle(o.Left)
		if text := newCast(o).Cycle(circle); text != "cycle: 0.0.0 waits for 0.0.1 waits for 0.0.0" {
			t.Errorf("%v: %s", circle, text)
		}
		slices.Reverse(o.Left)
	}
	if circle := cast.WaitCycle(lockOrder(false).outcome(Deadlocked, 0, "").Left); circle != nil {
		t.Errorf("a circle of unknown holders: %v", circle)
	}
}

// TestSignatureOfCircle checks that who waits aside of a circle plays no part.
func TestSignatureOfCircle(t *testing.T) {
	a, b := lockOrder(true).outcome(Deadlocked, 0, ""), lockOrder(true).outcome(Deadlocked, 0, "")
	b.Left[1].Reason = "select"
	if a.Signature() != b.Signature() {
		t.Error("who waits aside of a circle changes the signature")
	}
	b.Left[2].Reason = "sync.RWMutex.Lock"
	if a.Signature() == b.Signature() {
		t.Error("who waits in a circle does not change the signature")
	}
	for i := range a.Left {
		a.Left[i].Holder, b.Left[i].Holder = 0, 0
	}
	b.Left[2].Reason = a.Left[2].Reason
	if a.Signature() == b.Signature() {
		t.Error("who waits does not change the signature when nothing is known of holders")
	}
}

// TestStacksGroups checks that goroutines at one place are told once, and frames that many not at all.
func TestStacksGroups(t *testing.T) {
	o := leak(30).outcome(Leaked, 1, "")
	if text := o.Stacks(); strings.Count(text, "chan send") != 1 ||
		!strings.HasPrefix(text, "0.0.0, 0.0.1, 0.0.2 and 27 more bank.Ask[...].func1\n") {
		t.Errorf("30 goroutines at one place:\n%s", text)
	}
	o.Left[3].Where = "/src/bank/bank.go:53 example.com/bank.Ask.func1"
	if text := o.Stacks(); strings.Count(text, "chan send") != 2 {
		t.Errorf("30 goroutines at two places:\n%s", text)
	}
	for i := range o.Left {
		o.Left[i].Where = "/src/bank/bank.go:" + string(rune('a'+i)) + " example.com/bank.Ask.func1"
	}
	if text := o.Stacks(); strings.Count(text, "waits: ") != 12 ||
		!strings.Contains(text, "\nand 20 more at other places\n") {
		t.Errorf("32 goroutines at 32 places:\n%s", text)
	}
}

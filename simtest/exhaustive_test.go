package simtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/simsched"
)

// lostUpdate is a counter that loses an update if a task is preempted between its read and its write.
func lostUpdate(s *simsched.Sim) error {
	n, wg := simsched.NewAtomic(s, 0), s.NewWaitGroup("tasks")
	for range 2 {
		wg.Go("increment", func() { n.Store(n.Load() + 1) })
	}
	wg.Wait()
	if n.Load() != 2 {
		panic("an update is lost")
	}
	return nil
}

// logged is a test that keeps what is logged.
type logged struct {
	testing.TB
	text   strings.Builder
	failed bool
}

func (l *logged) Helper() {}

func (l *logged) Logf(format string, args ...any) {
	l.text.WriteString(fmt.Sprintf(format, args...) + "\n")
}

func (l *logged) Error(args ...any) { l.failed = true }

func (l *logged) Failed() bool { return l.failed }

// TestExhaustive: no schedule without preemptions loses an update, and one with a preemption does.
func TestExhaustive(t *testing.T) {
	t.Setenv("REPRISE_ARTIFACTS", t.TempDir())
	for preemptions, want := range []string{
		"every schedule with at most 0 preemptions passes (", "one with 1 preemption fails; ",
	} {
		l := &logged{TB: t}
		Check(l, lostUpdate, Exhaustive(preemptions))
		if got := l.text.String(); !strings.Contains(got, want) || l.failed != (preemptions == 1) {
			t.Errorf("%d preemptions: failed = %v, log:\n%swant %q", preemptions, l.failed, got, want)
		}
	}
	l := &logged{TB: t}
	Check(l, func(s *simsched.Sim) error { s.Yield(); return nil }, Exhaustive(3))
	if got := l.text.String(); !strings.Contains(got, "every schedule passes (1 of them, 1 order of operations)") {
		t.Errorf("a program of one task: %s", got)
	}
}

// TestEveryOrder: an update is lost in some order, and none if additions are single operations.
func TestEveryOrder(t *testing.T) {
	t.Setenv("REPRISE_ARTIFACTS", t.TempDir())
	l := &logged{TB: t}
	Check(l, lostUpdate, EveryOrder())
	if got := l.text.String(); !strings.Contains(got, "one fails; ") || !l.failed {
		t.Errorf("failed = %v, log:\n%s", l.failed, got)
	}
	l = &logged{TB: t}
	Check(l, func(s *simsched.Sim) error {
		n, wg := simsched.NewAtomic(s, 0), s.NewWaitGroup("tasks")
		for range 2 {
			wg.Go("increment", func() { simsched.AddAtomic(n, 1) })
		}
		wg.Wait()
		return nil
	}, EveryOrder())
	if got := l.text.String(); !strings.Contains(got, "every order of dependent operations passes (") || l.failed {
		t.Errorf("failed = %v, log:\n%s", l.failed, got)
	}
}

// TestExhaustiveSetting: the setting of the command replaces seeds.
func TestExhaustiveSetting(t *testing.T) {
	t.Setenv("REPRISE_EXHAUSTIVE", "0")
	l := &logged{TB: t}
	Check(l, lostUpdate)
	if got := l.text.String(); !strings.Contains(got, "every schedule with at most 0 preemptions passes (") {
		t.Errorf("log:\n%s", got)
	}
}

package event

import (
	"fmt"
	"testing"
)

// The numbers of the enumerations are on the wire and their names in every report: both are pinned here as literals.

func TestEnumNames(t *testing.T) {
	for _, c := range []struct {
		value  fmt.Stringer
		number uint8
		want   string
	}{
		{OutcomeOK, 0, "ok"},
		{OutcomeErr, 1, "err"},
		{OutcomeCancelled, 2, "cancelled"},
		{OutcomePanicked, 3, "panicked"},
		{Outcome(4), 4, "outcome(4)"},
		{CancelUser, 0, "user"},
		{CancelTimeout, 1, "timeout"},
		{CancelFailFast, 2, "fail-fast"},
		{CancelRaceLost, 3, "race-lost"},
		{CancelParent, 4, "parent"},
		{CancelShutdown, 5, "shutdown"},
		{CancelKind(6), 6, "cancel(6)"},
		{ChaosCancel, 0, "cancel"},
		{ChaosDelay, 1, "delay"},
		{ChaosIOError, 2, "io-error"},
		{ChaosWakeupStorm, 3, "wakeup-storm"},
		{ChaosBudget, 4, "budget"},
		{ChaosKind(255), 255, "chaos(255)"},
		{Readiness(0), 0, "none"},
		{Readable, 1, "readable"},
		{Writable, 2, "writable"},
		{Error, 4, "error"},
		{Hangup, 8, "hangup"},
		{Readiness(15), 15, "readable|writable|error|hangup"},
		{Readiness(0x91), 0x91, "readable|0x90"},
	} {
		if got := c.value.String(); got != c.want {
			t.Errorf("%T(%d) is named %q, want %q", c.value, c.number, got, c.want)
		}
		if got := fmt.Sprintf("%d", c.value); got != fmt.Sprint(c.number) {
			t.Errorf("%T %s has the number %s, want %d", c.value, c.want, got, c.number)
		}
	}
}

func TestCancelKindValid(t *testing.T) {
	for n := range 256 {
		if got, want := CancelKind(n).Valid(), n <= 5; got != want {
			t.Errorf("CancelKind(%d).Valid() = %v, want %v", n, got, want)
		}
	}
}

func TestReadinessHas(t *testing.T) {
	for r := range Readiness(16) {
		for f := range Readiness(16) {
			if got, want := r.Has(f), r|f == r; got != want {
				t.Errorf("Readiness %v: Has(%v) = %v, want %v", r, f, got, want)
			}
		}
	}
}

func TestIDNames(t *testing.T) {
	for _, c := range []struct {
		id   fmt.Stringer
		want string
	}{
		{TaskID(0), "T0"},
		{NewTaskID(3, 0), "T3"},
		{NewTaskID(3, 1), "T3g1"},
		{TaskID(1<<64 - 1), "T4294967295g4294967295"},
		{RegionID(0), "R0"},
		{NewRegionID(7, 2), "R7g2"},
	} {
		if got := c.id.String(); got != c.want {
			t.Errorf("%#x is named %s, want %s", c.id, got, c.want)
		}
	}
}

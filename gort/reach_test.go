//go:build linux && (amd64 || arm64)

package gort

import (
	"strings"
	"testing"
)

// TestReach checks that a goroutine is left behind exactly if no code that may still run reaches what it waits for: not
// if a global variable, a pending timer, a finalizer or a cleanup does.
func TestReach(t *testing.T) {
	r := map[bool]Verdict{true: Leaked, false: Passed}
	for _, test := range []string{
		"TestKeptSend", "TestKeptOnce", "TestKeptMap", "TestKeptFinalizer", "TestKeptCleanup", "TestKeptTimer",
		"TestLostWorker", "TestLostContext", "TestLostPair", "TestLostStoppedTimer", "TestLostFiredTimer", "TestLostTicker",
		"TestLostNil", "TestLostGenerator", "TestLostBesideSleeper", "TestLateSignal",
	} {
		o := mustRun(t, corpus(t), test, Control{Seed: 1})
		if want := r[strings.HasPrefix(test, "TestLost")]; o.Verdict != want {
			t.Errorf("%s: want %v: %s", test, want, o.describe())
		}
	}
}

// TestHangs checks that a test that can never end is a deadlock although other goroutines go on, and that a replay ends
// at the same decision.
func TestHangs(t *testing.T) {
	for test, stuck := range map[string]int{"TestHangBesideTicker": 1, "TestHangBesidePoller": 2} {
		// lint: order does not matter because the cases are independent
		o := mustRun(t, corpus(t), test, Control{Seed: 1})
		text := o.Failure()
		if o.Verdict != Deadlocked || !strings.HasPrefix(text, "the test can never end, although other goroutines go on: ") ||
			strings.Count(text, "waits:") != stuck {
			t.Errorf("%s: %s\n%s", test, o.Verdict, text)
		}
		p := mustRun(t, corpus(t), test, Control{Choices: o.Recording.Choices()})
		if d := differ(t, o, p); d != "" {
			t.Errorf("%s: the replay differs in %s; mismatch %v", test, d, p.Mismatch)
		}
	}
}

// TestLogsLate checks that a goroutine which uses its test after the end of the process is no failure.
func TestLogsLate(t *testing.T) {
	for seed := range uint64(4) {
		o := mustRun(t, corpus(t), "TestLogsLate", Control{Seed: seed})
		if o.Verdict != Passed || !strings.Contains(string(o.Output), "used the test") {
			t.Errorf("seed %d: %s\n%s", seed, o.describe(), o.Output)
		}
	}
}

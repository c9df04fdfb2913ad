//go:build linux && (amd64 || arm64)

package gotest

import (
	"os"
	"testing"
)

// kernels are the bugs of testdata/kernels: small programs with bugs of the kinds that studies of real Go programs
// describe. They were written before they were tried. The runs are at most ten times those that were needed then.
var kernels = []bug{
	{"TestLockAcrossSend", []string{"deadlock"}, 20},
	{"TestReturnWithLock", []string{"deadlock"}, 50},
	{"TestWaitUnderLock", []string{"deadlock"}, 20},
	{"TestWrongWaiter", []string{"deadlock"}, 100},
	{"TestOnceReentry", []string{"deadlock"}, 50},
	{"TestPanickedCall", []string{"deadlock"}, 20},
	{"TestTimerDrain", []string{"timing"}, 100},
	{"TestDroppedNotify", []string{"deadlock"}, 100},
	{"TestFirstError", []string{"leak"}, 50},
	{"TestForgottenWaiter", []string{"deadlock"}, 50},
	{"TestSharedBuffer", []string{"test failure", "data race"}, 50},
	{"TestWrongShard", []string{"data race", "fatal error"}, 100},
	{"TestClosedEarly", []string{"data race", "panic", "test failure"}, 50},
	{"TestUsedBeforeSet", []string{"data race", "panic"}, 50},
	{"TestReusedNode", []string{"test failure"}, 100},
	{"TestLazyFlag", []string{"test failure"}, 50},
	{"TestDebounce", []string{"timing"}, 200},
	{"TestLoadThenStore", []string{"test failure"}, 50},
	{"TestReadersWrite", []string{"data race"}, 20},
	{"TestCopiedLock", []string{"data race"}, 20},
	{"TestGroupLeft", []string{"data race", "panic"}, 50},
	{"TestCancelledOrLate", []string{"timing"}, 100},
	{"TestContextLeak", []string{"leak"}, 50},
	{"TestStoredCancel", []string{"data race"}, 20},
	{"TestGroupError", []string{"data race"}, 20},
	{"TestNestedLimit", []string{"deadlock"}, 20},
	{"TestTimerStop", []string{"test failure"}, 50},
	{"TestTimerVariable", []string{"panic", "data race"}, 50},
	{"TestReturnedMap", []string{"data race", "fatal error"}, 100},
	{"TestUpgradedLock", []string{"test failure"}, 50},
	{"TestReadTwice", []string{"deadlock"}, 100},
	{"TestSelectClose", []string{"panic"}, 50},
	{"TestSendAfterClose", []string{"panic", "data race"}, 50},
	{"TestLostReply", []string{"deadlock"}, 20},
	{"TestHandlerTimeout", []string{"data race"}, 20},
	{"TestLoadThenAdd", []string{"test failure"}, 100},
	{"TestLogAfterEnd", []string{"panic"}, 20},
}

// TestKernels: with the default settings each bug is found and replayed, and in 20 runs of its twin nothing is found.
// With REPRISE_GORT_SLOW=1 these are all kernels, and 200 runs of each twin; otherwise every fourth kernel.
func TestKernels(t *testing.T) {
	some, twins := kernels, 200
	if os.Getenv("REPRISE_GORT_SLOW") != "1" {
		some, twins = nil, 20
		for i := 0; i < len(kernels); i += 4 {
			some = append(some, kernels[i])
		}
	}
	huntAll(t, buildCorpus(t, "kernels"), some, twins)
}

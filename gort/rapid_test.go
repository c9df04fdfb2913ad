package gort

import (
	"testing"

	"github.com/reprise-go/reprise/internal/record"
)

// TestProperty: what a property drew, and whether rapid could make its failure again, does not matter.
func TestProperty(t *testing.T) {
	of := func(log string) string {
		o := &Outcome{Verdict: Failed, Exit: 1, Output: []byte("=== RUN   TestX\n" + log + "--- FAIL: TestX (0.00s)\nFAIL\n")}
		o.Recording = &record.Recording{}
		return o.Signature()
	}
	const failed = "    x_test.go:12: [rapid] failed after 3 tests: lost 5\n" +
		"        To reproduce, specify -run=\"TestX\" -rapid.seed=123\n        Failed test output:\n" +
		"    x_test.go:14: [rapid] draw name: \"a\"\n    x_test.go:15: lost 5\n"
	const drew = "    x_test.go:12: [rapid] failed after 0 tests: lost 7\n" +
		"        To reproduce, specify -run=\"TestX\" -rapid.seed=99\n        Failed test output:\n" +
		"    x_test.go:14: [rapid] draw name: \"b\"\n    x_test.go:14: [rapid] draw list: []string{}\n    x_test.go:15: lost 7\n"
	const flaky = "    x_test.go:12: [rapid] flaky test, can not reproduce a failure\n" +
		"        To try to reproduce, specify -run=\"TestX\" -rapid.seed=7\n        Traceback (<nil>):\n" +
		"        Original traceback (lost 2):\n            x_test.go:15 in m.TestX.func1\n        Failed test output:\n"
	const other = "    x_test.go:12: [rapid] failed after 3 tests: found 5\n"
	if of(failed) != of(drew) || of(failed) != of(flaky) {
		t.Errorf("signatures of one bug: %s, %s, %s", of(failed), of(drew), of(flaky))
	}
	if of(failed) == of(other) || of(failed) == of("    x_test.go:15: lost 5\n") {
		t.Error("signatures of two bugs are equal")
	}
}

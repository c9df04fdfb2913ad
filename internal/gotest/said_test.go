package gotest

import "testing"

func TestSaid(t *testing.T) {
	for _, c := range []struct{ output, failure, want string }{
		{"=== RUN   TestX\nhello\n    x_test.go:3: wrong\nafter\n--- FAIL: TestX (0.00s)\nFAIL\n", "x_test.go:3: wrong",
			"hello\nafter"},
		{"=== RUN   TestX\nbefore\n--- FAIL: TestX (0.00s)\npanic: boo\n\ngoroutine 7 [running]:\nmain.f()\n", "panic: boo",
			"before"},
		{"=== RUN   TestX\nhello\n    x_test.go:3: \n        \tError:      \tNot equal\n--- FAIL: TestX (0.00s)\n",
			"fails when 0.1 is 2ms late: x_test.go:3: Not equal\n    \tError:      \tNot equal", "hello"},
		{"=== RUN   TestX\n==================\nWARNING: DATA RACE\nRead at\n", "data race", ""},
		{"=== RUN   TestX\n    --- FAIL: TestX/a (0.00s)\n", "", ""},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n", "",
			"… 2 lines before\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14"},
	} {
		if got := said([]byte(c.output), c.failure); got != c.want {
			t.Errorf("%q: %q, want %q", c.output, got, c.want)
		}
	}
}

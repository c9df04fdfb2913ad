package gort

import "testing"

// TestLabels: headers of stacks may have labels, since Go 1.27, and a state with several parts.
func TestLabels(t *testing.T) {
	for line, want := range map[string]string{
		"goroutine 7 [running]:":                              "running",
		"goroutine 7 [chan receive, 5 minutes]:":              "chan receive",
		"goroutine 7 [chan receive] {request: 5, \"a]\": b}:": "chan receive",
		"goroutine 7 gp=0x1 m=0 mp=0x2 [select] {k: v}:":      "select",
	} {
		if !isStack(line) {
			t.Errorf("%q is no stack", line)
			continue
		}
		if s, _ := parseStack([]string{line, "main.main()", "\t/m/x.go:7 +0x1"}); s.state != want || len(s.frames) != 1 {
			t.Errorf("%q has the state %q and %d frames", line, s.state, len(s.frames))
		}
	}
	for _, line := range []string{"goroutine 7 [running]", "goroutine {a}:", "x [running]:"} {
		if isStack(line) {
			t.Errorf("%q is a stack", line)
		}
	}
}

package gotest

import (
	"strings"
	"testing"
)

func TestRecordedClock(t *testing.T) {
	if clock, err := recordedClock(""); err != nil || !clock.Equal(firstClock) {
		t.Errorf("a recording without a clock: %v, %v", clock, err)
	}
	for _, text := range []string{"x", "now", "2026-11-17", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z"} {
		if clock, err := recordedClock(text); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q is %v, %v", text, clock, err)
		}
	}
}

package gotest

import (
	"fmt"
	"time"

	"github.com/reprise-go/reprise/internal/wire"
)

// firstClock is where the clock of recordings started that were made before it could be set.
var firstClock = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// recordedClock returns where the clock of a recording started. text is its tracefile.KeyClock, "" if it has none.
func recordedClock(text string) (time.Time, error) {
	if text == "" {
		return firstClock, nil
	}
	t, ok := wire.ParseClock(text)
	if !ok {
		return t, fmt.Errorf("gotest: the recording has a wrong start of the clock: %q", text)
	}
	return t, nil
}

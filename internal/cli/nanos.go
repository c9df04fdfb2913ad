package cli

import (
	"fmt"
	"math"
	"time"
)

// nanos shows a virtual time, or a length of it, for people.
func nanos(n uint64) string {
	if n > math.MaxInt64 {
		return fmt.Sprintf("%dns", n)
	}
	return time.Duration(n).String()
}

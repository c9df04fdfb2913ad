package base

import (
	"fmt"
	"math"
	"time"
)

// Nanos formats a virtual time or duration for people.
func Nanos(n uint64) string {
	if n > math.MaxInt64 {
		return fmt.Sprintf("%dns", n)
	}
	return time.Duration(n).String()
}

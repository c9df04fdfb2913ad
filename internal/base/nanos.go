package base

import (
	"fmt"
	"math"
	"time"
)

// Nanos shows a virtual time, or a length of it, for people.
func Nanos(n uint64) string {
	if n > math.MaxInt64 {
		return fmt.Sprintf("%dns", n)
	}
	return time.Duration(n).String()
}

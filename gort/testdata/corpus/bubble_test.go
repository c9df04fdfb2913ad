package corpus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestBubble prints in which order functions run that timers of a bubble start at one time.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 6 {
			time.AfterFunc(time.Second, func() { fmt.Print(i) })
		}
		time.Sleep(time.Minute)
		fmt.Println()
	})
}

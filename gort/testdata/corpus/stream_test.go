package corpus

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestStreams draws in two goroutines; the edited program draws once more in the first.
func TestStreams(t *testing.T) {
	first, second := make(chan uint64), make(chan uint64)
	go func() {
		for range extraDraws {
			rand.Uint64()
		}
		first <- rand.Uint64()
	}()
	go func() { second <- rand.Uint64() }()
	<-first
	fmt.Println(<-second)
}

// Package plain has no TestMain, and a flag that draws.
package plain

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
)

func init() {
	flag.Func("draw", "draw a number", func(string) error {
		fmt.Println("drew", rand.Uint64())
		return nil
	})
}

func TestNothing(*testing.T) {}

package strategy_test

import (
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/strategy"
)

// Strategies are found by name, as --strategy does it.
func ExampleFind() {
	fmt.Println(slices.Contains(strategy.Names(), "pct"), strategy.Find("pct") != nil, strategy.Find("none") != nil)
	// Output: true true false
}

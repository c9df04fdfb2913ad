package source_test

import (
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// A trace in memory as a source: the events come one by one, until io.EOF.
func ExampleFromTrace() {
	trace := event.NewTrace(event.NewMetadata(42))
	trace.Append(event.RngSeed(42))
	c := source.FromTrace(trace)
	first, err := c.Next()
	fmt.Println(first, err)
	_, err = c.Next()
	fmt.Println(err)
	// Output:
	// RngSeed seed=42 <nil>
	// EOF
}

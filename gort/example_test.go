//go:build linux && (amd64 || arm64)

package gort_test

import (
	"context"
	"fmt"
	"log"

	"github.com/reprise-go/reprise/gort"
)

// A test is built with a runtime under control, and run from seeds. A failing run would be repeated by
// Control.Choices.
func Example() {
	ctx := context.Background()
	binary, err := gort.Build(ctx, ".", "github.com/reprise-go/reprise/examples/pool", gort.BuildConfig{})
	if err != nil {
		log.Fatal(err)
	}
	defer binary.Close()
	runner, err := binary.Runner("TestClose", gort.Control{})
	if err != nil {
		log.Fatal(err)
	}
	defer runner.Close()
	for seed := range uint64(5) {
		run, err := runner.Run(ctx, gort.Control{Seed: seed})
		if err != nil {
			log.Fatal(err)
		}
		if run.Verdict != gort.Passed {
			fmt.Println(run.Failure())
		}
	}
	fmt.Println("5 runs")
	// Output: 5 runs
}

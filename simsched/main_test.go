package simsched

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// renderVar makes the test binary print all goldens instead of running tests; TestGoldensInAnotherProcess sets it.
const renderVar = "SIMSCHED_RENDER_GOLDENS"

func TestMain(m *testing.M) {
	if os.Getenv(renderVar) != "" {
		if _, err := os.Stdout.WriteString(renderAll()); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

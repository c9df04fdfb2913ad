package tracefile_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(killPathVar) != "" {
		runKillChild()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeBig()
		os.Exit(code)
	}))
}

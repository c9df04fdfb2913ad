// Package called has a TestMain that is too large to be inlined.
package called

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("drew", rand.Uint64())
	os.Exit(m.Run())
}

func TestNothing(*testing.T) {}

// Package inlined has a TestMain that is inlined into main.main.
package inlined

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestMain(m *testing.M) { run(m) }

func run(m *testing.M) {
	fmt.Println("drew", rand.Uint64())
	m.Run()
}

func TestNothing(*testing.T) {}

//go:build linux && (amd64 || arm64)

package tutorial_test

import "testing"

// TestOrdinary checks docs/ordinary.md.
func TestOrdinary(t *testing.T) { check(t, "../../docs/ordinary.md", "examples/pool") }

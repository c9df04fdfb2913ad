//go:build edited

package corpus

import "testing"

// note is called in every deposit.
func (a *account) note() { _ = a.get() }

// extraDraws is how many values TestStreams draws before the one that counts.
const extraDraws = 1

func TestAnother(*testing.T) {}

func TestAAA(*testing.T) {}

// mended is about TestSpinBug.
const mended = true

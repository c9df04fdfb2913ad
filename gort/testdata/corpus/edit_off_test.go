//go:build !edited

package corpus

// note is called in every deposit.
func (a *account) note() {}

// extraDraws is how many values TestStreams draws before the one that counts.
const extraDraws = 0

// mended is about TestSpinBug.
const mended = false

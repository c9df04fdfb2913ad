//go:build !(linux && (amd64 || arm64))

package faults

// ask reports that there is no simulated network on this system.
func ask(request) bool { return false }

// askPair does the same.
func askPair(pair) bool { return false }

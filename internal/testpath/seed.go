package testpath

import (
	"fmt"
	"hash/fnv"
)

// Seed returns the form of a seed in names of subtests and files.
func Seed(seed uint64) string { return fmt.Sprintf("seed=0x%016x", seed) }

// DeriveSeed returns seed number of a test, a function of the name and the number that is the same on every
// machine: the FNV-1a hash of the name plus the number, mixed by SplitMix64.
func DeriveSeed(test string, number int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(test))
	return Mix(h.Sum64() + uint64(number)*0x9e3779b97f4a7c15)
}

// Mix is the output function of SplitMix64.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

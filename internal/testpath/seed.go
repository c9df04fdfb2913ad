package testpath

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
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

// SeedForm describes the syntax of [ParseSeeds] for error messages.
const SeedForm = "numbers from 0 to 18446744073709551615, decimal or hex as in 0x4d2, with commas between"

// ParseSeed parses a seed, decimal or hexadecimal.
func ParseSeed(s string) (uint64, bool) {
	digits, base := s, 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		digits, base = hex, 16
	}
	if strings.ContainsAny(digits, "+-_") {
		return 0, false
	}
	v, err := strconv.ParseUint(digits, base, 64)
	return v, err == nil
}

// ParseSeeds parses seeds separated by commas.
func ParseSeeds(s string) (list []uint64, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		seed, ok := ParseSeed(strings.TrimSpace(part))
		if !ok {
			return nil, false
		}
		list = append(list, seed)
	}
	return list, true
}

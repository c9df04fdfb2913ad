package wire

import (
	"strconv"
	"strings"
)

// SeedForm describes what [parseSeeds] accepts.
const SeedForm = "numbers from 0 to 18446744073709551615, decimal or hex as in 0x4d2, with commas between"

// ParseSeed parses a seed or an index, decimal or hex.
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

// parseSeeds parses seeds with commas between.
func parseSeeds(s string) (list []uint64, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		seed, ok := ParseSeed(strings.TrimSpace(part))
		if !ok {
			return nil, false
		}
		list = append(list, seed)
	}
	return list, true
}

// parseUpTo parses a number from 1 to most.
func parseUpTo(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= most
}

func parseBool(s string) (bool, bool) {
	b, err := strconv.ParseBool(s)
	return b, err == nil
}

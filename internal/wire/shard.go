package wire

import (
	"strconv"
	"strings"
)

// Share is one of several parts of the seeds of a test, of which all parts together are the whole. The zero Share is
// the whole.
type Share struct {
	Index int // from 0
	Count int // number of parts; 0 means 1
}

const (
	shardForm = "I/N, with I from 1 to N, and N up to 10000"
	maxShards = 10000
)

// Number returns the number of seed i of the share among all seeds of the test.
func (s Share) Number(i int) int { return i*max(s.Count, 1) + s.Index }

// of returns how many of the first n seeds of the test belong to the share.
func (s Share) of(n int) int {
	count := max(s.Count, 1)
	return (n + count - 1 - s.Index) / count
}

// Part returns how many seeds the share runs of a campaign of n, at least one; n is 0 if only time limits it.
func (s Share) Part(n int) int {
	if n == 0 {
		return 0
	}
	return max(s.of(n), 1)
}

// First reports whether the share has the first seed. What is run once for a test, such as its pinned recordings, is
// run with that share.
func (s Share) First() bool { return s.Index == 0 }

func parseShard(text string) (s Share, ok bool) {
	index, count, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	return Share{i - 1, n}, err == nil && err2 == nil && 1 <= i && i <= n && n <= maxShards
}

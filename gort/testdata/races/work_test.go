package races

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"os"
	"strconv"
	"testing"
)

// The programs of the benchmarks; REPRISE_WORK is how often they do their work, 0 in tests.

func rounds() int {
	n, _ := strconv.Atoi(os.Getenv("REPRISE_WORK"))
	return n
}

type tree struct {
	left, right *tree
	value       int
}

func grow(depth int) *tree {
	if depth == 0 {
		return nil
	}
	return &tree{grow(depth - 1), grow(depth - 1), depth}
}

func (n *tree) sum() int {
	if n == nil {
		return 0
	}
	return n.value + n.left.sum() + n.right.sum()
}

func TestWorkTree(t *testing.T) {
	root := grow(12)
	for range rounds() {
		sinkInt = root.sum()
	}
}

func TestWorkSlice(t *testing.T) {
	s := make([]int, 4096)
	for range rounds() {
		for i := range s {
			s[i] += i
		}
	}
	sinkInt = s[1]
}

func TestWorkMap(t *testing.T) {
	m := map[int]int{}
	for range rounds() {
		for i := range 1024 {
			m[i] += i
		}
	}
	sinkInt = len(m)
}

func TestDigestFixed(t *testing.T) {
	sums := make(chan []byte, 2)
	for range 2 {
		go func() {
			h := hmac.New(sha256.New, []byte("key"))
			h.Write([]byte("text"))
			sums <- h.Sum(nil)
		}()
	}
	if a, b := <-sums, <-sums; !hmac.Equal(a, b) || subtle.ConstantTimeByteEq(a[0], b[0]) != 1 {
		t.Error("two digests of one text differ")
	}
}

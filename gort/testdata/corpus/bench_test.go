package corpus

import (
	"crypto/sha256"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"testing"
)

// rounds returns how often a benchmark repeats what it does: n, or what CORPUS_ROUNDS says.
func rounds(n int) int {
	if set, err := strconv.Atoi(os.Getenv("CORPUS_ROUNDS")); err == nil {
		return set
	}
	return n
}

// TestBenchPing makes 200,000 decisions.
func TestBenchPing(t *testing.T) {
	there, back := make(chan int), make(chan int)
	go func() {
		for v := range there {
			back <- v
		}
		close(back)
	}()
	for i := range rounds(100_000) {
		there <- i
		<-back
	}
	close(there)
}

// TestBenchLock locks and unlocks a mutex for which nobody waits.
func TestBenchLock(t *testing.T) {
	var mu sync.Mutex
	n := 0
	for range rounds(10) {
		mu.Lock()
		n++
		mu.Unlock()
	}
}

// TestBenchCPU computes and allocates, in one goroutine.
func TestBenchCPU(t *testing.T) {
	counts := map[string]int{}
	for round := range 3 {
		var words []string
		for i := range 100_000 {
			words = append(words, fmt.Sprint("w", (i*7919+round)%100_003))
		}
		sort.Strings(words)
		h := sha256.New()
		for _, w := range words {
			counts[w]++
			h.Write([]byte(w))
		}
	}
	if len(counts) == 0 {
		t.Error("no words")
	}
}

// TestForever never ends.
func TestForever(t *testing.T) {
	if testing.Short() {
		return
	}
	for {
	}
}

// TestBenchmarkWithin measures within a test, in a loop without points.
func TestBenchmarkWithin(t *testing.T) {
	x := 0
	r := testing.Benchmark(func(b *testing.B) {
		for i := range b.N {
			x += i
		}
	})
	if r.N != 1000 {
		t.Error(r.N, x)
	}
}

// TestBenchmarkAllocates measures how often an iteration allocates, which is never, although the start of the benchmark
// does so.
func TestBenchmarkAllocates(t *testing.T) {
	start := make([]*int, 0, 600)
	r := testing.Benchmark(func(b *testing.B) {
		start = start[:0]
		for i := range 600 {
			start = append(start, &i)
		}
		for range b.N {
			*start[0]++
		}
	})
	if n := r.AllocsPerOp(); n != 0 {
		t.Errorf("%d allocations in an iteration, with N %d", n, r.N)
	}
}

package corpus

import (
	crand "crypto/rand"
	"fmt"
	"hash/maphash"
	"math/rand"
	randv2 "math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// TestRandom prints everything random that a program can see.
func TestRandom(t *testing.T) {
	m := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9}
	p := map[*int]int{}
	for i := range 20 {
		p[new(int)] = i
	}
	for k := range m {
		fmt.Print(k)
	}
	for _, v := range p {
		fmt.Print(" ", v)
	}
	b := make([]byte, 8)
	_, _ = crand.Read(b)
	fmt.Println(rand.Int63(), randv2.Uint64(), b, maphash.String(maphash.MakeSeed(), "x"), p)
}

// TestGarbage makes the collector run many times while goroutines share a lock and a pool.
func TestGarbage(t *testing.T) {
	var mu sync.Mutex
	pool := sync.Pool{New: func() any { return new([4096]byte) }}
	total := 0
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 1000 {
				b := make([]byte, 10_000+i+j)
				x := pool.Get()
				mu.Lock()
				total += len(b)
				mu.Unlock()
				pool.Put(x)
			}
		})
	}
	wg.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.NumGC < 3 {
		t.Errorf("the collector ran %d times", stats.NumGC)
	}
}

package canary

import (
	"sync"
	"testing"
)

func TestRaceBug(t *testing.T) {
	n := 0
	both(func() { n++ }, func() { n++ })
}

func TestRaceFixed(t *testing.T) {
	var s store
	both(func() { s.add(1) }, func() { s.add(1) })
}

func TestMapBug(t *testing.T) {
	m := map[string]int{"a": 1}
	both(func() { m["b"] = 2 }, func() { _ = m["a"] })
}

func TestMapFixed(t *testing.T) {
	var mu sync.RWMutex
	m := map[string]int{"a": 1}
	both(func() {
		mu.Lock()
		defer mu.Unlock()
		m["b"] = 2
	}, func() {
		mu.RLock()
		defer mu.RUnlock()
		_ = m["a"]
	})
}

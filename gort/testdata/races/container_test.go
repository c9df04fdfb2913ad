package races

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestMapWriteRace(t *testing.T) {
	m := map[string]int{}
	both(func() { m["a"] = 1 }, func() { m["b"] = 2 })
	sinkInt = len(m)
}

func TestMapWriteFixed(t *testing.T) {
	m := map[string]int{}
	var mu sync.Mutex
	both(guarded(&mu, func() { m["a"] = 1 }), guarded(&mu, func() { m["b"] = 2 }))
	sinkInt = len(m)
}

func TestMapReadRace(t *testing.T) {
	m := map[int]int{1: 1}
	both(func() { m[2] = 2 }, func() { sinkInt = m[1] })
}

func TestMapReadFixed(t *testing.T) { // two readers
	m := map[int]int{1: 1}
	var a, b int
	both(func() { a = m[1] }, func() { b = m[1] })
	sinkInt = a + b
}

func TestMapDeleteRace(t *testing.T) {
	m := map[int]string{1: "a", 2: "b"}
	both(func() { delete(m, 1) }, func() { sinkString = m[2] })
}

func TestMapDeleteFixed(t *testing.T) {
	var m sync.Map
	m.Store(1, "a")
	m.Store(2, "b")
	both(func() { m.Delete(1) }, func() { sinkAny, _ = m.Load(2) })
}

func TestMapRangeRace(t *testing.T) {
	m := map[string]int{"a": 1, "b": 2}
	n := 0
	both(func() { m["c"] = 3 }, func() {
		for _, v := range m {
			n += v
		}
	})
	sinkInt = n
}

func TestMapRangeFixed(t *testing.T) {
	m := map[string]int{"a": 1, "b": 2}
	c := maps.Clone(m)
	n := 0
	both(func() { m["c"] = 3 }, func() {
		for _, v := range c {
			n += v
		}
	})
	sinkInt = n
}

func TestMapLenRace(t *testing.T) {
	m := map[[2]int]bool{}
	both(func() { m[[2]int{1, 2}] = true }, func() { sinkInt = len(m) })
}

func TestMapLenFixed(t *testing.T) {
	m := map[[2]int]bool{}
	done := make(chan bool)
	both(func() { m[[2]int{1, 2}] = true; done <- true }, func() { <-done; sinkInt = len(m) })
}

func TestMapClearRace(t *testing.T) {
	m := map[int]int{1: 1}
	both(func() { clear(m) }, func() { sinkInt = m[1] })
}

func TestMapClearFixed(t *testing.T) {
	m := map[int]int{1: 1}
	var mu sync.Mutex
	both(guarded(&mu, func() { clear(m) }), guarded(&mu, func() { sinkInt = m[1] }))
}

func TestMapVariableRace(t *testing.T) { // the variable, not what it holds
	m := map[int]int{1: 1}
	both(func() { m = map[int]int{} }, func() { sinkInt = m[1] })
}

func TestMapVariableFixed(t *testing.T) {
	m := map[int]int{1: 1}
	var mu sync.RWMutex
	both(func() { mu.Lock(); m = map[int]int{}; mu.Unlock() }, func() { mu.RLock(); sinkInt = m[1]; mu.RUnlock() })
}

func TestAppendRace(t *testing.T) {
	var s []int
	both(func() { s = append(s, 1) }, func() { s = append(s, 2) })
	sinkInt = len(s)
}

func TestAppendFixed(t *testing.T) {
	var a, b []int
	both(func() { a = append(a, 1) }, func() { b = append(b, 2) })
	sinkInt = len(slices.Concat(a, b))
}

func TestAppendSharedArrayRace(t *testing.T) { // two slices, one array with room behind
	s := make([]int, 1, 8)
	var a, b []int
	both(func() { a = append(s, 1) }, func() { b = append(s, 2) })
	sinkInt = a[1] + b[1]
}

func TestAppendSharedArrayFixed(t *testing.T) {
	s := make([]int, 1, 8)
	var a, b []int
	both(func() { a = append(s[:1:1], 1) }, func() { b = append(s[:1:1], 2) })
	sinkInt = a[1] + b[1]
}

func TestSliceElementRace(t *testing.T) {
	s := make([]int, 3)
	both(func() { s[1] = 1 }, func() { s[1] = 2 })
	sinkInt = s[1]
}

func TestSliceElementFixed(t *testing.T) {
	s := make([]int, 3)
	both(func() { s[1] = 1 }, func() { s[2] = 2 })
	sinkInt = s[1]
}

func TestSliceHeaderRace(t *testing.T) {
	s := []int{1, 2}
	both(func() { s = s[:1] }, func() { sinkInt = len(s) })
}

func TestSliceHeaderFixed(t *testing.T) {
	s := []int{1, 2}
	both(func() { a := s[:1]; sinkAny = a }, func() { sinkInt = len(s) })
}

func TestCopyRace(t *testing.T) {
	a, b := make([]byte, 100), make([]byte, 100)
	both(func() { a[70] = 1 }, func() { copy(b, a) })
	sinkBytes = b
}

func TestCopyFixed(t *testing.T) {
	a, b := make([]byte, 100), make([]byte, 100)
	both(func() { a[70] = 1 }, func() { copy(b, a[:70]) })
	sinkBytes = b
}

func TestBytesToStringRace(t *testing.T) {
	b := []byte("a long enough text to be copied")
	both(func() { b[3] = 'x' }, func() { sinkString = string(b) })
}

func TestBytesToStringFixed(t *testing.T) {
	b := []byte("a long enough text to be copied")
	c := make(chan []byte, 1)
	both(func() { b[3] = 'x'; c <- b }, func() { sinkString = string(<-c) })
}

func TestSortRace(t *testing.T) {
	s := []int{3, 1, 2}
	both(func() { slices.Sort(s) }, func() { sinkInt = s[0] })
}

func TestSortFixed(t *testing.T) {
	s := []int{3, 1, 2}
	both(func() { sinkAny = slices.Sorted(slices.Values(s)) }, func() { sinkInt = s[0] })
}

func TestSendThenWriteRace(t *testing.T) { // what was sent belongs to the receiver
	c := make(chan []int, 1)
	s := []int{1}
	both(func() { c <- s; s[0] = 2 }, func() { sinkInt = (<-c)[0] })
}

func TestSendThenWriteFixed(t *testing.T) {
	c := make(chan []int, 1)
	s := []int{1}
	both(func() { c <- slices.Clone(s); s[0] = 2 }, func() { sinkInt = (<-c)[0] })
}

func TestBufferedOrderRace(t *testing.T) { // a buffered channel does not make the sender wait
	n := 0
	c := make(chan int, 1)
	both(func() { c <- 1; n = 1 }, func() { <-c; n = 2 })
	sinkInt = n
}

func TestBufferedOrderFixed(t *testing.T) {
	n := 0
	c := make(chan int)
	both(func() { n = 1; c <- 1 }, func() { <-c; n = 2 })
	sinkInt = n
}

func TestCloseRace(t *testing.T) {
	n := 0
	c := make(chan int)
	both(func() { close(c); n = 1 }, func() { <-c; n = 2 })
	sinkInt = n
}

func TestCloseFixed(t *testing.T) {
	n := 0
	c := make(chan int)
	both(func() { n = 1; close(c) }, func() { <-c; n = 2 })
	sinkInt = n
}

func TestMapOfSlicesRace(t *testing.T) {
	m := map[string][]int{"a": make([]int, 2)}
	both(func() { m["a"][0] = 1 }, func() { m["a"][0] = 2 })
	sinkAny = m
}

func TestMapOfSlicesFixed(t *testing.T) {
	m := map[string][]int{"a": make([]int, 2)}
	both(func() { m["a"][0] = 1 }, func() { m["a"][1] = 2 })
	sinkString = strings.Repeat(fmt.Sprint(len(m)), 2)
}

package cache

import "sync"

type call struct {
	done chan struct{}
	val  int
}

type flight struct {
	mu    sync.Mutex
	calls map[string]*call
}

func (f *flight) start(key string) (c *call, leader bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[key]; c != nil {
		return c, false
	}
	c = &call{done: make(chan struct{})}
	f.calls[key] = c
	return c, true
}

func (f *flight) finish(key string, c *call, v int) {
	c.val = v
	f.mu.Lock()
	delete(f.calls, key)
	f.mu.Unlock()
	close(c.done)
}

type Cache struct {
	mu      sync.Mutex
	entries map[string]int
	flight  flight
}

func New() *Cache {
	return &Cache{entries: map[string]int{}, flight: flight{calls: map[string]*call{}}}
}

func (c *Cache) lookup(key string) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.entries[key]
	return v, ok
}

func (c *Cache) store(key string, v int) {
	c.mu.Lock()
	c.entries[key] = v
	c.mu.Unlock()
}

func (c *Cache) Get(key string, load func() int) int {
	if v, ok := c.lookup(key); ok {
		return v
	}
	call, leader := c.flight.start(key)
	if !leader {
		<-call.done
		return call.val
	}
	v := load()
	c.flight.finish(key, call, v)
	c.store(key, v)
	return v
}

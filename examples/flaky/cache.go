package flaky

import (
	"sync"
	"time"
)

// Origin is the source of the values, such as a database behind a network.
type Origin interface {
	Load(key string) string
	Save(key, value string)
}

// Cache caches values of an Origin. An expired value is still returned, and refreshed in the background.
type Cache struct {
	runtime Runtime
	origin  Origin
	ttl     time.Duration
	stale   Queue // keys to refresh
	lock    sync.Locker
	entries map[string]entry
}

type entry struct {
	value      string
	expires    time.Time
	version    int // number of calls of Set
	refreshing bool
}

// NewCache returns a Cache whose values expire after ttl and are refreshed by a number of workers.
func NewCache(r Runtime, origin Origin, ttl time.Duration, workers int) *Cache {
	c := &Cache{runtime: r, origin: origin, ttl: ttl, stale: r.Queue("stale", 16), lock: r.Mutex("entries"),
		entries: map[string]entry{}}
	for range workers {
		r.Go("worker", c.work)
	}
	return c
}

// Close stops the workers.
func (c *Cache) Close() { c.stale.Close() }

// Get returns the value of a key. If it has expired, a worker refreshes it for later calls.
func (c *Cache) Get(key string) string {
	c.lock.Lock()
	e, known := c.entries[key]
	refresh := known && !e.refreshing && c.runtime.Now().After(e.expires)
	if refresh {
		e.refreshing = true
		c.entries[key] = e
	}
	c.lock.Unlock()
	switch {
	case !known:
		c.refresh(key)
		return c.Get(key)
	case refresh:
		c.stale.Send(key)
	}
	return e.value
}

// Set changes the value of a key, at the origin and in the cache.
func (c *Cache) Set(key, value string) {
	c.origin.Save(key, value)
	c.lock.Lock()
	defer c.lock.Unlock()
	c.entries[key] = entry{value: value, expires: c.runtime.Now().Add(c.ttl), version: c.entries[key].version + 1}
}

// work refreshes expired values.
func (c *Cache) work() {
	for {
		key, ok := c.stale.Recv()
		if !ok {
			return
		}
		c.refresh(key)
	}
}

// refresh loads the value of a key. It drops the result if Set changed the value in the meantime.
func (c *Cache) refresh(key string) {
	c.lock.Lock()
	version := c.entries[key].version
	c.lock.Unlock()
	value := c.origin.Load(key)
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.entries[key].version == version {
		c.entries[key] = entry{value: value, expires: c.runtime.Now().Add(c.ttl), version: version}
	}
}

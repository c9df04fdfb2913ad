package flaky

import (
	"sync"
	"time"

	"github.com/reprise-go/reprise/simsched"
)

// Runtime is the environment of the cache, so that it runs both on goroutines and in a simulation.
type Runtime interface {
	Go(name string, f func())
	Now() time.Time
	Sleep(d time.Duration)
	Mutex(name string) sync.Locker
	Queue(name string, capacity int) Queue
}

// Queue is a channel of keys.
type Queue interface {
	Send(key string)
	Recv() (key string, ok bool)
	Close()
}

// Real is the Runtime of a real program: goroutines, the clock, package sync.
type Real struct{}

var _ Runtime = Real{}

// Go implements [Runtime].
func (Real) Go(_ string, f func()) { go f() }

// Now implements [Runtime].
func (Real) Now() time.Time { return time.Now() }

// Sleep implements [Runtime].
func (Real) Sleep(d time.Duration) { time.Sleep(d) }

// Mutex implements [Runtime].
func (Real) Mutex(string) sync.Locker { return &sync.Mutex{} }

// Queue implements [Runtime].
func (Real) Queue(_ string, capacity int) Queue { return realQueue(make(chan string, capacity)) }

type realQueue chan string

// Send implements [Queue].
func (q realQueue) Send(key string) { q <- key }

// Recv implements [Queue].
func (q realQueue) Recv() (key string, ok bool) { key, ok = <-q; return key, ok }

// Close implements [Queue].
func (q realQueue) Close() { close(q) }

// Simulated is the Runtime of a test: tasks, virtual time, simulated locks and channels.
type Simulated struct{ Sim *simsched.Sim }

var _ Runtime = Simulated{}

// Go implements [Runtime].
func (r Simulated) Go(name string, f func()) { r.Sim.Go(name, func() error { f(); return nil }) }

// Now implements [Runtime].
func (r Simulated) Now() time.Time { return r.Sim.Now() }

// Sleep implements [Runtime].
func (r Simulated) Sleep(d time.Duration) { r.Sim.Sleep(d) }

// Mutex implements [Runtime].
func (r Simulated) Mutex(name string) sync.Locker { return r.Sim.NewMutex(name) }

// Queue implements [Runtime].
func (r Simulated) Queue(name string, capacity int) Queue {
	return simsched.NewChan[string](r.Sim, name, capacity)
}

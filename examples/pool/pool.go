// Package pool runs jobs on a fixed number of goroutines. It is ordinary Go code and does not know reprise;
// docs/ordinary.md shows how a bug of its first version is found, replayed and fixed.
package pool

import (
	"errors"
	"sync"
)

// ErrClosed is returned by Submit after Close.
var ErrClosed = errors.New("pool: closed")

// Pool runs jobs. Its methods may be called concurrently.
type Pool struct {
	lock    sync.RWMutex
	closed  bool
	size    int
	jobs    chan func() // a nil job ends a worker
	workers sync.WaitGroup
}

// New returns a Pool with n workers.
func New(n int) *Pool {
	p := &Pool{size: n, jobs: make(chan func(), 10)}
	for range n {
		p.workers.Go(func() {
			for job := <-p.jobs; job != nil; job = <-p.jobs {
				job()
			}
		})
	}
	return p
}

// Submit passes a job to the workers. It waits while the queue is full. Every job that Submit accepted is run.
func (p *Pool) Submit(job func()) error {
	p.lock.RLock()
	defer p.lock.RUnlock()
	if p.closed {
		return ErrClosed
	}
	p.jobs <- job
	return nil
}

// Close lets the workers run all submitted jobs, and returns when they have ended.
func (p *Pool) Close() {
	p.lock.Lock()
	first := !p.closed
	p.closed = true
	p.lock.Unlock()
	if first {
		for range p.size {
			p.jobs <- nil
		}
	}
	p.workers.Wait()
}

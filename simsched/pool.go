package simsched

import "sync"

// maxPooled is the maximum number of stacks in a Pool.
const maxPooled = 256

// Pool keeps the stacks of tasks for the next run, so that each run of a campaign need not let its stacks grow again.
// It changes no run. The zero Pool is empty. A Pool serves one run at a time: another run that uses it at the same time
// makes its own stacks. Each stack is that of a goroutine that waits; Close ends them.
type Pool struct {
	mu     sync.Mutex
	busy   bool
	closed bool
	idle   []*coroutine
}

// Close drops the stacks that p holds, and those of the run that uses p when it ends.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.end()
	}
}

// claim reserves p for a run and reports whether it was free.
func (p *Pool) claim() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy || p.closed {
		return false
	}
	p.busy = true
	return true
}

// take returns a coroutine for the run that has claimed p, a new one if p is nil or empty.
func (p *Pool) take() *coroutine {
	if p == nil {
		return newCoroutine()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return newCoroutine()
	}
	c := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return c
}

// put gives an idle coroutine of the run that has claimed p back, and reports whether p has room for it.
func (p *Pool) put(c *coroutine) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) == maxPooled {
		return false
	}
	c.sim = nil
	p.idle = append(p.idle, c)
	return true
}

// release ends the claim of a run.
func (p *Pool) release() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.busy = false
	p.mu.Unlock()
}

package simsched

// Once runs a function once, with the rules of [sync.Once].
type Once struct {
	mu   Mutex
	done bool
}

// NewOnce returns a Once whose function has not run. The name is for reports.
func (s *Sim) NewOnce(name string) *Once {
	return &Once{mu: Mutex{sim: s, name: name, id: s.objectID()}}
}

// Do calls f if it is the first call of Do for o, and returns when the first call has returned. If f panics, it
// counts as done. A call of Do inside f waits for itself, as in Go.
func (o *Once) Do(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return
	}
	defer func() { o.done = true }()
	f()
}

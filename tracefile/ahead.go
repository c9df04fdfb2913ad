package tracefile

// readAhead is a goroutine that reads blocks before they are needed. While it runs, only it uses the loader.
type readAhead struct {
	ready chan *block
	free  chan *block
	quit  chan struct{}
	over  chan struct{}
}

const aheadBlocks = 2

func startAhead(l *loader) *readAhead {
	a := &readAhead{
		ready: make(chan *block, aheadBlocks), free: make(chan *block, aheadBlocks+1),
		quit: make(chan struct{}), over: make(chan struct{}),
	}
	for range aheadBlocks {
		a.free <- &block{}
	}
	go a.work(l)
	return a
}

// work reads blocks until one has an error; that block is the last one.
func (a *readAhead) work(l *loader) {
	defer close(a.over)
	for {
		select {
		case <-a.quit:
			return
		case b := <-a.free:
			l.load(b)
			failed := b.err != nil
			a.ready <- b // never blocks: the channel has room for all blocks
			if failed {
				return
			}
		}
	}
}

// swap returns the next block and takes back a used one.
func (a *readAhead) swap(used *block) *block {
	b := <-a.ready
	select {
	case a.free <- used:
	default:
	}
	return b
}

// stopAhead ends the goroutine. The loader is at the position up to which the goroutine has read.
func (r *Reader) stopAhead() {
	if r.ahead != nil {
		close(r.ahead.quit)
		<-r.ahead.over
		r.ahead = nil
	}
}

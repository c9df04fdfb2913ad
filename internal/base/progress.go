package base

import (
	"fmt"
	"io"
	"time"
)

// progress tells on a terminal how far a long reading has come. The zero progress tells nothing.
type progress struct {
	w     io.Writer // nil if nobody looks
	name  string
	now   func() time.Time
	next  time.Time // when to tell again
	shown bool
}

// ProgressEvery is the time between two lines, and before the first.
const ProgressEvery = 200 * time.Millisecond

// NewProgress returns a progress that tells on stderr if that is a terminal.
func NewProgress(stderr io.Writer, name string) *progress {
	if !IsDevice(stderr) {
		return &progress{}
	}
	return startProgress(stderr, name, time.Now)
}

func startProgress(w io.Writer, name string, now func() time.Time) *progress {
	return &progress{w: w, name: name, now: now, next: now().Add(ProgressEvery)}
}

// Tell is a [source.Config.Progress].
func (p *progress) Tell(read, size int64) {
	if p.w == nil {
		return
	}
	now := p.now()
	if now.Before(p.next) {
		return
	}
	p.next, p.shown = now.Add(ProgressEvery), true
	if size > 0 {
		fmt.Fprintf(p.w, "\r\x1b[K%s: %d%% of %d MB", p.name, 100*read/size, size/1e6)
	} else {
		fmt.Fprintf(p.w, "\r\x1b[K%s: %d MB", p.name, read/1e6)
	}
}

// Done removes the line.
func (p *progress) Done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// Say tells something else than how far a reading has come.
func (p *progress) Say(format string, args ...any) {
	if p.w == nil {
		return
	}
	now := p.now()
	if now.Before(p.next) {
		return
	}
	p.next, p.shown = now.Add(ProgressEvery), true
	fmt.Fprintf(p.w, "\r\x1b[K%s: %s", p.name, fmt.Sprintf(format, args...))
}

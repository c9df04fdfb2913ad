package base

import (
	"fmt"
	"io"
	"time"
)

// progress shows on a terminal how much of a long input has been read. The zero progress shows nothing.
type progress struct {
	w     io.Writer // nil if there is no terminal
	name  string
	now   func() time.Time
	next  time.Time // time of the next line
	shown bool
}

// ProgressEvery is the time between two lines, and before the first.
const ProgressEvery = 200 * time.Millisecond

// NewProgress returns a progress that writes to stderr if that is a terminal.
func NewProgress(stderr io.Writer, name string) *progress {
	if !IsDevice(stderr) {
		return &progress{}
	}
	return startProgress(stderr, name, time.Now)
}

func startProgress(w io.Writer, name string, now func() time.Time) *progress {
	return &progress{w: w, name: name, now: now, next: now().Add(ProgressEvery)}
}

// Tell shows the progress. It is a [source.Config.Progress].
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

// Say shows another text.
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

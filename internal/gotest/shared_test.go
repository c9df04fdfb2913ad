package gotest

import (
	"context"
	"testing"

	"github.com/reprise-go/reprise/gort"
)

// TestSharing: the second run waits for the first, and what either has written is known.
func TestSharing(t *testing.T) {
	c := &search{session: &session{program: &program{Binary: gort.Binary{Dir: "/src/p"}}}, sharing: newSharing()}
	done := c.sharing.await(t.Context())
	second := make(chan func(*gort.Outcome))
	go func() { second <- c.sharing.await(context.Background()) }()
	done(nil)
	next := <-second
	if got := c.shares(); got != "" {
		t.Errorf("nothing is shared: %q", got)
	}
	next(&gort.Outcome{Wrote: "/src/p/x.tmp"})
	c.sharing.await(t.Context())(&gort.Outcome{Wrote: "/tmp/y"})
	want := "its runs change x.tmp in the folder of the package, which all of them see, so they were made one at a time"
	if got := c.shares(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	other := "/tmp/y"
	c.sharing.wrote.Store(&other)
	if got := c.shares(); got != "its runs change /tmp/y, which all of them see, so they were made one at a time" {
		t.Errorf("%q", got)
	}
}

package simsched

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
)

// observerFunc is an Observer.
type observerFunc func(event.Event) error

func (f observerFunc) Observe(e event.Event) error { return f(e) }

// chooserFunc is a Chooser.
type chooserFunc func(*Choice) uint64

func (f chooserFunc) Choose(c *Choice) uint64 { return f(c) }

// schedules yields the Config of a run in turns and those of n random runs, each with a name for messages.
func schedules(n uint64) iter.Seq2[string, Config] {
	return func(yield func(string, Config) bool) {
		if !yield("round robin, seed 1", Config{Seed: 1, Chooser: NewRoundRobin(1)}) {
			return
		}
		for seed := range n {
			if !yield(fmt.Sprint("random, seed ", seed), Config{Seed: seed}) {
				return
			}
		}
	}
}

// inTurns is the Config of runs whose schedule a test writes down.
func inTurns() Config { return Config{Chooser: NewRoundRobin(1)} }

// record runs body and returns the events besides the error.
func record(cfg Config, body func(*Sim) error) ([]event.Event, error) {
	var events []event.Event
	cfg.Observer = observerFunc(func(e event.Event) error {
		events = append(events, e)
		return nil
	})
	err := Run(cfg, body)
	return events, err
}

// mustRun fails the test if the run fails, and returns its events.
func mustRun(t *testing.T, cfg Config, body func(*Sim)) []event.Event {
	t.Helper()
	events, err := record(cfg, func(s *Sim) error { body(s); return nil })
	if err != nil {
		t.Fatalf("Run = %v, want no error", err)
	}
	return events
}

// ofKind returns the events of some kinds as text.
func ofKind(events []event.Event, kinds ...event.Kind) []string {
	var lines []string
	for _, e := range events {
		if slices.Contains(kinds, e.Kind()) {
			lines = append(lines, e.String())
		}
	}
	return lines
}

// wantLines compares texts.
func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// wantText compares the text of an error.
func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if got := fmt.Sprint(err); got != want {
		t.Errorf("the error is\n%s\nwant\n%s", got, want)
	}
}

// wantPanic calls f, which must panic with a text.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic %v, want %q", got, want)
		}
	}()
	f()
}

// lawful checks the events of a run against the laws of the schema.
func lawful(cfg Config, events []event.Event) error {
	trace := event.NewTrace(cfg.Metadata())
	for _, e := range events {
		trace.Append(e)
	}
	return tracecheck.Check(trace)
}

// ended tells how a call of f ends, on a goroutine of its own: "returned", "goexit", or the panic.
func ended(f func()) string {
	how := make(chan string)
	go func() {
		end := "goexit"
		defer func() {
			if v := recover(); v != nil {
				end = fmt.Sprint("panic: ", v)
			}
			how <- end
		}()
		f()
		end = "returned"
	}()
	return <-how
}

// failNow ends its task as testing.T.FailNow does.
func failNow() { runtime.Goexit() }

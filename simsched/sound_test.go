package simsched

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
)

// nilError is an error whose method needs a value.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// badError is an error of which one method panics.
type badError struct{ method string }

func (e badError) call(method string) {
	if e.method == method {
		panic("boom in " + method)
	}
}

func (e badError) Error() string { e.call("Error"); return "bad" }
func (e badError) Unwrap() error { e.call("Unwrap"); return io.EOF }
func (e badError) Is(error) bool { e.call("Is"); return false }
func (e badError) As(any) bool   { e.call("As"); return false }

// badList is an error with many parts, of which asking for them panics.
type badList struct{}

func (badList) Error() string   { return "bad" }
func (badList) Unwrap() []error { panic("boom in Unwrap") }

// loop is an error that wraps itself.
type loop struct{}

func (l *loop) Error() string { return "loop" }
func (l *loop) Unwrap() error { return l }

// forked is an error that wraps itself twice.
type forked struct{}

func (f *forked) Error() string   { return "forked" }
func (f *forked) Unwrap() []error { return []error{f, f} }

// badString and badFormat are no errors, and cannot be printed.
type badString struct{}

func (badString) String() string { panic("boom in String") }

type badFormat struct{}

func (badFormat) Format(fmt.State, rune) { panic("boom in Format") }

// hostileErrors are errors, each with a part of what the error of the run must say.
var hostileErrors = []struct {
	err  error
	want string
}{
	{(*nilError)(nil), "a nil pointer of type *simsched.nilError as an error: its method Error panics"},
	{badError{"Error"}, "its method Error panics: boom in Error"},
	{badError{"Unwrap"}, "its method Unwrap panics: boom in Unwrap"},
	{badError{"Is"}, "its method Is panics: boom in Is"},
	{badError{"As"}, "its method As panics: boom in As"},
	{badList{}, "its method Unwrap panics: boom in Unwrap"},
	{&loop{}, "its method Unwrap leads to more than 65536 errors"},
	{&forked{}, "its method Unwrap leads to more than 65536 errors"},
	{errors.Join(io.EOF, badError{"Error"}), "its method Error panics: boom in Error"},
	{fmt.Errorf("wrapped: %w", badError{"Unwrap"}), "its method Unwrap panics: boom in Unwrap"},
}

// TestHostileErrors lets tasks, regions and panics of a run end in errors whose methods panic or never end. Run
// returns an error that names the task, and that can be printed, unwrapped and searched.
func TestHostileErrors(t *testing.T) {
	for _, c := range hostileErrors {
		for name, body := range map[string]func(*Sim) error{
			"worker": func(s *Sim) error {
				s.Go("worker", func() error { return c.err })
				return nil
			},
			"joined": func(s *Sim) error { return s.Go("worker", func() error { return c.err }).Join() },
			"worker in a region": func(s *Sim) error {
				return s.InRegion("region", func(*Region) error {
					s.Go("worker", func() error { return c.err })
					return nil
				})
			},
			"main":   func(*Sim) error { return c.err },
			"region": func(s *Sim) error { return s.InRegion("region", func(*Region) error { return c.err }) },
			"panicking worker": func(s *Sim) error {
				s.Go("worker", func() error { panic(c.err) })
				return nil
			},
			"panicking region": func(s *Sim) error {
				return s.InRegion("region", func(*Region) error { panic(c.err) })
			},
			"finalizer": func(s *Sim) error {
				return s.InRegion("region", func(r *Region) error {
					r.Defer(func() { panic(c.err) })
					return nil
				})
			},
		} {
			err := Run(Config{Seed: 1}, body)
			if err == nil {
				t.Errorf("%T, %s: no error", c.err, name)
				continue
			}
			text := err.Error()
			task := "main"
			if strings.Contains(name, "worker") || name == "joined" {
				task = "worker"
			}
			if !strings.Contains(text, c.want) || !strings.Contains(text, task) {
				t.Errorf("%T, %s: %s\nwant the task %s and: %s", c.err, name, text, task, c.want)
			}
			var panicked *PanicError
			if errors.As(err, &panicked) != (strings.HasPrefix(name, "panicking") || name == "finalizer") ||
				errors.Is(err, ErrLeak) {
				t.Errorf("%T, %s: of another class: %v", c.err, name, err)
			}
		}
	}
}

// TestHostilePanicValues: values of a panic that cannot be printed name the task all the same.
func TestHostilePanicValues(t *testing.T) {
	for _, v := range []any{badString{}, badFormat{}, (*nilError)(nil), badError{"Error"}} {
		err := Run(Config{Seed: 1}, func(s *Sim) error {
			s.Go("worker", func() error { panic(v) })
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "worker") || !strings.Contains(err.Error(), "PANIC") &&
			!strings.Contains(err.Error(), "panics") {
			t.Errorf("a panic with %T: %v", v, err)
		}
	}
}

// TestHostileObserver: an error of the Observer that cannot be printed ends the run like any other.
func TestHostileObserver(t *testing.T) {
	for _, c := range hostileErrors {
		err := Run(Config{Seed: 1, Observer: observerFunc(func(event.Event) error { return c.err })},
			func(*Sim) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "the Observer returned ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, want: %s", c.err, err, c.want)
		}
	}
}

package simsched

import (
	"fmt"
	"reflect"
)

// The errors of a program take part in the error of a run: its text is made of theirs, and errors.Is and errors.As go
// through them, in the driver of the run and in all callers that receive its error. A method of such an error that
// panics, or that unwraps without end, must not end the process there, where its task is unknown. So the methods of an
// error are called in the task that returned it, and if they fail, it is replaced by an error that names the task.

// mostWrapped is the maximum number of errors that an error may wrap, directly or indirectly.
const mostWrapped = 1 << 16

// soundOf is sound for an error that t returned, or panicked with.
func (s *Sim) soundOf(t *Task, did string, err error) error {
	if err == nil {
		return nil
	}
	return s.sound(fmt.Sprintf("task %v %s %s", t.id, t.name, did), err)
}

// sound returns err, or an error that says where it comes from and which method of it fails.
func (s *Sim) sound(from string, err error) error {
	fault := s.unsound(err)
	if fault == "" {
		return err
	}
	what := fmt.Sprintf("an error of type %T", err)
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		what = fmt.Sprintf("a nil pointer of type %T as an error", err)
	}
	return fmt.Errorf("simsched: %s %s: %s", from, what, fault)
}

// unsound tries the methods of err and of all that it wraps, and says what is wrong with them, "" if nothing is.
func (s *Sim) unsound(err error) (fault string) {
	x := trial{}
	defer func() {
		if x.done {
			return
		}
		v := recover()
		if s.unwinding || s.inHook {
			panic(v) // not a panic of the program
		}
		if v != nil { // else runtime.Goexit was called
			fault = fmt.Sprintf("its method %s panics: %v", x.method, v)
		}
	}()
	whole := x.try(err)
	x.done = true
	if !whole {
		return fmt.Sprintf("its method Unwrap leads to more than %d errors", mostWrapped)
	}
	return ""
}

// trial calls the methods of errors.
type trial struct {
	method string // that is being called
	seen   int
	done   bool
}

// try calls the methods of err and of what it wraps. It reports whether that comes to an end.
func (x *trial) try(err error) bool {
	for err != nil {
		if x.seen++; x.seen > mostWrapped {
			return false
		}
		x.method = "Error"
		_ = err.Error()
		if e, ok := err.(interface{ Is(error) bool }); ok {
			x.method = "Is"
			_ = e.Is(ErrDeadlock)
		}
		if e, ok := err.(interface{ As(any) bool }); ok {
			x.method = "As"
			_ = e.As(new(*PanicError))
		}
		x.method = "Unwrap"
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, part := range e.Unwrap() {
				if !x.try(part) {
					return false
				}
			}
			return true
		default:
			return true
		}
	}
	return true
}

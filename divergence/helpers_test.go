package divergence_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/source"
)

var (
	errBoom = errors.New("boom")

	// byValue compares events and values with ==, nil and empty lists as equal.
	byValue = cmp.Options{cmpopts.EquateComparable(event.Event{}, event.Value{}), cmpopts.EquateEmpty()}
)

// build makes an event of any kind from the JSON values of its fields, so that a new kind is covered without being
// named.
func build(k event.Kind, values ...any) event.Event {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":%q`, k)
	i := 0
	for f := range k.Fields() {
		fmt.Fprintf(&b, `,%q:%v`, f.Name, values[i])
		i++
	}
	b.WriteByte('}')
	var e event.Event
	if err := e.UnmarshalJSON([]byte(b.String())); err != nil {
		panic(err)
	}
	return e
}

// filled makes an event with the number n in every field.
func filled(k event.Kind, n int) event.Event {
	return build(k, slices.Repeat([]any{n}, fieldCount(k))...)
}

func fieldCount(k event.Kind) int {
	n := 0
	for range k.Fields() {
		n++
	}
	return n
}

// anyEvent draws from few values, so that equal events are common.
var anyEvent = rapid.Custom(func(t *rapid.T) event.Event {
	k := rapid.SampledFrom(slices.Collect(event.Kinds())).Draw(t, "kind")
	values := make([]any, fieldCount(k))
	for i := range values {
		values[i] = rapid.IntRange(0, 2).Draw(t, "value")
	}
	return build(k, values...)
})

func traceOf(md event.Metadata, events ...event.Event) *event.Trace {
	tr := event.NewTrace(md)
	for _, e := range events {
		tr.Append(e)
	}
	return tr
}

// cursor returns a source of events without metadata.
func cursor(events ...event.Event) source.Seeker {
	return source.FromTrace(traceOf(event.NewMetadata(0), events...))
}

// compare is Compare of sources that can be read.
func compare(t rapid.TB, expected, actual source.Source) *divergence.Divergence {
	t.Helper()
	d, err := divergence.Compare(expected, actual)
	if err != nil {
		t.Fatalf("Compare fails with %v", err)
	}
	return d
}

// wantPanic checks that f panics with a text.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got != want {
			t.Errorf("panic with %v, want %s", got, want)
		}
	}()
	f()
}

// cursorOf returns a source of a trace.
func cursorOf(tr *event.Trace) source.Source { return source.FromTrace(tr) }

// lateSource lacks the first events of its run.
type lateSource struct {
	source.Source
	sourcetest.Unknown
}

// First implements [source.Recording].
func (lateSource) First() uint64 { return 3 }

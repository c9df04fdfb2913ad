package source_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// model is the simplest possible Source: a slice and an index.
type model struct {
	events []event.Event
	pos    int
}

// at returns the result of Next.
func (m *model) at() (event.Event, error) {
	if m.pos == len(m.events) {
		return event.Event{}, io.EOF
	}
	return m.events[m.pos], nil
}

// machine drives a Source and the model side by side.
type machine struct {
	source.Seeker
	model model
}

func (m *machine) same(t *rapid.T, op string, e event.Event, err error) {
	if want, wantErr := m.model.at(); e != want || err != wantErr {
		t.Fatalf("%s at %d of %d gives %v, %v; want %v, %v", op, m.model.pos, len(m.model.events), e, err, want, wantErr)
	}
}

func (m *machine) next(t *rapid.T) {
	e, err := m.Next()
	m.same(t, "Next", e, err)
	m.model.pos = min(m.model.pos+1, len(m.model.events))
}

func (m *machine) seek(t *rapid.T) {
	n := len(m.model.events)
	in, near := rapid.Uint64Range(0, uint64(n)), rapid.Uint64Range(uint64(n), uint64(n)+3)
	index := rapid.OneOf(in, near, rapid.Uint64()).Draw(t, "index")
	err := m.Seek(index)
	if index > uint64(n) {
		if !errors.Is(err, source.ErrSeek) {
			t.Fatalf("Seek(%d) of %d events gives the error %v, want ErrSeek", index, n, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Seek(%d) of %d events: %v", index, n, err)
	}
	m.model.pos = int(index)
}

func (m *machine) pos(t *rapid.T) {
	if got := m.Pos(); got != uint64(m.model.pos) {
		t.Fatalf("Pos is %d, want %d", got, m.model.pos)
	}
}

func TestStateMachine(t *testing.T) {
	for _, impl := range implementations {
		t.Run(impl.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				tr := numbered(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(1020, 1030)).Draw(rt, "events"))
				m := &machine{impl.open(t, tr), model{events: tr.Slice(0, tr.Len())}}
				rt.Repeat(map[string]func(*rapid.T){"": m.pos, "next": m.next, "seek": m.seek})
			})
		})
	}
}

func TestSeekErrorSaysWhere(t *testing.T) {
	err := source.FromTrace(numbered(3)).Seek(9)
	if want := "source: seek to event 9 of 3: position beyond the end"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// TestReadIsNext reads in parts of every size, from all sources that implement Bulk.
func TestReadIsNext(t *testing.T) {
	tr := numbered(2500)
	for _, impl := range implementations {
		for _, size := range []int{1, 7, 32, 1000, 1024, 2500, 3000} {
			s := impl.open(t, tr)
			if bulk, ok := s.(source.Bulk); ok {
				t.Run(fmt.Sprintf("%s/%d", impl.name, size), func(t *testing.T) { readIsNext(t, s, bulk, tr, size) })
			}
		}
	}
}

// readIsNext reads from bulk, which is the source s at its first event.
func readIsNext(t *testing.T, s source.Seeker, bulk source.Bulk, tr *event.Trace, size int) {
	dst := make([]event.Event, size)
	for at := 0; ; {
		n, err := bulk.Read(dst)
		want := min(size, tr.Len()-at)
		if n != want || (err == io.EOF) != (want < size) || err != nil && err != io.EOF || s.Pos() != uint64(at+n) {
			t.Fatalf("at %d: %d, %v, Pos %d; want %d", at, n, err, s.Pos(), want)
		}
		for i, e := range dst[:n] {
			if e != tr.At(at+i) {
				t.Fatalf("event %d is %v, want %v", at+i, e, tr.At(at+i))
			}
		}
		if at += n; err == io.EOF {
			return
		}
	}
}

// TestLenOfCursor: a trace in memory knows its length.
func TestLenOfCursor(t *testing.T) {
	if n, known := source.FromTrace(numbered(25)).Len(); n != 25 || !known {
		t.Errorf("the length is %d, %v", n, known)
	}
}

package source_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// implementations lists all Seekers of this package, each with a function that opens one at the first event of a
// trace. A new Seeker needs a row here: it is then checked against the contract and driven by the state machine.
var implementations = []struct {
	name string
	open func(testing.TB, *event.Trace) source.Seeker
}{
	{"cursor", func(_ testing.TB, tr *event.Trace) source.Seeker { return source.FromTrace(tr) }},
	{"trace file", opener(source.Reprise, source.Config{})},
	{"trace file read ahead", opener(source.Reprise, source.Config{ReadAhead: true})},
	{"MessagePack file", opener(source.Msgpack, source.Config{})},
	{"JSON lines file", opener(source.JSONL, source.Config{})},
}

// contract lists the promises of the doc comments of Source and Seeker, one clause a row. A check gets a source at
// the first event of tr.
var contract = []struct {
	clause string
	check  func(t *testing.T, s source.Seeker, tr *event.Trace)
}{
	{"Metadata is that of the run, wherever the cursor is", metadataStays},
	{"Next gives every event once, in order", nextGivesAll},
	{"io.EOF stays after the last event, and is itself, not wrapped", eofStays},
	{"Pos is the index of the event at the cursor, the number of events at the end", posCounts},
	{"Seek reaches every event from every event, and the end", seekReachesAll},
	{"Seek beyond the end is ErrSeek and the cursor stays", seekBeyondStays},
	{"Seek leads back from the end", seekLeadsBack},
}

// numbered returns a trace of n events, all different.
func numbered(n int) *event.Trace {
	md := event.NewMetadata(uint64(n))
	md.Description = fmt.Sprintf("%d events", n)
	tr := event.NewTrace(md)
	for i := range n {
		tr.Append(event.RngValue(uint64(i)))
	}
	return tr
}

func TestContract(t *testing.T) {
	for _, impl := range implementations {
		for _, n := range []int{0, 1, 2, 7, 2500} { // 2500 is more than two blocks of a trace
			for _, c := range contract {
				t.Run(fmt.Sprintf("%s/%d/%s", impl.name, n, c.clause), func(t *testing.T) {
					tr := numbered(n)
					c.check(t, impl.open(t, tr), tr)
				})
			}
		}
	}
}

// TestIndependence opens two sources over one trace: moving one does not move the other.
func TestIndependence(t *testing.T) {
	for _, impl := range implementations {
		tr := numbered(5)
		a, b := impl.open(t, tr), impl.open(t, tr)
		seek(t, a, 4)
		wantNext(t, b, tr, 0)
		wantNext(t, a, tr, 4)
	}
}

func metadataStays(t *testing.T, s source.Seeker, tr *event.Trace) {
	for range tr.Len() + 2 {
		if got := s.Metadata(); got != tr.Metadata {
			t.Fatalf("Metadata at %d is %+v, want %+v", s.Pos(), got, tr.Metadata)
		}
		_, _ = s.Next() // another clause checks the events
	}
}

func nextGivesAll(t *testing.T, s source.Seeker, tr *event.Trace) {
	for i := range tr.Len() {
		wantNext(t, s, tr, i)
	}
}

func eofStays(t *testing.T, s source.Seeker, tr *event.Trace) {
	seek(t, s, tr.Len())
	for range 3 {
		if e, err := s.Next(); err != io.EOF || e != (event.Event{}) {
			t.Fatalf("Next at the end gives %v, %v; want the zero Event, io.EOF", e, err)
		}
		wantPos(t, s, tr.Len())
	}
}

func posCounts(t *testing.T, s source.Seeker, tr *event.Trace) {
	for i := range tr.Len() {
		wantPos(t, s, i)
		wantNext(t, s, tr, i)
	}
	wantPos(t, s, tr.Len())
}

func seekReachesAll(t *testing.T, s source.Seeker, tr *event.Trace) {
	step := 1 + tr.Len()/50 // in long traces only some of the pairs
	for from := 0; from <= tr.Len(); from += step {
		for to := 0; to < tr.Len(); to += step {
			seek(t, s, from)
			seek(t, s, to)
			wantNext(t, s, tr, to)
		}
	}
	seek(t, s, tr.Len())
	wantPos(t, s, tr.Len())
}

func seekBeyondStays(t *testing.T, s source.Seeker, tr *event.Trace) {
	n := uint64(tr.Len())
	for at := 0; at <= tr.Len(); at += 1 + tr.Len()/50 { // in long traces only some
		seek(t, s, at)
		for _, index := range []uint64{n + 1, n + 2, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
			if err := s.Seek(index); !errors.Is(err, source.ErrSeek) {
				t.Fatalf("Seek(%d) of %d events gives the error %v, want ErrSeek", index, n, err)
			}
			wantPos(t, s, at)
		}
		if at < tr.Len() {
			wantNext(t, s, tr, at)
		}
	}
}

func seekLeadsBack(t *testing.T, s source.Seeker, tr *event.Trace) {
	seek(t, s, tr.Len())
	_, _ = s.Next() // another clause checks for io.EOF
	seek(t, s, 0)
	nextGivesAll(t, s, tr)
}

func seek(t testing.TB, s source.Seeker, index int) {
	t.Helper()
	if err := s.Seek(uint64(index)); err != nil {
		t.Fatalf("Seek(%d): %v", index, err)
	}
}

func wantNext(t testing.TB, s source.Source, tr *event.Trace, i int) {
	t.Helper()
	if e, err := s.Next(); err != nil || e != tr.At(i) {
		t.Fatalf("Next at %d gives %v, %v; want %v", i, e, err, tr.At(i))
	}
}

func wantPos(t testing.TB, s source.Seeker, want int) {
	t.Helper()
	if got := s.Pos(); got != uint64(want) {
		t.Fatalf("Pos is %d, want %d", got, want)
	}
}

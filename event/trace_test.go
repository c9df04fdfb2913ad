package event

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The Trace is a list with metadata; these tests hold it to its documentation where the codec tests do not look.

func sampleTrace() *Trace {
	t := NewTrace(NewMetadata(42))
	for _, s := range samples {
		t.Append(s.event)
	}
	return t
}

func TestTraceAccess(t *testing.T) {
	tr := sampleTrace()
	if tr.Metadata.Version != 1 || tr.Metadata.Seed != 42 || tr.Len() != len(samples) {
		t.Fatalf("version %d, seed %d, %d events; want 1, 42, %d", tr.Metadata.Version, tr.Metadata.Seed, tr.Len(),
			len(samples))
	}
	next := 0
	for i, e := range tr.All() {
		if i != next || e != samples[i].event || tr.At(i) != e {
			t.Errorf("event %d: All gives %d %v, At gives %v, want %v", next, i, e, tr.At(i), samples[next].event)
		}
		next++
	}
	if next != len(samples) {
		t.Errorf("All yields %d events, want %d", next, len(samples))
	}
}

func TestTraceSliceIsACopy(t *testing.T) {
	tr := sampleTrace()
	part := tr.Slice(2, 5)
	if len(part) != 3 || part[0] != tr.At(2) || part[2] != tr.At(4) {
		t.Fatalf("Slice(2, 5) = %v", part)
	}
	part[0] = RngSeed(99)
	_ = append(part, RngSeed(98))
	if !tr.Equal(sampleTrace()) {
		t.Error("writing to a slice has changed the trace")
	}
}

func TestTraceEqual(t *testing.T) {
	same := sampleTrace()
	m, n := same.Metadata, same.Len()
	seed, described, more := sampleTrace(), sampleTrace(), sampleTrace()
	seed.Metadata.Seed++
	described.Metadata.Description = "x"
	more.Append(RngSeed(1))
	less, other := traceOf(m, same.Slice(0, n-1)...), traceOf(m, append(same.Slice(0, n-1), RngSeed(1))...)
	for name, tr := range map[string]*Trace{
		"the seed": seed, "the description": described, "one event more": more, "one event less": less, "one event": other,
	} {
		if tr.Equal(same) || same.Equal(tr) {
			t.Errorf("traces that differ in %s are equal", name)
		}
	}
	if !sampleTrace().Equal(same) {
		t.Error("equal traces are not equal")
	}
}

// TestTraceIsAList: a trace that grows over several blocks and is reset, against a plain slice.
func TestTraceIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := NewTrace(NewMetadata(0))
		for round := range rapid.IntRange(1, 4).Draw(t, "rounds") {
			m := NewMetadata(uint64(round))
			tr.Reset(m)
			var want []Event
			for n := range rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 3100)).Draw(t, "events") {
				e := RngValue(uint64(round)<<32 + uint64(n))
				tr.Append(e)
				want = append(want, e)
			}
			checkList(t, tr, want)
			if fresh := traceOf(m, want...); !tr.Equal(fresh) || !fresh.Equal(tr) {
				t.Fatalf("round %d: a trace of %d events after Reset is not equal to a fresh one", round, len(want))
			}
		}
	})
}

func checkList(t *rapid.T, tr *Trace, want []Event) {
	if tr.Len() != len(want) {
		t.Fatalf("length %d, want %d", tr.Len(), len(want))
	}
	next := 0
	for i, e := range tr.All() {
		if i != next || e != want[i] || tr.At(i) != e {
			t.Fatalf("event %d: All gives %d %v, At gives %v, want %v", next, i, e, tr.At(i), want[next])
		}
		next++
	}
	from := rapid.IntRange(0, len(want)).Draw(t, "from")
	to := rapid.IntRange(from, len(want)).Draw(t, "to")
	if got := tr.Slice(from, to); next != len(want) || !slices.Equal(got, want[from:to]) {
		t.Fatalf("All yields %d events, Slice(%d, %d) %d; want %d and %d", next, from, to, len(got), len(want), to-from)
	}
}

// TestTraceResetKeepsMemory: a second run of the same length costs nothing.
func TestTraceResetKeepsMemory(t *testing.T) {
	tr := NewTrace(NewMetadata(1))
	fill := func() {
		tr.Reset(NewMetadata(1))
		for range 5000 {
			tr.Append(RngValue(1))
		}
	}
	fill()
	if got := testing.AllocsPerRun(10, fill); got > 0 {
		t.Errorf("filling a trace again allocates %v times, want 0", got)
	}
}

// TestTraceReserve: what was reserved costs nothing more, and a trace that grows beyond it is as any other.
func TestTraceReserve(t *testing.T) {
	plain := NewTrace(NewMetadata(1))
	for i := range uint64(5000) {
		plain.Append(RngValue(i))
	}
	for _, n := range []int{0, 1, 15, 600, 1023, 1024, 9000} {
		tr := NewTrace(NewMetadata(1))
		tr.Reserve(n)
		i := uint64(0)
		reserved := func() {
			for range min(n, 1024) / 2 {
				tr.Append(RngValue(i))
				i++
			}
		}
		if got := testing.AllocsPerRun(1, reserved); got > 0 { // which calls it twice
			t.Errorf("%d reserved events allocate %v times, want 0", n, got)
		}
		tr.Reserve(2 * n)
		for ; i < 5000; i++ {
			tr.Append(RngValue(i))
		}
		if !tr.Equal(plain) || tr.Len() != 5000 || tr.At(4999) != RngValue(4999) {
			t.Errorf("a trace with room for %d events has other events than one without", n)
		}
	}
}

func TestTraceAllStops(t *testing.T) {
	tr := NewTrace(NewMetadata(1))
	for range 2500 {
		tr.Append(RngValue(1))
	}
	for _, stop := range []int{0, 1, 1023, 1024, 2100, 2499} {
		last := -1
		for i := range tr.All() {
			if last = i; i == stop {
				break
			}
		}
		if last != stop {
			t.Errorf("All ended at event %d, want %d", last, stop)
		}
	}
}

func TestTraceOutOfRange(t *testing.T) {
	for _, n := range []int{0, 1, 1024, 3000} {
		tr := NewTrace(NewMetadata(1))
		for range n {
			tr.Append(RngValue(1))
		}
		for name, f := range map[string]func(){
			"At(-1)":          func() { tr.At(-1) },
			"At(n)":           func() { tr.At(n) },
			"Slice(-1, 0)":    func() { tr.Slice(-1, 0) },
			"Slice(0, n+1)":   func() { tr.Slice(0, n+1) },
			"Slice(n+1, n+1)": func() { tr.Slice(n+1, n+1) },
			"Slice(1, 0)":     func() { tr.Slice(1, 0) },
		} {
			if !panics(f) {
				t.Errorf("%s of %d events does not panic", name, n)
			}
		}
	}
}

func panics(f func()) (p bool) {
	defer func() { p = recover() != nil }()
	f()
	return false
}

func TestTraceEstimatedSize(t *testing.T) {
	tr := NewTrace(NewMetadata(1))
	if got := tr.EstimatedSize(); got != 50 {
		t.Errorf("an empty trace has estimated size %d, want 50", got)
	}
	tr = traceOf(tr.Metadata, RngSeed(1), WakerBatchWake(2), ChaosInjection(ChaosDelay, 3),
		ChaosInjectionInto(1, ChaosDelay, 3))
	if got, want := tr.EstimatedSize(), 50+9+5+11+19; got != want {
		t.Errorf("estimated size %d, want %d", got, want)
	}
}

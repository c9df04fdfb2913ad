package event

import (
	"fmt"
	"iter"
	"slices"
)

// Version is the schema version that this package writes and reads.
const Version uint32 = 1

// MaxDescription is the length limit of a description in bytes.
const MaxDescription = 1 << 20

// Metadata describes the origin of a trace.
type Metadata struct {
	Version     uint32 // schema version, [Version]
	Seed        uint64 // seed of the recorded run
	RecordedAt  uint64 // recording time stamp; 0 = none. Deterministic paths use 0, so that equal runs give equal bytes
	ConfigHash  uint64 // hash of the settings that can change a run; 0 = unknown
	Description string // name of the test, or a note, in UTF-8; empty = unset, and then absent on the wire
}

// NewMetadata returns the metadata of a run with a seed: the current version, nothing else set.
func NewMetadata(seed uint64) Metadata { return Metadata{Version: Version, Seed: seed} }

// Trace is a recorded run: metadata and events. The zero Trace is empty and has no valid version; start with
// [NewTrace]. A Trace must not be appended to while it is read, and must not be copied.
type Trace struct {
	Metadata Metadata
	full     [][]Event // blocks of blockEvents each
	last     []Event   // the block that is being filled
	spare    [][]Event // empty blocks that Reset kept for reuse
}

// blockEvents is the number of events in a block: 32 KiB, the largest size that Go's allocator serves without its lock.
// An event is never copied once the first block is full.
const blockEvents = 1 << blockBits

const blockBits = 10

// NewTrace returns an empty trace.
func NewTrace(md Metadata) *Trace { return &Trace{Metadata: md} }

// Reserve makes room for n events, at most 1024, in an empty trace. It does nothing if the trace has events.
func (t *Trace) Reserve(n int) {
	if n = min(n, blockEvents); n > cap(t.last) && t.Len() == 0 {
		t.last = make([]Event, 0, n)
	}
}

// Append adds an event at the end. It panics if e is the zero Event.
func (t *Trace) Append(e Event) {
	if e.kind == 0 {
		panic("event: Trace.Append of the zero Event")
	}
	n := len(t.last)
	if n == cap(t.last) {
		t.appendGrown(e)
		return
	}
	t.last = t.last[:n+1]
	t.last[n] = e
}

// appendGrown is Append to a block that is full. With the growth in it, by append too, Append would first store the
// fields of e on its stack, for the case that it grows: 1.5 of 5 ns.
//
//go:noinline
func (t *Trace) appendGrown(e Event) {
	t.grow()
	t.last = append(t.last, e)
}

// grow makes room in last: the first block doubles, further ones are whole from the start.
func (t *Trace) grow() {
	if n := len(t.last); n < blockEvents {
		first := make([]Event, n, min(max(16, 2*n), blockEvents))
		copy(first, t.last)
		t.last = first
		return
	}
	t.full = append(t.full, t.last)
	if n := len(t.spare); n > 0 {
		t.last, t.spare = t.spare[n-1][:0], t.spare[:n-1]
		return
	}
	t.last = make([]Event, 0, blockEvents)
}

// Reset makes t an empty trace again and keeps its memory for new events.
func (t *Trace) Reset(md Metadata) {
	t.Metadata = md
	if len(t.full) > 0 {
		t.spare = append(append(t.spare, t.full[1:]...), t.last)
		t.last, t.full = t.full[0], t.full[:0]
	}
	t.last = t.last[:0]
}

// Len returns the number of events.
func (t *Trace) Len() int { return len(t.full)<<blockBits + len(t.last) }

// At returns the event with index i, from 0. It panics if i is out of range.
func (t *Trace) At(i int) Event {
	if block := i >> blockBits; block < len(t.full) {
		return t.full[block][i&(blockEvents-1)]
	}
	return t.last[i-len(t.full)<<blockBits]
}

// blocks yields the events in runs.
func (t *Trace) blocks() iter.Seq[[]Event] {
	return func(yield func([]Event) bool) {
		for _, b := range t.full {
			if !yield(b) {
				return
			}
		}
		yield(t.last)
	}
}

// All yields the events with their index.
func (t *Trace) All() iter.Seq2[int, Event] {
	return func(yield func(int, Event) bool) {
		i := 0
		for b := range t.blocks() {
			for _, e := range b {
				if !yield(i, e) {
					return
				}
				i++
			}
		}
	}
}

// Slice returns a copy of the events from index from up to but not including to. It panics if the range is not within
// the trace.
func (t *Trace) Slice(from, to int) []Event {
	if from < 0 || from > to || to > t.Len() {
		panic(fmt.Sprintf("event: Trace.Slice(%d, %d) of %d events", from, to, t.Len()))
	}
	events := make([]Event, 0, to-from)
	for i := from; i < to; i++ {
		events = append(events, t.At(i))
	}
	return events
}

// Equal reports whether two traces have equal metadata and equal events.
func (t *Trace) Equal(u *Trace) bool {
	return t.Metadata == u.Metadata && slices.EqualFunc(t.full, u.full, slices.Equal) && slices.Equal(t.last, u.last)
}

// EstimatedSize returns 50 plus the estimated sizes of the events, in bytes.
func (t *Trace) EstimatedSize() int {
	n := 50
	for _, e := range t.All() {
		n += e.EstimatedSize()
	}
	return n
}

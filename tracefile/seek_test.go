package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
	"pgregory.net/rapid"
)

// Seek and SeekTime lead where counting leads.

// seekRoads are the ways to read where any place can be reached.
var seekRoads = []road{roads[1], roads[3]}

// seekFiles are a file with an index and one without.
func seekFiles(t *testing.T, p tape) map[string][]byte {
	whole := p.file(t)
	blocks := cutBlocks(t, whole)
	for i, b := range blocks {
		if b.isType(typeEnd, typeIndex) {
			return map[string][]byte{"whole": whole, "killed": joinBlocks(blocks[:i], nil)}
		}
	}
	t.Fatal("no end in the file")
	return nil
}

func TestSeekEverywhere(t *testing.T) {
	p := tape{salt: 3, first: 50, n: 23, chunk: 4}
	for name, file := range seekFiles(t, p) {
		for _, w := range seekRoads {
			r, err := w.open(file)
			if err != nil {
				t.Fatal(err)
			}
			for from := p.first; from <= p.first+p.n; from++ {
				for to := p.first; to <= p.first+p.n; to++ {
					seekBothWays(t, p, r, name == "killed", from, to)
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// seekBothWays goes to an event, reads it, and goes to another.
func seekBothWays(t *testing.T, p tape, r *tracefile.Reader, killed bool, from, to uint64) {
	t.Helper()
	for _, index := range []uint64{from, to} {
		if err := r.Seek(index); err != nil || r.Pos() != index || r.Time() != p.time(index) {
			t.Fatalf("from %d to %d: Seek(%d) gives %v, Pos %d, Time %d, want %d ns", from, to, index, err, r.Pos(), r.Time(),
				p.time(index))
		}
		e, err := r.Next()
		switch {
		case index < p.first+p.n:
			if err != nil || e != p.event(index) || r.Site() != p.site(index) || r.Time() != p.time(index+1) {
				t.Fatalf("from %d to %d: %v, site %q, %d ns, %v; want %v", from, to, e, r.Site(), r.Time(), err, p.event(index))
			}
			if e.Kind() == event.KindTaskSpawned && r.TaskName(e.Task()) != p.name(index) {
				t.Fatalf("name %q, want %q", r.TaskName(e.Task()), p.name(index))
			}
		case killed && !errors.Is(err, tracefile.ErrTruncated), !killed && err != io.EOF:
			t.Fatalf("from %d to %d: %v, %v at the end", from, to, e, err)
		}
	}
}

// TestSeekNowhere: there is no event before the first and none after the end, and asking for one changes nothing.
func TestSeekNowhere(t *testing.T) {
	p := tape{salt: 3, first: 50, n: 23, chunk: 4}
	for name, file := range seekFiles(t, p) {
		for _, w := range roads {
			r, err := w.open(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := range uint64(2) {
				if _, err := r.Next(); err != nil {
					t.Fatal(err)
				}
				for _, index := range []uint64{0, p.first - 1, p.first + p.n + 1, 1 << 63, 1<<64 - 1} {
					if _, known := r.Len(); !known && index > p.first { // a stream would have to read on to know
						continue
					}
					if err := r.Seek(index); !errors.Is(err, tracefile.ErrSeek) || r.Pos() != p.first+i+1 {
						t.Fatalf("%s, %s: Seek(%d) gives %v and leads to %d, want ErrSeek", name, w.name, index, err, r.Pos())
					}
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if err := r.Seek(p.first); !errors.Is(err, tracefile.ErrClosed) {
				t.Fatalf("%s: Seek after Close: %v", w.name, err)
			}
		}
	}
}

// TestSeekKilledBeyond: where a killed file stops is only known after a look at all its headers.
func TestSeekKilledBeyond(t *testing.T) {
	p := tape{salt: 3, first: 50, n: 23, chunk: 4}
	r, err := openAt(seekFiles(t, p)["killed"])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Seek(p.first + p.n + 1); !errors.Is(err, tracefile.ErrSeek) || r.Pos() != p.first {
		t.Fatalf("Seek beyond the end: %v, position %d", err, r.Pos())
	}
	if e, err := r.Next(); err != nil || e != p.event(p.first) {
		t.Fatalf("%v, %v", e, err)
	}
}

// TestSeekStream: a stream goes forward only.
func TestSeekStream(t *testing.T) {
	p := tape{salt: 3, first: 50, n: 23, chunk: 4}
	file := p.file(t)
	for _, w := range []road{roads[0], roads[2]} {
		r, err := w.open(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range []uint64{50, 51, 57, 58, 72, 73} {
			if err := r.Seek(index); err != nil || r.Pos() != index || r.Time() != p.time(index) {
				t.Fatalf("%s: Seek(%d) gives %v, Pos %d", w.name, index, err, r.Pos())
			}
		}
		if err := r.Seek(55); !errors.Is(err, tracefile.ErrSeek) {
			t.Fatalf("%s: Seek back: %v", w.name, err)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("%s: %v at the end", w.name, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSeekTime compares with counting, for any events, which may set the time back.
func TestSeekTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyScript.Draw(t, "script")
		now := p.cfg.Time
		for i := range p.events { // more times, and close to each other
			if rapid.IntRange(0, 2).Draw(t, "advance") == 0 {
				now += rapid.Uint64Range(0, 3).Draw(t, "by")
				p.events[i] = event.TimeAdvanced(0, now)
			}
		}
		file, times := p.file(t), p.times()
		r, err := openAt(file)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, nanos := range append([]uint64{0, p.cfg.Time + 2, 1<<64 - 1}, times...) {
			want := 0
			for want < len(p.events) && times[want+1] < nanos {
				want++
			}
			if err := r.SeekTime(nanos); err != nil || r.Pos() != p.cfg.First+uint64(want) || r.Time() != times[want] {
				t.Fatalf("SeekTime(%d) gives %v and leads to event %d at %d ns, want %d at %d ns", nanos, err,
					r.Pos()-p.cfg.First, r.Time(), want, times[want])
			}
			p.check(t, fmt.Sprintf("after SeekTime(%d)", nanos), r, want)
			checkSeekTimeStream(t, p, file, nanos, want)
		}
	})
}

func checkSeekTimeStream(t rapid.TB, p script, file []byte, nanos uint64, want int) {
	r, err := openStream(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.SeekTime(nanos); err != nil || r.Pos() != p.cfg.First+uint64(want) {
		t.Fatalf("stream: SeekTime(%d) gives %v and leads to event %d, want %d", nanos, err, r.Pos()-p.cfg.First, want)
	}
	p.check(t, "stream", r, want)
	if nanos <= p.cfg.Time || want >= len(p.events) {
		return
	}
	if err := r.SeekTime(nanos); !errors.Is(err, tracefile.ErrSeek) {
		t.Fatalf("stream: SeekTime(%d) again: %v", nanos, err)
	}
}

// TestIndexPages: an index of several pages, of which one is in memory, leads everywhere.
func TestIndexPages(t *testing.T) {
	const n = 1<<17 + 10 // chunks of one event each
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{ChunkEvents: 1})
	for i := range uint64(n) {
		if i == 5 {
			w.NameTask(5, "five")
		}
		err = errors.Join(err, w.Append(event.TimeAdvanced(i*2, i*2+2)))
	}
	w.SetEnd(tracefile.End{Reason: "end"})
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := openAt(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if end, ok := r.End(); !ok || end.Reason != "end" {
		t.Fatalf("End is %+v, %v", end, ok)
	}
	for _, index := range []uint64{n - 1, 0, 1 << 16, 1<<16 - 5, 70000, 3, 1 << 17} {
		if err := r.Seek(index); err != nil {
			t.Fatal(err)
		}
		if e, err := r.Next(); err != nil || e.FromNanos() != index*2 {
			t.Fatalf("event %d is %v, %v", index, e, err)
		}
		if name, want := r.TaskName(5), index >= 5; (name == "five") != want {
			t.Fatalf("at event %d the name is %q", index, name)
		}
		if err := r.SeekTime(index*2 + 1); err != nil || r.Pos() != index {
			t.Fatalf("SeekTime leads to %d, %v, want %d", r.Pos(), err, index)
		}
	}
	if s := tell(t, b.Bytes(), roads[0]); s.err != nil || len(s.events) != n {
		t.Fatalf("%d events, %v", len(s.events), s.err)
	}
}

// TestChunkBehindIndex: nothing may come between the index and the trailer, not even what a reader does not know; and not
// even after a Seek, when the index cannot be compared with what went by.
func TestChunkBehindIndex(t *testing.T) {
	p := tape{salt: 3, n: 23, chunk: 4}
	whole := p.file(t)
	blocks := cutBlocks(t, whole)
	index := blocks[len(blocks)-1]
	stranger := newBlock(200, p.n, index.u64(atTime), 0, []byte("x"))
	stranger.put32(atSequence, index.u32(atSequence)+1)
	bad := joinBlocks(append(blocks, stranger.seal()), whole[len(whole)-trailerSize:])
	for _, w := range roads {
		r, err := w.open(bad)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Seek(p.n - 1); err != nil {
			t.Fatal(err)
		}
		if e, err := r.Next(); err != nil || e != p.event(p.n-1) {
			t.Fatalf("%s: %v, %v", w.name, e, err)
		}
		if _, err := r.Next(); !errors.Is(err, tracefile.ErrCorrupt) {
			t.Errorf("%s: %v at the end, want ErrCorrupt", w.name, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

package tracefile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
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

// TestChunkBehindIndex: nothing may come between the index and the trailer, not even what a reader does not know; and
// not even after a Seek, when the index cannot be compared with what went by.
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

// withIndex returns a recording whose index and trailer say something else, with the right checksums.
func (p tape) withIndex(t *testing.T, total uint64, change func(entries []byte)) []byte {
	t.Helper()
	file := p.file(t)
	blocks := cutBlocks(t, file)
	last := blocks[len(blocks)-1]
	entries := slices.Clone(last.decoded())
	change(entries)
	index := newBlock(typeIndex, last.u64(atFirst), last.u64(atTime), 0, entries)
	index.put32(atSequence, last.u32(atSequence))
	at := uint64(len(file) - trailerSize - last.size())
	return joinBlocks(append(blocks[:len(blocks)-1], index.seal()), newTrailer(at, total))
}

// TestIndexThatLies: an index whose times fall, or with another number of events than the trailer, belongs to no file
// that a writer has written. It is refused, not replaced by a scan as one that was damaged later: no Seek succeeds,
// the length is not known, and reading in order ends in an error.
func TestIndexThatLies(t *testing.T) {
	p := tape{salt: 3, n: 40, chunk: 4}
	same := func([]byte) {}
	put := func(line, field int, v uint64) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint64(b[line*32+field:], v) }
	}
	files := map[string][]byte{}
	lines := len(cutBlocks(t, p.file(t))) - 1
	for line := 1; line < lines; line++ {
		files[fmt.Sprintf("time falls after line %d", line)] = p.withIndex(t, p.n, put(line, 16, math.MaxInt64))
	}
	for _, total := range []uint64{0, 1, p.n - 1, p.n + 1, 1 << 40, 1 << 62} {
		files[fmt.Sprintf("a total of %d", total)] = p.withIndex(t, total, same)
	}
	whole := p.withIndex(t, p.n, same)
	if r, err := openAt(whole); err != nil || r.Seek(7) != nil {
		t.Fatalf("the file cannot be read with an index that was written again: %v", err)
	}
	for name, file := range files {
		if name == fmt.Sprintf("time falls after line %d", lines-1) {
			continue // there is no line after it: only reading finds that out
		}
		r, err := openAt(file)
		if err != nil {
			t.Fatal(err)
		}
		if n, known := r.Len(); known {
			t.Errorf("%s: the length is %d", name, n)
		}
		for _, err := range []error{r.Seek(0), r.Seek(7), r.Seek(p.n), r.SeekTime(p.time(9))} {
			if !errors.Is(err, tracefile.ErrCorrupt) {
				t.Errorf("%s: Seek gives %v, want ErrCorrupt", name, err)
			}
		}
		for i := range p.n {
			if e, err := r.Next(); err != nil || e != p.event(i) {
				t.Fatalf("%s: event %d is %v, %v", name, i, e, err)
			}
		}
		if _, err := r.Next(); !errors.Is(err, tracefile.ErrCorrupt) {
			t.Errorf("%s: %v at the end, want ErrCorrupt", name, err)
		}
	}
}

// TestIndexWithOtherTimes: times that rise and are wrong may mislead a search. It finds that out or comes to the right
// event, whatever the times are.
func TestIndexWithOtherTimes(t *testing.T) {
	p := tape{salt: 3, n: 40, chunk: 4}
	lines := len(cutBlocks(t, p.file(t))) - 1
	refused := 0
	for from := range lines {
		for to := range lines { // all from one to the other take the time of the latter
			file := p.withIndex(t, p.n, func(b []byte) {
				for line := min(from, to); line < max(from, to); line++ {
					copy(b[line*32+16:line*32+24], slices.Clone(b[to*32+16:to*32+24]))
				}
				if from > to {
					copy(b[from*32+16:from*32+24], b[to*32+16:to*32+24])
				}
			})
			for i := range p.n {
				r, err := openAt(file)
				if err != nil {
					t.Fatal(err)
				}
				p.judgeSeekTime(t, fmt.Sprintf("lines %d to %d", from, to), r, p.time(i+1))
				if errors.Is(r.SeekTime(p.time(i+1)), tracefile.ErrCorrupt) {
					refused++
				}
			}
		}
	}
	if refused == 0 {
		t.Error("no search was misled")
	}
}

package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/hostile"
	"github.com/reprise-go/reprise/tracefile"
)

// harmless is what reading a small file allocates at most, buffers and all.
const harmless = 512 << 10

// TestHostileFiles reads files that announce or expand to much, with all that they hold, by every road, and recovers
// them: each costs little memory, and ends well or in an error of a class.
func TestHostileFiles(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the pools stay filled
	for _, f := range hostile.Files() {
		if path.Ext(f.Name) != ".reprise" {
			continue
		}
		tell(t, hostile.Files()[0].Bytes, roads[1])
		most := f.Most + harmless + 16*uint64(len(f.Bytes))
		for _, w := range roads[:2] {
			var err error
			if got := allocated(func() { err = readHostile(w, f.Bytes) }); got > most {
				t.Errorf("%s of %d bytes, %s: %d bytes allocated, want at most %d", f.Name, len(f.Bytes), w.name, got, most)
			}
			if err != io.EOF && !isDamage(err) {
				t.Errorf("%s, %s: %v", f.Name, w.name, err)
			}
		}
		if got := allocated(func() { recoverHostile(t, f.Bytes) }); got > most {
			t.Errorf("%s of %d bytes, Recover: %d bytes allocated, want at most %d", f.Name, len(f.Bytes), got, most)
		}
		debug.FreeOSMemory()
	}
}

// readHostile reads all that a file holds.
func readHostile(w road, file []byte) error {
	r, err := w.open(file)
	if err != nil {
		return err
	}
	for err == nil {
		if _, err = r.Next(); err == nil {
			r.Names()
			r.Site()
			r.TaskName(1 << 40)
			_, err = r.Notes()
		}
	}
	r.End()
	r.Len()
	if seekErr := r.Seek(r.First()); seekErr != nil && !isDamage(seekErr) && !errors.Is(seekErr, tracefile.ErrSeek) {
		return seekErr
	}
	if closeErr := r.Close(); closeErr != nil {
		return closeErr
	}
	return err
}

// recoverHostile writes all parts of a file.
func recoverHostile(t *testing.T, file []byte) {
	t.Helper()
	rec, err := tracefile.Recover(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rec.Parts {
		w, err := tracefile.NewWriter(io.Discard, rec.Metadata, rec.Config(i))
		if err != nil {
			t.Fatal(err)
		}
		if err := rec.Write(i, w); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExpandingPayload: what a writer writes can be read, also if it compresses better than a reader believes.
func TestExpandingPayload(t *testing.T) {
	const n = 1 << 18
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{ChunkEvents: n})
	for range n {
		err = errors.Join(err, w.Append(event.TaskYielded(1)))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if s := tell(t, b.Bytes(), roads[0]); s.err != nil || len(s.events) != n {
		t.Errorf("%d events of %d, %v", len(s.events), n, s.err)
	}
}

// The limits that the package documentation states.
const (
	sideLimit = 1<<20 + 1<<13
	freeLimit = 1 << 18
)

// TestHeaderLimits: at each limit of a header a chunk is read, and one step beyond it is refused.
func TestHeaderLimits(t *testing.T) {
	md, id := trapTape.headBlocks(t)
	seeds := func(n int) *block {
		payload := bytes.Repeat([]byte("\x92\xa7RngSeed\x2a"), n)
		return newBlock(typeEvents, 0, 0, uint32(n), nil).packed(pack(t, payload), uint32(len(payload)))
	}
	side := func(kind byte, n int) *block {
		return newBlock(kind, 0, 0, 0, append([]byte{0x90}, make([]byte, n-1)...))
	}
	identity := append([]byte("\x81\xa1k\xdb\x00\x0f\xff\xf8"), make([]byte, 1<<20-8)...)
	for name, c := range map[string]struct {
		blocks []*block
		fine   bool
	}{
		"events of 2^18 bytes":             {[]*block{md, id, seeds(freeLimit / 10)}, true},
		"events of more, from a few bytes": {[]*block{md, id, seeds(freeLimit/10 + 1)}, false},
		"names at the limit":               {[]*block{md, id, side(typeNames, sideLimit), seeds(1)}, true},
		"names beyond the limit":           {[]*block{md, id, side(typeNames, sideLimit+1), seeds(1)}, false},
		"sites at the limit":               {[]*block{md, id, side(typeSites, sideLimit), seeds(1)}, true},
		"sites beyond the limit":           {[]*block{md, id, side(typeSites, sideLimit+1), seeds(1)}, false},
		"notes beyond the limit":           {[]*block{md, id, side(typeNotes, sideLimit+8<<20+1), seeds(1)}, false},
		"an identity at the limit":         {[]*block{md, newBlock(typeIdentity, 0, 0, 0, identity), seeds(1)}, true},
		"an identity beyond the limit": {[]*block{md, newBlock(typeIdentity, 0, 0, 0, append(identity, 0)), seeds(1)},
			false},
		"a compressed identity": {[]*block{md,
			newBlock(typeIdentity, 0, 0, 0, nil).packed(pack(t, id.payload), uint32(len(id.payload))), seeds(1)}, false},
		"an identity as the writer makes it": {[]*block{md, id, seeds(1)}, true},
	} {
		file := finish(c.blocks...)
		for _, w := range roads[:2] {
			if s := tell(t, file, w); c.fine != (s.err == nil) || s.err != nil && !isDamage(s.err) {
				t.Errorf("%s, %s: %v, want it to be read: %v", name, w.name, s.err, c.fine)
			}
		}
	}
}

// TestExpandingSideChunks: names that expand beyond belief are passed over, and the events behind them are read.
func TestExpandingSideChunks(t *testing.T) {
	md, id := trapTape.headBlocks(t)
	name := strings.Repeat("n", 4000)
	raw := []byte("\xdc\x00\x64")
	for i := range byte(100) {
		raw = append(append(raw, 0x93, 0, i, 0xda, 0x0f, 0xa0), name...)
	}
	for _, c := range []struct {
		names *block
		want  string
	}{
		{newBlock(typeNames, 0, 0, 0, raw), name},
		{newBlock(typeNames, 0, 0, 0, nil).packed(pack(t, raw), uint32(len(raw))), ""},
	} {
		r, err := openAt(finish(md, id, c.names, trapTape.events(0, 4)))
		if err != nil {
			t.Fatal(err)
		}
		if e, err := r.Next(); err != nil || e != trapTape.event(0) {
			t.Errorf("event %v, %v", e, err)
		}
		if got := r.TaskName(7); got != c.want {
			t.Errorf("a name of %d bytes, want %d", len(got), len(c.want))
		}
	}
}

// TestManyNamesAtOnce: of more names before one event than the limit allows, Names gives the first, and TaskName finds
// any.
func TestManyNamesAtOnce(t *testing.T) {
	const n = 100_000
	p := tape{salt: 1}
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, p.metadata(), p.config())
	for i := range event.TaskID(n) {
		w.NameTask(i, fmt.Sprintf("the long name of worker %d in a pool", i))
	}
	if err = errors.Join(err, w.Append(event.RngSeed(1)), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := openAt(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	cost := 0
	for _, name := range r.Names() {
		cost += 40 + len(name.Name)
	}
	if most := sideLimit + 16*b.Len(); cost > most || cost < most/2 {
		t.Errorf("Names gives %d names, %d bytes; want up to %d", len(r.Names()), cost, most)
	}
	for _, id := range []event.TaskID{n - 1, 0, n / 2} {
		if got, want := r.TaskName(id), fmt.Sprintf("the long name of worker %d in a pool", id); got != want {
			t.Errorf("task %d is %q, want %q", id, got, want)
		}
	}
}

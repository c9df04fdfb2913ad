package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

func TestConfigOutOfRange(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct {
		md  event.Metadata
		cfg tracefile.Config
	}{
		"chunk too large": {event.NewMetadata(1), tracefile.Config{ChunkEvents: 1<<18 + 1}},
		"chunk negative":  {event.NewMetadata(1), tracefile.Config{ChunkEvents: -1}},
		"first too large": {event.NewMetadata(1), tracefile.Config{First: 1 << 62}},
		"identity":        {event.NewMetadata(1), tracefile.Config{Identity: tracefile.Identity{"x": long}}},
		"version":         {event.Metadata{}, tracefile.Config{}},
		"description":     {event.Metadata{Version: 1, Description: long + "x"}, tracefile.Config{}},
	} {
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, c.md, c.cfg)
		if err == nil || w != nil || b.Len() > 0 || !strings.HasPrefix(err.Error(), "tracefile: ") {
			t.Errorf("%s: %v, %v, %d bytes written", name, w, err, b.Len())
		}
	}
}

// TestZeroEvent: the zero Event is refused, and the Writer goes on.
func TestZeroEvent(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(event.Event{}); err == nil {
		t.Error("the zero Event was appended")
	}
	if err := errors.Join(w.Append(event.RngSeed(1)), w.Close()); err != nil || w.Len() != 1 {
		t.Errorf("%v, Len %d", err, w.Len())
	}
}

// TestAfterClose: a closed Writer refuses everything and says again how Close went.
func TestAfterClose(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err = errors.Join(err, w.Append(event.RngSeed(1)), w.Close()); err != nil {
		t.Fatal(err)
	}
	size := b.Len()
	w.NameTask(1, "late")
	w.NameRegion(1, "late")
	w.Site("late")
	w.SetEnd(tracefile.End{Reason: "late"})
	for name, err := range map[string]error{"Append": w.Append(event.RngSeed(1)), "Flush": w.Flush(), "Sync": w.Sync()} {
		if !errors.Is(err, tracefile.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
	if err := errors.Join(w.Close(), w.Abort()); err != nil || b.Len() != size || w.Len() != 1 || w.Size() != int64(size) {
		t.Errorf("%v, %d bytes instead of %d", err, b.Len(), size)
	}
}

// TestReaderAfterClose: a closed Reader gives nothing more.
func TestReaderAfterClose(t *testing.T) {
	for _, w := range roads {
		r, err := w.open(smallTape.file(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = r.Next(); err != nil {
			t.Fatal(err)
		}
		pos := r.Pos()
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); !errors.Is(err, tracefile.ErrClosed) {
			t.Errorf("%s: Next after Close: %v", w.name, err)
		}
		if err := r.SeekTime(0); !errors.Is(err, tracefile.ErrClosed) {
			t.Errorf("%s: SeekTime after Close: %v", w.name, err)
		}
		if r.Pos() != pos || r.TaskName(1) != "" || r.RegionName(1) != "" || r.Site() != "" {
			t.Errorf("%s: position %d, want %d", w.name, r.Pos(), pos)
		}
		for e, err := range r.All() {
			if !errors.Is(err, tracefile.ErrClosed) {
				t.Errorf("%s: All after Close: %v, %v", w.name, e, err)
			}
		}
	}
}

// TestLongTexts: names, sites and the end are cut at the start of a character, and repaired where they are no UTF-8.
func TestLongTexts(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 4095) + "é"
	w.NameTask(1, long)
	w.NameTask(2, "\xff")
	w.Site(long)
	w.SetEnd(tracefile.End{Reason: long, Message: strings.Repeat("é", 1<<20)})
	if err := errors.Join(w.Append(event.RngSeed(1)), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := openAt(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(); err != nil || r.TaskName(1) != long[:4095] || r.TaskName(2) != "\uFFFD" ||
		r.Site() != long[:4095] {
		t.Errorf("%v: name %.9q of %d bytes, site of %d", err, r.TaskName(2), len(r.TaskName(1)), len(r.Site()))
	}
	if end, ok := r.End(); !ok || end.Reason != long[:4095] || len(end.Message) != 1<<20 {
		t.Errorf("end: %v, %d and %d bytes", ok, len(end.Reason), len(end.Message))
	}
}

// TestSideChunksFull: names and sites of any number keep the memory of the Writer bounded and stay with their events.
func TestSideChunksFull(t *testing.T) {
	const n = 1500
	text := func(i int) string { return fmt.Sprint(i, strings.Repeat("n", 2000)) }
	p := script{md: event.NewMetadata(1), names: map[int][]naming{}}
	for i := range n {
		p.events = append(p.events, event.TaskScheduled(event.TaskID(i), uint64(i)))
		p.sites = append(p.sites, text(i))
		p.names[0] = append(p.names[0], naming{id: uint64(i), name: text(i)})
	}
	p.sites = append(p.sites, "")
	file := p.file(t)
	count := map[byte]int{}
	for _, b := range cutBlocks(t, file) {
		count[b.head[atType]]++
	}
	if count[typeNames] < 3 || count[typeSites] < 3 {
		t.Errorf("3 MB of names are in %d chunks, 3 MB of sites in %d", count[typeNames], count[typeSites])
	}
	if f, err := parseRival(file); err != nil || len(f.names) != n {
		t.Fatalf("rival: %v", err)
	}
	r, err := openAt(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range n {
		e, err := r.Next()
		if err != nil || r.Site() != text(i) || r.TaskName(e.Task()) != text(i) {
			t.Fatalf("event %d: %v, site %.9q, name %.9q", i, err, r.Site(), r.TaskName(e.Task()))
		}
	}
}

// TestNames: the names of a chunk come sorted, each task and region once, with the last name it was given.
func TestNames(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{ChunkEvents: 2})
	if err != nil {
		t.Fatal(err)
	}
	w.NameRegion(1, "region")
	w.NameTask(9, "nine")
	w.NameTask(2, "")
	w.NameTask(1, "old")
	w.NameTask(1, "one")
	for i := range uint64(3) {
		if err := w.Append(event.RngValue(i)); err != nil {
			t.Fatal(err)
		}
	}
	w.NameTask(1, "new")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"0 0 [{false 1 one} {false 9 nine} {true 1 region}] one", "1 0 [{false 1 one} {false 9 nine} {true 1 region}] one",
		"2 2 [{false 1 new}] new",
	}
	for _, w := range roads {
		r, err := w.open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			_, err := r.Next()
			if got := fmt.Sprint(i, " ", r.ChunkFirst(), " ", r.Names(), " ", r.TaskName(1)); err != nil || got != want[i] {
				t.Errorf("%s: %v, %s, want %s", w.name, err, got, want[i])
			}
			if r.RegionName(1) != "region" || r.TaskName(2) != "" || r.TaskName(9) != "nine" {
				t.Errorf("%s: event %d: names %q, %q, %q", w.name, i, r.RegionName(1), r.TaskName(2), r.TaskName(9))
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyNames: more names in a chunk than a reader keeps in mind are found all the same.
func TestManyNames(t *testing.T) {
	const n = 10_000
	p := script{md: event.NewMetadata(1), names: map[int][]naming{}, cfg: tracefile.Config{ChunkEvents: 1}}
	for i := range n {
		p.names[0] = append(p.names[0], naming{id: uint64(i), name: fmt.Sprint("task ", i)})
	}
	p.events = []event.Event{event.RngSeed(1), event.RngValue(1)}
	p.sites = make([]string, 3)
	file := p.file(t)
	for _, w := range roads[:2] {
		r, err := w.open(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Seek(1); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for id := 0; id < n; id += 97 {
			if name := r.TaskName(event.TaskID(id)); name != fmt.Sprint("task ", id) {
				t.Fatalf("%s: task %d is called %q", w.name, id, name)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForgottenNames: of a stream, names that came long ago are forgotten, and new ones are not.
func TestForgottenNames(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{ChunkEvents: 1})
	if err != nil {
		t.Fatal(err)
	}
	const n = 60_000 // names of 100 bytes with the chunk around them
	for i := range uint64(n) {
		w.NameTask(event.TaskID(i), fmt.Sprint("task ", i))
		if err := w.Append(event.TaskScheduled(event.TaskID(i), i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range roads[:2] {
		r, err := w.open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Seek(n - 1); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil || r.TaskName(n-1000) != fmt.Sprint("task ", n-1000) {
			t.Errorf("%s: %v, name %q", w.name, err, r.TaskName(n-1000))
		}
		if name := r.TaskName(0); w.name == "stream" && name != "" || w.name != "stream" && name != "task 0" {
			t.Errorf("%s: the first name is %q at the end", w.name, name)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCreate: what stands under the name before, during and after, with and without Atomic.
func TestCreate(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.reprise")
		for round := range 2 { // the second one replaces a file
			if round == 1 {
				if err := os.Chmod(path, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			w, err := tracefile.Create(path, event.NewMetadata(uint64(round)), tracefile.Config{Atomic: atomic})
			if err != nil {
				t.Fatal(err)
			}
			seedNow := seedOf(path)
			if want := round; atomic {
				if want = round - 1; seedNow != want {
					t.Errorf("atomic, round %d: the file has seed %d before Close, want %d", round, seedNow, want)
				}
			} else if seedNow != want {
				t.Errorf("round %d: the file has seed %d before Close, want %d", round, seedNow, want)
			}
			if err := errors.Join(w.Append(event.RngSeed(1)), w.Sync(), w.Close()); err != nil {
				t.Fatal(err)
			}
			if seedOf(path) != round {
				t.Errorf("atomic %v, round %d: the file has seed %d after Close", atomic, round, seedOf(path))
			}
		}
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
			t.Errorf("atomic %v: permissions %v, %v", atomic, info.Mode(), err)
		}
		checkAlone(t, path)
	}
}

// seedOf returns the seed that a file has, -1 if it cannot be read.
func seedOf(path string) int {
	r, err := tracefile.Open(path)
	if err != nil {
		return -1
	}
	defer r.Close()
	return int(r.Metadata().Seed)
}

// checkAlone fails the test if there is anything besides path in its folder.
func checkAlone(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("files besides %s: %v, %v", path, files, err)
	}
}

// TestAbort: what is left is a killed file, or with Atomic what was there before.
func TestAbort(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.reprise")
		if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
		w, err := tracefile.Create(path, event.NewMetadata(1), tracefile.Config{Atomic: atomic})
		if err = errors.Join(err, w.Append(event.RngSeed(1)), w.Abort()); err != nil {
			t.Fatal(err)
		}
		if err := w.Append(event.RngSeed(1)); !errors.Is(err, tracefile.ErrClosed) {
			t.Errorf("Append after Abort: %v", err)
		}
		checkAlone(t, path)
		if b, err := os.ReadFile(path); atomic && (err != nil || string(b) != "old") {
			t.Errorf("atomic: %q, %v", b, err)
		} else if s := tell(t, b, roads[1]); !atomic && (len(s.events) != 1 || !errors.Is(s.err, tracefile.ErrTruncated)) {
			t.Errorf("%d events, %v", len(s.events), s.err)
		}
	}
}

// TestCreateThroughLink: a symbolic link keeps its place.
func TestCreateThroughLink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link.reprise"), filepath.Join(t.TempDir(), "target.reprise")
	if err := errors.Join(os.WriteFile(target, nil, 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	w, err := tracefile.Create(link, event.NewMetadata(5), tracefile.Config{})
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || seedOf(target) != 5 {
		t.Errorf("%v, %v, seed %d", info.Mode(), err, seedOf(target))
	}
}

// TestCreateFailure: nothing is left when the Writer cannot be made.
func TestCreateFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.reprise")
	if w, err := tracefile.Create(path, event.Metadata{}, tracefile.Config{}); err == nil || w != nil {
		t.Errorf("%v, %v", w, err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := tracefile.Create(filepath.Join(path, "b"), event.NewMetadata(1), tracefile.Config{}); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
	if _, err := tracefile.Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of no file: %v", err)
	}
}

// TestPipe: a pipe is written and read as it is, and an event can be read as soon as it was flushed.
func TestPipe(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	w, err := tracefile.NewWriter(out, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := tracefile.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		if err := errors.Join(w.Append(event.RngValue(i)), w.Sync()); err != nil {
			t.Fatal(err)
		}
		if e, err := r.Next(); err != nil || e != event.RngValue(i) {
			t.Fatalf("%v, %v", e, err)
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoTraceFile: what the file seems to be is in the error.
func TestNoTraceFile(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "empty",
		"\x92\x94\x01\x2a\x00\x00\x90":     "MessagePack",
		`{"version":1,"seed":42}`:          "JSON",
		"\x89RPR\n\x1a\x01RPRc":            "transfer as text",
		"\x1f\x8b\x08\x00\x00\x00\x00\x00": "compressed",
		"hello, world":                     "it looks like text",
	} {
		_, err := openStream([]byte(text))
		if !errors.Is(err, tracefile.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
	if _, err := openStream([]byte("\x89RPR\r\n\x1a\x02")); !errors.Is(err, tracefile.ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
	if _, err := openAt([]byte("\x89RPR")); !errors.Is(err, tracefile.ErrTruncated) {
		t.Errorf("four bytes: %v", err)
	}
}

// TestErrorPlace: an error names the chunk that is wrong and the first event that is lost, however late it is noticed.
func TestErrorPlace(t *testing.T) {
	p := tape{salt: 3, first: 50, n: 12, chunk: 4, bare: true}
	for name, hurt := range map[string]func(b *block){
		"payload": func(b *block) { b.payload[0] ^= 1 },
		"header":  func(b *block) { b.head[atCount] ^= 1 },
		"frame": func(b *block) {
			b.head[atEncoding] = encodingZstd
			b.payload[0] ^= 0x55
			b.seal()
		},
	} {
		blocks := cutBlocks(t, p.file(t))
		const k = 3 // metadata, identity, events 50 to 53, and this one
		hurt(blocks[k])
		offset := int64(magicSize)
		for _, b := range blocks[:k] {
			offset += int64(b.size())
		}
		for _, w := range roads {
			s := tell(t, joinBlocks(blocks, nil), w)
			var at *tracefile.Error
			if !errors.As(s.err, &at) || at.Offset != offset || at.Chunk != k || at.Index != 54 || len(s.events) != 4 {
				t.Errorf("%s, %s: %v after %d events, want byte %d, chunk %d, event 54", name, w.name, s.err, len(s.events), offset,
					k)
			}
		}
	}
}

// TestRenamed: a name holds from its chunk on until the next one, whatever was asked before.
func TestRenamed(t *testing.T) {
	p := script{md: event.NewMetadata(1), cfg: tracefile.Config{ChunkEvents: 1}, sites: make([]string, 5)}
	p.names = map[int][]naming{
		0: {{id: 1, name: "one"}, {id: 2, name: "two"}}, 1: {{id: 3, name: "three"}}, 2: {{id: 1, name: "other"}},
	}
	for i := range uint64(4) {
		p.events = append(p.events, event.RngValue(i))
	}
	r, err := openAt(p.file(t))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, at := range []uint64{3, 0, 2, 1, 3, 1} {
		if err := r.Seek(at); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		want := "one"
		if at >= 2 {
			want = "other"
		}
		if two, one := r.TaskName(2), r.TaskName(1); two != "two" || one != want {
			t.Errorf("after event %d the tasks are called %q and %q, want %q and two", at, one, two, want)
		}
	}
}

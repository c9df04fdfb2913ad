package tracefile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/tracefile"
)

// The corpus has a file for each feature of the format. The files are frozen: every later reader must read them as the
// JSON lines beside them say, and -update makes new ones and changes none.

// corpus says how each file was made, by the parts of the tape that make the feature.
var corpus = map[string]func(t *testing.T) []byte{
	"plain":  func(t *testing.T) []byte { return tape{salt: 1, n: 12, bare: true}.file(t) },
	"empty":  func(t *testing.T) []byte { return tape{salt: 1, bare: true}.file(t) },
	"sides":  func(t *testing.T) []byte { return tape{salt: 2, n: 12}.file(t) },
	"ring":   func(t *testing.T) []byte { return tape{salt: 3, first: 1_000_000, n: 12}.file(t) },
	"chunks": func(t *testing.T) []byte { return tape{salt: 4, n: 300, chunk: 100}.file(t) },
	"killed": func(t *testing.T) []byte { return seekFiles(t, tape{salt: 5, n: 12, chunk: 5})["killed"] },
	"unknown": func(t *testing.T) []byte {
		blocks := cutBlocks(t, tape{salt: 6, n: 12, chunk: 5}.file(t))
		at := slices.IndexFunc(blocks, func(b *block) bool { return b.isType(typeEvents) }) + 1
		last := slices.IndexFunc(blocks, func(b *block) bool { return b.isType(typeIndex) })
		next := blocks[at]
		stranger := newBlock(200, next.u64(atFirst), next.u64(atTime), 0, []byte("of another tool"))
		return finish(slices.Insert(slices.Clone(blocks[:last]), at, stranger)...)
	},
	"names": func(t *testing.T) []byte {
		return corpusFile(t, func(w *tracefile.Writer) {
			w.NameRegion(0, "root")
			w.NameTask(0, "main")
			w.NameTask(1, "wörker")
		})
	},
	"sites": func(t *testing.T) []byte { return corpusFile(t, func(w *tracefile.Writer) { w.Site("bank.go:25") }) },
	"notes": func(t *testing.T) []byte { return tape{salt: 8, first: 10, n: 12, chunk: 5, noted: true}.file(t) },
	"end": func(t *testing.T) []byte {
		return corpusFile(t, func(w *tracefile.Writer) {
			w.SetEnd(tracefile.End{Reason: tracefile.EndFailed, Message: "lost \"update\""})
		})
	},
	"kinds": func(t *testing.T) []byte {
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if err := w.Append(anyEvent.Example(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	},
}

// corpusFile is a file of two events, with what do does before the first.
func corpusFile(t *testing.T, do func(w *tracefile.Writer)) []byte {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	do(w)
	if err := errors.Join(w.Append(event.TaskSpawned(0, 0, 0)), w.Append(event.TaskSpawned(1, 0, 0)),
		w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCorpus(t *testing.T) {
	for name, make := range corpus {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join("testdata", "corpus", name)
			file, err := os.ReadFile(base + ".reprise")
			if errors.Is(err, fs.ErrNotExist) && *golden.Update {
				file = make(t)
				err = errors.Join(os.MkdirAll(filepath.Dir(base), 0o755), os.WriteFile(base+".reprise", file, 0o644),
					os.WriteFile(base+".jsonl", jsonLines(t, file, roads[0]), 0o644))
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(base + ".jsonl")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range roads {
				if got := jsonLines(t, file, w); !bytes.Equal(got, want) {
					t.Errorf("%s reads as\n%s\nwant\n%s\nthe format is frozen: the reader is wrong, not the file", w.name, got, want)
				}
			}
			if now := make(t); name != "kinds" && !bytes.Equal(now, file) {
				t.Errorf("the file is written in %d other bytes now. Files that exist must stay as they are. If only the "+
					"compressor has changed, write the new bytes under a new name and keep both", len(now))
			}
		})
	}
	files, err := os.ReadDir(filepath.Join("testdata", "corpus"))
	if err != nil || len(files) != 2*len(corpus) {
		t.Errorf("%d files in the corpus, %v, want two each of %d", len(files), err, len(corpus))
	}
}

// jsonLines returns all that a reader says of a file, an object on each line.
func jsonLines(t *testing.T, file []byte, way road) []byte {
	r, err := way.open(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	put := func(v any) {
		if err := lines.Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	put(map[string]any{"metadata": r.Metadata(), "identity": r.Identity(), "first": r.First(), "time": r.FirstTime()})
	told := uint64(1<<64 - 1)
	for e, err := range r.All() {
		if err != nil {
			put(map[string]any{"truncated": errors.Is(err, tracefile.ErrTruncated)})
			break
		}
		line := map[string]any{"event": e, "time": r.Time()}
		if site := r.Site(); site != "" {
			line["site"] = site
		}
		if notes := notesOf(t, r); notes != "[]" {
			line["notes"] = notes
		}
		if names := r.Names(); len(names) > 0 && r.ChunkFirst() != told {
			told = r.ChunkFirst()
			line["names"] = fmt.Sprint(names)
		}
		put(line)
	}
	if notes := notesOf(t, r); notes != "[]" {
		put(map[string]any{"after": notes})
	}
	if end, ok := r.End(); ok {
		put(map[string]any{"end": end})
	}
	if n, known := r.Len(); known {
		put(map[string]any{"len": n})
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/tracefile"
)

// The corpus has files as they were once written, in every form. Old files must read for ever: -update adds the files
// that are missing and changes none. The scripts find it in the folder corpus.
const corpus = "testdata/corpus"

// second is one in virtual nanoseconds.
const second = 1_000_000_000

// corpusEvents is a small lawful run.
func corpusEvents() []event.Event {
	root, t0, t1 := event.NewRegionID(0, 0), event.NewTaskID(0, 0), event.NewTaskID(1, 0)
	return []event.Event{
		event.RngSeed(5),
		event.RootRegionCreated(root, 0),
		event.TaskSpawned(t0, root, 0),
		event.TaskScheduled(t0, 1),
		event.TaskSpawned(t1, root, 1),
		event.TimerCreated(1, second*3/2),
		event.TaskScheduled(t1, 2),
		event.RngValue(17812094606491425705),
		event.TimeAdvanced(0, second*3/2),
		event.TimerFired(1),
		event.WakerWake(t1),
		event.TaskScheduled(t1, 3),
		event.TaskCompleted(t1, event.OutcomeOK),
		event.Checkpoint(1, second*3/2, 1, 1),
		event.TimeAdvanced(second*3/2, second*2),
		event.TaskScheduled(t0, 4),
		event.TaskCompleted(t0, event.OutcomeErr),
		event.RegionClosed(root, event.OutcomeErr),
	}
}

// corpusFile is how a file of the corpus was made.
type corpusFile struct {
	from, to int // of the events
	cfg      tracefile.Config
	notes    bool // names and sites
	flushAt  int  // the recording was killed after this event; 0 for not
	end      tracefile.End
}

var corpusIdentity = tracefile.Identity{"go": "go1.26.8", "test": "TestBank", "settings.note": "two words"}

var corpusFiles = map[string]corpusFile{
	"run": {to: 18, cfg: tracefile.Config{Identity: corpusIdentity}, notes: true,
		end: tracefile.End{Reason: tracefile.EndFailed, Message: "an update was lost"}},
	"plain": {to: 18},
	"empty": {},
	"chunks": {to: 18, cfg: tracefile.Config{ChunkEvents: 4}, notes: true,
		end: tracefile.End{Reason: tracefile.EndFinished}},
	"ring": {from: 11, to: 18, cfg: tracefile.Config{First: 11, Time: second * 3 / 2}, notes: true,
		end: tracefile.End{Reason: tracefile.EndSnapshot}},
	"limit":  {to: 10, end: tracefile.End{Reason: tracefile.EndLimit, Message: "10 events"}},
	"killed": {to: 18, cfg: tracefile.Config{Identity: corpusIdentity}, notes: true, flushAt: 10},
}

// write writes the file to a sink, and reports whether the recording ended well.
func (c corpusFile) write(t *testing.T, out base.Sink) bool {
	t.Helper()
	names := map[int]string{2: "main", 4: `the "second" clerk`}
	for i, e := range corpusEvents()[c.from:c.to] {
		if c.flushAt > 0 && i == c.flushAt {
			if err := out.(*tracefile.Writer).Flush(); err != nil {
				t.Fatal(err)
			}
			return false
		}
		if name := names[c.from+i]; name != "" && c.notes {
			out.NameTask(e.Task(), name)
		}
		if i == 0 && c.notes {
			out.NameRegion(event.NewRegionID(0, 0), "root")
		}
		if c.notes && i%3 == 0 {
			out.Site("bank.go:1" + string(rune('0'+i/3)))
		}
		if err := out.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if c.end.Reason != "" {
		out.SetEnd(c.end)
	}
	return true
}

// encode returns the file in the form of its extension.
func (c corpusFile) encode(t *testing.T, name string) []byte {
	t.Helper()
	form, err := base.FormOf(name)
	if err != nil {
		t.Fatal(err)
	}
	md := event.NewMetadata(5)
	md.Description = "a bank"
	var b bytes.Buffer
	var out base.Sink
	if form == ".reprise" { // newSink knows no size of chunks
		out, err = tracefile.NewWriter(&b, md, c.cfg)
	} else {
		out, err = base.NewSink(&b, form, md, c.cfg, uint64(c.to-c.from), true)
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.write(t, out) {
		err = out.Close()
	} else {
		err = out.(*tracefile.Writer).Abort()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// corpusNames are the files of the corpus.
var corpusNames = []string{
	"chunks.reprise", "empty.jsonl", "empty.msgpack", "empty.reprise", "killed.reprise", "limit.jsonl", "limit.reprise",
	"plain.jsonl", "plain.msgpack", "plain.reprise", "ring.jsonl", "ring.reprise", "run.jsonl", "run.reprise",
}

// addMissing writes the files of the corpus that are not there.
func addMissing(t *testing.T) {
	t.Helper()
	for _, name := range corpusNames {
		path := filepath.Join(corpus, name)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		stem, _, _ := strings.Cut(name, ".")
		if _, err := f.Write(corpusFiles[stem].encode(t, name)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs the command and returns the exit code and what it wrote.
func run(t *testing.T, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(args, stdin, &out, &errs)
	return code, out.String(), errs.String()
}

// TestCorpus checks that every file of the corpus reads as it always did, that its events keep the laws, and that its
// JSON form makes a file of the same content again.
func TestCorpus(t *testing.T) {
	if *golden.Update {
		addMissing(t)
	}
	for _, name := range corpusNames {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(corpus, name)
			want := base.ExitOK
			if strings.HasPrefix(name, "killed") {
				want = base.ExitInput
			}
			code, jsonl, stderr := run(t, nil, "dump", "--json", path)
			if code != want {
				t.Fatalf("dump ends with %d: %s", code, stderr)
			}
			golden.Check(t, "corpus/"+name+".dump", jsonl)
			if code, stdout, _ := run(t, nil, "verify", path); code != want {
				t.Errorf("verify ends with %d: %s", code, stdout)
			}
			back := filepath.Join(t.TempDir(), "back"+filepath.Ext(name))
			if code, _, stderr := run(t, strings.NewReader(jsonl), "convert", "-", back); code != base.ExitOK {
				t.Fatalf("convert ends with %d: %s", code, stderr)
			}
			_, again, _ := run(t, nil, "dump", "--json", back)
			if strings.HasPrefix(name, "chunks") { // names come with chunks, and convert makes larger ones
				_, jsonl, _ = run(t, nil, "dump", path)
				_, again, _ = run(t, nil, "dump", back)
			}
			if again != jsonl {
				t.Errorf("converted and dumped again:\n%s\nat first:\n%s", again, jsonl)
			}
		})
	}
	if len(corpusNames) != len(listed(t)) || !slices.IsSorted(corpusNames) {
		t.Errorf("in %s are %q, the list has %q", corpus, listed(t), corpusNames)
	}
}

// listed returns the traces in the corpus.
func listed(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".dump" {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestOtherCorpora checks that the files that other packages keep read and convert to JSON and back. Their events were
// not made by a run and keep no laws.
func TestOtherCorpora(t *testing.T) {
	var paths []string
	for _, pattern := range []string{
		"../../tracefile/testdata/corpus/*.reprise", "../../event/testdata/vectors/*.msgpack",
		"../../event/testdata/vectors/*.named", "../../event/testdata/vectors/*.jsonl",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			code, jsonl, stderr := run(t, nil, "dump", "--json", path)
			if code != base.ExitOK && !strings.Contains(path, "killed") {
				t.Fatalf("dump ends with %d: %s", code, stderr)
			}
			if _, stdout, _ := run(t, nil, "verify", path); strings.Contains(stdout, ": bad: ") {
				t.Errorf("verify says %s", stdout)
			}
			for _, form := range base.Forms {
				args := []string{"convert", "-", "-", "--to", string(form), "--renumber"}
				code, converted, stderr := run(t, strings.NewReader(jsonl), args...)
				if code != base.ExitOK {
					t.Fatalf("convert ends with %d: %s", code, stderr)
				}
				_, again, _ := run(t, strings.NewReader(converted), "dump", "-", "--kind", strings.Join(base.KindNames(), ","))
				_, first, _ := run(t, strings.NewReader(jsonl), "dump", "-", "--kind", strings.Join(base.KindNames(), ","))
				if form != ".msgpack" && events(again) != events(first) {
					t.Errorf("as %s:\n%s\nat first:\n%s", form, again, first)
				}
			}
		})
	}
}

// place matches the index of a line of dump, and the virtual time. In a trace that breaks the laws time may go back,
// and then the forms need not agree on it.
var place = regexp.MustCompile(`^ *(\d+) +(?:\d\S* +)?`)

// events returns the lines of a dump without those of the header and the footer, which tell a number that not every
// form knows before its end.
func events(dump string) string {
	var b strings.Builder
	for line := range strings.Lines(dump) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(place.ReplaceAllString(line, "$1 "))
		}
	}
	return b.String()
}

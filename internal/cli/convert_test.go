package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// anyText draws a name, a site or a message.
func anyText() *rapid.Generator[string] { return rapid.StringN(1, 12, 40) }

// anyEvent draws an event with small numbers and large ones. It need not be lawful.
func anyEvent(t *rapid.T) event.Event {
	n := func() uint64 { return rapid.Uint64().Draw(t, "n") }
	task := event.NewTaskID(rapid.Uint32Range(0, 3).Draw(t, "task"), rapid.Uint32Range(0, 1).Draw(t, "generation"))
	region := event.NewRegionID(rapid.Uint32Range(0, 3).Draw(t, "region"), 0)
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return event.TaskSpawned(task, region, n())
	case 1:
		return event.TaskCompleted(task, event.OutcomePanicked)
	case 2:
		return event.RegionCreated(region, region, n())
	case 3:
		return event.RootRegionCreated(region, n())
	case 4:
		return event.RegionClosed(region, event.OutcomeOK)
	case 5:
		return event.TimeAdvanced(n(), n())
	case 6:
		return event.IoResult(event.Token(n()), int64(n()))
	case 7:
		return event.ChaosInjection(event.ChaosDelay, n())
	case 8:
		return event.Checkpoint(n(), n(), 1, 2)
	}
	return event.RngValue(n())
}

// anyFile draws a trace and writes it in a form, with everything that the form has a place for.
func anyFile(t *rapid.T, form source.Form) []byte {
	md := event.NewMetadata(rapid.Uint64().Draw(t, "seed"))
	md.Description = rapid.StringN(0, 12, 40).Draw(t, "description")
	cfg := tracefile.Config{Identity: rapid.MapOfN(anyText(), anyText(), 0, 3).Draw(t, "identity")}
	if form != source.Msgpack && rapid.Bool().Draw(t, "ring") {
		cfg.First, cfg.Time = rapid.Uint64Range(0, 1<<61).Draw(t, "first"), rapid.Uint64Range(0, 1<<40).Draw(t, "time")
	}
	drawn := rapid.IntRange(0, 20).Draw(t, "events")
	times := rapid.SampledFrom([]int{1, 1, 1, 600}).Draw(t, "times") // 8192 events fill a chunk
	var b bytes.Buffer
	out, err := base.NewSink(&b, form, md, cfg, uint64(drawn*times), true)
	if err != nil {
		t.Fatal(err)
	}
	for range drawn {
		e, name, site := anyEvent(t), rapid.IntRange(0, 9).Draw(t, "named"), rapid.Bool().Draw(t, "with site")
		for i := range times {
			if i == 0 {
				nameSome(t, out, e, name)
			}
			if site {
				out.Site("bank.go:25")
			}
			if i == 0 {
				noteSome(t, out, name)
			}
			if err := out.Append(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	noteSome(t, out, rapid.IntRange(0, 9).Draw(t, "noted"))
	if rapid.Bool().Draw(t, "with end") {
		out.SetEnd(tracefile.End{Reason: anyText().Draw(t, "reason"), Message: rapid.StringN(0, 9, 30).Draw(t, "message")})
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// nameSome gives names before e: to what it brings into use, to something else, to several, or to none.
func nameSome(t *rapid.T, out base.Sink, e event.Event, which int) {
	text := func() string { return anyText().Draw(t, "name") }
	if e.Kind() == event.KindTaskSpawned && which < 6 {
		out.NameTask(e.Task(), text())
	}
	if e.Kind() == event.KindRegionCreated && which < 6 {
		out.NameRegion(e.Region(), text())
	}
	if which == 0 {
		out.NameTask(event.NewTaskID(2, 0), text())
		out.NameRegion(event.NewRegionID(1, 0), text())
		out.NameTask(event.NewTaskID(1, 1), text())
	}
}

// noteSome gives notes, or none.
func noteSome(t *rapid.T, out base.Sink, which int) {
	for i := range which % 3 {
		n := tracefile.Note{Act: tracefile.ActStop, Task: tracefile.NoTask, Reason: anyText().Draw(t, "reason"),
			Time: uint64(which)}
		if i == 1 {
			n.Task, n.Place, n.Stack = event.NewTaskID(1, 0), "bank.go:25", []string{anyText().Draw(t, "frame"), "bank.go:7"}
			n.Object, n.Tasks = tracefile.Object{Kind: "mutex", Name: anyText().Draw(t, "object")}, []event.TaskID{0}
		}
		out.Note(n)
	}
}

// TestMalformedNotes checks that verify finds notes that are malformed, and that recover saves the rest.
func TestMalformedNotes(t *testing.T) {
	var b bytes.Buffer
	w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.Note(tracefile.Note{Act: "x"})
	if err := errors.Join(w.Append(event.RngSeed(1)), w.Close()); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	at := bytes.Index(file, []byte("RPRc\x08\x00"))
	payload := file[at+48:][:6] // [[0, "x", 0]]
	if string(payload) != "\x91\x93\x00\xa1x\x00" {
		t.Fatalf("the payload is %q", payload)
	}
	payload[2] = 9 // of an event that is not there
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	binary.LittleEndian.PutUint32(file[at+40:], crc32.Checksum(payload, castagnoli))
	binary.LittleEndian.PutUint32(file[at+44:], crc32.Checksum(file[at:at+44], castagnoli))
	for command, want := range map[string]string{"verify": "note 0 of a chunk of notes is malformed", "stats": ""} {
		var out, errs bytes.Buffer
		code := Main([]string{command, "-"}, bytes.NewReader(file), &out, &errs)
		if (code != base.ExitOK) != (want != "") || !strings.Contains(out.String()+errs.String(), want) {
			t.Errorf("%s ends with %d: %s%s", command, code, out.String(), errs.String())
		}
	}
}

// TestDumpConvertGivesTheSameFile is the property that convert makes of what dump --json prints the very file again.
func TestDumpConvertGivesTheSameFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, form := range base.Forms {
		t.Run(string(form), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				file := anyFile(t, form)
				var jsonl, errs, back bytes.Buffer
				if code := Main([]string{"dump", "--json", "-"}, bytes.NewReader(file), &jsonl, &errs); code != base.ExitOK {
					t.Fatalf("dump ends with %d: %s", code, errs.String())
				}
				args := []string{"convert", "-", "-", "--to", string(form)}
				if code := Main(args, bytes.NewReader(jsonl.Bytes()), &back, &errs); code != base.ExitOK {
					t.Fatalf("convert ends with %d: %s", code, errs.String())
				}
				if !bytes.Equal(back.Bytes(), file) {
					t.Fatalf("the file:\n%q\nafter dump and convert:\n%q\nby way of\n%s", file, back.Bytes(), jsonl.String())
				}
			})
		})
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestDumpFiltersAgreeWithCounting is the property that dump with a filter shows what a look at every event tells, from
// a file that can be sought and from a stream, whatever the size of the chunks.
func TestDumpFiltersAgreeWithCounting(t *testing.T) {
	var all []event.Event
	longRun(400, func(e event.Event) { all = append(all, e) })
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		w, err := tracefile.NewWriter(&file, event.NewMetadata(5),
			tracefile.Config{ChunkEvents: rapid.IntRange(1, 60).Draw(t, "chunk")})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if err := w.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		args, want := anyFilter(t, all)
		path := filepath.Join(dir, "x.reprise")
		if err := base.ToFile(path, func(w io.Writer) error { _, err := w.Write(file.Bytes()); return err }); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{path, base.Stdio} {
			var out, errs bytes.Buffer
			code := Main(append([]string{"dump", "--json", name}, args...), bytes.NewReader(file.Bytes()), &out, &errs)
			if got := indices(out.String()); code != base.ExitOK || !slices.Equal(got, want) {
				t.Fatalf("%s %q ends with %d %s\nand gives %q\nwant %q", name, args, code, errs.String(), got, want)
			}
		}
	})
}

// anyFilter draws flags of dump, and returns the indices of the events that they are to let through.
func anyFilter(t *rapid.T, all []event.Event) (args, want []string) {
	from, to := rapid.IntRange(0, len(all)+5).Draw(t, "from"), rapid.IntRange(0, len(all)+5).Draw(t, "to")
	from, to = min(from, to), max(from, to)
	last := 0
	for _, e := range all {
		if e.Kind() == event.KindTimeAdvanced {
			last = int(e.ToNanos())
		}
	}
	since, until := rapid.IntRange(0, last).Draw(t, "since"), rapid.IntRange(0, last+9).Draw(t, "until")
	since, until = min(since, until), max(since, until)
	use := rapid.SliceOfN(rapid.Bool(), 5, 5).Draw(t, "use")
	flags := [][]string{
		{"--from", fmt.Sprint(from)}, {"--to", fmt.Sprint(to)}, {"--since", fmt.Sprintf("%dns", since)},
		{"--until", fmt.Sprintf("%dns", until)}, {"--kind", "TimerFired,TaskCompleted,TimeAdvanced"},
	}
	for i, flag := range flags {
		if use[i] {
			args = append(args, flag...)
		}
	}
	now := 0
	for i, e := range all {
		if e.Kind() == event.KindTimeAdvanced {
			now = int(e.ToNanos())
		}
		ofKind := e.Kind() == event.KindTimerFired || e.Kind() == event.KindTaskCompleted ||
			e.Kind() == event.KindTimeAdvanced
		passes := []bool{i >= from, i < to, now >= since, now <= until, ofKind}
		if !slices.ContainsFunc([]int{0, 1, 2, 3, 4}, func(k int) bool { return use[k] && !passes[k] }) {
			want = append(want, fmt.Sprint(i))
		}
	}
	if len(args) == 0 { // not a filter: the lines have no index
		return []string{"--from", "0"}, want
	}
	return args, want
}

// indices returns the values of the key index.
func indices(jsonl string) (list []string) {
	for line := range strings.Lines(jsonl) {
		if _, rest, ok := strings.Cut(line, `"index":`); ok {
			list = append(list, rest[:strings.IndexAny(rest, ",}")])
		}
	}
	return list
}

package cli

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/hostile"
	"github.com/reprise-go/reprise/tracefile"
)

// hostileTrace writes a trace in which each text is hostile; seed makes its events others.
func hostileTrace(t *testing.T, path string, seed uint64, ordinary bool) {
	t.Helper()
	text := hostile.Text
	md := event.NewMetadata(seed)
	md.Description = strings.ToValidUTF8(text, "?")
	id := tracefile.Identity{text: text, "x": text}
	for _, key := range []string{tracefile.KeyModule, tracefile.KeyPackage, tracefile.KeyTest, tracefile.KeyGo,
		tracefile.KeyOS,
		tracefile.KeyArch, tracefile.KeyTool, tracefile.KeyStrategy, tracefile.KeyRun, "build", "args", "leaks", "memory"} {
		id[key] = text
	}
	if ordinary {
		id[tracefile.KeyRun] = tracefile.RunOrdinary
	}
	w, err := tracefile.Create(path, md, tracefile.Config{Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	task := event.NewTaskID(0, 0)
	w.NameTask(task, text)
	w.NameRegion(0, text)
	for _, e := range []event.Event{event.RngSeed(seed), event.RootRegionCreated(0, 0), event.TaskSpawned(task, 0, 0),
		event.TaskScheduled(task, 1), event.RngValue(seed), event.TaskYielded(task), event.TaskScheduled(task, 2),
		event.TaskCompleted(task, 0), event.RegionClosed(0, 0)} {
		w.Site(text + ":25")
		w.Note(tracefile.Note{Act: tracefile.Act(text), Task: task, Reason: text,
			Object: tracefile.Object{Kind: text, Name: text}, Place: text,
			Stack: []string{text, text}})
		err = errors.Join(err, w.Append(e))
	}
	w.SetEnd(tracefile.End{Reason: text, Message: text})
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestHostileTexts gives traces in which each text is hostile to every command, in every format. For people the output
// has no control character, no bidirectional override, and no line that is a command of GitHub Actions; for machines
// it is well formed.
func TestHostileTexts(t *testing.T) {
	dir := t.TempDir()
	for _, ordinary := range []bool{false, true} {
		file, other := filepath.Join(dir, "a.reprise"), filepath.Join(dir, "b.reprise")
		hostileTrace(t, file, 1, ordinary)
		hostileTrace(t, other, 2, ordinary)
		commands := slices.Clone(reading)
		for _, format := range base.ReportFormats {
			for _, more := range [][]string{nil, {"--canonical"}, {"--align"}, {"--side-by-side"}} {
				commands = append(commands, slices.Concat([]string{"diff", file, other, "--format", format}, more))
			}
			commands = append(commands, []string{"replay", "FILE", "--format", format},
				[]string{"verify", "FILE", "--format", format})
		}
		commands = append(commands, []string{"pin", "FILE"}, []string{"replay", "FILE", "--to", hostile.Text},
			[]string{"dump", "FILE", "--task", hostile.Text},
			[]string{"dump", "FILE", "--kind", hostile.Text}, []string{"explain",
				hostile.Text}, []string{hostile.Text}, []string{"dump", hostile.Text})
		for _, args := range commands {
			args = in(args, file, dir)
			_, stdout, stderr := run(t, strings.NewReader(""), args...)
			checkPlain(t, args, stderr)
			switch format := formatOf(args); format {
			case "json":
				if !json.Valid([]byte(strings.Split(stdout, "\n")[0])) && stdout != "" {
					t.Errorf("%q is no JSON: %s", args, stdout)
				}
			case "junit":
				checkXML(t, args, stdout)
				checkPlain(t, args, stdout)
			case "github":
				checkPlain(t, args, strings.TrimPrefix(strings.ReplaceAll(stdout, "\n::error", "\n!"), "::"))
			default:
				checkPlain(t, args, stdout)
			}
		}
	}
}

// formatOf returns the format of the output of a command.
func formatOf(args []string) string {
	if slices.Contains(args, "--json") {
		return "json"
	}
	if i := slices.Index(args, "--format"); i >= 0 {
		return args[i+1]
	}
	return "text"
}

// checkPlain checks that an output can be shown on a terminal and in the log of GitHub Actions.
func checkPlain(t *testing.T, args []string, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%q writes invalid UTF-8: %q", args, out)
	}
	for _, r := range out {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			t.Errorf("%q writes %U: %q", args, r, out)
			return
		}
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q writes a command of GitHub Actions: %q", args, line)
		}
	}
}

// checkXML checks that an output is well-formed XML.
func checkXML(t *testing.T, args []string, out string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(out)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Errorf("%q is not well formed: %v\n%s", args, err, out)
			return
		}
	}
}

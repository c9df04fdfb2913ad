package base

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// parted are two events of each category of divergence; the zero Event stands for the end of a run.
var parted = []struct{ expected, actual event.Event }{
	{event.TaskScheduled(task(1), 3), event.TaskScheduled(task(2), 3)},
	{event.TaskCompleted(task(1), event.OutcomeOK), event.TaskCompleted(task(1), event.OutcomePanicked)},
	{event.TimeAdvanced(1e6, 2e6), event.TimeAdvanced(1e6, 61e9)},
	{event.TimerCreated(2, 2_500_000), event.TimerCreated(2, 3e6)},
	{event.IoResult(7, 512), event.IoResult(7, -1)},
	{event.RngValue(11), event.RngValue(12)},
	{event.RegionCreated(region(2), region(1), 2), event.RegionCreated(region(2), region(0), 2)},
	{event.WakerWake(task(1)), event.WakerWake(task(2))},
	{event.ChaosInjectionInto(task(1), event.ChaosDelay, 1000), event.ChaosInjectionInto(task(1), event.ChaosCancel, 0)},
	{event.Checkpoint(1, 1e6, 3, 2), event.Checkpoint(1, 1e6, 4, 2)},
	{event.TimerCreated(1, 1e6), event.RngValue(7)},
	{event.TaskScheduled(task(2), 3), event.Event{}},
}

func task(n uint32) event.TaskID     { return event.NewTaskID(n, 0) }
func region(n uint32) event.RegionID { return event.NewRegionID(n, 0) }

// beginning returns the lines of a report that name the two events.
func beginning(d *divergence.Divergence) string {
	lines := strings.Split(report.Of(d).Text(), "\n")
	return strings.Join(lines[1:3], "\n")
}

// ended runs a program and returns the error it ends with, or panics with.
func failureOf(cfg simsched.Config, body func(*simsched.Sim) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	_, err = recorder.Run(cfg, body)
	return err
}

func outside() (err error) {
	var mu *simsched.Mutex
	_ = failureOf(simsched.Config{}, func(s *simsched.Sim) error { mu = s.NewMutex("balance"); return nil })
	defer func() { err = fmt.Errorf("%v", recover()) }()
	mu.Lock()
	return nil
}

// damaged writes a trace file after a change of its bytes, and returns the text of the error of reading it.
func damaged(t *testing.T, change func([]byte) []byte) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "cli", "testdata", "corpus", "run.reprise"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := os.WriteFile(path, change(b), 0o644); err != nil {
		t.Fatal(err)
	}
	return read(path)
}

// read returns the text of the error of reading a file, whose folder it leaves out.
func read(path string) string {
	tr, err := ReadTrace(path)
	if err == nil {
		err = tracecheck.Check(tr)
	}
	return strings.ReplaceAll(WithCode(err), path, filepath.Base(path))
}

func bad(name string) string { return read(filepath.Join("testdata", "bad", name)) }

// replayed is what a replay says of a recording: its error or its warning.
func replayed(t *testing.T, recorded source.Source, cfg simsched.Config, identity map[string]string) string {
	t.Helper()
	result, err := replayer.Run(recorded, replayer.Config{Sim: cfg, Identity: identity},
		func(*simsched.Sim) error { return nil })
	if err != nil {
		return WithCode(err)
	}
	return strings.Join(result.Warnings, "\n")
}

// recording is a source with an identity and a beginning.
type recording struct {
	source.Seeker
	sourcetest.Unknown
	identity tracefile.Identity
	first    uint64
}

// Identity implements [source.Recording].
func (r recording) Identity() tracefile.Identity { return r.identity }

// First implements [source.Recording].
func (r recording) First() uint64 { return r.first }

func recordingOf(cfg simsched.Config, version uint32, first uint64) recording {
	tr, _ := recorder.Run(cfg, func(*simsched.Sim) error { return nil })
	tr.Metadata.Version = version
	return recording{Seeker: source.FromTrace(tr), first: first}
}

// realTexts are what the examples of the codes show, made by what they are of.
func realTexts(t *testing.T) map[string]string {
	bank, other := simsched.Config{Program: "bank"}, simsched.Config{Program: "bank", MaxSteps: 7}
	whole := func(cfg simsched.Config) recording { return recordingOf(cfg, event.Version, 0) }
	oldGo := whole(bank)
	oldGo.identity = tracefile.Identity{"go": "go1.25.3"}
	_, form := FormOf("run.txt")
	_, missing := os.Open("run.jsonl")
	run := func(cfg simsched.Config, body func(*simsched.Sim) error) string {
		return WithCode(failureOf(cfg, body))
	}
	texts := map[string]string{
		"malformed":       bad("missing-field.jsonl"),
		"unknown-kind":    bad("unknown-kind.jsonl"),
		"schema-version":  bad("version-of-the-future.jsonl"),
		"corrupt-file":    damaged(t, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }),
		"truncated-file":  damaged(t, func(b []byte) []byte { return b[:len(b)/2] }),
		"file-version":    damaged(t, func(b []byte) []byte { b[7]++; return b }),
		"wrong-format":    WithCode(form),
		"unreadable-file": WithCode(missing),

		"deadlock": run(simsched.Config{},
			func(s *simsched.Sim) error { mu := s.NewMutex("balance"); mu.Lock(); mu.Lock(); return nil }),
		"leak": run(simsched.Config{}, leaving),
		"step-limit": run(simsched.Config{MaxSteps: 100}, func(s *simsched.Sim) error {
			for {
				s.Yield()
			}
		}),
		"panic":       run(simsched.Config{}, func(*simsched.Sim) error { panic("index out of range [3] with length 3") }),
		"outside-use": outside().Error(),
		"failed-run": run(simsched.Config{}, func(*simsched.Sim) error {
			return errors.New("a transfer was lost: the balances are [120 50], want [120 80]")
		}),

		"another-program":   replayed(t, whole(simsched.Config{Program: "transfer"}), bank, nil),
		"another-config":    replayed(t, whole(bank), other, nil),
		"another-schema":    replayed(t, recordingOf(bank, 2, 0), bank, nil),
		"another-go":        replayed(t, oldGo, bank, map[string]string{"go": "go1.26.0"}),
		"partial-recording": replayed(t, recordingOf(bank, event.Version, 40), bank, nil),
	}
	for _, p := range parted {
		m := divergence.Mismatch{Expected: []event.Event{p.expected}}
		if p.actual.Kind() != 0 {
			m.Actual = []event.Event{p.actual}
		}
		d := divergence.Describe(m)
		texts[string(d.Category)] = beginning(d)
	}
	for n, name := range []string{"law1-seed-late", "law2-task-never-spawned", "law3-time-jumps", "law4-fired-twice",
		"law5-completed-runs", "law6-region-closes-early", "law7-tick-decreases", "law8-checkpoint-number"} {
		texts[codes.Law(n+1).Name] = bad(name + ".jsonl")
	}
	return texts
}

// leaving leaves a task that waits for ever.
func leaving(s *simsched.Sim) error {
	s.Go("worker", func() error { simsched.NewChan[int](s, "jobs", 0).Recv(); return nil })
	s.Yield()
	return nil
}

// TestExamples compares the examples of package codes with what they are examples of: where a text changes, its example
// in internal/codes/table.go changes too. The classes and bugs of ordinary tests stand in what other tests expect.
func TestExamples(t *testing.T) {
	texts := realTexts(t)
	expected := golden.Texts(t, "../../docs/first.md", "../../gort/testdata/failures.txt",
		"../../simtest/testdata/script/flaky.txtar", "../cli/testdata/module/*.txtar", "../gotest/late_test.go",
		"../story/story_test.go")
	for _, e := range codes.All() {
		real, ok := texts[e.Name]
		if !ok {
			for line := range strings.SplitSeq(e.Example, "\n") {
				if !strings.Contains(expected, strings.TrimSpace(line)) {
					t.Errorf("the example of %s %s has a line that no test expects: %s", e.Code, e.Name, line)
				}
			}
			continue
		}
		if real != e.Example {
			t.Errorf("the example of %s %s is\n%s\nbut really it is\n%s", e.Code, e.Name, e.Example, real)
		}
	}
}

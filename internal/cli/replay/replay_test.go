package replay

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/demo"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/golden"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// recordDemo records the failing run of the demo into a file that ends as end says. The recorder has the settings rc.
func recordDemo(t *testing.T, cfg simsched.Config, rc recorder.Config, end tracefile.End) (path string) {
	t.Helper()
	cfg.Program, cfg.Seed = demo.Programs[0].Config().Program, 11
	return record(t, cfg, rc, end, demo.Programs[0].Buggy)
}

func record(t *testing.T, cfg simsched.Config, rc recorder.Config, end tracefile.End,
	body func(*simsched.Sim) error) string {
	t.Helper()
	r, err := recorder.NewConfig(cfg.Metadata(), rc)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Run(cfg, body) // it is to fail
	path := filepath.Join(t.TempDir(), "trace.reprise")
	if err := r.WriteFile(path, end); err != nil {
		t.Fatal(err)
	}
	return path
}

// runMain runs the command and shows everything that comes of it, without the folder of the file.
func runMain(path, stdin string, args ...string) (code int, text string) {
	var out, errs bytes.Buffer
	root := &cobra.Command{Use: "reprise"}
	root.AddCommand(New())
	code = verb.Execute(root, append(args, path), strings.NewReader(stdin), &out, &errs)
	text = fmt.Sprintf("exit code %d\n%s%s", code, out.String(), errs.String())
	return code, strings.ReplaceAll(text, filepath.Dir(path)+string(filepath.Separator), "")
}

// TestReplayEnds replays recordings whose events match but that tell of another end, or of other settings.
func TestReplayEnds(t *testing.T) {
	lost := "a transfer was lost: the balances are [70 130], want [120 80]"
	var b strings.Builder
	for _, c := range []struct {
		name string
		cfg  simsched.Config
		end  tracefile.End
		args []string
		code int
	}{
		{"unknown", simsched.Config{}, tracefile.End{}, nil, base.ExitOK},
		{"the same", simsched.Config{}, tracefile.End{Reason: tracefile.EndFailed, Message: lost + "\nand more"}, nil,
			base.ExitOK},
		{"another failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFailed, Message: "no\nmoney"}, nil,
			base.ExitFound},
		{"no failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished}, nil, base.ExitFound},
		{"no failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished}, []string{"--format", "json"},
			base.ExitFound},
		{"no failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished}, []string{"--format", "github"},
			base.ExitFound},
		{"no failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished}, []string{"--format", "junit"},
			base.ExitFound},
		{"no failure", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished}, []string{"--policy", "resync"},
			base.ExitFound},
		{"no failure, not to the end", simsched.Config{}, tracefile.End{Reason: tracefile.EndFinished},
			[]string{"--fork", "24", "--seed", "3"}, base.ExitOK},
		{"other settings", simsched.Config{MaxSteps: 1000}, tracefile.End{}, nil, base.ExitOK},
		{"other settings", simsched.Config{MaxSteps: 1000}, tracefile.End{}, []string{"--format", "json"}, base.ExitOK},
	} {
		path := recordDemo(t, c.cfg, recorder.Config{}, c.end)
		code, text := runMain(path, "", append([]string{"replay"}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d", c.name, code, c.code)
		}
		fmt.Fprintf(&b, "== %s %s\n%s", c.name, strings.Join(c.args, " "), text)
	}
	golden.Check(t, "replayends.txt", b.String())
}

// TestReplayPartial refuses a recording that lacks its beginning.
func TestReplayPartial(t *testing.T) {
	path := recordDemo(t, simsched.Config{}, recorder.Config{MaxEvents: 20, AtLimit: recorder.DropOldest}, tracefile.End{})
	for _, args := range [][]string{{"replay"}, {"replay", "--to", "40"}, {"replay", "--step"}} {
		code, text := runMain(path, "run\n", args...)
		if code != base.ExitInput || !strings.Contains(text, "trace.reprise: replayer: the recording begins at event 36") {
			t.Errorf("%v: %s", args, text)
		}
	}
}

// TestReplayWays replays the recording of a program that another way knows, and whose failure takes many lines.
func TestReplayWays(t *testing.T) {
	body := func(s *simsched.Sim) error {
		safe, bell := s.NewMutex("safe"), s.NewCond("bell", s.NewMutex("door"))
		return s.InRegion("office", func(r *simsched.Region) error {
			safe.Lock()
			bell.Signal()
			r.Go("clerk", func() error { safe.Lock(); return nil })
			r.Go("guest", func() error { bell.L.Lock(); bell.Wait(); return nil })
			return nil
		})
	}
	was := ways
	defer func() { ways = was }()
	ways = append(slices.Clip(ways), func(r *replay) (bool, error) {
		if r.in.Metadata().Description != "a bank" {
			return false, nil
		}
		return true, r.here(simsched.Config{Program: "a bank"}, body)
	})
	path := record(t, simsched.Config{Program: "a bank"}, recorder.Config{}, tracefile.End{}, body)
	code, text := runMain(path, "", "replay")
	if code != base.ExitOK {
		t.Errorf("exit code %d", code)
	}
	_, stands := runMain(path, "", "replay", "--to", "14")
	_, steps := runMain(path, "run\ntasks\n", "replay", "--step")
	golden.Check(t, "replayways.txt", text+stands+steps)
	path = record(t, simsched.Config{Program: "a shop"}, recorder.Config{}, tracefile.End{}, body)
	if code, text := runMain(path, "", "replay"); code != base.ExitInput || !strings.Contains(text, "RPR5001") {
		t.Errorf("the recording of a program that no way knows: %s", text)
	}
}

// TestSettings looks at what the flags mean for a replayer. That Breakpoint is called is tested where it is.
func TestSettings(t *testing.T) {
	config := func(flags ...string) replayer.Config {
		var o options
		var cmd cobra.Command
		o.define(&cmd)
		if err := cmd.ParseFlags(flags); err != nil {
			t.Fatal(err)
		}
		s, err := o.settings("x", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s.Config(simsched.Config{Program: "p"})
	}
	want := replayer.Config{Sim: simsched.Config{Program: "p"}, Reproduce: "reprise replay x"}
	if got := config(); !reflect.DeepEqual(got, want) {
		t.Errorf("without flags: %+v", got)
	}
	want.Sim.CallSites = true
	if got := config("--step"); !reflect.DeepEqual(got, want) {
		t.Errorf("with --step: %+v", got)
	}
	want.Policy, want.Window, want.Sim.CallSites = replayer.Resync, 64, false
	want.Reproduce += " --policy resync"
	if got := config("--policy", "resync"); !reflect.DeepEqual(got, want) {
		t.Errorf("with --policy resync: %+v", got)
	}
	want.Policy, want.Window, want.Index, want.Seed = replayer.Prefix, 0, 9, 7
	want.Reproduce = "reprise replay x --fork 9 --seed 7"
	if got := config("--fork", "9", "--seed", "7"); !reflect.DeepEqual(got, want) {
		t.Errorf("with --fork: %+v", got)
	}
	want = replayer.Config{Sim: simsched.Config{Program: "p", CallSites: true}, Reproduce: "reprise replay x",
		BreakAt: []uint64{24}}
	if got := config("--break", "24"); !reflect.DeepEqual(got, want) {
		t.Errorf("with --break 24: %+v", got)
	}
}

// TestStepOnATerminal has a prompt, and goes on after a wrong command.
func TestStepOnATerminal(t *testing.T) {
	path := recordDemo(t, simsched.Config{}, recorder.Config{}, tracefile.End{})
	session := func(commands string) (text string, err error) {
		var out bytes.Buffer
		r := &replay{Streams: verb.Streams{Stdin: strings.NewReader(commands), Stdout: &out, Stderr: &out}}
		r.Settings = front.Settings{Name: path, Path: path, Step: true, Format: "text", Prompt: true}
		err = r.run()
		return out.String(), err
	}
	text, err := session("step 3\njump\nto noon\nback 9\nnext x\n\nback\n")
	if err != nil {
		t.Error(err)
	}
	more, err := session("step\nquit\nstep\n")
	if err != nil {
		t.Error(err)
	}
	golden.Check(t, "replayterminal.txt", text+"== quit\n"+more)
}

package replayer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
)

// leaks are programs that do something that is no function of their choices, each with the line that does it.
var leaks = []struct {
	name string
	line string
	body func() program
}{
	{"map order", "range of a map", func() program {
		return func(s *simsched.Sim) error {
			delays := map[string]time.Duration{}
			for i := range 50 {
				delays[fmt.Sprint("task-", i)] = time.Duration(i)
			}
			for name, d := range delays {
				s.Go(name, func() error { s.Sleep(d); return nil }) // range of a map
			}
			return nil
		}
	}},
	{"global randomness", "global draw", func() program {
		return func(s *simsched.Sim) error {
			s.Sleep(time.Duration(rand.Int64())) // global draw
			return nil
		}
	}},
	{"a real clock", "real clock", func() program {
		return func(s *simsched.Sim) error {
			s.Sleep(time.Duration(time.Now().UnixNano())) // real clock
			return nil
		}
	}},
	{"state outside the run", "kept state", func() program {
		runs := 0
		return func(s *simsched.Sim) error {
			for runs++; ; {
				s.Sleep(time.Duration(runs)) // kept state
				return nil
			}
		}
	}},
}

// lineOf returns the line of this file that has a comment, as a code line.
func lineOf(t *testing.T, comment string) string {
	t.Helper()
	text, err := os.ReadFile("determinism_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(line, "// "+comment) {
			return fmt.Sprintf("replayer/determinism_test.go:%d", i+1)
		}
	}
	t.Fatalf("no line has the comment %q", comment)
	return ""
}

func TestLeaksAreFound(t *testing.T) {
	for _, leak := range leaks {
		t.Run(leak.name, func(t *testing.T) {
			for name, cfg := range map[string]simsched.Config{"seed": {Seed: 3},
				"chooser": {Chooser: simsched.NewRoundRobin(3)}} {
				err := replayer.CheckDeterminism(cfg, leak.body())
				var ne *replayer.NondeterminismError
				var de *divergence.Error
				if !errors.Is(err, replayer.ErrNondeterministic) || !errors.As(err, &ne) || !errors.As(err, &de) ||
					ne.Divergence != de.Divergence {
					t.Fatalf("%s: %v, want a difference", name, err)
				}
				want := lineOf(t, leak.line)
				if d := ne.Divergence; leak.name != "map order" && (d.ExpectedSite != want || d.ActualSite != want) {
					t.Errorf("%s: at %q and %q, want %q", name, d.ExpectedSite, d.ActualSite, want)
				}
				if !strings.Contains(err.Error(), ", at replayer/determinism_test.go:") {
					t.Errorf("%s: no code line: %v", name, err)
				}
				if from, to, differ := ne.First.Compare(ne.Second); !differ || from >= to {
					t.Errorf("%s: the fingerprints say %d to %d, %v", name, from, to, differ)
				}
			}
		})
	}
}

func TestDeterministicPrograms(t *testing.T) {
	for _, body := range []program{everything, office, endless, worker(func() error { panic("boom") }), meet(false),
		yieldTimes(3)} {
		for name, cfg := range map[string]simsched.Config{
			"seed": {Seed: 3}, "round robin": {Chooser: simsched.NewRoundRobin(3)}, "random": {Chooser: simsched.NewRandom(4)},
			"chaos": {Chaos: simsched.ChaosHeavy(1), Chooser: simsched.NewRandom(5)},
		} {
			cfg.MaxSteps = 500
			if err := replayer.CheckDeterminism(cfg, body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestRareLeak differs in the second run only: what is known of the place is told.
func TestRareLeak(t *testing.T) {
	runs := 0
	err := replayer.CheckDeterminism(simsched.Config{}, func(s *simsched.Sim) error {
		if runs++; runs == 2 {
			s.Sleep(time.Second)
		}
		return nil
	})
	var ne *replayer.NondeterminismError
	if !errors.As(err, &ne) || ne.Divergence != nil || errors.Unwrap(err) != nil {
		t.Fatalf("%v, want a difference without a place", err)
	}
	want := "replayer: two runs under the same choices differ: first at event 4, but not in 32 further runs"
	if err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	if runs != 35 {
		t.Errorf("%d runs, want 35", runs)
	}
}

// childVariable tells a child process which program to print the fingerprint of.
const childVariable = "REPRISE_TEST_FINGERPRINT"

// TestTwoProcesses compares fingerprints of two processes, of which this test is one and runs the other.
func TestTwoProcesses(t *testing.T) {
	programs := map[string]program{"office": office, "everything": everything, "map order": leaks[0].body(),
		"global randomness": leaks[1].body()}
	if name := os.Getenv(childVariable); name != "" {
		f, _ := replayer.FingerprintOf(settings, programs[name])
		fmt.Println(f)
		return
	}
	for name, body := range programs {
		cmd := exec.Command(os.Args[0], "-test.run=^TestTwoProcesses$")
		cmd.Env = append(os.Environ(), childVariable+"="+name)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, _, _ := strings.Cut(string(out), "\n")
		theirs, err := replayer.ParseFingerprint(text)
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := replayer.FingerprintOf(settings, body)
		_, _, differ := ours.Compare(theirs)
		if want := name == "map order" || name == "global randomness"; differ != want {
			t.Errorf("%s: differs %v, want %v\n%v\n%v", name, differ, want, ours, theirs)
		}
	}
}

func TestFingerprintError(t *testing.T) {
	if _, err := replayer.FingerprintOf(simsched.Config{}, worker(func() error { return errBoom })); !errors.Is(err,
		errBoom) {
		t.Errorf("the run fails, FingerprintOf says %v", err)
	}
}

// fingerprint is that of a list of events.
func fingerprint(list events) replayer.Fingerprint {
	var p replayer.Fingerprinter
	for _, e := range list {
		_ = p.Observe(e) // never fails
	}
	return p.Fingerprint()
}

// TestFingerprintsLocate: two runs have equal fingerprints if and only if they are equal, and the range that Compare
// gives has the first difference in it, and is at most a 32nd of the runs.
func TestFingerprintsLocate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := make(events, rapid.IntRange(0, 700).Draw(t, "events"))
		for i := range a {
			a[i] = event.RngValue(uint64(i % 7))
		}
		b := append(events(nil), a...)
		if len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "changed")] = event.RngValue(rapid.Uint64Range(0, 8).Draw(t, "value"))
		}
		b = b[:len(b)-rapid.IntRange(0, min(3, len(b))).Draw(t, "cut")]
		at := 0
		for at < len(a) && at < len(b) && a[at] == b[at] {
			at++
		}
		equal := len(a) == len(b) && at == len(a)
		for _, pair := range [][2]replayer.Fingerprint{{fingerprint(a), fingerprint(b)}, {fingerprint(b), fingerprint(a)}} {
			from, to, differ := pair[0].Compare(pair[1])
			if differ == equal || differ && (from > uint64(at) || uint64(at) >= to || to-from > uint64(len(a)/32+3)) {
				t.Fatalf("the first difference is at %d of %d and %d, Compare says %d to %d, %v", at, len(a), len(b), from,
					to, differ)
			}
		}
		text := fingerprint(a).String()
		f, err := replayer.ParseFingerprint(text)
		if _, _, differ := f.Compare(fingerprint(a)); err != nil || differ || f.String() != text || len(text) > 1200 {
			t.Fatalf("%d bytes %s are read as %v, %v", len(text), text, f, err)
		}
	})
}

// TestFingerprintIsPinned: fingerprints are compared between versions of this package.
func TestFingerprintIsPinned(t *testing.T) {
	tr := recordOK(t, everything)
	f := fingerprint(tr.Slice(0, 5))
	const want = "rfp1:5:0:242387ab08771c25:" +
		"e48e56d200e34f82,4820f073b13ba28e,2a33526a8826540c,9a6b10e8fd29073d,242387ab08771c25"
	if f.String() != want {
		t.Errorf("the fingerprint is\n%v\nwant\n%s", f, want)
	}
	if zero := (replayer.Fingerprint{}).String(); zero != "rfp1:0:0:0" {
		t.Errorf("the fingerprint of nothing is %s", zero)
	}
	var d events
	for _, e := range tr.All() {
		d = append(d, e)
		if f := fingerprint(d); f.Events != uint64(len(d)) {
			t.Errorf("%d events are counted as %d", len(d), f.Events)
		}
	}
}

func FuzzParseFingerprint(f *testing.F) {
	tr, err := recorder.Run(settings, everything)
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{0, 1, 5, tr.Len()} {
		f.Add(fingerprint(tr.Slice(0, n)).String())
	}
	for _, s := range []string{
		"", "rfp1", "rfp2:0:0:0", "rfp1:0:0:0:", "rfp1:1:0:5", "rfp1:1:0:5:5,6", "rfp1:01:0:5:5", "rfp1:1:0:5:G",
		"rfp1:1:64:5",
		"rfp1:18446744073709551615:58:5", "rfp1:1:0:5:5:5", "rfp1:-1:0:5", "rfp1:1:0:ABC:abc",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := replayer.ParseFingerprint(text)
		if err != nil {
			if !errors.Is(err, replayer.ErrFingerprint) || p.String() != "rfp1:0:0:0" {
				t.Errorf("%q: %v, %v", text, p, err)
			}
			return
		}
		if p.String() != text {
			t.Errorf("%q is read as %v", text, p)
		}
		if from, to, differ := p.Compare(replayer.Fingerprint{}); differ && from >= to {
			t.Errorf("%q: differs from nothing from %d to %d", text, from, to)
		}
	})
}

// TestNotAFingerprint has what comes closest to one.
func TestNotAFingerprint(t *testing.T) {
	for _, text := range []string{
		"", "rfp1", "rfp2:0:0:0", "rfp1:0:0:0:", "rfp1:1:0:5", "rfp1:1:0:5:5,6", "rfp1:01:0:5:5", "rfp1:1:0:5:G",
		"rfp1:1:0:5:5:5", "rfp1:-1:0:5", "rfp1:1:0:ABC:abc", "rfp1:0:0:0\n",
	} {
		if f, err := replayer.ParseFingerprint(text); !errors.Is(err, replayer.ErrFingerprint) {
			t.Errorf("%q is read as %v, %v", text, f, err)
		}
	}
}

// TestAnswersThatDoNotFit: the second run asks for other choices than the first, and for more. It goes on all the same.
func TestAnswersThatDoNotFit(t *testing.T) {
	runs, ended := 0, 0
	cfg := simsched.Config{Chooser: simsched.NewRandom(1), Chaos: simsched.Chaos{Delay: 1}}
	err := replayer.CheckDeterminism(cfg, func(s *simsched.Sim) error {
		runs++
		defer func() { ended++ }()
		if runs != 2 {
			for range 20 {
				s.Rand("dice").Uint64()
			}
			return nil
		}
		for range 3 {
			s.Go("task", func() error { s.Yield(); return nil })
		}
		for range 30 {
			s.Rand("dice").Uint64()
			s.Yield()
		}
		ended += 100 // the loop was not cut short
		return nil
	})
	if !errors.Is(err, replayer.ErrNondeterministic) || runs != 35 || ended != 135 {
		t.Errorf("%v; %d runs, %d ended", err, runs, ended)
	}
}

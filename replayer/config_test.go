package replayer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/sourcetest"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// open opens a Replayer and runs a replay under the same settings, and returns both errors.
func open(src source.Source, cfg replayer.Config, body program) [2]error {
	_, runErr := replayer.Run(src, cfg, body)
	r, newErr := replayer.New(src, cfg, body)
	if newErr == nil {
		_ = r.Close() // always nil
	}
	return [2]error{runErr, newErr}
}

func TestWrongSettings(t *testing.T) {
	tr := recordOK(t, everything)
	random := replayer.Strategy(simsched.NewRandom)
	for want, cfg := range map[string]replayer.Config{
		"Policy 4 is not known":                                    {Policy: 4},
		"a Window of 0 with policy resync":                         {Policy: replayer.Resync},
		"a Window of -1 with policy resync":                        {Policy: replayer.Resync, Window: -1},
		"a Window of 1025 with policy resync, must be from 1 to 1": {Policy: replayer.Resync, Window: replayer.MaxWindow + 1},
		"a Window of 8 with policy strict, which has none":         {Window: 8},
		"a Window of 8 with policy past-end":                       {Policy: replayer.PastEnd, Window: 8},
		"an Index of 3 with policy strict":                         {Index: 3},
		"an Index of 3 with policy past-end":                       {Policy: replayer.PastEnd, Index: 3},
		"a Seed or Strategy with policy strict":                    {Seed: 1},
		"a Seed or Strategy with policy strict, which never":       {Strategy: random},
		fmt.Sprintf("Index %d with policy prefix is beyond the recording, which has %d events", tr.Len()+1, tr.Len()): {
			Policy: replayer.Prefix, Index: uint64(tr.Len() + 1)},
	} {
		cfg.Sim = settings
		ran := false
		for _, err := range open(source.FromTrace(tr),
			cfg, func(s *simsched.Sim) error { ran = true; return everything(s) }) {
			if !errors.Is(err, replayer.ErrConfig) || !strings.Contains(err.Error(), want) || ran {
				t.Errorf("%+v: ran %v, %v; want %q and nothing run", cfg, ran, err, want)
			}
		}
	}
}

// stream is a source that cannot seek and does not know how long it is.
type stream struct{ source.Source }

// TestIndexBeyondAStream: where the length is not known, the end of the recording tells.
func TestIndexBeyondAStream(t *testing.T) {
	tr := recordOK(t, everything)
	for n := range 3 {
		cfg := replayer.Config{Sim: settings, Policy: replayer.Prefix, Index: uint64(tr.Len() + n)}
		_, err := replayer.Run(stream{source.FromTrace(tr)}, cfg, everything)
		if errors.Is(err, replayer.ErrConfig) != (n > 0) || n == 0 && err != nil {
			t.Errorf("index %d of %d events: %v", tr.Len()+n, tr.Len(), err)
		}
	}
}

func TestPolicyNames(t *testing.T) {
	for p, want := range map[replayer.Policy]string{
		replayer.Strict: "strict", replayer.Resync: "resync", replayer.Prefix: "prefix", replayer.PastEnd: "past-end",
		9: "policy(9)",
	} {
		if p.String() != want {
			t.Errorf("policy %d is %q, want %q", p, p.String(), want)
		}
	}
}

// late is a source without its first events.
type late struct {
	*source.Cursor
	sourcetest.Unknown
}

func (late) First() uint64 { return 7 }

func TestPartialRecording(t *testing.T) {
	tr := recordOK(t, everything)
	for _, err := range open(late{Cursor: source.FromTrace(tr)}, replayer.Config{Sim: settings}, everything) {
		if !errors.Is(err, replayer.ErrPartial) ||
			!strings.Contains(err.Error(), "begins at event 7") {
			t.Errorf("a recording from event 7 on: %v", err)
		}
	}
}

// identified is a source with an identity.
type identified struct {
	*source.Cursor
	sourcetest.Unknown
	identity map[string]string
}

func (i identified) Identity() tracefile.Identity { return i.identity }

func TestOtherVersion(t *testing.T) {
	tr := recordOK(t, everything)
	tr.Metadata.Version = 2
	for _, err := range open(source.FromTrace(tr), replayer.Config{Sim: settings}, everything) {
		if !errors.Is(err, replayer.ErrVersion) ||
			!strings.Contains(err.Error(), "schema version 2, this package replays version 1") {
			t.Errorf("schema version 2: %v", err)
		}
	}
}

// TestDifferences replays under other circumstances: each is a warning, and a note of a divergence.
func TestDifferences(t *testing.T) {
	was := map[string]string{"go": "go1.20", "module": "example.com/bank", "package": "example.com/bank/ledger",
		"test": "TestTransfer", "os": "plan9"}
	now := map[string]string{"module": "example.com/shop", "package": "example.com/bank/ledger", "test": "TestPay",
		"os": "linux"}
	all := []string{
		`another configuration hash: recorded 0x`, `another module: recorded "example.com/bank", now "example.com/shop"`,
		`another test: recorded "TestTransfer", now "TestPay"`, `another go: recorded "go1.20", now "go1.`,
	}
	tr := recordOK(t, everything)
	cfg := replayer.Config{Sim: settings, Identity: now}
	cfg.Sim.MaxSteps = 150
	src := identified{Cursor: source.FromTrace(tr), identity: was}
	result, err := replayer.Run(src, cfg, everything)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, result.Warnings, all)
	_, err = replayer.Run(src, cfg, endless)
	var de *divergence.Error
	if !errors.As(err, &de) {
		t.Fatalf("the replay ended with %v, want a divergence", err)
	}
	wantLines(t, de.Divergence.Notes, append([]string{"the runs were configured differently"}, all[1:]...))
}

// wantLines checks that each line contains what is wanted.
func wantLines(t *testing.T, got, want []string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// omitting is a source that says which kinds it lacks.
type omitting struct {
	*source.Cursor
	sourcetest.Unknown
	kinds event.KindSet
}

func (o omitting) Omitted() event.KindSet { return o.kinds }

// TestOmittedBySource: what a source says of itself is as good as Config.Omitted, and adds to it.
func TestOmittedBySource(t *testing.T) {
	full, err := record(everything)
	if err != nil {
		t.Fatal(err)
	}
	less := event.NewTrace(full.Metadata)
	for _, e := range full.All() {
		if k := e.Kind(); k != event.KindRngValue && k != event.KindWakerWake {
			less.Append(e)
		}
	}
	src := omitting{Cursor: source.FromTrace(less), kinds: event.NewKindSet(event.KindRngValue)}
	cfg := replayer.Config{Sim: settings, Omitted: event.NewKindSet(event.KindWakerWake), Recorded: simsched.NewRoundRobin}
	seen := 0
	cfg.Sim.Observer = observe(func(event.Event) error { seen++; return nil })
	result, err := replayer.Run(src, cfg, everything)
	if err != nil || result.Events != uint64(less.Len()) || seen != full.Len() {
		t.Errorf("%+v, %v, %d events seen; want %d matched and %d seen", result, err, seen, less.Len(), full.Len())
	}
	if _, err := replayer.Run(source.FromTrace(less), replayer.Config{Sim: settings}, everything); !errors.Is(err,
		divergence.ErrDiverged) {
		t.Errorf("without Omitted the replay ended with %v, want a divergence", err)
	}
}

// TestUnknownIdentity: what is known on one side only is not compared.
func TestUnknownIdentity(t *testing.T) {
	tr := recordOK(t, everything)
	for _, c := range []struct{ was, now map[string]string }{
		{map[string]string{"module": "bank", "test": "TestTransfer"}, nil},
		{nil, map[string]string{"module": "bank", "test": "TestTransfer"}},
		{map[string]string{"module": "bank", "go": ""}, map[string]string{"module": "bank", "go": "go1.99"}},
	} {
		result, err := replayer.Run(identified{Cursor: source.FromTrace(tr), identity: c.was},
			replayer.Config{Sim: settings, Identity: c.now},
			everything)
		if err != nil || result.Warnings != nil {
			t.Errorf("recorded %v, now %v: %v, %v", c.was, c.now, result.Warnings, err)
		}
	}
}

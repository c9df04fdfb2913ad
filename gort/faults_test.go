//go:build linux && (amd64 || arm64)

package gort

import (
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-go/reprise/internal/fault"
	"github.com/reprise-go/reprise/strategy"
	"github.com/reprise-go/reprise/tracefile"
)

var faulty struct {
	once sync.Once
	b    *Binary
	err  error
}

// faultsModule returns the binary of testdata/faults; TestMain removes it.
func faultsModule(t testing.TB) *Binary {
	t.Helper()
	faulty.once.Do(func() {
		dir := filepath.Join("testdata", "faults")
		faulty.b, faulty.err = Build(t.Context(), dir, ".", BuildConfig{Cache: cacheDir(t)})
	})
	if faulty.err != nil {
		t.Fatal(faulty.err)
	}
	return faulty.b
}

// under makes runs of a test with faults, and returns how many fail.
func under(t *testing.T, test, faults string, seeds int) (failed []*Outcome, all int) {
	t.Helper()
	r := mustRunner(t, faultsModule(t), test, Control{})
	for seed := range uint64(seeds) {
		o := mustAgain(t, r, Control{Seed: seed, Faults: faults})
		all += len(o.Recording.Choices().Faults)
		if o.Verdict != Passed {
			failed = append(failed, o)
		}
	}
	return failed, all
}

// TestFaults: programs that rely on what the network does not promise fail, their correct twins never do, and without
// faults all pass.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		test, faults string
		fails        bool
	}{
		{"TestWholeRead", "short=20%", true}, {"TestWholeRead", "net=10%", true}, {"TestWholeRead", "", false},
		{"TestFullRead", "short=100%", false}, {"TestFullRead", "net=20%", false},
		{"TestNoRetry", "reset=10%", true}, {"TestNoRetry", "refuse=30%", true}, {"TestNoRetry", "latency,stall=50%", false},
		{"TestRetry", "net=20%", false}, {"TestDials", "latency=100%", false},
		{"TestStreams", "short,latency,stall,bandwidth,partition=10%", false},
		{"TestTLS", "short=30%", false}, {"TestTLS", "short,latency,stall,bandwidth=5%", false},
	} {
		failed, faults := under(t, c.test, c.faults, 20)
		if (len(failed) > 0) != c.fails || (faults > 0) != (c.faults != "") {
			t.Errorf("%s with %q: %d of 20 runs fail, %d faults", c.test, c.faults, len(failed), faults)
			if len(failed) > 0 {
				t.Logf("%s", failed[0].Output)
			}
		}
	}
}

// TestFaultsAgain: runs with faults are functions of the seed, in copies and in processes of their own, and are made
// again by their recordings, by the files of those, and by their scripts, without a rate.
func TestFaultsAgain(t *testing.T) {
	b := faultsModule(t)
	for i, test := range []string{"TestStreams", "TestTLS", "TestPackets", "TestRetry", "TestReset"} {
		r := mustRunner(t, b, test, Control{})
		for seed := range uint64(4) {
			c := Control{Seed: seed, Faults: "net=10%"}
			first := mustRun(t, b, test, c)
			n := 2
			if i == 0 && seed == 0 {
				n = 20
			}
			for range n {
				if d := same(first, mustAgain(t, r, c)); d != "" {
					t.Fatalf("%s, seed %d: two runs differ in %s", test, seed, d)
				}
			}
			script := first.Recording.Script()
			path := filepath.Join(t.TempDir(), "run.reprise")
			if err := first.Save(path, "", nil); err != nil {
				t.Fatal(err)
			}
			loaded, id, err := Load(path)
			if err != nil || id[tracefile.KeyFaults] != "net=10%" {
				t.Fatalf("%v, faults %q", err, id[tracefile.KeyFaults])
			}
			for how, c := range map[string]Control{ // lint: order does not matter because each is a run of its own
				"recording": {Choices: first.Recording.Choices()},
				"file":      {Choices: loaded},
				"script":    {Seed: seed, Script: &script},
			} {
				if o := mustAgain(t, r, c); o.Verdict != first.Verdict || o.Recording.Hash != first.Recording.Hash {
					t.Errorf("%s, seed %d: the run by its %s is %s, the first %s", test, seed, how, o.Verdict, first.Verdict)
				}
			}
		}
	}
}

// TestOneFaultIsEnough: of the faults of a run that fails, the script without all but one makes a run that fails, too,
// and no other run has a fault.
func TestOneFaultIsEnough(t *testing.T) {
	failed, _ := under(t, "TestWholeRead", "short,latency=50%", 20)
	if len(failed) == 0 {
		t.Fatal("no run fails")
	}
	o := failed[0]
	enough := 0
	for _, d := range o.Recording.Script() {
		if d.Kind != strategy.Fault {
			continue
		}
		one := mustRun(t, faultsModule(t), "TestWholeRead", Control{Seed: o.Recording.Seed, Script: &strategy.Script{d}})
		if n := len(one.Recording.Choices().Faults); n != 1 {
			t.Errorf("%+v makes %d faults", d, n)
		}
		if one.Verdict == Failed {
			enough++
		}
	}
	if enough == 0 {
		t.Error("no fault alone makes the run fail")
	}
}

// TestPackets: datagrams are lost and overtake each other, unless there are no faults.
func TestPackets(t *testing.T) {
	lines := func(faults string) map[string]int {
		seen := map[string]int{}
		r := mustRunner(t, faultsModule(t), "TestPackets", Control{})
		for seed := range uint64(10) {
			for _, line := range linesOf(mustAgain(t, r, Control{Seed: seed, Faults: faults}), "got") {
				n, sorted, _ := strings.Cut(line, " ")
				seen[sorted]++
				if n != "40" {
					seen["lost"]++
				}
			}
		}
		return seen
	}
	if got := lines(""); got["true"] != 10 || got["lost"] > 0 {
		t.Errorf("without faults: %v", got)
	}
	if got := lines("loss=10%"); got["true"] != 10 || got["lost"] == 0 {
		t.Errorf("with losses: %v", got)
	}
	if got := lines("latency=10%"); got["false"] == 0 || got["lost"] > 0 {
		t.Errorf("with latency: %v", got)
	}
}

// TestReset: what both ends of a connection that is reset see is what Linux shows.
func TestReset(t *testing.T) {
	r := mustRunner(t, faultsModule(t), "TestReset", Control{})
	seen := map[string]int{}
	for seed := range uint64(30) {
		o := mustAgain(t, r, Control{Seed: seed, Faults: "reset,refuse,latency=2%"})
		if o.Verdict != Passed {
			t.Fatalf("seed %d: %s\n%s", seed, o.Verdict, o.Output)
		}
		for _, who := range []string{"client", "server"} {
			for _, line := range linesOf(o, who) {
				seen[who+" "+line]++
			}
		}
	}
	for _, want := range []string{"client true true 0 true", "server true true"} {
		if seen[want] == 0 {
			t.Errorf("no run shows %q: %v", want, seen)
		}
	}
	t.Log(seen)
}

// TestAsked runs the tests of package faults, which ask for faults, under control: they happen, and are recorded.
func TestAsked(t *testing.T) {
	b, err := Build(t.Context(), "../faults", ".", BuildConfig{Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()                         //nolint:errcheck // of a file in a temporary folder
	for test, want := range map[string]int{ // lint: order does not matter because each is a run of its own
		"TestShort": 1, "TestReset": 1, "TestRefuse": 1, "TestLatency": 3, "TestBandwidth": 1, "TestLoss": 1,
		"TestPartition": 2, "TestOther": 0,
	} {
		for seed := range uint64(3) {
			o := mustRun(t, b, test, Control{Seed: seed, Late: -1})
			if n := len(o.Recording.Choices().Faults); o.Verdict != Passed || n != want {
				t.Errorf("%s, seed %d: %s, %d faults, want %d\n%s", test, seed, o.Verdict, n, want, o.Output)
			}
			again := mustRun(t, b, test, Control{Choices: o.Recording.Choices(), Late: -1})
			if d := same(o, again); d != "" {
				t.Errorf("%s, seed %d: the replay differs in %s", test, seed, d)
			}
		}
		o := mustRun(t, b, test, Control{RealNetwork: true})
		if o.Verdict != Passed || len(o.Recording.Choices().Faults) > 0 {
			t.Errorf("%s over the real network: %s\n%s", test, o.Verdict, o.Output)
		}
	}
}

// TestFaultText: the sentences about faults.
func TestFaultText(t *testing.T) {
	for _, c := range []struct {
		f          fault.Fault
		does, want string
	}{
		{fault.Fault{Kind: fault.Short, Amount: 512}, "reads",
			"reads 512 of 4,096 bytes from 127.0.0.1:80 to 127.0.0.1:20001 (fault)"},
		{fault.Fault{Kind: fault.Short, Amount: 1}, "writes",
			"writes 1 of 4,096 bytes from 127.0.0.1:20001 to 127.0.0.1:80 (fault)"},
		{fault.Fault{Kind: fault.Reset}, "writes",
			"writes from 127.0.0.1:20001 to 127.0.0.1:80 and finds the connection reset (fault)"},
		{fault.Fault{Kind: fault.Refuse}, "dials", "dials from 127.0.0.1:20001 to 127.0.0.1:80 and is refused (fault)"},
		{fault.Fault{Kind: fault.Latency, Amount: 1_500_000}, "sends",
			"sends a datagram from 127.0.0.1:20001 to 127.0.0.1:80, which takes 1.5ms (fault)"},
		{fault.Fault{Kind: fault.Bandwidth, Amount: 2048}, "writes",
			"writes from 127.0.0.1:20001 to 127.0.0.1:80, which passes 2,048 bytes a second from here on (fault)"},
		{fault.Fault{Kind: fault.Loss}, "sends",
			"sends a datagram from 127.0.0.1:20001 to 127.0.0.1:80, which is lost (fault)"},
		{fault.Fault{Kind: fault.Partition, Amount: math.MaxUint64}, "dials",
			"dials from 127.0.0.1:20001 to 127.0.0.1:80, between which nothing passes for 1281023h53m38.427388s (fault)"},
		{fault.Fault{Kind: 99}, "", "fault 99"},
	} {
		if got := faultText(c.f, "127.0.0.1:20001 127.0.0.1:80 4096 "+c.does); got != c.want {
			t.Errorf("%+v: %q, want %q", c.f, got, c.want)
		}
	}
}

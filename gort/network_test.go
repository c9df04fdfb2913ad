//go:build linux && (amd64 || arm64)

package gort

import (
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

var network1 struct {
	once sync.Once
	b    *Binary
	err  error
}

// network returns the binary of testdata/network; TestMain removes it.
func network(t testing.TB) *Binary {
	t.Helper()
	network1.once.Do(func() {
		dir := filepath.Join("testdata", "network")
		network1.b, network1.err = Build(t.Context(), dir, ".", BuildConfig{Cache: cacheDir(t)})
	})
	if network1.err != nil {
		t.Fatal(network1.err)
	}
	return network1.b
}

// inside are the tests of the module that reach nothing outside but files.
var inside = []string{
	"TestEcho", "TestHTTP", "TestHTTP2", "TestRPC", "TestUDP", "TestPacketInfo", "TestDeadline", "TestPipeline",
	"TestThousand", "TestUnix", "TestFile",
}

// TestNetwork runs servers and clients over the simulated network: they pass, the kernel sees no socket, and runs of a
// seed, in copies and in processes of their own, and replays are equal to the letter.
func TestNetwork(t *testing.T) {
	for i, test := range inside {
		r := mustRunner(t, network(t), test, Control{})
		runs := []int{20, 2}
		if i > 3 || testing.Short() {
			runs = []int{3, 1}
		}
		for seed, n := range runs {
			c := Control{Seed: uint64(seed)}
			first := mustRun(t, network(t), test, c)
			if first.Verdict != Passed || slices.Contains(first.Outside(), "sockets") || first.Admitted > 0 {
				t.Errorf("%s, seed %d: %s, outside %v\n%s", test, seed, first.Verdict, first.Outside(), first.Output)
				break
			}
			for range n {
				if d := same(first, mustAgain(t, r, c)); d != "" {
					t.Errorf("%s, seed %d: two runs differ in %s", test, seed, d)
				}
			}
			if d := same(first, mustAgain(t, r, Control{Choices: first.Recording.Choices()})); d != "" {
				t.Errorf("%s, seed %d: the replay differs in %s", test, seed, d)
			}
		}
	}
}

// TestRealNetwork runs the same over the kernel, and checks that a recording tells which network it was.
func TestRealNetwork(t *testing.T) {
	for _, real := range []bool{false, true} {
		o := mustRun(t, network(t), "TestEcho", Control{RealNetwork: real})
		if o.Verdict != Passed || slices.Contains(o.Outside(), "sockets") != real {
			t.Errorf("real %t: %s, outside %v\n%s", real, o.Verdict, o.Outside(), o.Output)
		}
		path := filepath.Join(t.TempDir(), "run.reprise")
		if err := o.Save(path, "", nil); err != nil {
			t.Fatal(err)
		}
		_, id, err := Load(path)
		want := map[bool]string{false: wire.NetworkSimulated, true: wire.NetworkReal}[real]
		if err != nil || id[tracefile.KeyNetwork] != want {
			t.Errorf("the recording has %q, %v; want %q", id[tracefile.KeyNetwork], err, want)
		}
	}
}

// TestDialOutside: what listens outside is reached, and counts as outside.
func TestDialOutside(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var server sync.WaitGroup
	server.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
		}
	})
	t.Setenv("NETWORK_SERVER", l.Addr().String())
	o := mustRun(t, network(t), "TestDialOutside", Control{})
	if list := linesOf(o, "said"); o.Verdict != Passed || len(list) != 1 || list[0] != "hello" ||
		!slices.Contains(o.Outside(), "sockets") {
		t.Errorf("%s, outside %v\n%s", o.Verdict, o.Outside(), o.Output)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	server.Wait()
}

// TestChildDials: a child process reaches what listens inside.
func TestChildDials(t *testing.T) {
	r := mustRunner(t, network(t), "TestChildDials", Control{})
	for seed := range uint64(3) {
		if o := mustAgain(t, r, Control{Seed: seed}); o.Verdict != Passed {
			t.Errorf("seed %d: %s\n%s", seed, o.Verdict, o.Output)
		}
	}
}

// TestChildrenDial: runs at the same time, which have the same ports inside, do not take each other's children.
func TestChildrenDial(t *testing.T) {
	var runs sync.WaitGroup
	for seed := range uint64(3) {
		r := mustRunner(t, network(t), "TestChildDials", Control{})
		runs.Go(func() {
			if o, err := r.Run(t.Context(), Control{Seed: seed}); err != nil || o.Verdict != Passed {
				t.Errorf("seed %d: %v, %v", seed, o, err)
			}
		})
	}
	runs.Wait()
}

// TestBounded: the memory that the network takes does not depend on how much has passed, but on what is in flight.
func TestBounded(t *testing.T) {
	o := mustRun(t, network(t), "TestBounded", Control{NoLeaks: true})
	list := linesOf(o, "grew")
	if o.Verdict != Passed || len(list) != 1 {
		t.Fatalf("%s\n%s", o.Verdict, o.Output)
	}
	const most = 20 << 10 // of 131 MiB that pass: the recording grows with the run, too
	if kib, err := strconv.Atoi(list[0]); err != nil || kib > most {
		t.Errorf("the process grew by %s KiB", list[0])
	}
}

// BenchmarkRequest compares an HTTP request and its answer over the simulated network with the same over that of the
// kernel, both under control.
func BenchmarkRequest(b *testing.B) {
	for _, real := range []bool{false, true} {
		b.Run(map[bool]string{false: "simulated", true: "real"}[real], func(b *testing.B) {
			b.Setenv("NETWORK_REQUESTS", strconv.Itoa(b.N))
			r := mustRunner(b, network(b), "TestRequests", Control{RealNetwork: real, NoLeaks: true})
			mustAgain(b, r, Control{}) // starts the process that is copied
			b.ResetTimer()
			if o := mustAgain(b, r, Control{}); o.Verdict != Passed {
				b.Fatalf("%s\n%s", o.Verdict, o.Output)
			}
		})
	}
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestProofs runs servers and clients of real modules over the simulated network, unmodified: gRPC, WebSocket, QUIC,
// and database/sql with the protocol of Postgres. 20 runs of a seed are equal to the letter, ports and output included,
// and so is their replay; nothing reaches the outside; and a network that is slow and delivers in pieces changes no
// result. It downloads the modules, so that it runs only with REPRISE_GORT_MODULES=1 or the name of one of its tests.
func TestProofs(t *testing.T) {
	only := os.Getenv("REPRISE_GORT_MODULES")
	tests := []string{"TestGRPC", "TestWebSocket", "TestQUIC", "TestSQL"}
	if only != "1" && !slices.Contains(tests, only) {
		return
	}
	b, err := Build(t.Context(), filepath.Join("testdata", "proofs"), ".", BuildConfig{Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close() //nolint:errcheck // of a file in a temporary folder
	for _, test := range tests {
		if only != "1" && only != test {
			continue
		}
		t.Run(test, func(t *testing.T) { prove(t, b, test) })
	}
}

// prove checks one test of TestProofs.
func prove(t *testing.T, b *Binary, test string) {
	r := mustRunner(t, b, test, Control{})
	for seed := range uint64(3) {
		first := mustAgain(t, r, Control{Seed: seed})
		if first.Verdict != Passed || slices.Contains(first.Outside(), "sockets") || first.Admitted > 0 {
			t.Fatalf("seed %d: %s, outside %v, let in %d\n%s", seed, first.Verdict, first.Outside(), first.Admitted,
				first.Output)
		}
		for range 19 {
			if d := same(first, mustAgain(t, r, Control{Seed: seed})); d != "" {
				t.Fatalf("seed %d: two runs differ in %s", seed, d)
			}
		}
		if d := same(first, mustAgain(t, r, Control{Choices: first.Recording.Choices()})); d != "" {
			t.Errorf("seed %d: the replay differs in %s", seed, d)
		}
	}
	met := 0
	for seed := range uint64(20) {
		o := mustAgain(t, r, Control{Seed: seed, Faults: "short,latency=5%"})
		met += len(o.Recording.Choices().Faults)
		if o.Verdict != Passed {
			t.Fatalf("seed %d with faults: %s\n%s", seed, o.Verdict, o.Output)
		}
	}
	if met == 0 {
		t.Error("no run met a fault")
	}
}

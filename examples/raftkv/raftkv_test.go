package raftkv

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(seed uint64) simsched.Config {
	return simsched.Config{Program: "raftkv", Seed: seed, MaxSteps: 5_000_000}
}

// TestSafety: whatever crashes and partitions do, a term has one leader, the nodes apply one log, and the clients see
// one store.
func TestSafety(t *testing.T) {
	for seed := range uint64(50) {
		tr, err := recorder.Run(config(seed), Program(false))
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if err := tracecheck.Check(tr); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// replay replays tr and fails unless it emits the same events.
func replay(t *testing.T, tr *event.Trace, forgetVotes bool) error {
	t.Helper()
	cfg := config(0)
	again := recorder.New(tr.Metadata)
	cfg.Observer = again
	result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, Program(forgetVotes))
	if err != nil {
		t.Fatalf("the replay differs: %v", err)
	}
	if !again.Trace().Equal(tr) {
		t.Fatal("the replay matched, but its own recording is another")
	}
	return result.Err
}

func TestReplay(t *testing.T) {
	tr, err := recorder.Run(config(1), Program(false))
	if err != nil {
		t.Fatal(err)
	}
	if err := replay(t, tr, false); err != nil {
		t.Error(err)
	}
}

// TestForgottenVote: a node that does not keep its vote through a crash votes twice in a term. Some seed finds the two
// leaders, and the recording shows them again.
func TestForgottenVote(t *testing.T) {
	for seed := range uint64(500) {
		tr, err := recorder.Run(config(seed), Program(true))
		if err == nil {
			continue
		}
		t.Logf("seed %d, %d events: %v", seed, tr.Len(), err)
		if !strings.Contains(err.Error(), "safety") && !strings.Contains(err.Error(), "linearizable") {
			t.Fatalf("seed %d fails in another way", seed)
		}
		if again := replay(t, tr, true); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Fatalf("the replay ends with %v", again)
		}
		return
	}
	t.Fatal(errors.New("no seed finds the forgotten vote"))
}

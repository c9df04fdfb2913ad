package simsched

import (
	"testing"

	"github.com/reprise-go/reprise/event"
)

func TestConfigHash(t *testing.T) {
	same := []Config{
		{}, {Seed: 7}, {Program: "p"}, {Chooser: NewRoundRobin(1)}, {Observer: observerFunc(nil)},
		{MaxSteps: 1_000_000}, {CheckpointEvery: 1000},
	}
	for _, cfg := range same {
		if got := cfg.Hash(); got != pinnedHash {
			t.Errorf("the hash of %+v is %#x, want %#x as for all settings of the same meaning", cfg, got, pinnedHash)
		}
	}
	seen := map[uint64]Config{pinnedHash: {}}
	for _, cfg := range []Config{{MaxSteps: 1}, {MaxSteps: 2}, {CheckpointEvery: 1}, {CheckpointEvery: -1},
		{MaxSteps: 1, CheckpointEvery: 1}} {
		if other, ok := seen[cfg.Hash()]; ok {
			t.Errorf("%+v and %+v have one hash", cfg, other)
		}
		seen[cfg.Hash()] = cfg
	}
	if (Config{CheckpointEvery: -1}).Hash() != (Config{CheckpointEvery: -5}).Hash() {
		t.Error("the hash tells one negative CheckpointEvery from another")
	}
}

// pinnedHash is the hash of the default settings. Recordings have it.
const pinnedHash = 0x6db7750e8690600

func TestConfigMetadata(t *testing.T) {
	want := event.NewMetadata(9)
	want.ConfigHash, want.Description = pinnedHash, "TestBank"
	if got := (Config{Program: "TestBank", Seed: 9}).Metadata(); got != want {
		t.Errorf("Metadata = %+v, want %+v", got, want)
	}
}

func TestSeedIsTheFirstEvent(t *testing.T) {
	events := mustRun(t, Config{Seed: 1<<64 - 1}, func(*Sim) {})
	if events[0] != event.RngSeed(1<<64-1) {
		t.Errorf("the first event is %v, want the seed", events[0])
	}
}

// TestHashOfChaos: the rates are part of the hash, the seed of the faults is not.
func TestHashOfChaos(t *testing.T) {
	if (Config{Chaos: Chaos{Seed: 5}}).Hash() != (Config{}).Hash() ||
		(Config{Chaos: ChaosLight(1)}).Hash() != (Config{Chaos: ChaosLight(2)}).Hash() {
		t.Error("the seed of the faults changes the hash")
	}
	if (Config{Chaos: ChaosLight(1)}).Hash() == (Config{}).Hash() ||
		(Config{Chaos: ChaosLight(1)}).Hash() == (Config{Chaos: ChaosHeavy(1)}).Hash() {
		t.Error("the rates do not change the hash")
	}
}

package gotest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reprise-go/reprise/internal/wire"
)

// recordedNetwork returns the network of a recording, one of wire.NetworkModes. recorded is its tracefile.KeyNetwork,
// "" for a recording from before there was a choice. asked is the network that the user wants, "" for any: a run over
// one network cannot follow a recording of the other.
func recordedNetwork(recorded, asked string) (string, error) {
	mode := cmp.Or(recorded, wire.NetworkReal)
	if !slices.Contains(wire.NetworkModes, mode) {
		return "", fmt.Errorf("gotest: the recording has an unknown network: %q", mode)
	}
	if asked == "" {
		return mode, nil
	}
	if _, err := wire.Network.Parse("--"+wire.Network.Flag, asked); err != nil {
		return "", err
	}
	if asked != mode {
		return "", fmt.Errorf("the recording was made with --%s %s and cannot be replayed with --%[1]s %[3]s; leave the flag out",
			wire.Network.Flag, mode, asked)
	}
	return mode, nil
}

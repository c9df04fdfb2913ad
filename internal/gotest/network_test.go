package gotest

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/wire"
)

func TestRecordedNetwork(t *testing.T) {
	for _, test := range []struct{ recorded, asked, want, err string }{
		{"", "", wire.NetworkReal, ""},
		{"", wire.NetworkReal, wire.NetworkReal, ""},
		{wire.NetworkSimulated, "", wire.NetworkSimulated, ""},
		{wire.NetworkSimulated, wire.NetworkSimulated, wire.NetworkSimulated, ""},
		{wire.NetworkSimulated, wire.NetworkReal, "", "made with --network simulated and cannot be replayed with --network real"},
		{"", wire.NetworkSimulated, "", "made with --network real and cannot be replayed with --network simulated"},
		{"x", "", "", `unknown network: "x"`},
		{wire.NetworkReal, "kernel", "", "must be simulated or real"},
	} {
		got, err := recordedNetwork(test.recorded, test.asked)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("recorded %q, asked %q: %q, %v; want %q, %q", test.recorded, test.asked, got, err, test.want, test.err)
		}
	}
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// leaving are runs that may leave the recording of a run, by name.
func leaving(first *Outcome) map[string]Control {
	choices := first.Recording.Choices()
	half, odd := *choices, *choices
	half.Records = choices.Records[:len(choices.Records)/2]
	odd.Records = nil
	for i, r := range choices.Records {
		if i%5 != 3 {
			odd.Records = append(odd.Records, r)
		}
	}
	none := *choices
	none.Records = nil
	script := first.Recording.Script()
	return map[string]Control{
		"its script":                      {Script: &script, Origin: choices},
		"no deviations":                   {Script: &strategy.Script{}, Origin: choices},
		"half a script":                   {Script: ptr(script[:len(script)/2]), Origin: choices},
		"resync":                          {Choices: choices, Resync: 32},
		"resync of a part of the choices": {Choices: &odd, Resync: 32},
		"past half of the choices":        {Choices: &half, Continue: true, Seed: 7},
		"another seed":                    {Choices: &none, Continue: true, Seed: 8},
	}
}

func ptr[T any](v T) *T { return &v }

// TestTalk: runs that may leave the recording of a run that talked to a server outside need no server as long as each
// connection says the same, and their recordings replay.
func TestTalk(t *testing.T) {
	away := 0
	for _, test := range outsideTests {
		address, end := test.serve(t)
		t.Setenv("NETWORK_SERVER", address)
		var runs []*Outcome
		for seed := range uint64(3) {
			runs = append(runs, mustRun(t, network(t), test.name, Control{Seed: seed}))
		}
		end()
		for seed, first := range runs {
			for name, c := range leaving(first) { // lint: order does not matter because each is checked by itself
				o := mustRun(t, network(t), test.name, c)
				if test.name == "TestRequestOutside" && strings.Contains(o.Unlike, "is not in the recording") {
					away++ // another request has taken the connection
					continue
				}
				if strings.HasPrefix(name, "past half") && o.Mismatch != nil && o.Unlike == "" {
					away++ // on a busy machine: the rest of the recording lacks when the server answered
					continue
				}
				if o.Unlike != "" || o.Verdict != Failed || !bytes.Equal(said(o), said(first)) {
					t.Errorf("%s, seed %d, %s: %s, %v, %q\n%.1000s\nwant\n%.1000s", test.name, seed, name, o.describe(),
						o.Mismatch, o.Unlike, o.Output, first.Output)
					continue
				}
				again := mustRun(t, network(t), test.name, Control{Choices: o.Recording.Choices()})
				if again.Mismatch != nil || again.Unlike != "" || !bytes.Equal(again.Output, o.Output) ||
					!reflect.DeepEqual(again.Recording.Tape, o.Recording.Tape) {
					t.Errorf("%s, seed %d, %s: the replay differs: %v, %q\n%.500s\nwant\n%.500s", test.name, seed, name,
						again.Mismatch, again.Unlike, again.Output, o.Output)
				}
				if name == "its script" && o.Recording.Hash != first.Recording.Hash {
					t.Errorf("%s, seed %d: the script makes other decisions than the run", test.name, seed)
				}
			}
		}
	}
	if away > 6 {
		t.Errorf("%d runs needed the server", away)
	}
}

// said returns what the program has printed of what servers said, sorted.
func said(o *Outcome) []byte {
	lines := linesOf(o, "said")
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n"))
}

// TestTalkAway: a run that leaves its recording names the call that only the server can answer, and is made again with
// it.
func TestTalkAway(t *testing.T) {
	address, end := lineServer(t)
	t.Setenv("NETWORK_SERVER", address)
	first := mustRun(t, network(t), "TestTalkOutside", Control{})
	choices := *first.Recording.Choices()
	for _, test := range []struct {
		edit func(c *record.Call) bool // the call is changed
		want string
	}{
		{func(c *record.Call) bool { c.Hash++; return c.What == record.CallWrite }, "write 1 to " + address},
		{func(c *record.Call) bool { c.Hash++; return c.What == record.CallConnect }, "dial 1 of " + address},
	} {
		tape := *choices.Tape
		tape.Calls = append([]record.Call(nil), tape.Calls...)
		for i := range tape.Calls {
			if c := tape.Calls[i]; test.edit(&c) {
				tape.Calls[i] = c
			}
		}
		choices.Tape = &tape
		o := mustRun(t, network(t), "TestTalkOutside", Control{Choices: &choices, Resync: 32})
		if !strings.Contains(o.Unlike, test.want+" is not in the recording") ||
			!bytes.Contains(o.Output, []byte("answer to 2 2")) {
			t.Errorf("%s: %q, want %q\n%s", o.Verdict, o.Unlike, test.want, o.Output)
		}
		choices.Tape = first.Recording.Choices().Tape
	}
	end()
}

//go:build linux && (amd64 || arm64)

package gort

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	var away atomic.Int32
	t.Run("all", func(t *testing.T) {
		for _, test := range outsideTests {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel() // most of the time, these runs wait
				address, end := test.serve(t)
				b := *network(t)
				b.Env = append(os.Environ(), "NETWORK_SERVER="+address)
				var runs []*Outcome
				for seed := range uint64(3) {
					runs = append(runs, mustRun(t, &b, test.name, Control{Seed: seed}))
				}
				end()
				var all sync.WaitGroup
				for seed, first := range runs {
					all.Go(func() { talkAgain(t, &b, test.name, seed, first, &away) })
				}
				all.Wait()
			})
		}
	})
	if n := away.Load(); n > 6 {
		t.Errorf("%d runs needed the server or went another way", n)
	}
}

// talkAgain makes runs that may leave the recording of a run, all at a time, because they wait most of the time. It
// counts those that are away from it.
func talkAgain(t *testing.T, b *Binary, test string, seed int, first *Outcome, away *atomic.Int32) {
	t.Helper()
	var all sync.WaitGroup
	for name, c := range leaving(first) { // lint: order does not matter because each is checked by itself
		all.Go(func() {
			o, err := b.Run(t.Context(), test, c)
			switch {
			case err != nil:
				t.Error(err)
			case test == "TestRequestOutside" && strings.Contains(o.Unlike, "is not in the recording"):
				away.Add(1) // another request has taken the connection
			case strings.HasPrefix(name, "past half") && o.Mismatch != nil && o.Unlike == "":
				away.Add(1) // on a busy machine: the rest of the recording lacks when the server answered
			case o.Unlike != "" || o.Verdict != Failed || !bytes.Equal(said(o), said(first)):
				t.Errorf("seed %d, %s: %s, %v, %q\n%.1000s\nwant\n%.1000s", seed, name, o.describe(), o.Mismatch, o.Unlike,
					o.Output, first.Output)
			default:
				if name == "its script" && o.Recording.Hash != first.Recording.Hash {
					away.Add(1) // on a busy machine: a script does not have the decision at which the server answered
				}
				talkReplays(t, b, test, o)
			}
		})
	}
	all.Wait()
}

// talkReplays checks that a run which may have left a recording replays.
func talkReplays(t *testing.T, b *Binary, test string, o *Outcome) {
	t.Helper()
	again, err := b.Run(t.Context(), test, Control{Choices: o.Recording.Choices()})
	if err != nil {
		t.Error(err)
		return
	}
	if again.Mismatch != nil || again.Unlike != "" || !bytes.Equal(again.Output, o.Output) ||
		!reflect.DeepEqual(again.Recording.Tape, o.Recording.Tape) {
		t.Errorf("the replay differs: %v, %q\n%.500s\nwant\n%.500s", again.Mismatch, again.Unlike, again.Output, o.Output)
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

package gotest

import (
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// crowd counts the runs of a search that take place at the same time.
type crowd struct {
	*search
	inside atomic.Int32
}

// enter returns the number of runs that take place at the same time, for which it waits unless the run is alone.
func (c *crowd) enter() int32 {
	n := c.inside.Add(1)
	defer c.inside.Add(-1)
	for range 200_000 {
		if c.inside.Load() > 1 || !c.gate.TryRLock() { // somebody holds it for writing
			break
		}
		c.gate.RUnlock()
		runtime.Gosched()
	}
	return n
}

// TestCompany: a failure that only other runs at the same time cause is none, and one that comes alone too stands.
func TestCompany(t *testing.T) {
	var runs atomic.Int32
	var all crowd
	disturbed := func(uint64) string { // as a fixed port: the second at a time fails
		if all.enter() > 1 {
			return "address in use"
		}
		return ""
	}
	for _, c := range []struct {
		name string
		end  func(seed uint64) string
		ok   bool
		want []string
		not  string
	}{
		{"disturbed", disturbed, true, []string{
			"--- PASS: TestX/seed=0x", "fails beside other runs (test failure)", "disturbed each other", "reprise.runs 50/50",
		}, "to reproduce"},
		{"fails alone", func(seed uint64) string { return map[bool]string{true: "lost"}[numberOf(seed) == 7] }, false,
			[]string{"reprise.verdict reproduced", "1 of 50 runs failed"}, "disturbed each other"},
		{"outside", func(uint64) string { return map[bool]string{true: "lost"}[runs.Add(1)%2 == 0] }, false,
			[]string{"reprise.verdict flaky", "something outside of the control takes part"}, "disturbed each other"},
	} {
		f := &fakeRunner{end: c.end, turns: atOnce}
		s, out := fakeSession(t, f, "SEEDS=50 ARTIFACTS="+t.TempDir())
		s.processors = 4
		all.search = s.search("TestX", 1)
		if ok := all.run(t.Context()); ok != c.ok || strings.Contains(out.String(), c.not) {
			t.Errorf("%s: passes %t, or has %q:\n%s", c.name, ok, c.not, out)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, out)
			}
		}
	}
}

// TestDeterminismInCompany: runs of one seed that differ only beside other runs are no finding.
func TestDeterminismInCompany(t *testing.T) {
	var all crowd
	var beside atomic.Int32
	f := &fakeRunner{turns: atOnce, end: func(seed uint64) string {
		if all.enter() > 1 && beside.Add(1)%2 == 0 && numberOf(seed) > 0 { // a skipped first run would end the campaign
			return "skip"
		}
		return ""
	}}
	s, out := fakeSession(t, f, "SEEDS=50 DETERMINISM=true ARTIFACTS="+t.TempDir())
	s.processors = 4
	all.search = s.search("TestX", 1)
	ok := all.run(t.Context())
	if !ok || !strings.Contains(out.String(), "two runs of one seed differ while other runs take place") {
		t.Errorf("passes %t:\n%s", ok, out)
	}
}

// TestUnfinishedReplay: a replay that real time ends shows nothing, and so is no evidence of an influence from outside.
func TestUnfinishedReplay(t *testing.T) {
	f := &fakeRunner{end: at(map[int]string{4: "lost"}), again: "killed", turns: atOnce}
	s, out := fakeSession(t, f, "SEEDS=9 ARTIFACTS="+t.TempDir())
	ok := s.search("TestX", 1).run(t.Context())
	if ok || strings.Contains(out.String(), "outside of the control") ||
		!strings.Contains(out.String(), "the replay had not ended after 8760h0m0s of real time") {
		t.Errorf("passes %t:\n%s", ok, out)
	}
}

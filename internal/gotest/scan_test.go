package gotest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
)

// seconds matches the times in the output of tests.
var seconds = regexp.MustCompile(`\([0-9.]+s\)`)

// TestScan: however the seeds of a test are divided, a campaign that knows their scans prints what one prints that
// makes all runs, and makes only the first failing run of each signature, its replays, the runs that a limit ended, and
// the first.
func TestScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		end := rapid.SampledFrom([]string{"", "", "", "", "", "boom", "crash", "leak", "late"})
		ends := rapid.SliceOfN(end, 60, 60).Draw(rt, "ends")
		runs := 0
		f := &fakeRunner{turns: func(uint64) int { return 0 }, end: func(seed uint64) string {
			runs++
			return ends[numberOf(seed)]
		}}
		env := "SEEDS=60 MINIMIZE=off LEAKS=report ARTIFACTS=" + t.TempDir()
		s, all := fakeSession(t, f, env)
		s.search("TestX", 1).run(t.Context())

		k, folder := &Known{All: 60}, t.TempDir()
		for from := 0; from < 60 && !k.Over; {
			to := min(from+rapid.IntRange(1, 30).Draw(rt, "size"), 60)
			one, err := s.search("TestX", 1).scan(t.Context(), from, to, 1<<60)
			if err != nil {
				rt.Fatal(err)
			}
			k.Join(one)
			from = k.To()
		}
		if err := k.Write(folder, "TestX"); err != nil {
			rt.Fatal(err)
		}
		again, known := fakeSession(t, f, env+" KNOWN="+folder)
		runs = 0
		again.search("TestX", 1).run(t.Context())
		if a, b := seconds.ReplaceAllString(all.String(), ""), seconds.ReplaceAllString(known.String(), ""); a != b {
			rt.Fatalf("one machine:\n%s\nwith scans:\n%s", a, b)
		}
		first, needed := map[string]bool{}, 1
		for _, f := range k.Failing {
			if !first[f.Signature] || !f.Whole {
				needed += 1 + 2*replays
			}
			first[f.Signature] = true
		}
		if runs > needed {
			rt.Fatalf("%d runs were made, at most %d are needed", runs, needed)
		}
	})
}

// TestScanMistaken: what failed elsewhere is made again until a run fails here. Only runs behind that one are counted
// without being made.
func TestScanMistaken(t *testing.T) {
	s, out := fakeSession(t, &fakeRunner{turns: func(uint64) int { return 0 }, end: func(seed uint64) string {
		if n := numberOf(seed); n > 5 && n%2 == 1 {
			return "boom"
		}
		return ""
	}}, "SEEDS=9 MINIMIZE=off ARTIFACTS="+t.TempDir())
	one, err := s.search("TestX", 1).scan(t.Context(), 0, 9, 1<<60)
	if err != nil || len(one.Failing) != 1 {
		t.Fatal(one, err)
	}
	signature := one.Failing[0].Signature
	k := &Known{Scan: Scan{Classes: make([]uint64, 9)}, All: 9}
	for n := 1; n < 9; n++ {
		k.Failing = append(k.Failing, Seen{Number: n, Headline: "boom", Signature: signature, Counts: true, Whole: true})
	}
	folder := t.TempDir()
	if err := k.Write(folder, "TestX"); err != nil {
		t.Fatal(err)
	}
	s.known = folder
	if s.search("TestX", 1).run(t.Context()); !strings.Contains(out.String(), "2 of 9 runs failed") ||
		strings.Count(out.String(), "fails as") != 1 {
		t.Errorf("%s", out)
	}
}

// TestScanJoin: enough failures end the sum of scans, whichever of them has them, and seeds behind it are left out.
func TestScanJoin(t *testing.T) {
	sum := &Scan{}
	for i := range 4 {
		one := &Scan{From: sum.To(), Classes: make([]uint64, 3)}
		for j := range 3 {
			one.Failing = append(one.Failing, Seen{Number: one.From + j, Counts: j > 0})
		}
		sum.Join(one)
		if over := i >= 2; sum.Over != over || sum.failures() != min(2*(i+1), explore.DefaultMaxFailing+1) {
			t.Errorf("after %d scans: over %v, %d failures", i+1, sum.Over, sum.failures())
		}
	}
}

// TestKnownWithout: seeds that are left out have no run, and the others keep their numbers.
func TestKnownWithout(t *testing.T) {
	k := &Known{Scan: Scan{Classes: make([]uint64, 10)}, Without: [][2]int{{2, 4}, {7, 8}}}
	var got []int
	for i := range k.all() {
		got = append(got, k.number(i))
	}
	if text := fmt.Sprint(got); text != "[0 1 4 5 6 8 9]" {
		t.Errorf("numbers %s", text)
	}
}

// TestKnownMissing: a test of which nothing is known, or whose seeds are all left out, is not run, and the report says
// so.
func TestKnownMissing(t *testing.T) {
	without, folder := &Known{Scan: Scan{Classes: make([]uint64, 5)}, All: 5, Without: [][2]int{{0, 5}}}, t.TempDir()
	if err := without.Write(folder, "TestX"); err != nil {
		t.Fatal(err)
	}
	for _, known := range []string{t.TempDir(), folder} {
		f := &fakeRunner{turns: func(uint64) int { return 0 }, end: func(uint64) string { panic("it was run") }}
		s, out := fakeSession(t, f, "SEEDS=5 KNOWN="+known)
		if !s.search("TestX", 1).run(t.Context()) || out.String() != marker+"=== NAME  \n"+notRunPrefix+"TestX\n" {
			t.Errorf("it printed %q", out.String())
		}
	}
}

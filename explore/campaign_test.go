package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/finding"
)

// fake is a Subject whose seed number n ends as ends[n] says, after turns of other workers:
//
//	"" passes, "skip" skips the test, "last" passes and is the last, "broken" cannot be made,
//	"note X", "doubt X" (a failure if X is odd) and "fail X" have the signature X,
//	"flaky X" fails and passes when replayed, "drift X" replays with another digest, "loose X" may do so,
//	"cut X" has a recording that ends before the run
type fake struct {
	ends  []string
	turns []int
	kept  *sync.Map // numbers of the runs that were kept
	runs  *atomic.Int64
}

var errBroken = errors.New("no more processes")

// Run implements [Subject].
func (s *fake) Run(ctx context.Context, p Plan) (*Run, error) {
	for range s.turns[p.Number%len(s.turns)] {
		runtime.Gosched()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.runs.Add(1)
	word, sign, _ := strings.Cut(s.ends[p.Number], " ")
	r := &Run{Plan: p, Digest: p.Seed, Recorded: p.Number, Skipped: word == "skip", Last: word == "last", Why: word}
	outcome, ok := map[string]Outcome{
		"note": Noted, "doubt": Doubtful, "fail": Failed, "flaky": Failed, "drift": Failed,
		"loose":  Failed,
		"common": Failed,
		"cut":    Failed,
	}[word]
	switch {
	case word == "broken":
		return nil, errBroken
	case word == "cut" && p.Choices != nil:
		r.Reached = true
		return r, nil
	case !ok, word == "flaky" && p.Choices != nil:
		return r, nil
	}
	if word == "loose" || word == "drift" {
		r.Loose = word == "loose"
		if p.Choices != nil {
			r.Digest++
		}
	}
	r.Common = word == "common"
	r.Outcome, r.Finding = outcome, &finding.Finding{Name: fmt.Sprint(p.Number), Class: word, Signature: sign}
	return r, nil
}

// Keep implements [Subject].
func (s *fake) Keep(_ context.Context, r *Run) error {
	if _, again := s.kept.LoadOrStore(r.Number, true); again {
		return errors.New("kept twice")
	}
	if r.Outcome == Doubtful {
		r.Outcome = Failed
		if r.Finding.Signature == "2" {
			r.Outcome = Noted
		}
	}
	return nil
}

// Difference implements [Subject].
func (s *fake) Difference(first, again *Run) (string, error) {
	return fmt.Sprintf("%v is not %v", again.Digest, first.Digest), nil
}

// Close implements [Subject].
func (s *fake) Close() error { return nil }

// found is what a campaign found, as text.
func found(c *Campaign) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ran %d, failed %d, end %d, why %q, error %v\n", c.Ran, c.Failed(), c.End, c.Why, c.Err)
	for _, list := range [][]*Run{c.Failing, c.Notes} {
		b.WriteString("--\n")
		for _, r := range list {
			f := r.Finding
			fmt.Fprintf(&b, "%s %s like %q, %s, %d of %d, passes %v, apart %v, differs %q\n", f.Name, f.Signature,
				f.Like, f.Verdict,
				f.Failed, f.Ran, f.Passes, r.Apart, r.Differs)
		}
	}
	return b.String()
}

// search runs a campaign of fakes with so many workers.
func search(ends []string, turns []int, workers, maxFailing int) *Campaign {
	kept, runs := &sync.Map{}, &atomic.Int64{}
	var list []Subject
	for range workers {
		list = append(list, &fake{ends, turns, kept, runs})
	}
	cfg := Config{Seed: func(n int) uint64 { return uint64(n) * 10 }, All: len(ends), MaxFailing: maxFailing, Replays: 2}
	c := New(cfg, &fake{ends, []int{0}, kept, runs})
	c.Run(context.Background(), list)
	return c
}

var words = []string{
	"", "", "", "", "skip", "last", "broken", "note 1", "doubt 1", "doubt 2", "fail 1", "fail 4",
	"flaky 5", "drift 6", "loose 7", "common 8", "common 8", "cut 9",
}

// TestWorkers: what a campaign finds does not depend on the number of workers, nor on how long runs take.
func TestWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfN(rapid.SampledFrom(words), 1, 50).Draw(t, "ends")
		turns := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 9).Draw(t, "turns")
		most := rapid.IntRange(0, 6).Draw(t, "maxFailing")
		want := found(search(ends, []int{0}, 1, most))
		if got := found(search(ends, turns, rapid.IntRange(2, 8).Draw(t, "workers"), most)); got != want {
			t.Fatalf("with several workers\n%s\nwith one\n%s", got, want)
		}
	})
}

// rival is a campaign as a loop over the seeds. It returns the numbers of the failing ones.
func rival(ends []string, most int) (failing []string, ran int) {
	if most == 0 {
		most = DefaultMaxFailing
	}
	first, common := map[string]string{}, 0
	for n, end := range ends {
		word, sign, _ := strings.Cut(end, " ")
		if word == "broken" {
			break
		}
		ran++
		if sign != "" {
			known := first[sign]
			switch {
			case word == "doubt" && known != "":
				word = known
			case word == "doubt" && sign == "2":
				word = "note"
			case word == "doubt":
				word = "fail"
			}
			switch word {
			case "note":
			default:
				failing = append(failing, fmt.Sprint(n))
				if word == "common" && most > 1 {
					common++
				}
			}
			if known == "" {
				first[sign] = word
			}
		}
		if word == "skip" || word == "last" || len(failing)-common >= most {
			break
		}
	}
	return failing, ran
}

// TestRival: a campaign finds what a loop over the seeds finds.
func TestRival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := rapid.SliceOfN(rapid.SampledFrom(words), 1, 50).Draw(t, "ends")
		most := rapid.IntRange(0, 6).Draw(t, "maxFailing")
		c := search(ends, []int{0, 3, 1}, rapid.IntRange(1, 4).Draw(t, "workers"), most)
		var got []string
		for _, r := range c.Failing {
			got = append(got, r.Finding.Name)
		}
		if want, ran := rival(ends, most); !slices.Equal(got, want) || c.Ran != ran {
			t.Fatalf("%q: failing %v of %d, want %v of %d", ends, got, c.Ran, want, ran)
		}
	})
}

// TestVerdicts: what replays show of the first run of a signature.
func TestVerdicts(t *testing.T) {
	for end, want := range map[string]string{
		"fail 1":  `0 1 like "", reproduced, 1 of 1, passes false, apart false, differs ""`,
		"flaky 1": `0 1 like "", flaky, 1 of 1, passes false, apart false, differs "0 is not 0"`,
		"drift 1": `0 1 like "", flaky, 1 of 1, passes false, apart false, differs "1 is not 0"`,
		"loose 1": `0 1 like "", reproduced, 1 of 1, passes false, apart true, differs ""`,
		"cut 1":   `0 1 like "", unconfirmed, 1 of 1, passes false, apart false, differs ""`,
	} {
		if got := found(search([]string{end}, []int{0}, 1, 0)); !strings.Contains(got, want+"\n") {
			t.Errorf("%q:\n%s\nwant in it\n%s", end, got, want)
		}
	}
}

// TestLikes: later runs of a signature are counted with the first, and judged as it is.
func TestLikes(t *testing.T) {
	c := search([]string{"doubt 2", "doubt 2", "fail 1", "fail 1", "note 1"}, []int{0}, 1, 0)
	if len(c.Notes) != 1 || c.Notes[0].Finding.Failed != 2 || len(c.Failing) != 2 || c.Failing[1].Finding.Like != "2" ||
		c.Causes() != 2 {
		t.Errorf("found\n%s", found(c))
	}
}

// TestStops: while the run of one seed takes long, others are made, but not more than can be reported.
func TestStops(t *testing.T) {
	ends := slices.Repeat([]string{"fail 1"}, 150)
	kept, runs := &sync.Map{}, &atomic.Int64{}
	turns := slices.Repeat([]int{0}, 150)
	turns[0] = 20_000
	c := New(Config{Seed: func(n int) uint64 { return 0 }, All: 150}, &fake{ends, turns, kept, runs})
	c.Run(t.Context(), []Subject{&fake{ends, turns, kept, runs}, &fake{ends, turns, kept, runs}})
	if n := runs.Load(); n > DefaultMaxFailing+2 || c.End != EndEnough {
		t.Errorf("%d runs, end %d", n, c.End)
	}
}

// TestCommon: a failure that most runs share ends the seeds only if one failure is enough, and so does not hide a rare
// one.
func TestCommon(t *testing.T) {
	ends := slices.Repeat([]string{"common 8"}, 100)
	ends[90] = "fail 1"
	if c := search(ends, []int{0}, 2, 0); c.Ran != 100 || c.Causes() != 2 || c.End != EndAll {
		t.Errorf("%d runs, %d causes, end %d", c.Ran, c.Causes(), c.End)
	}
	if c := search(ends, []int{0}, 2, 1); c.Ran != 1 || c.End != EndEnough {
		t.Errorf("with one failure enough: %d runs, end %d", c.Ran, c.End)
	}
}

// TestTime: a budget and a deadline end the seeds, but not the first.
func TestTime(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		ran  int
		want End
	}{
		{Config{All: 9}, 9, EndAll}, {Config{Budget: 3 * time.Second}, 3, EndBudget}, {Config{Budget: time.Second, All: 1}, 1,
			EndAll},
		{Config{Deadline: time.Unix(4, 0), All: 9}, 4, EndDeadline}, {Config{Deadline: time.Unix(-9, 0), All: 9}, 1,
			EndDeadline},
		{Config{Deadline: time.Unix(4, 0), Budget: 2 * time.Second}, 2, EndBudget},
		{Config{Budget: 2 * time.Second, Least: 5}, 5, EndBudget}, {Config{Budget: 6 * time.Second, Least: 5}, 6, EndBudget},
		{Config{Budget: 2 * time.Second, Least: 5, Limit: 3 * time.Second}, 3, EndLimit},
		{Config{All: 5, Limit: 3 * time.Second}, 3, EndLimit},
	} {
		now := time.Unix(0, 0)
		c.cfg.Now = func() time.Time { return now }
		c.cfg.Seed = func(int) uint64 { now = now.Add(time.Second); return 0 }
		f := &fake{make([]string, 9), []int{0}, &sync.Map{}, &atomic.Int64{}}
		campaign := New(c.cfg, f)
		if campaign.Run(t.Context(), []Subject{f}); campaign.Ran != c.ran || campaign.End != c.want {
			t.Errorf("%+v: ran %d, end %d; want %d, %d", c.cfg, campaign.Ran, campaign.End, c.ran, c.want)
		}
	}
}

// TestInterrupted: when the context is done, what was found until then stays.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{[]string{"fail 1", "", "", ""}, []int{0}, &sync.Map{}, &atomic.Int64{}}
	var c *Campaign
	c = New(Config{Seed: func(int) uint64 { return 0 }, All: 4, Progress: func(*Run) {
		if c.Ran == 2 {
			cancel()
		}
	}}, f)
	if c.Run(ctx, []Subject{f}); c.Ran != 2 || c.End != EndInterrupted || len(c.Failing) != 1 {
		t.Errorf("found\n%s", found(c))
	}
}

// TestExtraAlone: if enough other runs fail, no seed is run.
func TestExtraAlone(t *testing.T) {
	f := &fake{[]string{""}, []int{0}, &sync.Map{}, &atomic.Int64{}}
	c := New(Config{Seed: func(int) uint64 { return 0 }, All: 1, MaxFailing: 1}, f)
	c.Extra(&Run{Outcome: Failed, Finding: &finding.Finding{Name: "pin", Signature: "1"}})
	if c.Run(t.Context(), []Subject{f}); c.Ran != 0 || c.Failed() != 1 || c.End != EndEnough {
		t.Errorf("found\n%s", found(c))
	}
}

// TestExtra: a failing run that is none of the seeds counts with those that fail, and the seeds end when it is enough.
func TestExtra(t *testing.T) {
	f := &fake{[]string{"fail 1", "fail 1", "fail 1"}, []int{0}, &sync.Map{}, &atomic.Int64{}}
	c := New(Config{Seed: func(int) uint64 { return 0 }, All: 3, MaxFailing: 2}, f)
	pinned := &Run{Plan: Plan{Number: -1}, Outcome: Failed,
		Finding: &finding.Finding{Name: "pin", Signature: "1", Verdict: finding.Reproduced}}
	c.Extra(pinned)
	if c.Run(t.Context(), []Subject{f}); c.Ran != 1 || c.Failed() != 2 || c.Failing[1].Finding.Like != "pin" ||
		c.End != EndEnough {
		t.Errorf("found\n%s", found(c))
	}
}

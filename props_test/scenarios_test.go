package props_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// edits is what a worker pool is changed in.
type edits struct {
	lock, twice, drawLate, noYield, timer, early, panics, extraDraw, helper, oneLess, fewer, lastDraw, renamed bool

	sleep func(time.Duration) time.Duration
	pause time.Duration // before each job
}

// pool is a program of four workers that take jobs, draw how long to sleep, and add up.
func pool(v edits) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		jobs := simsched.NewChan[int](s, "jobs", 2)
		w := &worker{edits: v, s: s, jobs: jobs, mu: s.NewMutex("total")}
		return s.InRegion("pool", func(reg *simsched.Region) error {
			names := []string{"a", "b", "c", "d"}
			if v.oneLess {
				names = names[:3]
			}
			for i, name := range names {
				if v.renamed {
					name = "worker-" + name
				}
				reg.Go(name, func() error { return w.run(reg, i) })
			}
			last := 8
			if v.fewer {
				last = 7
			}
			for job := 1; job <= last; job++ {
				if v.pause > 0 {
					s.Sleep(v.pause)
				}
				jobs.Send(job)
			}
			jobs.Close()
			if v.lastDraw {
				s.Rand("work").Uint64()
			}
			return nil
		})
	}
}

type worker struct {
	edits
	s     *simsched.Sim
	jobs  *simsched.Chan[int]
	mu    *simsched.Mutex
	total int
}

func (w *worker) run(reg *simsched.Region, number int) error {
	if w.panics && number == 2 {
		panic("boom")
	}
	if w.twice && number == 1 {
		w.mu.Lock()
		w.total++
		w.mu.Unlock()
	}
	for job := range w.jobs.All() {
		if w.early && job == 5 {
			return nil
		}
		w.wait(job)
		w.add(job)
		if w.helper && job == 5 {
			reg.Go("helper", func() error { w.s.Yield(); return nil })
		}
	}
	return nil
}

// wait sleeps as long as it draws.
func (w *worker) wait(job int) {
	if w.drawLate && job == 5 {
		w.s.Yield()
	}
	d := time.Duration(w.s.Rand("work").Int64N(1000)) * time.Microsecond
	if w.extraDraw && job == 5 {
		w.s.Rand("work").Uint64()
	}
	if w.sleep != nil {
		d = w.sleep(d)
	}
	w.s.Sleep(d)
	if w.timer && job == 5 {
		w.s.NewTimer(time.Second)
	}
}

func (w *worker) add(job int) {
	if w.lock {
		w.mu.Lock()
		defer w.mu.Unlock()
	}
	old := w.total
	if !w.noYield {
		w.s.Yield()
	}
	w.total = old + job
}

// meeting is a program in which one task waits for another, which is changed not to signal.
func meeting(signal bool) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		mu := s.NewMutex("mu")
		cond := s.NewCond("ready", mu)
		s.Go("waiter", func() error {
			mu.Lock()
			cond.Wait()
			mu.Unlock()
			return nil
		})
		s.Sleep(time.Millisecond)
		if signal {
			cond.Signal()
		}
		return nil
	}
}

// scenario is a change of a program, and what a person would say of it.
type scenario struct {
	name         string
	base, change func(*simsched.Sim) error
	relation     divergence.Relation // "" if the recordings are equal
	rule         string
}

var scenarios = []scenario{
	{"a lock added", pool(edits{}), pool(edits{lock: true}), "extra", "operation-added"},
	{"a lock removed", pool(edits{lock: true}), pool(edits{}), "missing", "operation-removed"},
	{"a lock taken at the start", pool(edits{}), pool(edits{twice: true}), "extra", "operation-added"},
	{"a yield removed", pool(edits{}), pool(edits{noYield: true}), "missing", "operation-removed"},
	{"a timer added", pool(edits{}), pool(edits{timer: true}), "extra", "operation-added"},
	{"a pause before each job", pool(edits{}), pool(edits{pause: time.Microsecond}), "replaced", "another-program"},
	{"a yield before the draw", pool(edits{}), pool(edits{drawLate: true}), "extra", "operation-added"},
	{"an early return", pool(edits{}), pool(edits{early: true}), "replaced", "returned-early"},
	{"no early return any more", pool(edits{early: true}), pool(edits{}), "replaced", "returned-later"},
	{"a panic", pool(edits{}), pool(edits{panics: true}), "replaced", "panicked"},
	{"no panic any more", pool(edits{panics: true}), pool(edits{}), "replaced", "panicked-in-recording"},
	{"one more draw", pool(edits{}), pool(edits{extraDraw: true}), "extra", "drawn-once-more"},
	{"one draw less", pool(edits{extraDraw: true}), pool(edits{}), "missing", "drawn-once-less"},
	{"a draw at the end", pool(edits{}), pool(edits{lastDraw: true}), "extra", "drawn-once-more"},
	{"a new task", pool(edits{}), pool(edits{helper: true}), "replaced", "unknown-in-recording"},
	{"a task less", pool(edits{}), pool(edits{oneLess: true}), "replaced", "unknown-in-actual"},
	{"a job less, so that main goes on where it waited", pool(edits{}), pool(edits{fewer: true}), "extra",
		"operation-added"},
	{"sleep by the real clock", pool(edits{}),
		pool(edits{sleep: func(d time.Duration) time.Duration { return d + 17403 }}), "changed-value", "real-clock-deadline"},
	{"a longer sleep", pool(edits{}),
		pool(edits{sleep: func(d time.Duration) time.Duration { return 2 * d }}), "changed-value", "changed-duration"},
	{"another random source", pool(edits{}),
		pool(edits{sleep: func(d time.Duration) time.Duration { return time.Millisecond - d }}), "changed-value",
		"changed-duration"},
	{"other names", pool(edits{}), pool(edits{renamed: true}), "", ""},
	{"a signal lost", meeting(true), meeting(false), "replaced", "lost-wake"},
}

// recorded runs a program and opens its recording, with names and code lines.
func recorded(t *testing.T, path string, body func(*simsched.Sim) error) *source.File {
	t.Helper()
	cfg := simsched.Config{Seed: 11, Program: "pool", Chooser: simsched.NewRoundRobin(11)}
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sites: true})
	if err != nil {
		t.Fatal(err)
	}
	end := tracefile.End{Reason: tracefile.EndFinished}
	if err := r.Run(cfg, body); err != nil {
		end = tracefile.End{Reason: tracefile.EndFailed, Message: err.Error()}
	}
	if err := r.WriteFile(path, end); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestScenarios records a program and what it was changed to: the report must say of each change what a person would,
// and its mirror if the runs are swapped.
func TestScenarios(t *testing.T) {
	mirrors := map[string]string{}
	for r := range divergence.Rules() {
		mirrors[r.Name] = r.Mirror
	}
	for _, c := range scenarios {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			base := recorded(t, filepath.Join(dir, "base.reprise"), c.base)
			changed := recorded(t, filepath.Join(dir, "changed.reprise"), c.change)
			d, err := divergence.Compare(base, changed)
			if err != nil {
				t.Fatal(err)
			}
			back, err := divergence.Compare(changed, base)
			if err != nil {
				t.Fatal(err)
			}
			if d == nil {
				d, back = &divergence.Divergence{}, &divergence.Divergence{}
			}
			if mirrors[d.Cause.Rule] != back.Cause.Rule {
				t.Errorf("swapped, the cause is %s, want %s", back.Cause.Rule, mirrors[d.Cause.Rule])
			}
			if d.Relation != c.relation || d.Cause.Rule != c.rule {
				t.Errorf("the report says %s %d, %s; want %s, %s\n%s", d.Relation, d.Count, d.Cause.Rule, c.relation, c.rule,
					report.Of(d).Text())
			}
		})
	}
}

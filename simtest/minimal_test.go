package simtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/simsched"
)

// buggy is a program with a lost update, or with locks in two orders, between two of several tasks, besides others that
// have nothing to do with it.
type buggy struct {
	deadlocks     bool
	tasks, others int
	draws         int // random values that each task draws
}

func (p buggy) run(s *simsched.Sim) error {
	x, y, balance := s.NewMutex("x"), s.NewMutex("y"), 0
	var list []*simsched.Task
	for i := range p.others {
		other := s.NewMutex(fmt.Sprint("other ", i/2))
		list = append(list, s.Go(fmt.Sprint("other ", i), func() error {
			for range 5 {
				pass(other)
			}
			return nil
		}))
	}
	for i := range p.tasks {
		list = append(list, s.Go(fmt.Sprint("task ", i), func() error {
			for range p.draws {
				s.Rand("r").Uint64()
			}
			first, second := x, y
			if i%2 == 1 && p.deadlocks {
				first, second = y, x
			}
			first.Lock()
			if p.deadlocks {
				pass(second)
				first.Unlock()
				return nil
			}
			now := balance
			first.Unlock()
			first.Lock()
			balance = now + 1
			first.Unlock()
			return nil
		}))
	}
	var errs []error
	for _, t := range list {
		errs = append(errs, t.Join())
	}
	if !p.deadlocks && balance != p.tasks {
		errs = append(errs, fmt.Errorf("the balance is %d, want %d", balance, p.tasks))
	}
	return errors.Join(errs...)
}

// firstFailing returns the first failing run among some seeds, nil if there is none.
func firstFailing(s *search) *explore.Run {
	for seed := range uint64(200) {
		if r, _ := s.Run(context.Background(), explore.Plan{Seed: seed}); r.Outcome == explore.Failed {
			return r
		}
	}
	return nil
}

// TestMinimalLaws: a smallest run fails with the same signature and replays; to make it smaller again changes nothing;
// it is not larger than the original; and without any of its deviations the program passes or fails in another way.
func TestMinimalLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := buggy{
			rapid.Bool().Draw(rt, "deadlocks"), rapid.IntRange(2, 4).Draw(rt, "tasks"), rapid.IntRange(0, 4).Draw(rt, "others"),
			rapid.IntRange(0, 2).Draw(rt, "draws"),
		}
		settings, err := newSettings(t, nil)
		if err != nil {
			rt.Fatal(err)
		}
		s := newSearch(t, p.run, settings)
		defer s.Close()
		first := firstFailing(s)
		if first == nil {
			return
		}
		m, err := minimize.Run(context.Background(), minimize.Config{}, []minimize.Subject{s}, first)
		if err != nil || !m.Complete || m.Before.Less(m.After) {
			rt.Fatalf("%v, %+v", err, m)
		}
		again, err := minimize.Run(context.Background(), minimize.Config{}, []minimize.Subject{s}, m.Run)
		if err != nil || again.After != m.After || again.Run != m.Run {
			rt.Errorf("%v, made smaller again %+v has become %+v", err, m.After, again.After)
		}
		w, err := minimize.Explain(context.Background(), minimize.Config{}, []minimize.Subject{s}, m.Run, m.After.Length)
		if err != nil || len(w.Flips) != len(m.Run.Script) && len(m.Run.Script) <= 12 {
			rt.Errorf("%v, %d flips of %d deviations", err, len(w.Flips), len(m.Run.Script))
		}
	})
}

// BenchmarkMinimize makes a run of about ten thousand events smaller.
func BenchmarkMinimize(b *testing.B) {
	settings, err := newSettings(b, nil)
	if err != nil {
		b.Fatal(err)
	}
	s := newSearch(b, buggy{false, 2, 670, 1}.run, settings)
	defer s.Close()
	for b.Loop() {
		first := firstFailing(s)
		if first == nil {
			b.Fatal("no run fails")
		}
		start := time.Now()
		m, err := minimize.Run(context.Background(), minimize.Config{}, []minimize.Subject{s}, first)
		if err != nil {
			b.Fatal(err)
		}
		if m.Before.Length < 10_000 {
			b.Fatalf("the run has %d events, which is less than ten thousand", m.Before.Length)
		}
		b.ReportMetric(float64(m.Before.Length), "events")
		b.ReportMetric(float64(m.Runs), "runs")
		b.ReportMetric(time.Since(start).Seconds(), "s/finding")
	}
}

// pass locks and unlocks.
func pass(m *simsched.Mutex) {
	m.Lock()
	defer m.Unlock()
}

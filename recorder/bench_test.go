package recorder_test

import (
	"io"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// BenchmarkStep measures a scheduling step, a Yield with its two events, with each way to record. A disabled Recorder
// is to cost nothing over the bare run.
func BenchmarkStep(b *testing.B) {
	const tasks, yields = 5, 20_000
	body := func(s *simsched.Sim) error {
		for range tasks {
			s.Go("yielder", func() error {
				for range yields {
					s.Yield()
				}
				return nil
			})
		}
		return nil
	}
	sim := simsched.Config{Seed: 1, MaxSteps: 1e7}
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"bare", func() error { return simsched.Run(sim, body) }},
		{"disabled", func() error { return with(recorder.Config{Disabled: true}, sim, body) }},
		{"memory", func() error { return with(recorder.Config{}, sim, body) }},
		{"ring", func() error { return with(recorder.Config{AtLimit: recorder.DropOldest, MaxEvents: 10_000}, sim, body) }},
		{"file", func() error {
			w, err := tracefile.NewWriter(io.Discard, sim.Metadata(), tracefile.Config{})
			if err != nil {
				return err
			}
			if err := with(recorder.Config{Sink: w}, sim, body); err != nil {
				return err
			}
			return w.Close()
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(tasks*yields), "ns/step")
		})
	}
}

func with(cfg recorder.Config, sim simsched.Config, body func(*simsched.Sim) error) error {
	r, err := recorder.NewConfig(sim.Metadata(), cfg)
	if err != nil {
		return err
	}
	return r.Run(sim, body)
}

// BenchmarkObserve measures one event, in the ways to keep it that have memory of their own.
func BenchmarkObserve(b *testing.B) {
	const events = 1 << 14
	for _, c := range []struct {
		name string
		cfg  recorder.Config
	}{
		{"memory", recorder.Config{}},
		{"ring", recorder.Config{AtLimit: recorder.DropOldest, MaxEvents: 1 << 12}},
		{"sink", recorder.Config{Sink: sinkFunc(func(event.Event) error { return nil })}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, err := recorder.NewConfig(event.NewMetadata(1), c.cfg)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if c.cfg.Sink == nil {
					r.Reset(event.NewMetadata(1))
				}
				for i := range uint64(events) {
					if err := r.Observe(event.TaskScheduled(event.TaskID(i&7)<<32, i)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
		})
	}
}

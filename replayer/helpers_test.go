package replayer_test

import (
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

type (
	program = func(*simsched.Sim) error
	events  = []event.Event
)

// settings are those of all runs here that need any; without seed and strategy they are a replay's.
var settings = simsched.Config{MaxSteps: 200, CheckpointEvery: 10}

// record records a run of body that takes turns.
func record(body program) (*event.Trace, error) {
	cfg := settings
	cfg.Seed, cfg.Chooser = 1, simsched.NewRoundRobin(1)
	return recorder.Run(cfg, body)
}

// recordOK is record of a run that must pass.
func recordOK(t testing.TB, body program) *event.Trace {
	t.Helper()
	tr, err := record(body)
	if err != nil {
		t.Fatalf("the recorded run fails: %v", err)
	}
	return tr
}

// diverge replays tr against body and returns the divergence that there must be.
func diverge(t testing.TB, tr *event.Trace, cfg simsched.Config, body program) *divergence.Divergence {
	t.Helper()
	_, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, body)
	var de *divergence.Error
	if !errors.As(err, &de) {
		t.Fatalf("the replay ended with %v, want a divergence", err)
	}
	return de.Divergence
}

// traceOf returns a trace with the metadata of another.
func traceOf(like *event.Trace, list ...event.Event) *event.Trace {
	tr := event.NewTrace(like.Metadata)
	for _, e := range list {
		tr.Append(e)
	}
	return tr
}

// observe makes a function an Observer.
type observe func(event.Event) error

func (f observe) Observe(e event.Event) error { return f(e) }

// everything is a program that asks for a choice at every point there is.
func everything(s *simsched.Sim) error {
	served := simsched.NewChan[int](s, "served", 0)
	left, right := simsched.NewChan[int](s, "left", 1), simsched.NewChan[int](s, "right", 1)
	for range 2 {
		s.Go("receiver", func() error { served.Recv(); return nil })
		s.Go("sleeper", func() error { s.Sleep(time.Millisecond); return nil })
	}
	s.Sleep(2 * time.Millisecond)
	for i := range 2 {
		served.Send(i)
	}
	left.Send(1)
	right.Send(1)
	s.Select(left.OnRecv(nil, nil), right.OnRecv(nil, nil))
	return s.InRegion("io", func(r *simsched.Region) error {
		pipe := s.NewPipe("pipe", 8)
		r.Go("reader", func() error { _, err := pipe.Read(make([]byte, 8)); return err })
		r.Cancel(event.CancelUser)
		_, err := pipe.Write(make([]byte, s.Rand("length").IntN(5)+2))
		return err
	})
}

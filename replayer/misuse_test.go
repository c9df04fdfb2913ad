package replayer_test

import (
	"strings"
	"testing"

	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// TestNil: what is called without what it needs names itself.
func TestNil(t *testing.T) {
	tr := recordOK(t, yieldTimes(1))
	for name, call := range map[string]func(){
		"Run called with a nil Source": func() { _, _ = replayer.Run(nil, replayer.Config{}, yieldTimes(1)) },
		"Run called with a nil program": func() {
			_,
				_ = replayer.Run(source.FromTrace(tr), replayer.Config{}, nil)
		},
		"New called with a nil Source": func() { _, _ = replayer.New(nil, replayer.Config{}, yieldTimes(1)) },
		"New called with a nil program": func() {
			_,
				_ = replayer.New(source.FromTrace(tr), replayer.Config{}, nil)
		},
		"CheckDeterminism called with a nil program": func() { _ = replayer.CheckDeterminism(simsched.Config{}, nil) },
		"When called with nil":                       func() { replayer.When(nil) },
	} {
		func() {
			defer func() {
				if got := recover(); got != "replayer: "+name {
					t.Errorf("the panic is %v, want replayer: %s", got, name)
				}
			}()
			call()
		}()
	}
}

// TestRecordedUnderPrefix: only the events before Index are compared, whatever the recording has after it.
func TestRecordedUnderPrefix(t *testing.T) {
	tr := recordOK(t, yieldTimes(5))
	for _, src := range []source.Source{source.FromTrace(tr), stream{source.FromTrace(tr)}} {
		r := start(t, src, replayer.Config{Sim: settings, Policy: replayer.Prefix, Index: 6}, yieldTimes(5))
		for done := range uint64(9) {
			if s := r.State(); s.Recorded != min(done, 6) || s.More != (done < 6) {
				t.Errorf("after %d events %d recorded ones have come, more %v; want the first 6", done, s.Recorded, s.More)
			}
			if _, err := r.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestLastStream: an Observer can ask which stream a value was drawn from.
func TestLastStream(t *testing.T) {
	var labels []string
	a := &attached{}
	cfg := settings
	cfg.Observer = a
	a.Recorder.Reset(settings.Metadata())
	err := simsched.Run(cfg, func(s *simsched.Sim) error {
		look := func() { labels = append(labels, a.sim.LastStream()) }
		look()
		s.Rand("dice").Uint64()
		look()
		s.Rand("coin").Uint64()
		look()
		left, right := simsched.NewChan[int](s, "left", 1), simsched.NewChan[int](s, "right", 1)
		left.Send(1)
		right.Send(1)
		s.Select(left.OnRecv(nil, nil), right.OnRecv(nil, nil))
		look()
		return nil
	})
	if got := strings.Join(labels, ","); err != nil || got != ",dice,coin," {
		t.Errorf("the streams are %q, %v", got, err)
	}
}

package recorder_test

import (
	"path/filepath"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// TestBody: a Recorder that is the Observer of a run that others make learns what it learns in a run of its own.
func TestBody(t *testing.T) {
	body := func(s *simsched.Sim) error {
		return s.Go("worker", func() error { s.Yield(); return nil }).Join()
	}
	var dumps []string
	for _, own := range []bool{true, false} {
		cfg := simsched.Config{Seed: 3, CallSites: true}
		r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sites: true})
		if err != nil {
			t.Fatal(err)
		}
		if own {
			err = r.Run(cfg, body)
		} else {
			cfg.Observer = r
			err = simsched.Run(cfg, r.Body(body))
		}
		if err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, dump(t, r))
	}
	if dumps[0] != dumps[1] {
		t.Errorf("a run of its own gave\n%sa run of others\n%s", dumps[0], dumps[1])
	}
}

// dump is what is in a file of r, in lines.
func dump(t *testing.T, r *recorder.Recorder) (text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.reprise")
	if err := r.WriteFile(path, tracefile.End{Reason: tracefile.EndFinished}); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for e, err := f.Next(); err == nil; e, err = f.Next() {
		text += e.String() + " " + f.Site()
		if e.Kind() == event.KindTaskSpawned {
			text += " " + f.TaskName(e.Task())
		}
		text += "\n"
	}
	return text
}

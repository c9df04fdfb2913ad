package recorder_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// TestManyNotes checks that the notes of a long and regular run, which compress well, can all be read.
func TestManyNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.reprise")
	cfg := simsched.Config{Seed: 1, MaxSteps: 1 << 30, Chooser: simsched.NewRoundRobin(1)}
	w, err := tracefile.Create(path, cfg.Metadata(), tracefile.Config{ChunkEvents: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sink: w, Notes: true})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(cfg, func(s *simsched.Sim) error {
		c := simsched.NewChan[int](s, "balls", 0)
		s.Go("receiver", func() error {
			for range c.All() { // until it is closed
			}
			return nil
		})
		for i := range 50_000 {
			c.Send(i)
		}
		c.Close()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if n := countNotes(t, path); n < 50_000 {
		t.Errorf("%d notes", n)
	}
}

// countNotes counts the notes of a file, of which all must be readable.
func countNotes(t *testing.T, path string) (n int) {
	t.Helper()
	f, err := tracefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.CheckNotes()
	for {
		if _, err := f.Next(); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
		notes, _ := f.Notes() // CheckNotes has checked them
		n += len(notes)
	}
}

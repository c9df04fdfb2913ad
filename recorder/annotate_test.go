package recorder_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// lockOrder locks two mutexes in two orders.
func lockOrder(s *simsched.Sim) error {
	a, b := s.NewMutex("accounts"), s.NewMutex("")
	for i, order := range [][]*simsched.Mutex{{a, b}, {b, a}} {
		s.Go(fmt.Sprint("clerk ", i), func() error {
			for _, m := range order {
				m.Lock()
				defer m.Unlock()
			}
			return nil
		})
	}
	return nil
}

// annotated runs body under seeds until a run ends as wanted, into a file in both ways, and returns what the files say
// in lines.
func annotated(t *testing.T, body func(*simsched.Sim) error, want error) string {
	t.Helper()
	for seed := range uint64(200) {
		dir := t.TempDir()
		var texts []string
		for _, path := range []string{filepath.Join(dir, "memory.reprise"), filepath.Join(dir, "sink.reprise")} {
			cfg := simsched.Config{Seed: seed}
			settings := recorder.Config{Notes: true, Sites: true, FailureFile: path}
			var w *tracefile.Writer
			if len(texts) > 0 {
				var err error
				if w, err = tracefile.Create(path, cfg.Metadata(), tracefile.Config{}); err != nil {
					t.Fatal(err)
				}
				settings.Sink, settings.FailureFile = w, ""
			}
			r, err := recorder.NewConfig(cfg.Metadata(), settings)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Run(cfg, body); !errors.Is(err, want) {
				break
			}
			if w != nil {
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
			texts = append(texts, noteLines(t, path))
		}
		if len(texts) == 2 {
			if texts[0] != texts[1] {
				t.Fatalf("the file written at the end says\n%s\nand the one written meanwhile\n%s", texts[0], texts[1])
			}
			return texts[0]
		}
	}
	t.Fatalf("no seed of 200 gives %v", want)
	return ""
}

// noteLines returns the notes of a file, each in a line with the kind of its event, from the file alone.
func noteLines(t *testing.T, path string) string {
	t.Helper()
	r, err := tracefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b strings.Builder
	name := func(id event.TaskID) string {
		if id == tracefile.NoTask {
			return "-"
		}
		return r.TaskName(id)
	}
	for {
		e, err := r.Next()
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		notes, bad := r.Notes()
		if bad != nil {
			t.Fatal(bad)
		}
		for _, n := range notes {
			at := "end"
			if err == nil {
				at = e.Kind().String()
			}
			var by []string
			for _, id := range n.Tasks {
				by = append(by, name(id))
			}
			place := n.Place[strings.LastIndexByte(n.Place, '/')+1:]
			place, _, _ = strings.Cut(place, ":")
			fmt.Fprintf(&b, "%s: %s %s %s %s by %s %s\n", at, name(n.Task), n.Act, n.Reason, n.Object, strings.Join(by, ", "),
				place)
		}
		if err == io.EOF {
			return b.String()
		}
	}
}

// TestLockOrderNotes checks that the trace file of a lock-order deadlock says by itself who waited for what and who
// held it.
func TestLockOrderNotes(t *testing.T) {
	lines := strings.Split(annotated(t, lockOrder, simsched.ErrLeak), "\n")
	for _, want := range []string{
		"end: - ends leaked  by  ",
		`end: clerk 0 left Mutex.Lock mutex 1 by clerk 1 annotate_test.go`,
		`end: clerk 1 left Mutex.Lock mutex "accounts" by clerk 0 annotate_test.go`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

// TestWaitNotes checks the notes of waits and of wake-ups.
func TestWaitNotes(t *testing.T) {
	errEnd := errors.New("end")
	text := annotated(t, func(s *simsched.Sim) error {
		c, other := simsched.NewChan[int](s, "jobs", 0), simsched.NewChan[int](s, "jobs", 0)
		worker := s.Go("worker", func() error {
			c.Recv()
			s.Sleep(time.Second)
			other.Send(1)
			return nil
		})
		c.Send(1)
		other.Recv()
		if err := worker.Join(); err != nil {
			return err
		}
		return errEnd
	}, errEnd)
	for _, want := range []string{
		"TaskSpawned: worker starts   by main", `channel "jobs" by  `, "main stops Chan.Recv channel \"jobs (2)\"",
		"WakerWake: main wakes  channel \"jobs (2)\" by worker", "worker stops Sleep  by", "WakerWake: worker wakes   by  ",
		"end: - ends failed",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestNetworkNotes checks that the notes say which segment was lost, whose deadline passed and which host crashed.
func TestNetworkNotes(t *testing.T) {
	errEnd := errors.New("end")
	text := annotated(t, func(s *simsched.Sim) error {
		server, client := s.NewHost("server"), s.NewHost("client")
		s.Network().SetDefault(simsched.Link{Latency: time.Millisecond, Loss: 500_000})
		l, err := server.Listen("tcp", ":80")
		if err != nil {
			return err
		}
		server.Go("accept", func() error {
			for {
				if _, err := l.Accept(); err != nil {
					return nil
				}
			}
		})
		reader := client.Go("reader", func() error {
			c, err := client.Dial(s.Context(), "tcp", "server:80")
			if err != nil {
				return err
			}
			for range 20 {
				if _, err := c.Write([]byte("hello")); err != nil {
					return err
				}
			}
			if err := c.SetReadDeadline(s.Now().Add(time.Second)); err != nil {
				return err
			}
			_, err = c.Read(make([]byte, 1))
			return err
		})
		if err := reader.Join(); err == nil {
			return nil
		}
		server.Crash()
		return errEnd
	}, errEnd)
	for _, want := range []string{
		`segment of 5 bytes lost and sent again, 202ms late I/O "tcp `, `does deadline passed I/O "tcp `,
		`main does crashes host "server"`,
		`reader stops wait to be readable I/O "tcp `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

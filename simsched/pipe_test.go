package simsched

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
)

// pump copies content through a pipe and returns what arrived.
func pump(cfg Config, content []byte, capacity, chunk int) ([]byte, error) {
	var got bytes.Buffer
	err := Run(cfg, func(s *Sim) error {
		p := s.NewPipe("p", capacity)
		s.Go("writer", func() error {
			_, err := io.CopyBuffer(struct{ io.Writer }{p}, struct{ io.Reader }{bytes.NewReader(content)}, make([]byte, chunk))
			return errors.Join(err, p.Close())
		})
		_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{p}, make([]byte, chunk))
		return err
	})
	return got.Bytes(), err
}

func TestPipeCopiesUnderManySeeds(t *testing.T) {
	content := []byte("The quick brown fox jumps over the lazy dog.")
	for name, cfg := range schedules(200) {
		if got, err := pump(cfg, content, 5, 7); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %q arrived, error %v", name, got, err)
		}
	}
}

func TestPipeCopiesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		capacity, chunk := rapid.IntRange(1, 9).Draw(t, "capacity"), rapid.IntRange(1, 20).Draw(t, "chunk")
		cfg := Config{Seed: rapid.Uint64().Draw(t, "seed")}
		if got, err := pump(cfg, content, capacity, chunk); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%q arrived, error %v", got, err)
		}
	})
}

func TestPipeManyWritersAndReaders(t *testing.T) {
	for name, cfg := range schedules(50) {
		count := map[byte]int{}
		mustRun(t, cfg, func(s *Sim) {
			p := s.NewPipe("p", 2)
			_ = s.InRegion("writers", func(*Region) error {
				for i := range byte(3) {
					s.root.Go("reader", func() error {
						all, err := io.ReadAll(p)
						for _, b := range all {
							count[b]++
						}
						return err
					})
					s.Go("writer", func() error { _, err := p.Write(bytes.Repeat([]byte{i}, 5)); return err })
				}
				return nil
			})
			_ = p.Close()
		})
		if count[0] != 5 || count[1] != 5 || count[2] != 5 {
			t.Errorf("%s: readers got bytes %v times, want each 5 times", name, count)
		}
	}
}

func TestPipeHoldsItsCapacity(t *testing.T) {
	var n int
	err := Run(inTurns(), func(s *Sim) error {
		p := s.NewPipe("p", 3)
		for {
			m, err := p.Write([]byte("x"))
			if n += m; err != nil {
				return err
			}
		}
	})
	wantText(t,
		err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits for \"p\" (token 1) to be writable")
	if n != 3 {
		t.Errorf("a pipe of 3 bytes took %d", n)
	}
}

func TestPipeReadWaits(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		_, err := s.NewPipe("p", 3).Read(make([]byte, 1))
		return err
	})
	wantText(t,
		err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits for \"p\" (token 1) to be readable")
}

// TestPipeReadWaitsAgain reads all there is and then more: the reader must wait, not ask again and again.
func TestPipeReadWaitsAgain(t *testing.T) {
	err := Run(inTurns(), func(s *Sim) error {
		p := s.NewPipe("p", 3)
		_, _ = p.Write([]byte("x"))
		_, err := io.ReadAll(p)
		return err
	})
	wantText(t,
		err, "simsched: deadlock: 1 tasks wait and none can go on\n\tT0 main waits for \"p\" (token 1) to be readable")
}

func TestPipeNothingToMove(t *testing.T) {
	events := mustRun(t, inTurns(), func(s *Sim) {
		p := s.NewPipe("p", 1)
		if n, err := p.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of no bytes = %d, %v from an empty pipe; want 0, nil", n, err)
		}
		if n, err := p.Write(nil); n != 0 || err != nil {
			t.Errorf("Write of no bytes = %d, %v; want 0, nil", n, err)
		}
	})
	wantLines(t, "results", ofKind(events, event.KindIoResult))
}

func TestPipeClose(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		p := s.NewPipe("p", 8)
		_, _ = p.Write([]byte("rest"))
		_ = p.Close()
		if err := p.Close(); err != nil {
			t.Errorf("a second Close = %v, want nil", err)
		}
		if n, err := p.Write([]byte("late")); n != 0 || !errors.Is(err, syscall.EPIPE) {
			t.Errorf("Write to a closed pipe = %d, %v; want 0, EPIPE", n, err)
		}
		if got, err := io.ReadAll(p); string(got) != "rest" || err != nil {
			t.Errorf("ReadAll of a closed pipe = %q, %v; want what was written before", got, err)
		}
		if n, err := p.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read at the end = %d, %v; want 0, io.EOF itself", n, err)
		}
	})
}

// TestPipeEndsWhoWaits closes or breaks a pipe under a waiting reader and a waiting writer.
func TestPipeEndsWhoWaits(t *testing.T) {
	for name, cfg := range schedules(50) {
		for _, broken := range []bool{false, true} {
			mustRun(t, cfg, func(s *Sim) {
				full, empty := s.NewPipe("full", 2), s.NewPipe("empty", 2)
				writeErr, readErr := error(syscall.EPIPE), io.EOF
				if broken {
					writeErr, readErr = syscall.ECONNRESET, syscall.ECONNRESET
				}
				s.Go("writer", func() error {
					if n, err := full.Write([]byte("xyz")); n != 2 || !errors.Is(err, writeErr) {
						t.Errorf("%s, broken %v: Write = %d, %v; want 2, %v", name, broken, n, err, writeErr)
					}
					return nil
				})
				s.Go("reader", func() error {
					if n, err := empty.Read(make([]byte, 1)); n != 0 || !errors.Is(err, readErr) {
						t.Errorf("%s, broken %v: Read = %d, %v; want 0, %v", name, broken, n, err, readErr)
					}
					return nil
				})
				s.Sleep(1)
				for _, p := range []*Pipe{full, empty} {
					if broken {
						p.Break(event.IOConnectionReset)
					} else {
						_ = p.Close()
					}
				}
			})
			cfg.Chooser = nil // it serves one run
		}
	}
}

// TestPipeBreakDropsTheRest reads from a pipe that was broken with bytes in it: like a reset connection it has lost
// them.
func TestPipeBreakDropsTheRest(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		p := s.NewPipe("p", 8)
		_, _ = p.Write([]byte("rest"))
		p.Break(event.IOConnectionAborted)
		if n, err := p.Read(make([]byte, 8)); n != 0 || !errors.Is(err, syscall.ECONNABORTED) {
			t.Errorf("Read = %d, %v; want 0, ECONNABORTED", n, err)
		}
		if n, err := p.Write([]byte("x")); n != 0 || !errors.Is(err, syscall.ECONNABORTED) {
			t.Errorf("Write = %d, %v; want 0, ECONNABORTED", n, err)
		}
	})
}

func TestPipeBreakWithoutAKind(t *testing.T) {
	cfg := inTurns()
	cfg.MaxSteps = 100
	mustRun(t, cfg, func(s *Sim) {
		p := s.NewPipe("p", 1)
		p.Break(0)
		if _, err := p.Read(make([]byte, 1)); !errors.Is(err, event.ErrOther) {
			t.Errorf("Read after Break(0) = %v, want event.ErrOther", err)
		}
	})
}

func TestPipeWithoutCapacity(t *testing.T) {
	mustRun(t, inTurns(), func(s *Sim) {
		for _, n := range []int{0, -1} {
			wantPanic(t, "simsched: NewPipe called with a capacity that is not positive", func() { s.NewPipe("p", n) })
		}
	})
}

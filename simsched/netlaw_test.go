package simsched_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// drawLink draws a link without extremes.
func drawLink(t *rapid.T, label string) simsched.Link {
	rate := rapid.SampledFrom([]int{0, 0, 1000, 100_000, 500_000})
	delay := rapid.SampledFrom([]time.Duration{0, 1, ms, 100 * ms})
	return simsched.Link{
		Latency: delay.Draw(t, label+" latency"), Jitter: delay.Draw(t, label+" jitter"),
		Bandwidth: rapid.SampledFrom([]int64{0, 1, 1000, 1_000_000}).Draw(t, label+" bandwidth"),
		Window:    rapid.SampledFrom([]int{0, 1, 7, 1000}).Draw(t, label+" window"),
		Loss:      rate.Draw(t, label+" loss"), Duplicate: rate.Draw(t, label+" duplicate"), Reorder: rate.Draw(t,
			label+" reorder"),
	}
}

// netDrawn runs body once; the run must succeed, keep the laws and have an equal replay.
func netDrawn(t *rapid.T, seed uint64, body func(*simsched.Sim)) {
	run := func(s *simsched.Sim) error { body(s); return nil }
	tr, err := recorder.Run(simsched.Config{Seed: seed}, run)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if err := tracecheck.Check(tr); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if _, err := replayer.Run(source.FromTrace(tr), replayer.Config{}, run); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
}

// TestNetStreamLaw: what is read is what was written, in order, in both directions at once, over any links and through
// any partitions that are healed.
func TestNetStreamLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		there, back := drawLink(t, "there"), drawLink(t, "back")
		texts := [2][]byte{drawText(t), drawText(t)}
		cuts := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 6).Draw(t, "cuts")
		apart := rapid.SampledFrom([]time.Duration{1, ms, time.Second}).Draw(t, "apart")
		chunk := rapid.IntRange(1, 300).Draw(t, "chunk")
		seed := rapid.Uint64Range(1, 1000).Draw(t, "seed")
		var read [2][]byte
		netDrawn(t, seed, func(s *simsched.Sim) {
			a, b := s.NewHost("a"), s.NewHost("b")
			s.Network().SetDialTimeout(time.Hour)
			s.Network().Set(a, b, there)
			s.Network().Set(b, a, back)
			ca, cb := connect(s, a, b, ":80")
			for i, c := range []*simsched.Conn{ca, cb} {
				s.Go("write", func() error {
					for text := texts[i]; len(text) > 0; text = text[min(chunk, len(text)):] {
						got(c.Write(text[:min(chunk, len(text))]))
					}
					return c.CloseWrite()
				})
				s.Go("read", func() error { read[1-i] = got(io.ReadAll(c)); return nil })
			}
			s.Go("cut", func() error { return cut(s, a, b, cuts, apart) })
		})
		if !bytes.Equal(read[0], texts[0]) || !bytes.Equal(read[1], texts[1]) {
			t.Fatalf("wrote %q and %q, read %q and %q", texts[0], texts[1], read[0], read[1])
		}
	})
}

func drawText(t *rapid.T) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, rapid.SampledFrom([]int{0, 10, 2000}).Draw(t, "limit")).Draw(t, "text")
}

// cut cuts and heals in turn, and heals all at the end.
func cut(s *simsched.Sim, a, b *simsched.Host, cuts []int, apart time.Duration) error {
	n := s.Network()
	for _, c := range cuts {
		s.Sleep(apart)
		switch c {
		case 0:
			n.Partition(a, b)
		case 1:
			n.Partition(b, a)
		case 2:
			n.Isolate(a)
		case 3:
			n.HealAll()
		}
	}
	s.Sleep(apart)
	n.HealAll()
	return nil
}

// TestNetUnderChaos injects every fault everywhere: whatever the program makes of it, the run keeps the laws and
// replays.
func TestNetUnderChaos(t *testing.T) {
	for seed := range uint64(60) {
		cfg := simsched.Config{Seed: seed, Chaos: simsched.ChaosHeavy(seed), MaxSteps: 20_000}
		tr, runErr := recorder.Run(cfg, chaosProgram)
		if err := tracecheck.Check(tr); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		result, err := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: cfg}, chaosProgram)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if (result.Err == nil) != (runErr == nil) || runErr != nil && result.Err.Error() != runErr.Error() {
			t.Fatalf("seed %d: the replay ended with %v, the recording with %v", seed, result.Err, runErr)
		}
	}
}

// chaosProgram uses everything while hosts crash and links are cut, and ignores all errors.
func chaosProgram(s *simsched.Sim) error {
	a, b := s.NewHost("a"), s.NewHost("b")
	n := s.Network()
	n.SetDefault(simsched.Link{Latency: ms, Jitter: ms, Loss: 100_000, Duplicate: 100_000, Reorder: 100_000, Window: 50})
	server := func() error {
		l, err := b.Listen("tcp", ":80")
		if err != nil {
			return nil
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return nil
			}
			b.Go("serve", func() error { _, _ = io.Copy(c, struct{ io.Reader }{c}); return c.Close() })
		}
	}
	for range 3 {
		a.Go("client", func() error {
			c, err := a.Dial(s.Context(), "tcp", "b:80")
			if err != nil {
				return nil
			}
			_ = c.SetDeadline(s.Now().Add(time.Minute))
			_, _ = c.Write(make([]byte, 300))
			_, _ = io.ReadFull(c, make([]byte, 300))
			return c.Close()
		})
	}
	for i := range 4 {
		b.Go("server", server)
		s.Sleep(time.Duration(i) * 3 * ms)
		n.Partition(a, b)
		s.Sleep(ms)
		b.Crash()
		n.HealAll()
		b.Restart()
	}
	s.Sleep(time.Hour)
	b.Crash()
	return nil
}

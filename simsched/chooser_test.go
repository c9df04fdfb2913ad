package simsched

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/strategy"
)

// pinnedPicks are the first twenty answers of NewRandom(1). Whoever changes them changes what every recorded seed
// means.
var pinnedPicks = []struct {
	point Point
	n     int
	picks string
}{
	{PointTask, 2, "1 1 1 0 1 1 0 1 1 0 0 0 1 0 1 1 0 0 0 0"},
	{PointTask, 3, "2 1 2 0 2 2 0 2 2 0 0 1 1 0 2 2 0 0 1 1"},
	{PointTask, 10, "8 6 9 0 7 7 1 9 9 0 3 3 6 1 9 9 1 2 3 4"},
	{PointTimer, 2, "1 1 0 1 0 1 0 0 0 0 1 0 0 1 1 1 0 1 0 0"},
	{PointTimer, 3, "2 2 0 1 1 1 0 0 0 1 1 0 1 2 2 2 0 1 1 0"},
	{PointTimer, 10, "9 7 1 6 3 6 2 2 1 4 6 2 4 9 8 8 3 5 4 0"},
	{PointWaiter, 2, "1 1 1 1 1 0 1 0 0 0 0 0 1 1 1 1 1 1 0 1"},
	{PointWaiter, 3, "1 2 1 1 2 0 1 1 0 1 1 0 2 2 1 1 2 1 0 1"},
	{PointWaiter, 10, "6 8 5 5 9 2 6 3 0 4 4 2 9 6 5 5 9 5 2 5"},
	{PointCase, 2, "1 0 0 1 0 0 0 0 0 1 1 0 1 0 0 0 1 1 0 1"},
	{PointCase, 3, "2 0 0 2 0 0 1 0 0 2 2 0 2 1 1 1 2 2 1 1"},
	{PointCase, 10, "6 2 2 7 2 1 4 0 2 8 6 2 9 4 4 4 9 8 4 6"},
	{PointBytes, 2, "0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 1 0"},
	{PointBytes, 3, "0 0 0 0 0 0 0 0 0 2 1 0 0 0 0 0 0 0 2 0"},
	{PointBytes, 10, "0 0 0 1 0 0 0 3 0 9 3 0 0 0 0 0 2 0 9 0"},
}

// pinnedValues are the first twenty values of two streams from seed 1, under both Choosers.
var pinnedValues = map[string][]uint64{
	"a": {
		0x84dd82c553569d71, 0x1485bd82da4313e1, 0xd84fed92952ee4ba, 0xc011f35b1a07b6b7, 0x36c015a5dc9508f1,
		0x0f5076312cff71a1, 0x26a3394aab1ddfe6, 0x1ff1737834974c0d, 0x37aa6e89bcb9706e, 0xb20ec8cf709930bb,
		0xa2011ad1088d1e49, 0x6cc2616950d96868, 0x1e27e8a3fdf6cc43, 0x8f5ce65c5cbf70a1, 0xd332a538c8ac816c,
		0x935b64196333138e, 0x425adeba0fbcdd36, 0x8151f4af8b4d14f1, 0xecadc22113f2a481, 0xce81b82c37a45eb0,
	},
	"b": {
		0x757250138e853d3c, 0x192d7ecee6ba4c4a, 0x6f4455ca38a3045b, 0xcbdae95d02afe3a6, 0x9a0c39e1b243148e,
		0x112cf836aca6102b, 0x31e338659496e041, 0x7fbc0e23f1e19c5b, 0x1a5a6e84cd906d0b, 0xc9e17e4b39cf492f,
		0x7a7716170a7331ed, 0xdbc169320b242ec2, 0xda0f4d83d7503fc3, 0x0345aeb16f9fc342, 0xbbeec7f7ef8e84e5,
		0xbe2c2957072e2dd5, 0x48c24c23cc6096df, 0xc78356c56cacd70a, 0x91cb1494453132ab, 0x6053526b24d9ddc6,
	},
}

func TestPinnedPicks(t *testing.T) {
	for _, pin := range pinnedPicks {
		random, turns := NewRandom(1), NewRoundRobin(1)
		var picks []string
		for range 20 {
			picks = append(picks, fmt.Sprint(random.Choose(&Choice{Point: pin.point, N: pin.n})))
			if got := turns.Choose(&Choice{Point: pin.point, N: pin.n}); got != 0 {
				t.Errorf("NewRoundRobin(1) answered %d at point %v of %d, want 0", got, pin.point, pin.n)
			}
		}
		if got := strings.Join(picks, " "); got != pin.picks {
			t.Errorf("NewRandom(1) at point %v of %d:\n got %s\nwant %s", pin.point, pin.n, got, pin.picks)
		}
	}
}

func TestPinnedValues(t *testing.T) {
	for label, want := range pinnedValues {
		for name, make := range map[string]func(uint64) Chooser{"NewRandom": NewRandom, "NewRoundRobin": NewRoundRobin} {
			chooser := make(1)
			for i, v := range want {
				if got := chooser.Choose(&Choice{Point: PointValue, Stream: strategy.Label("stream " + label)}); got != v {
					t.Errorf("value %d of stream %q from %s(1) is %#x, want %#x", i, label, name, got, v)
				}
			}
		}
	}
}

func TestPinnedStreamIsThatOfRand(t *testing.T) {
	for _, cfg := range []Config{{Seed: 1}, {Chooser: NewRoundRobin(1)}} {
		mustRun(t, cfg, func(s *Sim) {
			for i, want := range pinnedValues["a"] {
				if got := s.Rand("a").Uint64(); got != want {
					t.Errorf("value %d of Rand(\"a\") is %#x, want the pinned %#x", i, got, want)
				}
			}
		})
	}
}

// TestDrawsShiftNoOtherDraws asks in any order: each point and each stream of values gives the answers it gives alone.
func TestDrawsShiftNoOtherDraws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		questions := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Choice {
			p := Point(rapid.IntRange(0, numPoints-1).Draw(t, "point"))
			if p == PointFault {
				return Choice{Point: p, chaos: &Chaos{Delay: 500_000, Seed: 1, MaxDelay: 9}}
			}
			if p == PointValue {
				return Choice{Point: p, Stream: rapid.Uint64Range(0, 2).Draw(t, "stream")}
			}
			return Choice{Point: p, N: 10}
		})).Draw(t, "questions")
		mixed, alone := NewRandom(seed), map[[2]uint64]Chooser{}
		for i, q := range questions {
			key := [2]uint64{uint64(q.Point), q.Stream}
			if alone[key] == nil {
				alone[key] = NewRandom(seed)
			}
			if got, want := mixed.Choose(&q), alone[key].Choose(&q); got != want {
				t.Fatalf("question %d, %v: %d, but %d if only such questions are asked", i, q.Point, got, want)
			}
		}
	})
}

func TestRandomAnswersAreInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Choice{Point: Point(rapid.IntRange(0, int(PointBytes)).Draw(t, "point")),
			N: rapid.IntRange(2, 1<<40).Draw(t, "n")}
		chooser := NewRandom(rapid.Uint64().Draw(t, "seed"))
		for range 10 {
			if got := chooser.Choose(&c); got >= uint64(c.N) {
				t.Fatalf("answer %d of %d alternatives", got, c.N)
			}
		}
	})
}

// checking passes questions on and checks what a Chooser may rely on.
type checking struct {
	t       *testing.T
	inner   Chooser
	point   Point
	pending *uint64 // the alternative that the next event must tell of
}

// Stepper passes on that the strategy follows every step.
func (k *checking) Stepper() strategy.Stepper {
	if inner, ok := k.inner.(stepping); ok {
		return inner.Stepper()
	}
	return nil
}

func (k *checking) Choose(c *Choice) uint64 {
	answer := k.inner.Choose(c)
	id := answer
	if c.Point != PointValue {
		k.check(c)
		id = c.ID(int(answer))
	}
	k.point, k.pending = c.Point, &id
	return answer
}

func (k *checking) check(c *Choice) {
	if c.N < 2 {
		k.t.Errorf("a choice of a %v with %d alternatives was asked", c.Point, c.N)
	}
	seen := map[uint64]bool{}
	for i := range c.N {
		id := c.ID(i)
		if at, ok := c.IndexOf(id); at != i || !ok {
			k.t.Errorf("%v: IndexOf(ID(%d)) = %d, %v", c.Point, i, at, ok)
		}
		seen[id] = true
	}
	if len(seen) != c.N {
		k.t.Errorf("%v: %d identifiers for %d alternatives", c.Point, len(seen), c.N)
	}
	for id := range uint64(10) { // numbers of timers, cases, bytes; tasks
		for _, id := range []uint64{id, id << 32, id<<32 | 1} {
			if _, ok := c.IndexOf(id); ok != seen[id] {
				k.t.Errorf("%v: IndexOf(%#x) says %v", c.Point, id, ok)
			}
		}
	}
}

// outcomes are the events that tell of choices, by point.
var outcomes = [numPoints]struct {
	kind event.Kind
	id   func(event.Event) uint64
}{
	PointTask:   {event.KindTaskScheduled, func(e event.Event) uint64 { return uint64(e.Task()) }},
	PointTimer:  {event.KindTimerFired, func(e event.Event) uint64 { return uint64(e.Timer()) }},
	PointWaiter: {event.KindWakerWake, func(e event.Event) uint64 { return uint64(e.Task()) }},
	PointCase:   {event.KindRngValue, event.Event.Value},
	PointBytes:  {event.KindIoResult, func(e event.Event) uint64 { return uint64(e.Bytes()) }},
	PointValue:  {event.KindRngValue, event.Event.Value},
}

func (k *checking) Observe(e event.Event) error {
	if k.pending == nil {
		return nil
	}
	o := outcomes[k.point]
	if e.Kind() != o.kind || o.id(e) != *k.pending {
		k.t.Errorf("after %d was chosen at a point %v came the event %v", *k.pending, k.point, e)
	}
	k.pending = nil
	return nil
}

func TestChooserContract(t *testing.T) {
	asked := map[Point]bool{}
	for _, p := range append(slices.Clone(programs), program{body: crowd}) {
		for name, cfg := range schedules(20) {
			inner := cfg.Chooser
			if inner == nil {
				inner = NewRandom(cfg.Seed)
			}
			k := &checking{t: t, inner: inner}
			cfg.Chooser = chooserFunc(func(c *Choice) uint64 { asked[c.Point] = true; return k.Choose(c) })
			cfg.Observer, cfg.MaxSteps = k, p.cfg.MaxSteps
			_ = Run(cfg, p.body)
			if t.Failed() {
				t.Fatalf("in program %q, %s", p.name, name)
			}
		}
	}
	if len(asked) != numPoints-1 || asked[PointFault] {
		t.Errorf("asked at %d kinds of points, want all %d but the faults, which no program here has", len(asked), numPoints)
	}
}

// crowd makes many tasks wait for everything at once, in plain operations and in Selects.
func crowd(s *Sim) error {
	c, p := NewChan[int](s, "c", 0), s.NewPipe("p", 5)
	for i := range 6 {
		s.Go("receiver", func() error { c.Recv(); return nil })
		s.Go("sleeper", func() error { s.Sleep(1); return nil })
		s.Go("selector", func() error {
			s.Select(c.OnSend(i), c.OnRecv(nil, nil), s.After(2).OnRecv(nil, nil), s.After(2).OnRecv(nil, nil))
			return nil
		})
		s.Go("reader", func() error { _, err := p.Read(make([]byte, 2)); return err })
	}
	_, err := p.Write(make([]byte, 20))
	c.Close()
	return err
}

func TestPointNames(t *testing.T) {
	var names []string
	for p := range Point(numPoints) {
		names = append(names, p.String())
	}
	wantLines(t, "the names of the points", names, "task", "timer", "waiter", "case", "bytes", "value", "fault")
}

func TestChooserOutOfRange(t *testing.T) {
	for _, c := range []struct {
		point Point
		want  string
	}{
		{PointTask, "simsched: the Chooser answered 2 to a choice of a task with 2 alternatives"},
		{PointTimer, "simsched: the Chooser answered 2 to a choice of a timer with 2 alternatives"},
		{PointWaiter, "simsched: the Chooser answered 2 to a choice of a waiter with 2 alternatives"},
		{PointCase, "simsched: the Chooser answered 2 to a choice of a case with 2 alternatives"},
		{PointBytes, "simsched: the Chooser answered 2 to a choice of a bytes with 2 alternatives"},
	} {
		chooser := chooserFunc(func(q *Choice) uint64 {
			if q.Point == c.point && q.N == 2 {
				return 2
			}
			return 0
		})
		err := Run(Config{Chooser: chooser, MaxSteps: 1000}, everyPoint)
		if _, ok := err.(*chooserError); !ok {
			t.Errorf("%v: Run = %T, want a *chooserError alone", c.point, err)
		}
		wantText(t, err, c.want)
	}
}

// everyPoint asks for a choice of two alternatives at every point.
func everyPoint(s *Sim) error {
	c, p := NewChan[int](s, "c", 2), s.NewPipe("p", 2)
	for range 2 {
		s.Go("sleeper", func() error { s.Sleep(1); return nil })
		s.Go("receiver", func() error { c.Recv(); return nil })
	}
	s.Sleep(2)
	c.Send(1)
	c.Send(2)
	s.Yield()
	c.Send(3)
	s.Select(c.OnRecv(nil, nil), c.OnSend(4))
	_, err := p.Write(make([]byte, 2))
	return err
}

// TestChoiceOfAValue has no alternatives to enumerate: every number stands for itself.
func TestChoiceOfAValue(t *testing.T) {
	c := Choice{Point: PointValue}
	if i, ok := c.IndexOf(7); c.ID(7) != 7 || i != 7 || !ok {
		t.Errorf("ID(7) = %d, IndexOf(7) = %d, %v; want 7, 7, true", c.ID(7), i, ok)
	}
}

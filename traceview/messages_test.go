package traceview_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
	"github.com/reprise-go/reprise/traceview"
)

// channel is a channel of a run that a test makes: values are the numbers of the tasks that sent them.
type channel struct {
	t        *truth
	room     int
	ordinary bool // a task that waited notes its operation when it goes on

	queue     []int
	senders   []int // tasks that wait, in order
	receivers []int
	late      []bool // whether a task has such a note to make
	want      []string
}

var object = tracefile.Object{Kind: "channel", Name: "channel 1"}

func (c *channel) note(act tracefile.Act, task int, reason string, tasks ...event.TaskID) {
	c.t.w.Note(tracefile.Note{Act: act, Task: id(task), Reason: reason, Object: object, Tasks: tasks})
}

// turn lets a task run.
func (c *channel) turn(task int) {
	c.t.append(event.TaskScheduled(id(task), 1))
	if c.t.runs != task { // otherwise its turn goes on
		c.t.turns = append(c.t.turns, nil)
	}
	c.t.runs = task
	if c.late[task] {
		c.late[task] = false
		c.note(tracefile.ActDo, task, map[traceview.State]string{0: "receives from", 1: "sends on"}[c.t.states[task]])
	}
}

// waits makes a task wait.
func (c *channel) waits(task int, how string, state traceview.State) {
	c.note(tracefile.ActStop, task, how)
	c.t.states[task], c.late[task], c.t.runs = state, c.ordinary, -1
}

// wakes makes a task ready for which another one has done what it waited for.
func (c *channel) wakes(task, by int) {
	c.note(tracefile.ActWake, task, "", id(by))
	c.t.append(event.WakerWake(id(task)))
}

// passed notes that a task has a value of another one.
func (c *channel) passed(from, to int) {
	if from != to {
		c.want = append(c.want, fmt.Sprintf("%d to %d in %d", from, to, len(c.t.turns)-1))
	}
}

func (c *channel) send(task int) {
	c.turn(task)
	switch {
	case len(c.receivers) > 0:
		c.note(tracefile.ActDo, task, "sends on")
		to := c.receivers[0]
		c.receivers = c.receivers[1:]
		c.passed(task, to)
		c.wakes(to, task)
	case len(c.queue) < c.room:
		c.note(tracefile.ActDo, task, "sends on")
		c.queue = append(c.queue, task)
	default:
		c.waits(task, "chan send", 1)
		c.senders = append(c.senders, task)
	}
}

func (c *channel) receive(task int) {
	c.turn(task)
	if len(c.queue) == 0 && len(c.senders) == 0 {
		c.waits(task, "chan receive", 0)
		c.receivers = append(c.receivers, task)
		return
	}
	c.note(tracefile.ActDo, task, "receives from")
	if len(c.queue) > 0 {
		c.passed(c.queue[0], task)
		c.queue = c.queue[1:]
	} else {
		c.passed(c.senders[0], task)
	}
	if len(c.senders) > 0 {
		if c.room > 0 {
			c.queue = append(c.queue, c.senders[0])
		}
		c.wakes(c.senders[0], task)
		c.senders = c.senders[1:]
	}
}

// TestMessages compares the arrows of values with those of a channel that a test simulates, with waiting senders and
// receivers, in both forms in which runs note their operations.
func TestMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		c := &channel{room: rapid.IntRange(0, 3).Draw(t, "room"), ordinary: rapid.Bool().Draw(t, "ordinary")}
		var identity tracefile.Identity
		if c.ordinary {
			identity = tracefile.Identity{tracefile.KeyRun: tracefile.RunOrdinary}
		}
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{Identity: identity})
		if err != nil {
			t.Fatal(err)
		}
		c.t = &truth{w: w, runs: -1}
		c.t.append(event.RngSeed(1))
		const tasks = 5
		for i := range tasks {
			c.t.append(event.TaskSpawned(id(i), 0, 0))
			c.t.states, c.late = append(c.t.states, 0), append(c.late, false)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			task := rapid.IntRange(0, tasks-1).Draw(t, "task")
			if slices.Contains(c.senders, task) || slices.Contains(c.receivers, task) {
				continue
			}
			if rapid.Bool().Draw(t, "sends") {
				c.send(task)
			} else {
				c.receive(task)
			}
		}
		c.note(tracefile.ActDo, 0, "closes")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c.check(t, &b)
	})
}

func (c *channel) check(t *rapid.T, b *bytes.Buffer) {
	s, err := source.NewReader(b, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := traceview.Read(s, traceview.Options{Focus: -1})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range m.Arrows {
		if a.Kind == traceview.Sends {
			got = append(got, fmt.Sprintf("%d to %d in %d", m.Lanes[a.From].Task.Index(), m.Lanes[a.To].Task.Index(), a.At))
			if a.Turn > a.At {
				t.Fatalf("an arrow goes from turn %d to %d", a.Turn, a.At)
			}
		}
	}
	if !slices.Equal(got, c.want) {
		t.Fatalf("the arrows are %q, want %q", got, c.want)
	}
}

// TestBytes compares the arrows of a connection with those of a list of its bytes, each with the number of its sender.
func TestBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		w, err := tracefile.NewWriter(&b, event.NewMetadata(1), tracefile.Config{})
		if err != nil {
			t.Fatal(err)
		}
		c := &channel{t: &truth{w: w, runs: -1}, late: make([]bool, 4)}
		c.t.append(event.RngSeed(1))
		for i := range c.late {
			c.t.append(event.TaskSpawned(id(i), 0, 0))
		}
		var sent []int
		sends := 0
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			task, n := rapid.IntRange(0, 3).Draw(t, "task"), rapid.IntRange(1, 5).Draw(t, "bytes")
			c.turn(task)
			if task < 2 {
				c.note(tracefile.ActDo, task, fmt.Sprintf("sends %d bytes on", n))
				sends++
				sent = append(sent, slices.Repeat([]int{10*sends + task}, n)...)
				continue
			}
			if n = min(n, len(sent)); n == 0 {
				continue
			}
			c.note(tracefile.ActDo, task, fmt.Sprintf("receives %d bytes from", n))
			for _, from := range slices.Compact(slices.Clone(sent[:n])) {
				c.passed(from%10, task)
			}
			sent = sent[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c.check(t, &b)
	})
}

// TestNetwork records a run in which two hosts exchange a packet and some bytes: each is an arrow between the tasks
// that send and receive it, across the turns that it is on its way.
func TestNetwork(t *testing.T) {
	cfg := simsched.Config{Seed: 3}
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Notes: true, Sites: true})
	if err == nil {
		err = r.Run(cfg, exchange)
	}
	var b bytes.Buffer
	if err = errors.Join(err, r.Encode(&b, tracefile.End{Reason: tracefile.EndFinished})); err != nil {
		t.Fatal(err)
	}
	s, err := source.NewReader(&b, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := traceview.Read(s, traceview.Options{Focus: -1})
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]bool{}
	for _, a := range m.Arrows {
		if a.Kind == traceview.Sends && a.At > a.Turn {
			passed[m.Lanes[a.From].Name+" to "+m.Lanes[a.To].Name] = true
		}
	}
	if !maps.Equal(passed, map[string]bool{"client to server": true, "server to client": true}) {
		t.Errorf("arrows: %v", passed)
	}
	var text strings.Builder
	if err := m.WriteText(&text, 200); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`sends 5 bytes on`, `receives 5 bytes from`, "sends packet 1", "receives packet 1"} {
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

// exchange sends five bytes from a client to a server and a packet back.
func exchange(s *simsched.Sim) error {
	server, client := s.NewHost("server"), s.NewHost("client")
	s.Network().SetDefault(simsched.Link{Latency: time.Millisecond})
	l, err := server.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	packets, err := client.ListenPacket("udp", ":90")
	if err != nil {
		return err
	}
	serves := server.Go("server", func() error {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, err = io.ReadFull(c, make([]byte, 5))
		p, err2 := server.ListenPacket("udp", ":91")
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		_, err = p.WriteTo([]byte("thanks"), packets.LocalAddr())
		return err
	})
	asks := client.Go("client", func() error {
		c, err := client.Dial(s.Context(), "tcp", "server:80")
		if err == nil {
			_, err = c.Write([]byte("hello"))
		}
		if err == nil {
			_, _, err = packets.ReadFrom(make([]byte, 10))
		}
		return err
	})
	return errors.Join(serves.Join(), asks.Join())
}

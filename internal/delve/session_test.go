package delve

import (
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// step is a moment of a program in the user's code.
type step struct {
	decision uint64
	line     int
	fails    bool // the line marks the test as failed
}

// program is a run as dlv's server sees it. The stack of a step has the line of the user's code only, whose address is
// the line.
type program struct {
	steps []step
	at    int // index of the step before which it is stopped
	where string
	list  map[int]*breakpoint
	next  int

	stopAt, chosen uint64
	restarts       int
}

// StopAt implements [Run].
func (p *program) StopAt(n uint64) { p.stopAt = n }

// Chosen implements [Run].
func (p *program) Chosen() uint64 { return p.chosen }

// Decisions implements [Run].
func (p *program) Decisions() uint64 {
	if p.at >= len(p.steps) {
		return p.steps[len(p.steps)-1].decision
	}
	return p.steps[p.at].decision
}

// server is dlv's server over a program.
type server struct{ p *program }

// The types of the protocol have no names, because those of a server of package rpc must be exported.
type setting = struct {
	Breakpoint breakpoint
	LocExpr    string
}

// CreateBreakpoint sets a breakpoint.
func (s server) CreateBreakpoint(in setting, out *setting) error {
	b := in.Breakpoint
	s.p.next++
	b.ID, b.at = s.p.next, in.LocExpr
	s.p.list[b.ID] = &b
	out.Breakpoint = b
	return nil
}

type number = struct{ Id int }

// ClearBreakpoint removes a breakpoint.
func (s server) ClearBreakpoint(in number, _ *struct{}) error {
	delete(s.p.list, in.Id)
	return nil
}

// GetBreakpoint returns a breakpoint.
func (s server) GetBreakpoint(in number, out *setting) error {
	out.Breakpoint = *s.p.list[in.Id]
	return nil
}

// Restart starts the program again.
func (s server) Restart(_ struct{}, _ *struct{}) error {
	s.p.at, s.p.where, s.p.restarts = 0, "", s.p.restarts+1
	for id, b := range s.p.list { // lint: order does not matter
		if b.Hits = 0; len(b.Addrs) > 0 {
			delete(s.p.list, id)
		}
	}
	return nil
}

type stack = struct{ Locations []frame }

// Stacktrace returns the stack of the goroutine that runs, or goes on next.
func (s server) Stacktrace(_ struct{}, out *stack) error {
	if s.p.where == "end" || s.p.at >= len(s.p.steps) {
		return nil
	}
	f := frame{PC: uint64(s.p.steps[s.p.at].line), File: "m.go", Line: s.p.steps[s.p.at].line}
	f.Function.Name = "example.com/m.f"
	out.Locations = []frame{f}
	return nil
}

type command = struct {
	Name string `json:"name"`
}

type moved = struct{ State map[string]any }

// Command lets the program go on to a breakpoint.
func (s server) Command(in command, out *moved) error {
	p := s.p
	at := 0
	if in.Name == "continue" {
		at = p.onward()
		if at == 0 {
			return fmt.Errorf("Process 1 has exited with status 1")
		}
	}
	out.State = map[string]any{"currentGoroutine": map[string]int{"id": 7},
		"currentThread": map[string]any{"breakPoint": map[string]int{"id": at}}}
	if p.where == "end" {
		delete(out.State, "currentGoroutine")
	}
	return nil
}

// onward goes on to a breakpoint and returns its number, 0 for the end. The places in a step are the decision before
// it, the line, and the failure within it.
func (p *program) onward() int {
	places := []string{"", "decision", "line", "fail"}
	for ; p.at < len(p.steps); p.at++ {
		s := p.steps[p.at]
		for _, where := range places[index(places, p.where)+1:] {
			p.where = where
			if where == "decision" && (p.at > 0 && p.steps[p.at-1].decision == s.decision || s.decision != p.stopAt) ||
				where == "fail" && !s.fails {
				continue
			}
			p.chosen = 7
			if id := p.hit(where, s); id != 0 {
				return id
			}
		}
		p.where = ""
	}
	if p.where == "end" {
		return 0
	}
	p.where = "end"
	return p.hit("end", step{})
}

func index(list []string, s string) int {
	for i, t := range list {
		if t == s {
			return i
		}
	}
	return -1
}

// hit returns the breakpoint that stops the program, 0 for none.
func (p *program) hit(where string, s step) (id int) {
	for i := 1; i <= p.next; i++ {
		b := p.list[i]
		switch {
		case b == nil:
		case where != "line" && b.Function == where:
			id = i
		case where == "line" && (b.Line == s.line || len(b.Addrs) > 0 && b.Addrs[0] == uint64(s.line)) &&
			b.Cond == fmt.Sprintf("steps == %d", s.decision):
			b.Hits++
			if b.HitCond == "" || b.HitCond == fmt.Sprintf("== %d", b.Hits) {
				id = i
			}
		}
	}
	return id
}

// session returns a session over a program.
func session(t *rapid.T, p *program) *Session {
	ours, theirs := net.Pipe()
	s := rpc.NewServer()
	if err := s.RegisterName("RPCServer", server{p}); err != nil {
		t.Fatal(err)
	}
	go s.ServeCodec(jsonrpc.NewServerCodec(theirs))
	return &Session{Server: &Server{client: jsonrpc.NewClient(ours), cfg: Config{Args: []string{"m"}}}, Run: p,
		Functions: Functions{Stopped: "decision", Steps: "steps", End: "end", Fail: []string{"fail"}},
		Own:       regexp.MustCompile(`^example\.com/m[./]`)}
}

// drawProgram draws a run of a few turns.
func drawProgram(t *rapid.T) *program {
	p := &program{list: map[int]*breakpoint{}}
	decision := uint64(1)
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		decision += uint64(rapid.IntRange(0, 1).Draw(t, "decisions"))
		p.steps = append(p.steps, step{decision, rapid.IntRange(1, 3).Draw(t, "line"),
			rapid.IntRange(0, 5).Draw(t, "fails") == 0})
	}
	return p
}

// TestToFailure compares where a session stops with the first step that fails.
func TestToFailure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		s := session(t, p)
		defer s.Server.Leave()
		want := 0
		for want < len(p.steps) && !p.steps[want].fails {
			want++
		}
		stop, err := s.ToFailure()
		if err != nil {
			t.Fatal(err)
		}
		if want == len(p.steps) {
			if stop.Exact || p.where != "end" {
				t.Fatalf("without a failure it stops at step %d, %s", p.at, p.where)
			}
		} else if !stop.Exact || p.at != want || p.where != "line" || stop.Line != p.steps[want].line ||
			stop.Decision != p.steps[want].decision {
			t.Fatalf("%+v, before step %d %s; want step %d of %v", stop, p.at, p.where, want, p.steps)
		}
		if p.restarts == 0 || len(p.list) > 1 {
			t.Fatalf("%d restarts, %d breakpoints are left", p.restarts, len(p.list))
		}
	})
}

// TestToDecision compares where a session stops with the first step of the turn.
func TestToDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		s := session(t, p)
		defer s.Server.Leave()
		want := rapid.IntRange(0, len(p.steps)-1).Draw(t, "want")
		for want > 0 && p.steps[want-1].decision == p.steps[want].decision {
			want--
		}
		stop, err := s.ToDecision(p.steps[want].decision)
		if err != nil {
			t.Fatal(err)
		}
		if !stop.Exact || p.at != want || p.where != "line" || stop.Decision != p.steps[want].decision {
			t.Fatalf("%+v, before step %d %s; want step %d of %v", stop, p.at, p.where, want, p.steps)
		}
	})
}

// TestListening reads the address from what dlv logs.
func TestListening(t *testing.T) {
	for log, want := range map[string]string{
		"":                                      "",
		"API server listening at: 127.0.0.1:47": "", // not yet whole
		"API server listening at: 127.0.0.1:4711\n":     "127.0.0.1:4711",
		"x\nAPI server listening at: /tmp/a/dlv.sock\n": "unix:/tmp/a/dlv.sock",
	} {
		if got := listening([]byte(log)); got != want {
			t.Errorf("%q: %q, want %q", strings.TrimSpace(log), got, want)
		}
	}
}

package delve

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Run is the run that the program makes, as the program itself tells it.
type Run interface {
	StopAt(decision uint64) // sets the decision after which the function Functions.Stopped is called; 0 for never
	Decisions() uint64      // number of decisions so far
	Chosen() uint64         // the goroutine that the decision of StopAt has chosen
}

// Functions are the places of the program at which a session stops it.
type Functions struct {
	Stopped string   // called after the decision of Run.StopAt
	Steps   string   // the expression for Run.Decisions
	End     string   // called where the run ends, in whatever way
	Fail    []string // called where a test fails; those that the program does not have are ignored
}

// Session moves a program to a place of its run. The same run again leads to the same place.
type Session struct {
	Server    *Server
	Run       Run
	Functions Functions
	Own       *regexp.Regexp // matches the functions of the user's code
}

// Stop is where the program is stopped.
type Stop struct {
	Decision  uint64 // number of decisions so far
	Goroutine int64  // 0 if it is stopped in none
	Frame     int    // the innermost frame of the user's code; -1 if there is none
	Function  string // of that frame, or of the innermost one
	File      string
	Line      int
	Exact     bool // stopped before that line, and not inside what it calls
	Ended     bool // the program has ended: there is no such place
}

// breakpoint is a breakpoint of dlv; field names are those of the protocol.
type breakpoint struct {
	ID       int      `json:"id,omitempty"`
	Name     string   `json:"name,omitempty"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Function string   `json:"functionName,omitempty"`
	Cond     string   `json:",omitempty"`
	HitCond  string   `json:",omitempty"`
	Addrs    []uint64 `json:"addrs,omitempty"` // dlv forgets such a breakpoint when it starts the program again
	Hits     uint64   `json:"totalHitCount,omitempty"`

	at string // a function, in the form of dlv's command break
}

// frame is a frame of a stack.
type frame struct {
	PC       uint64 `json:"pc"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Function struct {
		Name string `json:"name"`
	} `json:"function"`
}

// state is how the program stands.
type state struct {
	Exited    bool `json:"exited"`
	Goroutine *struct {
		ID int64 `json:"id"`
	} `json:"currentGoroutine"`
	Thread *struct {
		Breakpoint *breakpoint `json:"breakPoint"`
	} `json:"currentThread"`
}

// at returns the breakpoint at which the program is stopped, 0 for none.
func (s *state) at() int {
	if s.Thread == nil || s.Thread.Breakpoint == nil {
		return 0
	}
	return s.Thread.Breakpoint.ID
}

// goroutine returns the goroutine that is selected, 0 for none.
func (s *state) goroutine() int64 {
	if s.Goroutine == nil {
		return 0
	}
	return s.Goroutine.ID
}

// set sets a breakpoint.
func (s *Session) set(b breakpoint) (breakpoint, error) {
	var out struct{ Breakpoint breakpoint }
	if err := s.Server.call("CreateBreakpoint", map[string]any{"Breakpoint": b, "LocExpr": b.at}, &out); err != nil {
		return breakpoint{}, fmt.Errorf("delve: %w", err)
	}
	return out.Breakpoint, nil
}

// clear removes breakpoints.
func (s *Session) clear(list ...breakpoint) error {
	for _, b := range list {
		if b.ID == 0 {
			continue
		}
		if err := s.Server.call("ClearBreakpoint", map[string]any{"Id": b.ID}, &struct{}{}); err != nil {
			return fmt.Errorf("delve: %w", err)
		}
	}
	return nil
}

// hits returns how often a breakpoint was reached.
func (s *Session) hits(b breakpoint) (uint64, error) {
	var out struct{ Breakpoint breakpoint }
	if err := s.Server.call("GetBreakpoint", map[string]any{"Id": b.ID}, &out); err != nil {
		return 0, fmt.Errorf("delve: %w", err)
	}
	return out.Breakpoint.Hits, nil
}

// command moves the program, or selects a goroutine.
func (s *Session) command(name string, goroutine int64) (state, error) {
	var out struct{ State state }
	err := s.Server.call("Command", map[string]any{"name": name, "goroutineID": goroutine}, &out)
	if err != nil && strings.Contains(err.Error(), "has exited with status") {
		return state{Exited: true}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("delve: %w", err)
	}
	return out.State, nil
}

// frames is the number of frames that are looked at.
const frames = 100

// stack returns the stack of a goroutine.
func (s *Session) stack(goroutine int64) ([]frame, error) {
	var out struct{ Locations []frame }
	if err := s.Server.call("Stacktrace", map[string]any{"Id": goroutine, "Depth": frames}, &out); err != nil {
		return nil, fmt.Errorf("delve: %w", err)
	}
	return out.Locations, nil
}

// stop describes where the program is stopped.
func (s *Session) stop(st state) (Stop, error) {
	p := Stop{Decision: s.Run.Decisions(), Goroutine: st.goroutine(), Frame: -1, Ended: st.Exited}
	if p.Ended || p.Goroutine == 0 {
		return p, nil
	}
	list, err := s.stack(p.Goroutine)
	if err != nil || len(list) == 0 {
		return p, err
	}
	at := s.own(list)
	if p.Frame = at; at < 0 {
		at = 0
	}
	p.Function, p.File, p.Line = list[at].Function.Name, list[at].File, list[at].Line
	return p, nil
}

// own returns the innermost frame of the user's code, -1 if there is none.
func (s *Session) own(list []frame) int {
	for i, f := range list {
		if s.Own.MatchString(f.Function.Name) {
			return i
		}
	}
	return -1
}

// ToDecision moves the program to where the goroutine that a decision has chosen goes on in the user's code.
//
//  1. The run goes on to the decision. The innermost frame of the user's code on the stack of the goroutine has the
//     address at which it comes back to it. If there is no such frame, it may be the start of any function.
//  2. The run goes on to such an address, or to the next decision or the end, which come first if the goroutine does
//     not come back in its turn.
//  3. The run is made again, up to the address, or to the decision if there is none. A breakpoint there, or at the
//     decision, stays for when the user starts the program again.
//
// The program prints in the last run only.
func (s *Session) ToDecision(n uint64) (Stop, error) {
	s.Run.StopAt(n)
	stopped, err := s.set(breakpoint{Name: "turn", Function: s.Functions.Stopped})
	if err != nil {
		return Stop{}, err
	}
	st, err := s.command("continue", 0)
	if err != nil || st.Exited {
		return Stop{Ended: st.Exited}, err
	}
	place, err := s.comesBack(n, int64(s.Run.Chosen()))
	if err != nil {
		return Stop{}, err
	}
	s.Run.StopAt(n)
	if err := s.Server.restart(false); err != nil {
		return Stop{}, err
	}
	if place.ID == 0 {
		return s.toTurn()
	}
	b := breakpoint{Name: "place", Cond: s.within(n), at: place.at}
	if b.at == "" {
		b.Addrs = place.Addrs
		if _, err = s.command("continue", 0); err != nil { // the breakpoint at the decision stays
			return Stop{}, err
		}
	} else if err := s.clear(stopped); err != nil {
		return Stop{}, err
	}
	if _, err := s.set(b); err != nil {
		return Stop{}, err
	}
	p, err := s.onward()
	p.Exact = true
	return p, err
}

// toTurn moves the program to the decision of Run.StopAt and selects the goroutine that it has chosen.
func (s *Session) toTurn() (Stop, error) {
	if _, err := s.command("continue", 0); err != nil {
		return Stop{}, err
	}
	st, err := s.command("switchGoroutine", int64(s.Run.Chosen()))
	if err != nil {
		return Stop{}, err
	}
	return s.stop(st)
}

// comesBack moves the program from decision n on and returns the breakpoint at which the goroutine that it has chosen
// comes back to the user's code before the next decision, or none.
func (s *Session) comesBack(n uint64, goroutine int64) (breakpoint, error) {
	places, err := s.places(goroutine)
	if err != nil {
		return breakpoint{}, err
	}
	end, err := s.set(breakpoint{Function: s.Functions.End})
	if err != nil {
		return breakpoint{}, err
	}
	byID := map[int]breakpoint{}
	var all []breakpoint
	for _, place := range places {
		place.Cond = s.within(n)
		b, err := s.set(place)
		if err != nil {
			continue // such as a function that is always inlined
		}
		b.at = place.at
		byID[b.ID], all = b, append(all, b)
	}
	s.Run.StopAt(n + 1)
	st, err := s.command("continue", 0)
	return byID[st.at()], errors.Join(err, s.clear(append(all, end)...))
}

// maxFunctions is the number of functions of the user's code at which a goroutine is looked for.
const maxFunctions = 2000

// places returns breakpoints where a goroutine may come back to the user's code.
func (s *Session) places(goroutine int64) (places []breakpoint, err error) {
	list, err := s.stack(goroutine)
	if err != nil {
		return nil, err
	}
	if at := s.own(list); at >= 0 {
		return []breakpoint{{Addrs: []uint64{list[at].PC}}}, nil
	}
	var out struct{ Funcs []string }
	if err := s.Server.call("ListFunctions", map[string]any{"Filter": s.Own.String()}, &out); err != nil {
		return nil, fmt.Errorf("delve: %w", err)
	}
	for _, name := range out.Funcs[:min(len(out.Funcs), maxFunctions)] {
		places = append(places, breakpoint{at: name})
	}
	return places, nil
}

// within returns the condition that the last decision was number n.
func (s *Session) within(n uint64) string { return fmt.Sprintf("%s == %d", s.Functions.Steps, n) }

// never is a condition on the number of hits that never holds, so that hits are only counted.
const never = "> 1000000000"

// ToFailure moves the program before the line of the user's code at which its test fails first, or at which it panics.
//
//  1. The run goes on to where the test is marked as failed, or to the end. The innermost frame of the user's code on
//     the stack there has the line.
//  2. The run is made again to the same place, and counts how often that line is reached in the same turn.
//  3. The run is made again and stops when the line is reached for the last time.
//
// Where there is no such frame, as in a deadlock, or no breakpoint can be set at the line, the program is stopped where
// step 1 ends. The program prints in the last run only.
func (s *Session) ToFailure() (Stop, error) {
	ends, err := s.ends()
	if err != nil {
		return Stop{}, err
	}
	p, err := s.onward()
	if err != nil {
		return Stop{}, err
	}
	n := uint64(0)
	line := breakpoint{Name: "failure", File: p.File, Line: p.Line, Cond: s.within(p.Decision)}
	if p.Frame >= 0 {
		if n, err = s.count(line); err != nil {
			return Stop{}, err
		}
	}
	if err := s.Server.restart(false); err != nil {
		return Stop{}, err
	}
	if n > 0 {
		line.HitCond = fmt.Sprintf("== %d", n)
		if _, err := s.set(line); err != nil {
			return Stop{}, err
		}
	}
	p, err = s.onward()
	p.Exact = n > 0
	return p, errors.Join(err, s.clear(ends...))
}

// ends sets breakpoints where a test fails and where a run ends.
func (s *Session) ends() ([]breakpoint, error) {
	end, err := s.set(breakpoint{Function: s.Functions.End})
	list := []breakpoint{end}
	for _, name := range s.Functions.Fail {
		if b, missing := s.set(breakpoint{Function: name}); missing == nil {
			list = append(list, b)
		}
	}
	return list, err
}

// count makes the run again to the next breakpoint and returns how often a line is reached before; 0 if no breakpoint
// can be set at the line.
func (s *Session) count(line breakpoint) (uint64, error) {
	line.HitCond = never
	b, err := s.set(line)
	if err != nil {
		return 0, nil // the line has no instruction of its own
	}
	if err := s.Server.restart(true); err != nil {
		return 0, err
	}
	if _, err := s.onward(); err != nil {
		return 0, err
	}
	n, err := s.hits(b)
	return n, errors.Join(err, s.clear(b))
}

// onward lets the program go on to a breakpoint and describes where that is.
func (s *Session) onward() (Stop, error) {
	st, err := s.command("continue", 0)
	if err != nil {
		return Stop{}, err
	}
	return s.stop(st)
}

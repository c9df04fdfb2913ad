// Package dap is a debug adapter over a recorded run: an editor steps through its turns, forwards and backwards,
// without running anything. It speaks the Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol).
//
//  1. Goroutines, or tasks, are threads. The run is stopped at a turn; the task of that turn runs, the others stand
//     where they stopped last.
//  2. next and stepIn go to the next turn, stepBack to the one before, stepOut to the next turn of the same task.
//  3. continue and reverseContinue go to a turn that stops at a line with a breakpoint, or at which a failure or a
//     difference is marked, or one that decided the run, or else to the end or the start.
//  4. The variables of a frame are what the task does, the object it waits for and which tasks hold that, and the
//     states of all tasks.
//  5. If there are two runs, the first is walked through. Their first difference is marked in it, and a scope of each
//     frame tells the turn of the other run with the same number.
//
// It must not run a program, and uses no text of a recording as a path.
package dap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/google/go-dap"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/walk"
	"github.com/reprise-go/reprise/traceview"
)

// server is one session.
type server struct {
	out    io.Writer
	walk   *walk.Walk
	other  *walk.Walk // of the second run; nil if there is one run
	files  *gofiles.Finder
	lines  map[string]map[int]bool // breakpoints by absolute path
	seq    int
	failed error // of the writer
}

// Serve serves one session over a run, or over two that are compared, until the editor disconnects or the input ends.
// The error is that of the streams, or about a message that is none of the protocol.
func Serve(in io.Reader, out io.Writer, files *gofiles.Finder, m *traceview.Model, other ...*traceview.Model) error {
	if len(m.Turns) == 0 {
		return errors.New("the recording has no turn to stop at")
	}
	s := &server{out: out, walk: walk.New(m), files: files, lines: map[string]map[int]bool{}}
	if len(other) > 0 && len(other[0].Turns) > 0 {
		s.other = walk.New(other[0])
	}
	for r := bufio.NewReader(in); ; {
		if _, err := r.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		message, err := dap.ReadProtocolMessage(r)
		var field *dap.DecodeProtocolMessageFieldError
		switch {
		case errors.As(err, &field):
			s.refuse(field.Seq, field.FieldValue, "the adapter does not know "+field.FieldValue)
		case err != nil:
			return fmt.Errorf("a message that is none of the Debug Adapter Protocol: %w", err)
		default:
			if request, ok := message.(dap.RequestMessage); ok && s.handle(request) {
				return s.failed
			}
		}
		if s.failed != nil {
			return s.failed
		}
	}
}

// handle answers a request, and reports whether the session is over.
func (s *server) handle(message dap.RequestMessage) (over bool) {
	response := s.response(message.GetRequest())
	switch q := message.(type) {
	case *dap.InitializeRequest:
		s.send(&dap.InitializeResponse{Response: response, Body: dap.Capabilities{
			SupportsConfigurationDoneRequest: true, SupportsStepBack: true, SupportsTerminateRequest: true}})
		s.send(&dap.InitializedEvent{Event: s.event("initialized")})
	case *dap.LaunchRequest:
		s.send(&dap.LaunchResponse{Response: response})
	case *dap.AttachRequest:
		s.send(&dap.AttachResponse{Response: response})
	case *dap.ConfigurationDoneRequest:
		s.send(&dap.ConfigurationDoneResponse{Response: response})
		s.stopped("entry")
	case *dap.SetBreakpointsRequest:
		s.send(&dap.SetBreakpointsResponse{Response: response, Body: s.setBreakpoints(q.Arguments)})
	case *dap.SetExceptionBreakpointsRequest:
		s.send(&dap.SetExceptionBreakpointsResponse{Response: response})
	case *dap.ThreadsRequest:
		s.send(&dap.ThreadsResponse{Response: response, Body: s.threads()})
	case *dap.StackTraceRequest:
		s.stackTrace(response, q.Arguments.ThreadId)
	case *dap.ScopesRequest:
		s.scopes(response, q.Arguments.FrameId)
	case *dap.VariablesRequest:
		s.variables(response, q.Arguments.VariablesReference)
	case *dap.EvaluateRequest:
		s.evaluate(response, q.Arguments.Expression)
	case *dap.DisconnectRequest:
		s.send(&dap.DisconnectResponse{Response: response})
		return true
	case *dap.TerminateRequest:
		s.send(&dap.TerminateResponse{Response: response})
		s.send(&dap.TerminatedEvent{Event: s.event("terminated")})
	default:
		s.move(message, response)
	}
	return false
}

// move answers the requests that go to another turn.
func (s *server) move(message dap.RequestMessage, response dap.Response) {
	reason := "step"
	switch q := message.(type) {
	case *dap.NextRequest:
		s.send(&dap.NextResponse{Response: response})
		s.walk.Move(1)
	case *dap.StepInRequest:
		s.send(&dap.StepInResponse{Response: response})
		s.walk.Move(1)
	case *dap.StepBackRequest:
		s.send(&dap.StepBackResponse{Response: response})
		s.walk.Move(-1)
	case *dap.StepOutRequest:
		s.send(&dap.StepOutResponse{Response: response})
		s.walk.Seek(true, walk.Of(q.Arguments.ThreadId-1))
	case *dap.ContinueRequest:
		s.send(&dap.ContinueResponse{Response: response, Body: dap.ContinueResponseBody{AllThreadsContinued: true}})
		reason = s.run(true)
	case *dap.ReverseContinueRequest:
		s.send(&dap.ReverseContinueResponse{Response: response})
		reason = s.run(false)
	case *dap.PauseRequest:
		s.send(&dap.PauseResponse{Response: response})
		reason = "pause"
	default:
		request := message.GetRequest()
		s.refuse(request.Seq, request.Command, request.Command+" makes no sense for a recorded run, which is not running")
		return
	}
	s.stopped(reason)
}

// run goes on to a breakpoint or a mark, and returns why it stopped.
func (s *server) run(forward bool) string {
	reason := "step"
	s.walk.Seek(forward, func(t *traceview.Turn) bool {
		switch {
		case s.walk.Marked(t):
			reason = "exception"
		case s.broken(t.Place):
			reason = "breakpoint"
		default:
			return false
		}
		return true
	})
	return reason
}

// broken reports whether there is a breakpoint at a place.
func (s *server) broken(place string) bool {
	if len(s.lines) == 0 {
		return false
	}
	path, line, ok := s.find(place)
	return ok && s.lines[path][line]
}

// find returns the absolute path of the file that a place means.
func (s *server) find(place string) (path string, line int, ok bool) {
	name, line, ok := s.files.Find(place)
	if !ok {
		return "", 0, false
	}
	path, err := filepath.Abs(filepath.Join(s.files.Root(), filepath.FromSlash(name)))
	return path, line, err == nil
}

func (s *server) setBreakpoints(q dap.SetBreakpointsArguments) (body dap.SetBreakpointsResponseBody) {
	path := filepath.Clean(q.Source.Path)
	delete(s.lines, path)
	body.Breakpoints = []dap.Breakpoint{}
	for _, b := range q.Breakpoints {
		if s.lines[path] == nil {
			s.lines[path] = map[int]bool{}
		}
		s.lines[path][b.Line] = true
		body.Breakpoints = append(body.Breakpoints, dap.Breakpoint{Verified: s.reached(path, b.Line), Line: b.Line,
			Message: "turns stop at operations of goroutines; a line without one is never reached"})
	}
	return body
}

// reached reports whether a turn stops at a line.
func (s *server) reached(path string, line int) bool {
	for i := range s.walk.Model.Turns {
		if p, l, ok := s.find(s.walk.Model.Turns[i].Place); ok && p == path && l == line {
			return true
		}
	}
	return false
}

func (s *server) threads() (body dap.ThreadsResponseBody) {
	body.Threads = []dap.Thread{}
	for i := range s.walk.Model.Lanes {
		body.Threads = append(body.Threads, dap.Thread{Id: i + 1, Name: s.walk.Name(i)})
	}
	return body
}

// lane returns the lane of a thread, frame or scope, which have the same number.
func (s *server) lane(response dap.Response, number int) (lane int, ok bool) {
	if number < 1 || number > len(s.walk.Model.Lanes) {
		s.refuse(response.RequestSeq, response.Command, fmt.Sprintf("%d is none of the %d tasks", number,
			len(s.walk.Model.Lanes)))
		return 0, false
	}
	return number - 1, true
}

func (s *server) stackTrace(response dap.Response, thread int) {
	lane, ok := s.lane(response, thread)
	if !ok {
		return
	}
	t := s.walk.Tasks()[lane]
	frame := dap.StackFrame{Id: thread, Name: t.How, Column: 1}
	if line, fn := cast.SplitPlace(t.Place); fn != "" {
		frame.Name = cast.ShortFunc(fn) + ": " + t.How
	} else if line != "" {
		frame.Name = line + ": " + t.How
	}
	if path, line, ok := s.find(t.Place); ok {
		frame.Source, frame.Line = &dap.Source{Name: filepath.Base(path), Path: path}, line
	}
	s.send(&dap.StackTraceResponse{Response: response,
		Body: dap.StackTraceResponseBody{StackFrames: []dap.StackFrame{frame}, TotalFrames: 1}})
}

// scopes answers with the scope of the task and that of all tasks, which has a number behind those of the lanes.
func (s *server) scopes(response dap.Response, frame int) {
	if _, ok := s.lane(response, frame); ok {
		all := len(s.walk.Model.Lanes) + 1
		scopes := []dap.Scope{{Name: "task", VariablesReference: frame}, {Name: "all tasks", VariablesReference: all}}
		if s.other != nil {
			scopes = append(scopes, dap.Scope{Name: "the other run", VariablesReference: all + 1})
		}
		s.send(&dap.ScopesResponse{Response: response, Body: dap.ScopesResponseBody{Scopes: scopes}})
	}
}

func (s *server) variables(response dap.Response, scope int) {
	list := []dap.Variable{}
	add := func(name, value string) {
		if value != "" {
			list = append(list, dap.Variable{Name: name, Value: value})
		}
	}
	tasks := s.walk.Tasks()
	if scope == len(tasks)+1 {
		for _, t := range tasks {
			add(s.walk.Name(t.Lane), t.How)
		}
	} else if s.other != nil && scope == len(tasks)+2 {
		s.other.Move(s.walk.At() - s.other.At())
		add("run", s.other.Where())
		for _, m := range s.other.Marks(s.other.Turn()) {
			add(m.Kind.String(), m.Text)
		}
		for _, t := range s.other.Tasks() {
			add(s.other.Name(t.Lane), t.How)
		}
	} else {
		lane, ok := s.lane(response, scope)
		if !ok {
			return
		}
		t := tasks[lane]
		add("state", t.State.String())
		add("does", t.How)
		add("place", t.Place)
		for _, h := range t.Holders {
			add("held by", s.walk.Name(h))
		}
		add("run", s.walk.Where())
		for _, m := range s.walk.Marks(s.walk.Turn()) {
			add(m.Kind.String(), m.Text)
		}
	}
	s.send(&dap.VariablesResponse{Response: response, Body: dap.VariablesResponseBody{Variables: list}})
}

// evaluate goes to the next turn that a text occurs in.
func (s *server) evaluate(response dap.Response, text string) {
	if !s.walk.Seek(true, s.walk.About(strings.TrimSpace(text))) {
		s.send(&dap.EvaluateResponse{Response: response, Body: dap.EvaluateResponseBody{
			Result: fmt.Sprintf("%q does not occur from here on; this is the last turn", text)}})
	} else {
		s.send(&dap.EvaluateResponse{Response: response, Body: dap.EvaluateResponseBody{Result: s.walk.Where()}})
	}
	s.stopped("goto")
}

// stopped tells the editor where the run is stopped.
func (s *server) stopped(reason string) {
	body := dap.StoppedEventBody{Reason: reason, ThreadId: s.walk.Turn().Lane + 1, AllThreadsStopped: true,
		Description: s.walk.Where()}
	var marks []string
	for _, m := range s.walk.Marks(s.walk.Turn()) {
		marks = append(marks, m.Text)
	}
	body.Text = strings.Join(marks, "; ")
	s.send(&dap.StoppedEvent{Event: s.event("stopped"), Body: body})
}

func (s *server) response(q *dap.Request) dap.Response {
	return dap.Response{ProtocolMessage: dap.ProtocolMessage{Type: "response"}, RequestSeq: q.Seq, Success: true,
		Command: q.Command}
}

func (s *server) event(name string) dap.Event {
	return dap.Event{ProtocolMessage: dap.ProtocolMessage{Type: "event"}, Event: name}
}

// refuse answers a request with an error.
func (s *server) refuse(seq int, command, why string) {
	r := dap.ErrorResponse{Response: dap.Response{ProtocolMessage: dap.ProtocolMessage{Type: "response"},
		RequestSeq: seq, Command: command, Message: why}}
	r.Body.Error = &dap.ErrorMessage{Id: 1, Format: why, ShowUser: true}
	s.send(&r)
}

// send writes a message with the next number.
func (s *server) send(m dap.Message) {
	s.seq++
	switch m := m.(type) {
	case dap.ResponseMessage:
		m.GetResponse().Seq = s.seq
	case dap.EventMessage:
		m.GetEvent().Seq = s.seq
	}
	if err := dap.WriteProtocolMessage(s.out, m); err != nil && s.failed == nil {
		s.failed = err
	}
}

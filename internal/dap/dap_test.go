package dap_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	protocol "github.com/google/go-dap"

	"github.com/reprise-go/reprise/internal/dap"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/traceview"
)

// model reads the recording of a goroutine that locks a mutex twice.
func model(t testing.TB) *traceview.Model {
	t.Helper()
	return recorded(t, "leak.reprise")
}

func recorded(t testing.TB, name string) *traceview.Model {
	t.Helper()
	f, err := source.Open("../../traceview/testdata/"+name, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := traceview.Read(&f.Stream, traceview.Options{Focus: -1})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// editor is the other side of a session.
type editor struct {
	t    *testing.T
	in   *io.PipeWriter
	out  chan protocol.Message
	seq  int
	done chan error
}

func start(t *testing.T, root string) *editor {
	t.Helper()
	return serve(t, root, model(t))
}

func serve(t *testing.T, root string, m *traceview.Model, other ...*traceview.Model) *editor {
	t.Helper()
	toServer, in := io.Pipe()
	out, fromServer := io.Pipe()
	e := &editor{t: t, in: in, out: make(chan protocol.Message, 100), done: make(chan error, 1)}
	go func() {
		defer close(e.out)
		for r := bufio.NewReader(out); ; {
			m, err := protocol.ReadProtocolMessage(r)
			if err != nil {
				return
			}
			e.out <- m
		}
	}()
	go func() {
		err := dap.Serve(toServer, fromServer, gofiles.New(root), m, other...)
		fromServer.CloseWithError(io.EOF)
		e.done <- err
	}()
	return e
}

// ask sends a request and returns the answer, as JSON, and the place of the stop that follows, if one is due.
func (e *editor) ask(command string, arguments any, stops bool) (body, stop string) {
	e.t.Helper()
	e.seq++
	text, err := json.Marshal(map[string]any{"seq": e.seq, "type": "request", "command": command, "arguments": arguments})
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(text), text); err != nil {
		e.t.Fatal(err)
	}
	for body == "" || stops && stop == "" {
		m, open := <-e.out
		if !open {
			e.t.Fatalf("the adapter ended before it answered %s", command)
		}
		switch m := m.(type) {
		case *protocol.StoppedEvent:
			stop = fmt.Sprintf("%s in thread %d, %s %s", m.Body.Reason, m.Body.ThreadId, m.Body.Description, m.Body.Text)
		case protocol.ResponseMessage:
			text, err := json.Marshal(m)
			if err != nil {
				e.t.Fatal(err)
			}
			body = string(text)
		}
	}
	return body, stop
}

// TestSession walks through a run as an editor does.
func TestSession(t *testing.T) {
	e := start(t, "")
	contains := func(got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	}
	body, _ := e.ask("initialize", map[string]any{"adapterID": "reprise"}, false)
	contains(body, `"supportsStepBack":true`)
	e.ask("launch", map[string]any{}, false)
	_, stop := e.ask("configurationDone", nil, true)
	contains(stop, "entry in thread 2, turn 1 of 4, decision 1")
	body, _ = e.ask("threads", nil, false)
	contains(body, `{"id":3,"name":"0.0.0 selflock.TestX.func1"}`)
	_, stop = e.ask("next", map[string]any{"threadId": 2}, true)
	contains(stop, "step in thread 1, turn 2 of 4")
	_, stop = e.ask("stepIn", map[string]any{"threadId": 1}, true)
	contains(stop, "step in thread 3, turn 3 of 4")
	body, _ = e.ask("stackTrace", map[string]any{"threadId": 3}, false)
	contains(body, `selflock.TestX.func1: waits: sync.Mutex.Lock on mutex 1`)
	_, stop = e.ask("next", map[string]any{"threadId": 3}, true)
	contains(stop, "thread 1, turn 4 of 4")
	body, _ = e.ask("scopes", map[string]any{"frameId": 3}, false)
	contains(body, `"name":"all tasks","variablesReference":4`)
	body, _ = e.ask("variables", map[string]any{"variablesReference": 3}, false)
	contains(body, `{"name":"state","value":"waiting","variablesReference":0}`)
	contains(body, `{"name":"held by","value":"0.0.0 selflock.TestX.func1","variablesReference":0}`)
	body, _ = e.ask("variables", map[string]any{"variablesReference": 4}, false)
	contains(body, `"name":"0.0 test","value":"gone"`)
	_, stop = e.ask("stepBack", map[string]any{"threadId": 1}, true)
	contains(stop, "turn 3 of 4")
	_, stop = e.ask("reverseContinue", map[string]any{"threadId": 1}, true)
	contains(stop, "turn 1 of 4")
	body, stop = e.ask("evaluate", map[string]any{"expression": "mutex 1"}, true)
	contains(body, "turn 3 of 4")
	contains(stop, "goto in thread 3")
	_, stop = e.ask("continue", map[string]any{"threadId": 1}, true)
	contains(stop, "turn 4 of 4")
	body, _ = e.ask("stackTrace", map[string]any{"threadId": 9}, false)
	contains(body, `9 is none of the 3 tasks`)
	body, _ = e.ask("setVariable", map[string]any{"variablesReference": 3, "name": "x", "value": "1"}, false)
	contains(body, `"success":false`)
	body, _ = e.ask("sing", nil, false)
	contains(body, `the adapter does not know sing`)
	e.ask("disconnect", nil, false)
	if err := <-e.done; err != nil {
		t.Error(err)
	}
}

// TestTwo walks through a run of two: continue stops at their difference, and the other run is told beside it.
func TestTwo(t *testing.T) {
	list := twosome(t)
	e := serve(t, "", list[0], list[1])
	e.ask("initialize", map[string]any{"adapterID": "reprise"}, false)
	e.ask("configurationDone", nil, true)
	_, stop := e.ask("continue", map[string]any{"threadId": 1}, true)
	if !strings.HasPrefix(stop, "exception in thread ") || !strings.Contains(stop, "differs") {
		t.Errorf("continue stops with %s", stop)
	}
	all := len(list[0].Lanes) + 1
	body, _ := e.ask("scopes", map[string]any{"frameId": 1}, false)
	if want := fmt.Sprintf(`"name":"the other run","variablesReference":%d`, all+1); !strings.Contains(body, want) {
		t.Errorf("the scopes are %s, want %s", body, want)
	}
	body, _ = e.ask("variables", map[string]any{"variablesReference": all + 1}, false)
	for _, want := range []string{`"name":"run","value":"turn `, `"name":"difference"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the other run is %s, want %s in it", body, want)
		}
	}
	e.in.Close()
	if err := <-e.done; err != nil {
		t.Error(err)
	}
}

// twosome returns the models of two runs that are said to differ in their second turn.
func twosome(t *testing.T) (list []*traceview.Model) {
	t.Helper()
	for range 2 {
		f, err := source.Open("../../traceview/testdata/leak.reprise", source.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		third := int64(model(t).Turns[2].Event)
		m, err := traceview.Read(&f.Stream, traceview.Options{Focus: third, Difference: "the other run differs here"})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// TestBreakpoint stops at a line of a file that is there, in both directions.
func TestBreakpoint(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "selflock", "x_test.go")
	e := start(t, "testdata")
	e.ask("initialize", map[string]any{"adapterID": "reprise"}, false)
	body, _ := e.ask("setBreakpoints", map[string]any{"source": map[string]any{"path": path},
		"breakpoints": []map[string]any{{"line": 9}, {"line": 1}}}, false)
	if !strings.Contains(body, `"verified":true`) || !strings.Contains(body, `"verified":false`) {
		t.Errorf("the breakpoints are %s", body)
	}
	e.ask("configurationDone", nil, true)
	for _, command := range []string{"continue", "reverseContinue"} {
		_, stop := e.ask(command, map[string]any{"threadId": 1}, true)
		if !strings.HasPrefix(stop, "breakpoint in thread 3, turn 3 of 4") {
			t.Errorf("%s stops with %s", command, stop)
		}
		e.ask("next", map[string]any{"threadId": 1}, true)
	}
	e.ask("stepBack", map[string]any{"threadId": 1}, true)
	if body, _ := e.ask("stackTrace", map[string]any{"threadId": 3}, false); !strings.Contains(body, `"line":9`) ||
		!strings.Contains(body, `selflock/x_test.go`) {
		t.Errorf("the stack is %s", body)
	}
	e.in.Close()
	if err := <-e.done; err != nil {
		t.Error(err)
	}
}

// TestCriticalPair: where the recording has what decided the run, continue goes from turn to turn of the critical pair,
// in both directions, and the variables name the part of each.
func TestCriticalPair(t *testing.T) {
	e := serve(t, "", recorded(t, "decided.reprise"))
	e.ask("initialize", map[string]any{"adapterID": "reprise"}, false)
	e.ask("configurationDone", nil, true)
	for _, step := range []struct{ command, turn, part string }{
		{"continue", "turn 24 of 28", "critical pair: stands here at bank.go:14"},
		{"continue", "turn 25 of 28", "critical pair: runs meanwhile"},
		{"continue", "turn 26 of 28", "critical pair: goes on"},
		{"continue", "turn 27 of 28", "marks the test as failed"},
		{"reverseContinue", "turn 26 of 28", "critical pair: goes on"},
	} {
		_, stop := e.ask(step.command, map[string]any{"threadId": 1}, true)
		if !strings.HasPrefix(stop, "exception in thread ") || !strings.Contains(stop, step.turn) {
			t.Errorf("%s stops with %s, want %s", step.command, stop, step.turn)
		}
		body, _ := e.ask("variables", map[string]any{"variablesReference": 4}, false)
		if !strings.Contains(body, step.part) {
			t.Errorf("the variables of %s are %s, want %s", step.turn, body, step.part)
		}
	}
	e.in.Close()
	if err := <-e.done; err != nil {
		t.Error(err)
	}
}

// FuzzServe checks that any input ends, with an answer or an error.
func FuzzServe(f *testing.F) {
	message := func(text string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text) }
	for _, command := range []string{"initialize", "configurationDone", "next", "continue", "reverseContinue",
		"stackTrace", "scopes", "variables", "setBreakpoints", "evaluate", "disconnect", "threads", "sing"} {
		f.Add(message(`{"seq":1,"type":"request","command":"` + command + `","arguments":{"threadId":1,"frameId":1}}`))
	}
	m := model(f)
	f.Fuzz(func(t *testing.T, input string) {
		_ = dap.Serve(strings.NewReader(input), io.Discard, gofiles.New(""), m, m)
	})
}

// TestEmpty checks that a recording without a turn is refused.
func TestEmpty(t *testing.T) {
	err := dap.Serve(strings.NewReader(""), &bytes.Buffer{}, gofiles.New(""), &traceview.Model{})
	if err == nil || !strings.Contains(err.Error(), "no turn") {
		t.Errorf("error %v", err)
	}
}

package gort

import (
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
)

// traceback is the text that the runtime prints when a process dies.
type traceback struct {
	message []string // message of the panic or the fatal error
	stacks  []stack  // stacks of goroutines, that of the failing one first
}

// stack is one goroutine of a traceback.
type stack struct {
	state   string  // such as "running" and "chan receive"
	frames  []frame // innermost first
	creator frame   // the place at which it was started
}

// frame is one call of a stack.
type frame struct {
	fn    string // function as in a traceback, without arguments
	place string // "queue.go:25"
}

// parseTraceback reads the last traceback in the output of a process that starts with "panic: " or "fatal error: ".
// It keeps every line of the message except the line about the signal, which contains only addresses.
func parseTraceback(output, start string) (t traceback) {
	text := "\n" + output
	i := strings.LastIndex(text, "\n"+start)
	if i < 0 {
		i = strings.LastIndex(text, start) - 1 // after a line of the program without a newline
	}
	if i < -1 {
		return t
	}
	lines := strings.Split(text[i+1:], "\n")
	for len(lines) > 0 && !isStack(lines[0]) && lines[0] != "runtime stack:" {
		if !strings.HasPrefix(lines[0], "[signal ") {
			t.message = append(t.message, panicValue(lines[0]))
		}
		lines = lines[1:]
	}
	for len(t.message) > 0 && t.message[len(t.message)-1] == "" {
		t.message = t.message[:len(t.message)-1]
	}
	if n := len(t.message) / 2; slices.Equal(t.message[:n], t.message[n:]) {
		t.message = t.message[n:] // a value that was recovered and panicked again is printed twice
	}
	for len(lines) > 0 {
		if !isStack(lines[0]) {
			lines = lines[1:]
			continue
		}
		var s stack
		s, lines = parseStack(lines)
		t.stacks = append(t.stacks, s)
	}
	return t
}

// isStack reports whether a line starts the stack of a goroutine, as in "goroutine 7 [running]:", or, with labels of
// package runtime/pprof since Go 1.27, "goroutine 7 [running] {key: value}:".
func isStack(line string) bool {
	return strings.HasPrefix(line, "goroutine ") && strings.Contains(line, " [") &&
		(strings.HasSuffix(line, "]:") || strings.HasSuffix(line, "}:") && strings.Contains(line, "] {"))
}

// panicValue returns a line of a message without the runtime's remark about a recovery.
func panicValue(line string) string {
	line = strings.TrimLeft(line, "\t")
	line = strings.TrimSuffix(line, " [recovered, repanicked]")
	return cast.Scrub(strings.TrimSuffix(line, " [recovered]"))
}

// parseStack reads a stack and returns the lines after it.
func parseStack(lines []string) (s stack, rest []string) {
	_, s.state, _ = strings.Cut(lines[0], " [")
	s.state = s.state[:strings.IndexAny(s.state, ",]")]
	for lines = lines[1:]; len(lines) > 0 && lines[0] != "" && !isStack(lines[0]); lines = lines[1:] {
		if strings.HasPrefix(lines[0], "\t") || len(lines) < 2 {
			continue
		}
		f := parseFrame(lines[0], lines[1])
		if by, ok := strings.CutPrefix(f.fn, "created by "); ok {
			f.fn, _, _ = strings.Cut(by, " in goroutine ")
			s.creator = f
		} else if f.place != "" {
			s.frames = append(s.frames, f)
		}
	}
	return s, lines
}

// parseFrame reads the two lines of a frame. The place is "" if they are not a frame.
func parseFrame(call, at string) frame {
	if i := strings.LastIndexByte(call, '('); i > 0 && strings.HasSuffix(call, ")") {
		call = call[:i]
	}
	at = strings.TrimSpace(at)
	at, _ = cast.CutPlace(at)
	if !strings.Contains(at, ":") {
		at = ""
	}
	return frame{fn: strings.TrimSpace(call), place: at[strings.LastIndexByte(at, '/')+1:]}
}

// String returns "queue.go:25 queue.(*Queue).run".
func (f frame) String() string { return strings.TrimSpace(f.place + " " + cast.ShortFunc(f.fn)) }

// telling returns the frames of the program and the library, without repetitions of a function in a row. For a
// goroutine that panics they start at the first panic: further in are only the deferred calls through which it
// passed.
func (s stack) telling() (list []frame) {
	from := 0
	for i, f := range s.frames {
		if f.fn == "panic" {
			from = i + 1
		}
	}
	for _, f := range s.frames[from:] {
		if !cast.Machinery(f.fn) && (len(list) == 0 || list[len(list)-1].fn != f.fn) {
			list = append(list, f)
		}
	}
	return list
}

// innermost returns the innermost call of the program, or of the library if the program has none; the zero frame if
// there is neither.
func (s stack) innermost() frame {
	list := s.telling()
	for _, f := range list {
		if !cast.Library(f.fn) {
			return f
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return frame{}
}

// inner returns the function of the innermost call, or "" if there is none.
func (s stack) inner() string { return s.innermost().fn }

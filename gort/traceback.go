package gort

import (
	"slices"
	"strings"
)

// traceback is what the runtime prints when a process dies.
type traceback struct {
	message []string // of the panic or the fatal error
	stacks  []stack  // of goroutines, that of the failing one first
}

// stack is one goroutine of a traceback.
type stack struct {
	state   string  // such as "running" and "chan receive"
	frames  []frame // innermost first
	creator frame   // where it was started
}

// frame is one call.
type frame struct {
	fn    string // as in a traceback, without arguments
	place string // "queue.go:25"
}

// parseTraceback reads the last traceback in the output of a process that starts with "panic: " or "fatal error: ". Of
// a message every line is kept but that about the signal, whose addresses say nothing.
func parseTraceback(output, start string) (t traceback) {
	text := "\n" + output
	i := strings.LastIndex(text, "\n"+start)
	if i < 0 {
		i = strings.LastIndex(text, start) - 1 // behind a line that the program has not ended
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
		t.message = t.message[n:] // a value that was recovered and panicked again stands there twice
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

// isStack reports whether a line starts the stack of a goroutine, as in "goroutine 7 [running]:".
func isStack(line string) bool {
	return strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:") && strings.Contains(line, " [")
}

// panicValue returns a line of a message without what the runtime says of a recovery.
func panicValue(line string) string {
	line = strings.TrimLeft(line, "\t")
	line = strings.TrimSuffix(line, " [recovered, repanicked]")
	return scrub(strings.TrimSuffix(line, " [recovered]"))
}

// parseStack reads a stack and returns the lines behind it.
func parseStack(lines []string) (s stack, rest []string) {
	_, s.state, _ = strings.Cut(strings.TrimSuffix(lines[0], "]:"), " [")
	s.state, _, _ = strings.Cut(s.state, ",")
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

// parseFrame reads the two lines of a frame; the place is "" if they are none.
func parseFrame(call, at string) frame {
	if i := strings.LastIndexByte(call, '('); i > 0 && strings.HasSuffix(call, ")") {
		call = call[:i]
	}
	at = strings.TrimSpace(at)
	at, _, _ = strings.Cut(at, " ")
	if !strings.Contains(at, ":") {
		at = ""
	}
	return frame{fn: strings.TrimSpace(call), place: at[strings.LastIndexByte(at, '/')+1:]}
}

// String returns "queue.go:25 queue.(*Queue).run".
func (f frame) String() string { return strings.TrimSpace(f.place + " " + shortFunc(f.fn)) }

// telling returns the frames of the program and the library, each function once in a row. Of a goroutine that panics
// they start at the first panic: further in are the deferred calls that let it through.
func (s stack) telling() (list []frame) {
	from := 0
	for i, f := range s.frames {
		if f.fn == "panic" {
			from = i + 1
		}
	}
	for _, f := range s.frames[from:] {
		if !machinery(f.fn) && (len(list) == 0 || list[len(list)-1].fn != f.fn) {
			list = append(list, f)
		}
	}
	return list
}

// innermost returns the innermost call of the program, or of the library if the program has none; it is zero if the stack
// has neither.
func (s stack) innermost() frame {
	list := s.telling()
	for _, f := range list {
		if !library(f.fn) {
			return f
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return frame{}
}

// inner returns the function of the innermost call, "" if there is none.
func (s stack) inner() string { return s.innermost().fn }

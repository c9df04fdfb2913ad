package record

import (
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

// Stored counts what a run took from outside, and names what may be secret.
type Stored struct {
	Sockets  int    `json:"sockets"`
	Pipes    int    `json:"pipes"`
	Files    int    `json:"files"`    // of the module
	Compared int    `json:"compared"` // files outside of it of which size and date are known
	Calls    int    `json:"calls"`
	Bytes    uint64 `json:"bytes"`   // of the data that was read, and of the content of files outside of the module
	Missing  uint64 `json:"missing"` // calls at the end of the run for which there was no room

	Kept      []string `json:"kept,omitempty"`      // files and folders outside of the module, with their content
	Variables []string `json:"variables,omitempty"` // names of variables of the environment, with their values
	Unset     []string `json:"unset,omitempty"`     // names of variables that were asked for and not set

	seen map[storedObject]bool
}

// storedObject is a socket, a pipe or a file, by its number among those that count counts.
type storedObject struct {
	count  *int
	number uint64
}

// Add counts a call.
func (s *Stored) Add(c *Call) {
	s.Calls++
	o := storedObject{&s.Sockets, uint64(c.Object)}
	switch c.What {
	case CallRead, CallPipe, CallKept:
		s.Bytes += uint64(len(c.Data))
	}
	switch c.What {
	case CallPipe:
		o.count = &s.Pipes
	case CallOpen, CallFile:
		o.count = &s.Files
	case CallLook:
		o = storedObject{&s.Compared, c.Hash}
	case CallHeld:
		if c.Object > 0 {
			s.Kept = addName(s.Kept, c)
		}
		return
	case CallEnv:
		if c.Result < 0 {
			s.Unset = addName(s.Unset, c)
		} else {
			s.Variables = addName(s.Variables, c)
		}
		return
	case CallKept:
		return
	}
	if s.seen == nil {
		s.seen = map[storedObject]bool{}
	}
	if !s.seen[o] {
		s.seen[o] = true
		*o.count++
	}
}

// addName adds the name in a call to a sorted list.
func addName(list []string, c *Call) []string {
	name := c.Name()
	at, known := slices.BinarySearch(list, name)
	if known {
		return list
	}
	return slices.Insert(list, at, name)
}

// Name returns the path or the name in a call, without what is no text.
func (c *Call) Name() string {
	name := cast.Scrub(strings.ToValidUTF8(string(c.Address), "?"))
	if (c.What == CallLook || c.What == CallHeld) && !strings.HasPrefix(name, "/") {
		return "..." + name // the start of the path had no room
	}
	return name
}

// String returns the counts in words, such as "120 bytes of 1 socket and 2 pipes".
func (s *Stored) String() string {
	var of []string
	for _, part := range []struct {
		n    int
		noun string
	}{{s.Sockets, "socket"}, {s.Pipes, "pipe"}, {len(s.Kept), "file"}} {
		if part.n > 0 {
			of = append(of, prose.Count(part.n, part.noun))
		}
	}
	if n := len(s.Kept); n > 0 {
		of[len(of)-1] += " outside of the module"
	}
	if len(of) == 0 {
		of = []string{"0 sockets"}
	}
	text := prose.Count(int(s.Bytes), "byte") + " of " + cast.Enumerate(of)
	if n := len(s.Variables) + len(s.Unset); n > 0 {
		text += " and " + prose.Count(n, "variable") + " of the environment"
	}
	return text
}

// Stored counts what t has.
func (t *Tape) Stored() *Stored {
	s := &Stored{Missing: t.Cut}
	for i := range t.Calls {
		s.Add(&t.Calls[i])
	}
	return s
}

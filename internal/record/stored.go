package record

import "github.com/reprise-go/reprise/internal/cast"

// Stored counts what a run took from outside.
type Stored struct {
	Sockets int    `json:"sockets"`
	Pipes   int    `json:"pipes"`
	Files   int    `json:"files"`
	Calls   int    `json:"calls"`
	Bytes   uint64 `json:"bytes"`   // of the data that was read
	Missing uint64 `json:"missing"` // calls at the end of the run for which there was no room

	seen map[storedObject]bool
}

// storedObject is a socket, a pipe or a file, by its number among those that count counts.
type storedObject struct {
	count  *int
	number uint64
}

// Add counts a call that has so many bytes of data.
func (s *Stored) Add(what CallKind, object uint64, data int) {
	if s.seen == nil {
		s.seen = map[storedObject]bool{}
	}
	o := storedObject{&s.Sockets, object}
	switch what {
	case CallPipe:
		o.count = &s.Pipes
	case CallOpen, CallFile:
		o.count = &s.Files
	}
	if !s.seen[o] {
		s.seen[o] = true
		*o.count++
	}
	s.Calls++
	if what == CallRead || what == CallPipe {
		s.Bytes += uint64(data)
	}
}

// String returns the counts in words, such as "120 bytes of 1 socket and 2 pipes".
func (s *Stored) String() string {
	var of []string
	if s.Sockets > 0 {
		of = append(of, cast.Plural(s.Sockets, "socket"))
	}
	if s.Pipes > 0 {
		of = append(of, cast.Plural(s.Pipes, "pipe"))
	}
	if len(of) == 0 {
		of = []string{"0 sockets"}
	}
	return cast.Plural(int(s.Bytes), "byte") + " of " + cast.Enumerate(of)
}

// Stored counts what t has.
func (t *Tape) Stored() *Stored {
	s := &Stored{Missing: t.Cut}
	for i := range t.Calls {
		c := &t.Calls[i]
		s.Add(c.What, uint64(c.Object), len(c.Data))
	}
	return s
}

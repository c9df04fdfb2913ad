package base

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/atomicfile"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Sink writes a trace in one form.
type Sink interface {
	Append(event.Event) error
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
	Site(string)
	Note(tracefile.Note)
	SetEnd(tracefile.End)
	Close() error
}

// callSink is a [Sink] that keeps what the run took from outside.
type callSink interface {
	Call(tracefile.Call)
	MissingCalls(uint64)
}

var _ callSink = (*tracefile.Writer)(nil)

// CopyCalls copies what the run took from outside, after all events have been read. It returns the number of calls that
// the form of the sink has no place for.
func CopyCalls(in *Input, out Sink) (lost int, err error) {
	to, keeps := out.(callSink)
	missing, err := in.EachCall(func(c tracefile.Call) bool {
		if keeps {
			to.Call(c)
		} else {
			lost++
		}
		return true
	})
	if keeps {
		to.MissingCalls(missing)
	}
	return lost, err
}

var (
	_ Sink = (*tracefile.Writer)(nil)
	_ Sink = (*tracefile.JSONLWriter)(nil)
	_ Sink = (*MsgpackSink)(nil)
)

// NewSink returns a sink that writes to w. The MessagePack form starts with the number of events. If that is not known,
// the events are first written to a temporary file.
func NewSink(w io.Writer, form source.Form, md event.Metadata, cfg tracefile.Config, events uint64, known bool) (Sink,
	error) {
	switch form {
	case source.Reprise:
		return tracefile.NewWriter(w, md, cfg)
	case source.JSONL:
		return tracefile.NewJSONLWriter(w, md, cfg)
	}
	return newMsgpackSink(w, md, events, known)
}

// Abandon aborts a sink after err, and returns err.
func Abandon(s Sink, err error) error {
	if a, ok := s.(interface{ Abort() error }); ok {
		_ = a.Abort() // err is the first error
	}
	return err
}

// ToFile creates a file atomically with the content that write writes.
func ToFile(path string, write func(io.Writer) error) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return Failed(err)
	}
	if err := write(f); err != nil {
		if failure := f.Abort(); failure != nil {
			err = errors.Join(err, failure)
		}
		return Coded(err)
	}
	return Written(f.Commit())
}

// Coded adds the exit code of a failure to an error, unless it has one.
func Coded(err error) error {
	var c *ExitError
	if errors.As(err, &c) {
		return &ExitError{c.Code, err}
	}
	return Failed(err)
}

// MsgpackSink writes the MessagePack form. That can only contain events, so the sink remembers what it dropped.
type MsgpackSink struct {
	w         *bufio.Writer
	md        event.Metadata
	events    *event.Encoder
	appended  uint64
	announced uint64 // number of events in the header, if there is no spool
	spool     *atomicfile.ScratchFile
	dropped   [len(droppable)]bool
}

// The data that the MessagePack form cannot contain, in the order of droppable.
const (
	dropIdentity = iota
	dropNames
	dropSites
	dropNotes
	dropEnd
)

var droppable = [...]string{"the identity", "names", "call sites", "notes", "the end"}

func newMsgpackSink(w io.Writer, md event.Metadata, events uint64, known bool) (*MsgpackSink, error) {
	s := &MsgpackSink{w: bufio.NewWriter(w), md: md, announced: events}
	if known {
		s.events = event.NewEncoder(s.w)
		return s, s.header(events)
	}
	var err error
	if s.spool, err = atomicfile.Scratch(); err != nil {
		return nil, err
	}
	s.events = event.NewEncoder(s.spool)
	return s, nil
}

// header writes the part before the events.
func (s *MsgpackSink) header(events uint64) error {
	b, err := event.AppendMsgpackHeader(nil, s.md, int(events))
	if err == nil {
		_, err = s.w.Write(b)
	}
	return err
}

// Append implements sink.
func (s *MsgpackSink) Append(e event.Event) error {
	s.appended++
	return s.events.Encode(e)
}

// NameTask implements sink.
func (s *MsgpackSink) NameTask(event.TaskID, string) { s.dropped[dropNames] = true }

// NameRegion implements sink.
func (s *MsgpackSink) NameRegion(event.RegionID, string) { s.dropped[dropNames] = true }

// Site implements sink.
func (s *MsgpackSink) Site(string) { s.dropped[dropSites] = true }

// Note implements sink.
func (s *MsgpackSink) Note(tracefile.Note) { s.dropped[dropNotes] = true }

// SetEnd implements sink.
func (s *MsgpackSink) SetEnd(tracefile.End) { s.dropped[dropEnd] = true }

// Close implements sink.
func (s *MsgpackSink) Close() error {
	err := s.events.Flush()
	switch {
	case err != nil:
	case s.spool != nil:
		err = s.unspool()
	case s.appended != s.announced:
		err = fmt.Errorf("%d events were announced, %d came", s.announced, s.appended)
	}
	return errors.Join(err, s.w.Flush(), s.Abort())
}

// unspool writes the header with the number of events, and the events.
func (s *MsgpackSink) unspool() error {
	if err := s.header(s.appended); err != nil {
		return err
	}
	if _, err := s.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(s.w, s.spool)
	return err
}

// Abort removes the temporary file.
func (s *MsgpackSink) Abort() error {
	if s.spool == nil {
		return nil
	}
	spool := s.spool
	s.spool = nil
	return spool.Close()
}

// Losses returns a description of what was dropped, or "" if nothing was. The caller must say whether there was an
// identity.
func (s *MsgpackSink) Losses(identity bool) string {
	s.dropped[dropIdentity] = identity
	var lost []string
	for i, dropped := range s.dropped {
		if dropped {
			lost = append(lost, droppable[i])
		}
	}
	return strings.Join(lost, ", ")
}

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/atomicfile"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// sink writes a trace in one form.
type sink interface {
	Append(event.Event) error
	NameTask(event.TaskID, string)
	NameRegion(event.RegionID, string)
	Site(string)
	SetEnd(tracefile.End)
	Close() error
}

var (
	_ sink = (*tracefile.Writer)(nil)
	_ sink = (*tracefile.JSONLWriter)(nil)
	_ sink = (*msgpackSink)(nil)
)

// newSink returns a sink that writes to w. The MessagePack form starts with the number of events; where it is not known
// the events wait in a temporary file.
func newSink(w io.Writer, form source.Form, md event.Metadata, cfg tracefile.Config, events uint64, known bool) (sink, error) {
	switch form {
	case source.Reprise:
		return tracefile.NewWriter(w, md, cfg)
	case source.JSONL:
		return tracefile.NewJSONLWriter(w, md, cfg)
	}
	return newMsgpackSink(w, md, events, known)
}

// abandon ends a sink after an error, which it returns.
func abandon(s sink, err error) error {
	if a, ok := s.(interface{ Abort() error }); ok {
		_ = a.Abort() // err came first
	}
	return err
}

// toFile lets write make a file, whole or not at all.
func toFile(path string, write func(io.Writer) error) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return failed(err)
	}
	if err := write(f); err != nil {
		if failure := f.Abort(); failure != nil {
			err = errors.Join(err, failure)
		}
		return coded(err)
	}
	return written(f.Commit())
}

// coded gives an error the exit code of a failure, unless it has one.
func coded(err error) error {
	var c *codedError
	if errors.As(err, &c) {
		return &codedError{c.code, err}
	}
	return failed(err)
}

// msgpackSink writes the MessagePack form. It has no place for anything but events; it keeps in mind what it was given.
type msgpackSink struct {
	w         *bufio.Writer
	md        event.Metadata
	events    *event.Encoder
	appended  uint64
	announced uint64 // number of events in the header, if there is no spool
	spool     *os.File
	dropped   [len(droppable)]bool
}

// What the MessagePack form has no place for, in the order of droppable.
const (
	dropIdentity = iota
	dropNames
	dropSites
	dropEnd
)

var droppable = [...]string{"the identity", "names", "call sites", "the end"}

func newMsgpackSink(w io.Writer, md event.Metadata, events uint64, known bool) (*msgpackSink, error) {
	s := &msgpackSink{w: bufio.NewWriter(w), md: md, announced: events}
	if known {
		s.events = event.NewEncoder(s.w)
		return s, s.header(events)
	}
	var err error
	if s.spool, err = os.CreateTemp("", "reprise-*.tmp"); err != nil {
		return nil, err
	}
	s.events = event.NewEncoder(s.spool)
	return s, nil
}

// header writes what comes before the events.
func (s *msgpackSink) header(events uint64) error {
	b, err := event.AppendMsgpackHeader(nil, s.md, int(events))
	if err == nil {
		_, err = s.w.Write(b)
	}
	return err
}

// Append implements sink.
func (s *msgpackSink) Append(e event.Event) error {
	s.appended++
	return s.events.Encode(e)
}

// NameTask implements sink.
func (s *msgpackSink) NameTask(event.TaskID, string) { s.dropped[dropNames] = true }

// NameRegion implements sink.
func (s *msgpackSink) NameRegion(event.RegionID, string) { s.dropped[dropNames] = true }

// Site implements sink.
func (s *msgpackSink) Site(string) { s.dropped[dropSites] = true }

// SetEnd implements sink.
func (s *msgpackSink) SetEnd(tracefile.End) { s.dropped[dropEnd] = true }

// Close implements sink.
func (s *msgpackSink) Close() error {
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

// unspool writes the header, now that the number of events is known, and the events.
func (s *msgpackSink) unspool() error {
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
func (s *msgpackSink) Abort() error {
	if s.spool == nil {
		return nil
	}
	spool := s.spool
	s.spool = nil
	return errors.Join(spool.Close(), os.Remove(spool.Name()))
}

// losses tells what was dropped, "" for nothing.
func (s *msgpackSink) losses() string {
	var lost []string
	for i, dropped := range s.dropped {
		if dropped {
			lost = append(lost, droppable[i])
		}
	}
	return strings.Join(lost, ", ")
}

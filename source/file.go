package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// Config sets how a file is read. The zero Config reads without progress reports, on the calling goroutine.
type Config struct {
	// Progress is called about every 8,192 events with the number of bytes read so far and the size of the file in
	// bytes, -1 if unknown. Bytes are read ahead of the events.
	Progress func(read, size int64)

	// ReadAhead decodes a trace file on a second core; the events are the same. The File or Stream must then be
	// closed.
	ReadAhead bool

	// CheckNotes makes malformed notes an error of Next and Read, before the events of their chunk.
	CheckNotes bool
}

// Form is a file format in which traces are stored.
type Form string

// The forms, each named by the extension of its files.
const (
	Reprise Form = ".reprise" // package tracefile
	Msgpack Form = ".msgpack" // package event, MessagePack
	JSONL   Form = ".jsonl"   // package tracefile, annotated JSON lines
)

// reader reads one form.
type reader interface {
	Metadata() event.Metadata
	Next() (event.Event, error)
}

// annotated is a reader of a form that has names, places in the code and an identity besides the events.
type annotated interface {
	reader
	Identity() tracefile.Identity
	First() uint64
	FirstTime() uint64
	Site() string
	Names() []tracefile.Name
	Notes() ([]tracefile.Note, error)
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
	End() (tracefile.End, bool)
}

var (
	_ annotated = (*tracefile.Reader)(nil)
	_ annotated = (*tracefile.JSONLReader)(nil)
	_ reader    = (*event.MsgpackReader)(nil)
)

// Stream is a trace of any form, read once from its first event to its last. Its memory does not depend on the
// number of events.
type Stream struct {
	reader
	notes annotated // the reader, if its form has notes
	form  Form
	cfg   Config
	pos   uint64
	now   uint64 // virtual time after the last event, in ns; not used for trace files, which store it
	path  string // "" if the trace is not a file
	size  int64  // in bytes; -1 if unknown
	count *counter
}

var (
	_ Recording = (*Stream)(nil)
	_ Bulk      = (*Stream)(nil)
)

// File is a [Stream] over a file that can seek to any event: in a trace file with a few reads, in the other forms
// by reading from the beginning.
type File struct {
	Stream
	file *os.File
}

var _ Seeker = (*File)(nil)

// Open opens a trace file and detects its form from its content. It refuses anything that is not a regular file,
// such as a pipe, because it cannot seek there; use [NewReader] instead. Errors carry the path. They come from the
// file, or from the reader of the form if the part before the events is wrong.
func Open(path string, cfg Config) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err == nil && info.IsDir():
		err = &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case err == nil && !info.Mode().IsRegular():
		err = fmt.Errorf("%s: source: not a regular file, so it cannot be sought; read it as a stream", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &File{Stream{cfg: cfg, path: path, size: info.Size()}, file}
	if err := f.start(file, file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// NewReader reads a trace from a stream and detects its form from the first bytes. Errors come from r, or from the
// reader of the form if the part before the events is wrong.
func NewReader(r io.Reader, cfg Config) (*Stream, error) {
	s := &Stream{cfg: cfg, size: -1}
	if err := s.start(r, nil); err != nil {
		return nil, err
	}
	return s, nil
}

// counter counts the bytes read from r.
type counter struct {
	r io.Reader
	n int64
}

// Read implements [io.Reader].
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}

// start begins to read r. If r is a file, file is the same file.
func (s *Stream) start(r io.Reader, file io.ReaderAt) error {
	s.count = &counter{r: r}
	b := bufio.NewReaderSize(s.count, 64<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return s.at(err)
	}
	s.form = formOf(head)
	switch s.form {
	case Reprise:
		s.reader, err = s.startReprise(b, file)
	case JSONL:
		s.reader, err = tracefile.NewJSONLReader(b)
	default:
		s.reader, err = event.NewMsgpackReader(b)
	}
	if err != nil {
		return s.at(err)
	}
	s.notes, _ = s.reader.(annotated)
	s.pos, s.now = s.First(), s.FirstTime()
	return nil
}

func (s *Stream) startReprise(stream io.Reader, file io.ReaderAt) (r *tracefile.Reader, err error) {
	if file != nil {
		r, err = tracefile.NewReaderAt(file, s.size)
	} else {
		r, err = tracefile.NewReader(stream)
	}
	if err == nil && s.cfg.ReadAhead {
		r.ReadAhead()
	}
	if err == nil && s.cfg.CheckNotes {
		r.CheckNotes()
	}
	return r, err
}

// formOf detects a form from the first bytes of a file, up to four. Anything unknown is left to the reader of trace
// files, whose error says what the file seems to be.
func formOf(head []byte) Form {
	switch {
	case len(head) == 0 || string(head) == "\x89RPR":
		return Reprise
	case bytes.IndexByte([]byte("{[ \t\r\n"), head[0]) >= 0:
		return JSONL
	case head[0] >= 0x80 && head[0] <= 0x9f || head[0] >= 0xdc && head[0] <= 0xdf: // an array or a map
		return Msgpack
	}
	return Reprise
}

// at prefixes an error with the path.
func (s *Stream) at(err error) error {
	if s.path == "" || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

// Form returns the form of the file.
func (s *Stream) Form() Form { return s.form }

// progressEvery is the number of events between two calls of Config.Progress.
const progressEvery = 8192

// Next implements [Source].
func (s *Stream) Next() (event.Event, error) {
	e, err := s.reader.Next()
	if err != nil {
		if err != io.EOF {
			err = s.at(err)
		}
		return e, err
	}
	s.pos++
	if e.Kind() == event.KindTimeAdvanced {
		s.now = e.ToNanos()
	}
	if s.cfg.Progress != nil && s.pos%progressEvery == 0 {
		s.cfg.Progress(s.Offset(), s.size)
	}
	return e, nil
}

// Read implements [Bulk].
func (s *Stream) Read(dst []event.Event) (int, error) {
	r, ok := s.reader.(*tracefile.Reader)
	if !ok {
		for i := range dst {
			e, err := s.Next()
			if err != nil {
				return i, err
			}
			dst[i] = e
		}
		return len(dst), nil
	}
	n, err := r.Read(dst)
	if s.cfg.Progress != nil && (s.pos+uint64(n))/progressEvery != s.pos/progressEvery {
		s.cfg.Progress(s.Offset(), s.size)
	}
	s.pos += uint64(n)
	if err != nil && err != io.EOF {
		err = s.at(err)
	}
	return n, err
}

// Offset returns the number of bytes read from the file or stream so far. Reading is ahead of the events; at the
// end of a stream Offset is its length.
func (s *Stream) Offset() int64 {
	if r, ok := s.reader.(*tracefile.Reader); ok && s.size >= 0 {
		return r.Offset()
	}
	return s.count.n
}

// First implements [Recording].
func (s *Stream) First() uint64 {
	if s.notes == nil {
		return 0
	}
	return s.notes.First()
}

// FirstTime returns the virtual time before the first event, in nanoseconds since the start of the run.
func (s *Stream) FirstTime() uint64 {
	if s.notes == nil {
		return 0
	}
	return s.notes.FirstTime()
}

// Time returns the virtual time after the event that Next returned last, in nanoseconds since the start of the run.
// After Seek it returns the time before the next event.
func (s *Stream) Time() uint64 {
	if r, ok := s.reader.(*tracefile.Reader); ok {
		return r.Time()
	}
	return s.now
}

// Pos returns the index of the next event.
func (s *Stream) Pos() uint64 { return s.pos }

// Seek implements [Seeker].
func (f *File) Seek(index uint64) error {
	if r, ok := f.reader.(*tracefile.Reader); ok {
		err := r.Seek(index)
		f.pos = r.Pos()
		if errors.Is(err, tracefile.ErrSeek) {
			err = fmt.Errorf("source: seek to event %d: %w: %w", index, ErrSeek, err)
		}
		return f.at(err)
	}
	if index < f.First() {
		return f.at(fmt.Errorf("source: seek to event %d, before the first, %d: %w", index, f.First(), ErrSeek))
	}
	from := f.pos
	if index < from {
		if err := f.restart(); err != nil {
			return err
		}
	}
	for f.pos < index {
		if _, err := f.Next(); err == io.EOF {
			err := f.at(fmt.Errorf("source: seek to event %d of %d: %w", index, f.pos, ErrSeek))
			return errors.Join(err, f.Seek(from))
		} else if err != nil {
			return err
		}
	}
	return nil
}

// restart reads the file again from its first event.
func (f *File) restart() error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.start(f.file, f.file)
}

// SeekTime moves to the first event after which the virtual time is at least nanos, in nanoseconds since the start
// of the run, or to the end if there is none.
func (f *File) SeekTime(nanos uint64) error {
	if r, ok := f.reader.(*tracefile.Reader); ok {
		err := r.SeekTime(nanos)
		f.pos = r.Pos()
		return f.at(err)
	}
	if err := f.restart(); err != nil {
		return err
	}
	for {
		at := f.pos
		if _, err := f.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if f.now >= nanos {
			return f.Seek(at)
		}
	}
}

// Len returns the index of the last event plus one, and whether it is known at this moment.
func (s *Stream) Len() (uint64, bool) {
	switch r := s.reader.(type) {
	case *tracefile.Reader:
		return r.Len()
	case *event.MsgpackReader:
		return uint64(r.Len()), true
	}
	return 0, false
}

// Identity implements [Recording].
func (s *Stream) Identity() tracefile.Identity {
	if s.notes == nil {
		return nil
	}
	return s.notes.Identity()
}

// Omitted implements [Recording].
func (s *Stream) Omitted() event.KindSet {
	set, err := event.ParseKindSet(s.Identity()[tracefile.KeyOmitted])
	if err != nil {
		return 0 // the recording omits kinds of a later version
	}
	return set
}

// End returns why the recording ends where it does, and whether that is known. In some forms it is known only at
// the end.
func (s *Stream) End() (tracefile.End, bool) {
	if s.notes == nil {
		return tracefile.End{}, false
	}
	return s.notes.End()
}

// Stopped implements [Recording]. In some forms the reason is known only at the end.
func (s *Stream) Stopped() string {
	switch end, _ := s.End(); end.Reason {
	case tracefile.EndLimit:
		return "the recording stopped at a limit"
	case tracefile.EndRotated:
		return "the recording goes on in another file"
	case tracefile.EndSnapshot:
		return "the recording was saved while the run went on"
	}
	return ""
}

// Site implements [Recording].
func (s *Stream) Site() string {
	if s.notes == nil {
		return ""
	}
	return s.notes.Site()
}

// Names returns the names introduced by the event that Next returned last. In a trace file they are introduced by
// the first event of a chunk.
func (s *Stream) Names() []tracefile.Name {
	if r, ok := s.reader.(*tracefile.Reader); ok && s.pos != r.ChunkFirst()+1 {
		return nil
	}
	if s.notes == nil {
		return nil
	}
	return s.notes.Names()
}

// Notes returns the notes of the event that Next returned last, and after Next has returned io.EOF those of the end of
// the run. They must not be changed. The error says that they are malformed; the events can be read nevertheless.
func (s *Stream) Notes() ([]tracefile.Note, error) {
	if s.notes == nil {
		return nil, nil
	}
	notes, err := s.notes.Notes()
	return notes, s.at(err)
}

// EachCall calls f for each call by which the run took something from outside, after Next has returned io.EOF, until f
// returns false. It returns the number of calls that are missing at the end of the run. Only trace files have calls.
func (s *Stream) EachCall(f func(tracefile.Call) bool) (missing uint64, err error) {
	if r, ok := s.reader.(*tracefile.Reader); ok {
		missing, err = r.EachCall(f)
	}
	return missing, s.at(err)
}

// TaskName implements [Recording].
func (s *Stream) TaskName(id event.TaskID) string {
	if s.notes == nil {
		return ""
	}
	return s.notes.TaskName(id)
}

// RegionName implements [Recording].
func (s *Stream) RegionName(id event.RegionID) string {
	if s.notes == nil {
		return ""
	}
	return s.notes.RegionName(id)
}

// Close stops reading. It does not close the underlying reader.
func (s *Stream) Close() error {
	if r, ok := s.reader.(*tracefile.Reader); ok {
		return r.Close()
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return errors.Join(f.Stream.Close(), f.file.Close()) }

package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// Config says how a file is read. The zero Config is fine.
type Config struct {
	// Progress is called now and then, after about every 8,192 events, with the bytes read so far and the size of the
	// file, which is -1 if it is not known. The bytes read are those that were taken from the file, ahead of the events.
	Progress func(read, size int64)

	// ReadAhead decodes a trace file on a second core. The events are the same. Such a File must be closed.
	ReadAhead bool
}

// Form is a form in which traces are stored.
type Form string

// The forms, and the extensions of their files' names.
const (
	Reprise Form = ".reprise" // package tracefile
	Msgpack Form = ".msgpack" // package event, MessagePack
	JSONL   Form = ".jsonl"   // package tracefile, annotated JSON lines
)

// reader is what reads one form.
type reader interface {
	Metadata() event.Metadata
	Next() (event.Event, error)
}

// annotated is a reader of a form that has more than events.
type annotated interface {
	reader
	Identity() tracefile.Identity
	First() uint64
	FirstTime() uint64
	Site() string
	Names() []tracefile.Name
	TaskName(event.TaskID) string
	RegionName(event.RegionID) string
	End() (tracefile.End, bool)
}

var (
	_ annotated = (*tracefile.Reader)(nil)
	_ annotated = (*tracefile.JSONLReader)(nil)
	_ reader    = (*event.MsgpackReader)(nil)
)

// File is a [Seeker], and all else that a [Source] may be, over a trace file or a stream of any form. Its memory does not depend on the
// number of events.
type File struct {
	reader
	notes annotated // the reader, if its form has notes
	form  Form
	cfg   Config
	pos   uint64
	now   uint64 // virtual time after the last event, in ns; a trace file knows it itself

	path  string // "" for a stream
	file  *os.File
	size  int64 // -1 if not known
	count *counter
}

var (
	_ Seeker     = (*File)(nil)
	_ Partial    = (*File)(nil)
	_ Namer      = (*File)(nil)
	_ Bulk       = (*File)(nil)
	_ Counted    = (*File)(nil)
	_ Identified = (*File)(nil)
	_ Omitting   = (*File)(nil)
)

// Open opens a trace file. Its content tells the form. The errors are those of the file, and those that the reader of
// the form has for what stands before the events, each with the path.
func Open(path string, cfg Config) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{cfg: cfg, path: path, file: file, size: -1}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		f.size = info.Size()
	}
	if err := f.start(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// NewReader reads a trace from a stream, in the form that its first bytes tell. The errors are those of r, and those
// that the reader of the form has for what stands before the events.
func NewReader(r io.Reader, cfg Config) (*File, error) {
	f := &File{cfg: cfg, size: -1}
	if err := f.start(r); err != nil {
		return nil, err
	}
	return f, nil
}

// counter counts what is read.
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

// start begins to read r, which is the file if there is one.
func (f *File) start(r io.Reader) error {
	f.count = &counter{r: r}
	b := bufio.NewReaderSize(f.count, 64<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return f.at(err)
	}
	f.form = formOf(head)
	switch f.form {
	case Reprise:
		f.reader, err = f.startReprise(b)
	case JSONL:
		f.reader, err = tracefile.NewJSONLReader(b)
	default:
		f.reader, err = event.NewMsgpackReader(b)
	}
	if err != nil {
		return f.at(err)
	}
	f.notes, _ = f.reader.(annotated)
	f.pos, f.now = f.First(), f.FirstTime()
	return nil
}

func (f *File) startReprise(stream io.Reader) (*tracefile.Reader, error) {
	var r *tracefile.Reader
	var err error
	if f.size >= 0 {
		r, err = tracefile.NewReaderAt(f.file, f.size)
	} else {
		r, err = tracefile.NewReader(stream)
	}
	if err == nil && f.cfg.ReadAhead {
		r.ReadAhead()
	}
	return r, err
}

// formOf tells a form by its first bytes, up to four. What can be none of them is left to the reader of trace files, which
// says what it seems to be.
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

// at puts the path before an error.
func (f *File) at(err error) error {
	if f.path == "" || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// Form returns the form of the file.
func (f *File) Form() Form { return f.form }

// progressEvery is how many events come between two calls of Config.Progress.
const progressEvery = 8192

// Next implements [Source].
func (f *File) Next() (event.Event, error) {
	e, err := f.reader.Next()
	if err != nil {
		if err != io.EOF {
			err = f.at(err)
		}
		return e, err
	}
	f.pos++
	if e.Kind() == event.KindTimeAdvanced {
		f.now = e.ToNanos()
	}
	if f.cfg.Progress != nil && f.pos%progressEvery == 0 {
		f.cfg.Progress(f.read(), f.size)
	}
	return e, nil
}

// Read implements [Bulk].
func (f *File) Read(dst []event.Event) (int, error) {
	r, ok := f.reader.(*tracefile.Reader)
	if !ok {
		for i := range dst {
			e, err := f.Next()
			if err != nil {
				return i, err
			}
			dst[i] = e
		}
		return len(dst), nil
	}
	n, err := r.Read(dst)
	if f.cfg.Progress != nil && (f.pos+uint64(n))/progressEvery != f.pos/progressEvery {
		f.cfg.Progress(f.read(), f.size)
	}
	f.pos += uint64(n)
	if err != nil && err != io.EOF {
		err = f.at(err)
	}
	return n, err
}

// read returns how many bytes have been read.
func (f *File) read() int64 {
	if r, ok := f.reader.(*tracefile.Reader); ok {
		return r.Offset()
	}
	return f.count.n
}

// First implements [Partial].
func (f *File) First() uint64 {
	if f.notes == nil {
		return 0
	}
	return f.notes.First()
}

// FirstTime returns the virtual time before the first event, in nanoseconds since the start of the run.
func (f *File) FirstTime() uint64 {
	if f.notes == nil {
		return 0
	}
	return f.notes.FirstTime()
}

// Time returns the virtual time after the event that Next returned last, in nanoseconds since the start of the run; after
// Seek that before the next event.
func (f *File) Time() uint64 {
	if r, ok := f.reader.(*tracefile.Reader); ok {
		return r.Time()
	}
	return f.now
}

// Pos implements [Seeker].
func (f *File) Pos() uint64 { return f.pos }

// Seek implements [Seeker]. In a trace file it takes a few reads. The other forms are read from the beginning if the
// position lies back, and up to it. A stream cannot be sought backwards.
func (f *File) Seek(index uint64) error {
	if r, ok := f.reader.(*tracefile.Reader); ok {
		err := r.Seek(index)
		f.pos = r.Pos()
		return f.seekError(err, index)
	}
	from := f.pos
	if index < from {
		if err := f.restart(index); err != nil {
			return err
		}
	}
	for f.pos < index {
		if _, err := f.Next(); err != nil {
			if err == io.EOF {
				return f.backTo(from, index)
			}
			return err
		}
	}
	return nil
}

// seekError gives an error of package tracefile the class of this package.
func (f *File) seekError(err error, index uint64) error {
	if errors.Is(err, tracefile.ErrSeek) {
		return f.at(fmt.Errorf("source: seek to event %d: %w: %w", index, ErrSeek, err))
	}
	return f.at(err)
}

// backTo goes back to where a seek beyond the end started, if the file can be read again, and returns its error.
func (f *File) backTo(from, index uint64) error {
	err := f.at(fmt.Errorf("source: seek to event %d of %d: %w", index, f.pos, ErrSeek))
	if f.size < 0 {
		return err
	}
	return errors.Join(err, f.Seek(from))
}

// restart reads the file again from its first event.
func (f *File) restart(index uint64) error {
	if f.size < 0 || index < f.First() {
		return f.at(fmt.Errorf("source: seek from event %d back to event %d: %w", f.pos, index, ErrSeek))
	}
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.start(f.file)
}

// SeekTime moves a trace file to the first event whose virtual time, after it, is at least nanos since the start of the
// run, and to the end if there is none. The other forms are read up to there.
func (f *File) SeekTime(nanos uint64) error {
	r, ok := f.reader.(*tracefile.Reader)
	if !ok {
		return f.scanTime(nanos)
	}
	err := r.SeekTime(nanos)
	f.pos = r.Pos()
	return f.at(err)
}

// scanTime reads from the beginning up to a time.
func (f *File) scanTime(nanos uint64) error {
	if err := f.Seek(f.First()); err != nil {
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

// Len implements [Counted].
func (f *File) Len() (uint64, bool) {
	switch r := f.reader.(type) {
	case *tracefile.Reader:
		return r.Len()
	case *event.MsgpackReader:
		return uint64(r.Len()), true
	}
	return 0, false
}

// Identity implements [Identified].
func (f *File) Identity() tracefile.Identity {
	if f.notes == nil {
		return nil
	}
	return f.notes.Identity()
}

// Omitted implements [Omitting].
func (f *File) Omitted() event.KindSet {
	set, err := event.ParseKindSet(f.Identity()[tracefile.KeyOmitted])
	if err != nil {
		return 0 // kinds of a later version
	}
	return set
}

// End returns why the recording ends where it does, and whether that is known: in some forms only at the end.
func (f *File) End() (tracefile.End, bool) {
	if f.notes == nil {
		return tracefile.End{}, false
	}
	return f.notes.End()
}

// Stopped returns why the recording ends before the run did, in a line, "" if it does not, or if that is not known: in
// some forms only at the end.
func (f *File) Stopped() string {
	switch end, _ := f.End(); end.Reason {
	case tracefile.EndLimit:
		return "the recording stopped at a limit"
	case tracefile.EndRotated:
		return "the recording goes on in another file"
	case tracefile.EndSnapshot:
		return "the recording was saved while the run went on"
	}
	return ""
}

// Site implements [Namer].
func (f *File) Site() string {
	if f.notes == nil {
		return ""
	}
	return f.notes.Site()
}

// Names returns the names that came into use with the event that Next returned last, or, in a trace file, with the
// chunk that begins with it.
func (f *File) Names() []tracefile.Name {
	if r, ok := f.reader.(*tracefile.Reader); ok && f.pos != r.ChunkFirst()+1 {
		return nil
	}
	if f.notes == nil {
		return nil
	}
	return f.notes.Names()
}

// TaskName implements [Namer].
func (f *File) TaskName(id event.TaskID) string {
	if f.notes == nil {
		return ""
	}
	return f.notes.TaskName(id)
}

// RegionName implements [Namer].
func (f *File) RegionName(id event.RegionID) string {
	if f.notes == nil {
		return ""
	}
	return f.notes.RegionName(id)
}

// Close ends the reading. A stream is not closed.
func (f *File) Close() error {
	var err error
	if r, ok := f.reader.(*tracefile.Reader); ok {
		err = r.Close()
	}
	if f.file != nil {
		err = errors.Join(err, f.file.Close())
	}
	return err
}

package tracefile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/atomicfile"
)

// Config sets how a file is written. The zero Config is useful.
type Config struct {
	// ChunkEvents is the maximum number of events in a chunk, 1 to 2^18; 0 means DefaultChunkEvents. A reader
	// decodes one chunk at a time. A killed run loses at most the events since the last full chunk, and two chunks
	// more. A Writer holds up to three chunks in memory, at 32 bytes an event.
	ChunkEvents int

	// Identity describes the program that made the recording. It may be nil; at most 1 MiB in all.
	Identity Identity

	// First is the index of the first event, below 2^62. It is not 0 if the start of the recording was dropped.
	First uint64

	// Time is the virtual time before the first event, in nanoseconds since the start of the run.
	Time uint64

	// Atomic makes the file of Create appear under its name only at Close, completely or not at all. Without it the
	// file exists from the start, and a killed run leaves what was written so far. NewWriter ignores it.
	Atomic bool
}

// DefaultChunkEvents is the default of Config.ChunkEvents.
const DefaultChunkEvents = 8192

func (cfg *Config) validate() error {
	if cfg.ChunkEvents == 0 {
		cfg.ChunkEvents = DefaultChunkEvents
	}
	if cfg.ChunkEvents < 0 || cfg.ChunkEvents > maxChunkEvents {
		return fmt.Errorf("tracefile: Config.ChunkEvents is %d, not within 1 to %d", cfg.ChunkEvents, maxChunkEvents)
	}
	if cfg.First >= 1<<62 {
		return fmt.Errorf("tracefile: Config.First is %d, not below 2^62", cfg.First)
	}
	return nil
}

// Writer writes a trace file. It is not safe for concurrent use. Encoding, compression and writing happen in a
// separate goroutine, which Close or Abort ends; Append waits when that goroutine is more than two chunks behind.
// The same calls give the same bytes, as long as the version of the compressor is the same. The first error of a
// write is returned by the call that meets it and by all later ones; events appended since the last Flush that
// returned nil may then be lost. Besides the chunks described at Config.ChunkEvents, a Writer holds 32 bytes for
// each chunk that was written, for the index.
type Writer struct {
	batch  batch
	limit  int    // events in a chunk
	before uint64 // number of events in the batches that were handed over
	site   string // argument of the last call of Site
	end    *End
	calls  callList
	err    error
	closed bool
	result error // result of Close

	out  *chunkWriter
	jobs chan job   // nil until the first batch is full
	free chan batch // batches to reuse
	made int        // number of batches in circulation
	over chan struct{}
	fail atomic.Pointer[error] // the error of the goroutine

	sync func() error     // nil if the underlying writer has no Sync
	dest *atomicfile.File // nil for NewWriter
}

const (
	batches    = 3
	firstBatch = 64      // number of events; a batch grows to its limit
	maxList    = 1 << 20 // bytes of names or sites at which a batch is full

	nameOverhead = 40 // bytes of memory of a name besides the text
)

// batch is the content of an event chunk and its side chunks.
type batch struct {
	events    []event.Event
	names     []Name
	nameBytes int
	sites     list
	notes     noteList
	lastSite  int // index of the event of the last site, and where that starts in the list
	lastStart int
}

// list is an array in its MessagePack form, without the header.
type list struct {
	n    int
	body []byte
}

func (b *batch) reset() {
	b.events = b.events[:0]
	clear(b.names)
	b.names, b.nameBytes = b.names[:0], 0
	b.sites = list{body: b.sites.body[:0]}
	b.lastSite = -1
	b.notes.reset()
}

// job is work for the goroutine: a batch, or a request to signal that everything before it is written.
type job struct {
	batch batch
	done  chan<- error
}

// NewWriter returns a Writer to w. It writes the metadata and the identity before it returns. It returns the errors
// of w, and errors about metadata that cannot be written or a Config out of range. Close does not close w.
func NewWriter(w io.Writer, md event.Metadata, cfg Config) (*Writer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	out := &chunkWriter{w: w, next: cfg.First, time: cfg.Time}
	if err := out.head(md, cfg.Identity); err != nil {
		return nil, err
	}
	out.z = encoders.Get().(*zstd.Encoder)
	x := &Writer{out: out, limit: cfg.ChunkEvents, made: 1}
	x.batch.events = make([]event.Event, 0, min(firstBatch, x.limit))
	x.batch.reset()
	if s, ok := w.(interface{ Sync() error }); ok {
		x.sync = s.Sync
	}
	return x, nil
}

// head writes the magic, the metadata and the identity in one write.
func (c *chunkWriter) head(md event.Metadata, id Identity) error {
	payload, err := encodeMetadata(md)
	if err != nil {
		return fmt.Errorf("tracefile: %w", err)
	}
	texts := encodeTexts(id)
	if len(texts) > maxIdentity {
		return fmt.Errorf("tracefile: an identity of %d bytes is over the limit of %d", len(texts), maxIdentity)
	}
	b := []byte(magic)
	for _, chunk := range []struct {
		kind    chunkType
		payload []byte
	}{{chunkMetadata, payload}, {chunkIdentity, texts}} {
		e := entry{int64(len(b)), c.next, c.time, 0, chunk.kind}
		c.entries = e.appendTo(c.entries)
		b = append(b, c.pack(chunk.kind, chunk.payload, 0)...)
		c.seq++
	}
	return c.emit(b)
}

// Append adds an event. The zero Event is an error, after which the Writer can be used further. An error of a write
// in the background is returned by a later Append, at most three chunks later.
func (w *Writer) Append(e event.Event) error {
	if w.err != nil || e.Kind() == 0 {
		return w.refuse()
	}
	w.batch.events = append(w.batch.events, e)
	if len(w.batch.events) < cap(w.batch.events) {
		return nil
	}
	return w.full()
}

func (w *Writer) refuse() error {
	if w.err != nil {
		return w.err
	}
	return errors.New("tracefile: Append of the zero Event")
}

// full makes room for an event: it doubles the first batch up to its limit, and hands over a full one.
func (w *Writer) full() error {
	if n := len(w.batch.events); n < w.limit {
		events := make([]event.Event, n, min(2*n, w.limit))
		copy(events, w.batch.events)
		w.batch.events = events
		return nil
	}
	return w.submit()
}

// submit hands the batch over and takes a free one. A site and notes of the event still to come move to the next batch.
func (w *Writer) submit() error {
	b := &w.batch
	notes := b.notes.carry(len(b.events))
	carry := b.lastSite == len(b.events)
	if carry {
		b.sites.body = b.sites.body[:b.lastStart]
		b.sites.n--
	}
	if len(b.events)+len(b.names)+b.sites.n > 0 {
		w.hand()
	} else {
		b.reset()
	}
	if carry {
		w.addSite(w.site)
	}
	for _, n := range notes {
		w.batch.notes.add(0, n)
	}
	if met := w.fail.Load(); met != nil {
		w.err = *met
	}
	return w.err
}

// hand hands the batch over and takes a free one.
func (w *Writer) hand() {
	w.start()
	w.before += uint64(len(w.batch.events))
	w.jobs <- job{batch: w.batch}
	w.batch = w.take()
	w.batch.reset()
}

// take returns a batch to fill: a used one, or a new one while there are few.
func (w *Writer) take() batch {
	select {
	case b := <-w.free:
		return b
	default:
	}
	if w.made < batches {
		w.made++
		return batch{events: make([]event.Event, 0, w.limit)}
	}
	return <-w.free
}

// start starts the goroutine.
func (w *Writer) start() {
	if w.jobs != nil {
		return
	}
	w.jobs = make(chan job, batches)
	w.free = make(chan batch, batches)
	w.over = make(chan struct{})
	go w.work(w.jobs)
}

// work is the body of the goroutine.
func (w *Writer) work(jobs <-chan job) {
	defer close(w.over)
	for j := range jobs {
		if j.done != nil {
			j.done <- w.out.err
			continue
		}
		w.out.batch(&j.batch)
		if err := w.out.err; err != nil {
			w.fail.Store(&err)
		}
		w.free <- j.batch
	}
}

// NameTask sets the name of a task. Call it before the event that first uses the id is appended; a later call names
// the task from there on. A name is cut to 4 KiB, at the start of a character; the empty name is ignored.
func (w *Writer) NameTask(id event.TaskID, name string) { w.name(Name{ID: uint64(id), Name: name}) }

// NameRegion sets the name of a region, under the rules of [Writer.NameTask].
func (w *Writer) NameRegion(id event.RegionID, name string) {
	w.name(Name{Region: true, ID: uint64(id), Name: name})
}

func (w *Writer) name(n Name) {
	if n.Name == "" || w.err != nil || w.batch.nameBytes >= maxList && w.submit() != nil {
		return
	}
	n.Name = strings.Clone(clip(n.Name, maxText))
	w.batch.names = append(w.batch.names, n)
	w.batch.nameBytes += len(n.Name) + nameOverhead
}

// Site sets the code line, such as "bank.go:25", of the next event to be appended. It is cut like a name. A second
// call before that event replaces the first; "" removes the line.
func (w *Writer) Site(site string) {
	if w.err != nil {
		return
	}
	if len(w.batch.sites.body) >= maxList && w.submit() != nil {
		return
	}
	w.addSite(site)
}

func (w *Writer) addSite(site string) {
	b := &w.batch
	if b.lastSite == len(b.events) {
		b.sites.body = b.sites.body[:b.lastStart]
		b.sites.n--
		b.lastSite = -1
	}
	if site == "" {
		return
	}
	w.site = clip(site, maxText)
	b.lastSite, b.lastStart = len(b.events), len(b.sites.body)
	l := &b.sites
	l.body = appendUint(append(l.body, 0x92), uint64(b.lastSite))
	l.body = appendText(l.body, w.site)
	l.n++
}

// SetEnd sets the reason why the recording ends, which Close writes. The last call counts.
func (w *Writer) SetEnd(end End) { w.end = &end }

// Len returns the number of events appended, without Config.First.
func (w *Writer) Len() uint64 { return w.before + uint64(len(w.batch.events)) }

// Size returns the number of bytes written so far. Up to three chunks of events may still be pending.
func (w *Writer) Size() int64 { return w.out.size.Load() }

// Flush writes everything appended so far, and returns when the operating system has it, so that nothing of it is
// lost if the process dies. It ends the current chunk; many calls make the file larger.
func (w *Writer) Flush() error {
	if w.err != nil {
		return w.err
	}
	if err := w.submit(); err != nil {
		return err
	}
	if w.jobs == nil {
		return nil
	}
	done := make(chan error)
	w.jobs <- job{done: done}
	w.err = <-done
	return w.err
}

// Sync calls Flush and then, if the underlying writer is a file, fsync, so that nothing is lost if the machine
// fails.
func (w *Writer) Sync() error {
	if err := w.Flush(); err != nil {
		return err
	}
	w.err = w.syncFile()
	return w.err
}

// syncFile calls fsync where it is supported. Pipes and some file systems do not support it.
func (w *Writer) syncFile() error {
	if w.sync == nil {
		return nil
	}
	err := w.sync()
	if err == nil || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return fmt.Errorf("tracefile: sync: %w", err)
}

// Close writes everything pending, the end, the index and the trailer, syncs the file, and with Config.Atomic gives
// it its name. The goroutine has ended when Close returns. A second call returns the same error.
func (w *Writer) Close() error {
	if w.closed {
		return w.result
	}
	total := w.Len()
	err := w.Flush()
	if err == nil && w.batch.notes.n > 0 { // notes of the end
		w.hand()
		err = w.Flush()
	}
	w.stop()
	if err == nil {
		err = w.out.footer(&w.calls, w.end, total)
	}
	if err == nil {
		err = w.syncFile()
	}
	if w.dest != nil {
		err = finish(w.dest, err)
	}
	w.shut(err)
	return err
}

// Abort ends the writing without the end, the index and the trailer, as if the run had been killed. With
// Config.Atomic no file is left. After Close it does nothing and returns the result of Close.
func (w *Writer) Abort() error {
	if w.closed {
		return w.result
	}
	unnamed := w.dest != nil && !w.dest.Named()
	var err error
	if !unnamed {
		err = w.Flush()
	}
	w.stop()
	if w.dest != nil {
		err = giveUp(w.dest, err)
	}
	w.shut(err)
	return err
}

// stop ends the goroutine and waits until it has ended.
func (w *Writer) stop() {
	if w.jobs != nil {
		close(w.jobs)
		<-w.over
	}
}

// shut makes the Writer refuse all further calls.
func (w *Writer) shut(result error) {
	encoders.Put(w.out.z)
	w.out.z, w.out.raw, w.out.out, w.out.entries = nil, nil, nil, nil
	w.before, w.batch, w.calls = w.Len(), batch{}, callList{}
	w.closed, w.result = true, result
	if w.err == nil {
		w.err = ErrClosed
	}
}

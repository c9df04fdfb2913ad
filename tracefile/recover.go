package tracefile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// Recovery is what [Recover] has found in a file: the runs of events that are whole, and a receipt of the rest.
type Recovery struct {
	// Metadata and Identity are those of the file. If MetadataLost is set, Metadata is that of a trace of which nothing
	// is known: version 1, seed 0.
	Metadata     event.Metadata
	Identity     Identity
	MetadataLost bool

	// Whole says that nothing is wrong: there is one part or none, and Lost is empty.
	Whole bool

	// Parts are the runs of events without a gap, by index; they do not overlap.
	Parts []Part

	// Lost tells what is missing or damaged, by its place in the file.
	Lost []Loss

	// End is what the file says about why the recording ends; nil if it does not say.
	End *End

	src     *source
	side    []foundChunk // the whole chunks of names, sites and notes, and those of unknown types, by number
	endsAt  uint64       // index at the end chunk
	overAt  uint64       // index after the last event, if the chunk behind it was found
	overSeq uint32       // number of that chunk: the end, or the first of the index; 0 if it was not found
	holes   int          // the first elements of Lost, which are in the order of the file
}

// Part is a run of events.
type Part struct {
	First  uint64 // index of the first event
	Count  uint64 // number of events, at least 1
	Time   uint64 // virtual time before the first event, in nanoseconds since the start of the run
	Offset int64  // of the chunk with the first event, in bytes from the start of the file

	chunks []foundChunk // of events
}

// Loss is a place where something is missing or damaged.
type Loss struct {
	Offset int64  // where in the file, in bytes from its start
	Bytes  int64  // how many bytes are of no use; 0 if something is missing there
	First  uint64 // index of the first event that is lost there
	Count  uint64 // how many; 0 if none, or if it is not known
	Reason string // for people
}

// foundChunk is a whole chunk.
type foundChunk struct {
	header
	offset int64
	left   uint64 // virtual time after it, of events
}

func (c *foundChunk) end() int64    { return c.offset + headerSize + int64(c.stored) }
func (c *foundChunk) after() uint64 { return c.first + uint64(c.count) }

func (c foundChunk) compareSeq(seq uint32) int { return cmp.Compare(c.seq, seq) }

// Recover looks for everything in a file of size bytes that is whole: it goes from chunk to chunk, and after damage on
// to the next header whose checksum is right. Each chunk is decoded to see whether it is whole; one with an event that
// does not decode is not. Events that stand in the file twice are found once. It needs about 150 bytes of memory a
// chunk. The error is that of r; damage is none.
func Recover(r io.ReaderAt, size int64) (*Recovery, error) {
	z := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(z)
	src := &source{at: r, size: size}
	s := &search{src: src, z: z, rec: &Recovery{Metadata: event.NewMetadata(0), MetadataLost: true, src: src}}
	if err := s.run(); err != nil {
		return nil, fmt.Errorf("tracefile: %w", err)
	}
	s.rec.assemble(s)
	if err := s.rec.verify(); err != nil {
		return nil, fmt.Errorf("tracefile: %w", err)
	}
	return s.rec, nil
}

// verify asks a Reader whether a file where nothing was found to be wrong is whole.
func (rec *Recovery) verify() error {
	if len(rec.Lost) > 0 {
		return nil
	}
	r, err := NewReaderAt(rec.src.at, rec.src.size)
	if err == nil {
		r.CheckNotes()
	}
	for err == nil {
		_, err = r.Next()
	}
	var at *Error
	switch {
	case r != nil && err == io.EOF:
		rec.Whole = true
	case !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrVersion):
		return err
	case errors.As(err, &at):
		rec.Lost = append(rec.Lost, Loss{Offset: at.Offset, Reason: reason(at.Err)})
	}
	if r != nil {
		return r.Close()
	}
	return nil
}

// Config returns how a part is to be written to a file of its own: with First, Time and Identity set.
func (rec *Recovery) Config(part int) Config {
	p := &rec.Parts[part]
	return Config{First: p.First, Time: p.Time, Identity: rec.Identity}
}

// Read yields the events of a part. An error, which it yields last, is that of the input, or [ErrCorrupt] if the file
// is no longer what it was. It can be used any number of times. It panics if there is no such part.
func (rec *Recovery) Read(part int) iter.Seq2[event.Event, error] {
	p := &rec.Parts[part]
	return func(yield func(event.Event, error) bool) {
		z := decoders.Get().(*zstd.Decoder)
		defer decoders.Put(z)
		for i := range p.chunks {
			events, err := rec.events(z, &p.chunks[i])
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(event.Event{}, err)
				return
			}
		}
	}
}

// events reads a chunk again.
func (rec *Recovery) events(z *zstd.Decoder, c *foundChunk) (events []event.Event, err error) {
	raw, err := readPacked(rec.src, z, &c.header, c.offset)
	if err == nil {
		events, _, err = decodeEvents(raw, int(c.count), c.time, nil)
	}
	if err != nil {
		err = &Error{c.offset, int64(c.seq), int64(c.first) + int64(len(events)), err}
	}
	return events, err
}

// Write appends the events of a part to w, with their sites and notes, and with the names that are known by then, those
// from before the part too. If the part ends where the recording does, it sets the end. w should be made with
// rec.Metadata and [Recovery.Config]; Write does not close it. The error is that of w or of [Recovery.Read].
func (rec *Recovery) Write(part int, w *Writer) error {
	p := &rec.Parts[part]
	z := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(z)
	side := 0 // chunks before it were looked at
	for i := range p.chunks {
		c := &p.chunks[i]
		for ; side < len(rec.side) && rec.side[side].seq < c.seq; side++ {
			rec.writeNames(z, &rec.side[side], w)
		}
		if err := rec.writeEvents(z, c, w); err != nil {
			return err
		}
	}
	if rec.End != nil && p.First+p.Count == rec.endsAt {
		for ; side < len(rec.side); side++ {
			rec.writeNames(z, &rec.side[side], w)
		}
		w.SetEnd(*rec.End)
	}
	if rec.overSeq > 0 && p.First+p.Count == rec.overAt {
		for _, n := range rec.notes(z, rec.overSeq, rec.overAt, 0) {
			w.Note(n.Note)
		}
	}
	return nil
}

// writeNames hands the names of a chunk to w, if it is one of names.
func (rec *Recovery) writeNames(z *zstd.Decoder, c *foundChunk, w *Writer) {
	if c.kind != chunkNames {
		return
	}
	raw, err := readPacked(rec.src, z, &c.header, c.offset)
	if err != nil {
		return
	}
	names, _ := decodeNames(nil, raw, maxSide)
	for _, n := range names {
		w.name(n)
	}
}

// writeEvents hands the events of a chunk to w, with their sites and notes.
func (rec *Recovery) writeEvents(z *zstd.Decoder, c *foundChunk, w *Writer) error {
	sites, notes := rec.sites(z, c), rec.notes(z, c.seq, c.first, int(c.count))
	events, err := rec.events(z, c)
	for i, e := range events {
		for ; len(notes) > 0 && notes[0].at <= i; notes = notes[1:] {
			w.Note(notes[0].Note)
		}
		if site := sites[uint64(i)]; site != "" {
			w.Site(site)
		}
		if err := w.Append(e); err != nil {
			return err
		}
	}
	return err
}

// sites reads the sites chunks of an event chunk.
func (rec *Recovery) sites(z *zstd.Decoder, c *foundChunk) map[uint64]string {
	m := map[uint64]string{}
	for _, raw := range rec.sideOf(z, chunkSites, c.seq, c.first) {
		decodeSites(raw, func(offset uint64, site []byte) {
			if offset < uint64(c.count) && len(site) > 0 {
				m[offset] = string(site)
			}
		})
	}
	return m
}

// notes reads the notes chunks of the chunk with a number, which has so many events from an index on.
func (rec *Recovery) notes(z *zstd.Decoder, seq uint32, first uint64, events int) (list []placedNote) {
	room := maxSide
	for h, raw := range rec.sideOf(z, chunkNotes, seq, first) {
		room += notedPerByte * int(h.stored)
		placed, _ := decodeNotes(nil, raw, max(events-1, 0), &room) // as far as they are whole
		list = append(placed, list...)
	}
	slices.SortStableFunc(list, func(a, b placedNote) int { return cmp.Compare(a.at, b.at) })
	return list
}

// sideOf yields the headers and payloads of the side chunks of a kind that stand before the chunk with a number with nothing
// between but other side chunks, the last one first.
func (rec *Recovery) sideOf(z *zstd.Decoder, kind chunkType, seq uint32, first uint64) iter.Seq2[*header, []byte] {
	return func(yield func(*header, []byte) bool) {
		for seq > 0 {
			seq--
			i, ok := slices.BinarySearchFunc(rec.side, seq, foundChunk.compareSeq)
			if !ok || rec.side[i].first != first {
				return
			}
			s := &rec.side[i]
			if s.kind != kind {
				continue
			}
			if raw, err := readPacked(rec.src, z, &s.header, s.offset); err == nil && !yield(&s.header, raw) {
				return
			}
		}
	}
}

// String returns the receipt for people, in lines: what is there, and then what is lost and where.
func (rec *Recovery) String() string {
	var b strings.Builder
	var events, lost uint64
	for _, p := range rec.Parts {
		events += p.Count
	}
	for _, l := range rec.Lost {
		lost += l.Count
	}
	fmt.Fprintf(&b, "%d events in %d parts", events, len(rec.Parts))
	switch {
	case rec.Whole:
		b.WriteString("; the file is whole\n")
	case lost > 0:
		fmt.Fprintf(&b, "; at least %d events are lost\n", lost)
	default:
		b.WriteString("; the file is not whole\n")
	}
	if rec.MetadataLost {
		b.WriteString("the metadata are lost: the seed is not known\n")
	}
	for i, p := range rec.Parts {
		fmt.Fprintf(&b, "part %d: events %d to %d, from byte %d\n", i, p.First, p.First+p.Count-1, p.Offset)
	}
	for _, l := range rec.Lost {
		fmt.Fprintf(&b, "lost: %s\n", l)
	}
	return b.String()
}

// String returns l on one line.
func (l Loss) String() string {
	s := fmt.Sprintf("byte %d, %d bytes", l.Offset, l.Bytes)
	if l.Count > 0 {
		s += fmt.Sprintf(", events %d to %d", l.First, l.First+l.Count-1)
	}
	return s + ": " + l.Reason
}

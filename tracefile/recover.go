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

// Recovery is the result of [Recover]: the undamaged runs of events in a file, and a receipt of the rest.
type Recovery struct {
	// Metadata and Identity are those of the file. If MetadataLost is set, the metadata were lost and Metadata has
	// version 1 and seed 0.
	Metadata     event.Metadata
	Identity     Identity
	MetadataLost bool

	// Whole is true if the file is undamaged: then there is at most one part, and Lost is empty.
	Whole bool

	// Parts are the runs of events without a gap, by index. They do not overlap.
	Parts []Part

	// Lost lists the missing and damaged places, in the order of the file.
	Lost []Loss

	// End states why the recording ends, if the file has it; otherwise nil.
	End *End

	src     *source
	side    []foundChunk // the undamaged chunks of names, sites and notes, and those of unknown types, by number
	endsAt  uint64       // index of the next event at the end chunk
	overAt  uint64       // index after the last event, if the chunk after it was found
	overSeq uint32       // number of that chunk: the end, or the first of the index; 0 if it was not found
	holes   int          // number of the first elements of Lost that are in the order of the file
}

// Part is a run of events without a gap.
type Part struct {
	First  uint64 // index of the first event
	Count  uint64 // number of events, at least 1
	Time   uint64 // virtual time before the first event, in nanoseconds since the start of the run
	Offset int64  // offset of the chunk with the first event, in bytes

	chunks []foundChunk // the event chunks
}

// Loss is a place in a file at which data is missing or damaged.
type Loss struct {
	Offset int64  // offset in the file, in bytes
	Bytes  int64  // number of unusable bytes; 0 if data is missing
	First  uint64 // index of the first event that is lost there
	Count  uint64 // number of events lost; 0 if none or unknown
	Reason string // for people
}

// foundChunk is an undamaged chunk.
type foundChunk struct {
	header
	offset int64
	left   uint64 // virtual time after its events
}

func (c *foundChunk) end() int64    { return c.offset + headerSize + int64(c.stored) }
func (c *foundChunk) after() uint64 { return c.first + uint64(c.count) }

func (c foundChunk) compareSeq(seq uint32) int { return cmp.Compare(c.seq, seq) }

// Recover searches a file of size bytes for everything that is undamaged: it goes from chunk to chunk, and after
// damage to the next header with the right checksum. Each chunk is decoded to verify it; a chunk with an event that
// cannot be decoded counts as damaged. Events that are stored twice are returned once. Recover needs about 150
// bytes of memory a chunk. The error is that of r; damage is not an error.
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

// verify checks with a Reader that a file without any damage found is complete.
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
	if err == io.EOF {
		if _, bad := r.EachCall(func(Call) bool { return true }); bad != nil {
			err = bad
		}
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

// Config returns the Config for writing a part to a separate file: First, Time and Identity are set.
func (rec *Recovery) Config(part int) Config {
	p := &rec.Parts[part]
	return Config{First: p.First, Time: p.Time, Identity: rec.Identity}
}

// Read yields the events of a part. An error, yielded last, is that of the input, or [ErrCorrupt] if the file has
// changed. Read can be used any number of times. It panics if the part does not exist.
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

// Write appends the events of a part to w, with their sites and notes, and with all names known by then, including
// those from before the part. If the part ends where the recording does, Write sets the end. w should be made with
// rec.Metadata and [Recovery.Config]; Write does not close it. The error is that of w or of [Recovery.Read].
func (rec *Recovery) Write(part int, w *Writer) error {
	p := &rec.Parts[part]
	z := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(z)
	side := 0 // number of side chunks already processed
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
		rec.writeCalls(z, rec.overAt, w)
	}
	return nil
}

// writeNames passes the names of a chunk to w, if it is a names chunk.
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

// writeEvents passes the events of a chunk to w, with their sites and notes.
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

// notes reads the notes chunks of the event chunk with number seq, whose events start at index first.
func (rec *Recovery) notes(z *zstd.Decoder, seq uint32, first uint64, events int) (list []placedNote) {
	room := maxSide
	for h, raw := range rec.sideOf(z, chunkNotes, seq, first) {
		room += notedPerByte * int(h.stored)
		placed, _ := decodeNotes(nil, raw, max(events-1, 0), &room) // as far as they are well-formed
		list = append(placed, list...)
	}
	slices.SortStableFunc(list, func(a, b placedNote) int { return cmp.Compare(a.at, b.at) })
	return list
}

// sideOf yields the headers and payloads of the side chunks of a kind that directly precede the chunk with a
// number, with only other side chunks between, the last one first.
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

// String returns the receipt for people: one line for each part, and then one for each loss.
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

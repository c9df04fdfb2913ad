package tracefile

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// search scans a damaged file.
type search struct {
	src *source
	z   *zstd.Decoder
	rec *Recovery

	whole  []foundChunk // in the order of the file
	broken []foundChunk // chunks whose header is right but not the rest
	holes  []Loss       // bytes that belong to no undamaged chunk, in the order of the file
	start  uint64       // index of the first event, as far as known
	sealed bool         // whether there is a trailer

	stored, raw []byte
	events      []event.Event
}

// run finds the chunks, and the bytes that belong to none. The error is a read error.
func (s *search) run() error {
	s.start = math.MaxUint64
	offset, why, err := s.magic()
	if err != nil {
		return err
	}
	good := int64(0) // all bytes before this offset are accounted for
	if why == nil {
		good = offset
	}
	for offset < s.src.size {
		size, wrong, err := s.try(offset)
		if err != nil {
			return err
		}
		if wrong == nil {
			s.hole(good, offset, why)
			offset += size
			good, why = offset, nil
			continue
		}
		if why == nil || size > 0 && good == offset {
			why = wrong
		}
		if offset, err = s.nextMark(offset + 1); err != nil {
			return err
		}
	}
	s.hole(good, s.src.size, why)
	return nil
}

// magic reads the start of the file. It returns the offset at which to continue, and what is wrong.
func (s *search) magic() (offset int64, wrong, err error) {
	var b [len(magic)]byte
	n, err := s.src.read(b[:], 0)
	if err != nil {
		return 0, nil, err
	}
	if wrong = checkMagic(b[:n]); wrong == nil {
		return int64(n), nil, nil
	}
	offset, err = s.nextMark(0)
	return offset, wrong, err
}

// hole records that the bytes from one offset to another belong to no undamaged chunk.
func (s *search) hole(from, to int64, why error) {
	if from < to {
		s.holes = append(s.holes, Loss{Offset: from, Bytes: to - from, Reason: reason(why)})
	}
}

// reason returns the text of an error for a receipt.
func reason(err error) string {
	text := err.Error()
	for _, class := range []error{ErrCorrupt, ErrTruncated} {
		text = strings.TrimPrefix(text, class.Error()+": ")
	}
	return text
}

// nextMark returns the offset at or after which the next chunk or trailer may start, or the size of the file if none
// does.
func (s *search) nextMark(from int64) (int64, error) {
	var b [1 << 14]byte
	for {
		n, err := s.src.read(b[:], from)
		if err != nil {
			return 0, err
		}
		chunk, trailer := bytes.Index(b[:n], []byte(chunkMark)), bytes.Index(b[:n], []byte(trailerMark))
		switch {
		case chunk >= 0 && (trailer < 0 || chunk < trailer):
			return from + int64(chunk), nil
		case trailer >= 0:
			return from + int64(trailer), nil
		case n < len(b):
			return s.src.size, nil
		}
		from += int64(n - len(chunkMark) + 1)
	}
}

// try examines the data at offset. It returns its size if it is undamaged, or what is wrong; then size is not 0 if
// there is a header that is right.
func (s *search) try(offset int64) (size int64, wrong, err error) {
	var b [headerSize]byte
	n, err := s.src.read(b[:], offset)
	if err != nil {
		return 0, nil, err
	}
	if n >= trailerSize && string(b[:4]) == trailerMark {
		_, wrong = parseTrailer(b[:trailerSize])
		s.sealed = s.sealed || wrong == nil
		return trailerSize, wrong, nil
	}
	if n < headerSize {
		return 0, truncated("it stops in the middle of the header of a chunk"), nil
	}
	h, wrong := parseHeader(b[:], math.MaxInt64) // the bytes before it may be lost
	if wrong != nil {
		return 0, wrong, nil
	}
	c := foundChunk{header: h, offset: offset}
	wrong, err = s.chunk(&c)
	if err != nil {
		return 0, nil, err
	}
	if wrong != nil {
		s.broken = append(s.broken, c)
	} else {
		s.whole = append(s.whole, c)
	}
	return headerSize + int64(h.stored), wrong, nil
}

// chunk reads the payload of a chunk and returns what is wrong with it.
func (s *search) chunk(c *foundChunk) (wrong, err error) {
	s.stored, err = s.src.payload(s.stored, int(c.stored), c.offset+headerSize)
	switch {
	case err != nil:
		return nil, err
	case len(s.stored) < int(c.stored):
		return truncated("it stops in the middle of a chunk of %s", c.kind), nil
	case checksum(s.stored) != c.sum:
		return corrupt("the checksum of a chunk of %s is wrong", c.kind), nil
	case !c.kind.known():
		return nil, nil
	}
	if s.raw, wrong = unpack(s.z, &c.header, s.stored, s.raw); wrong != nil {
		return wrong, nil
	}
	return s.use(c), nil
}

// use processes the content of an undamaged chunk.
func (s *search) use(c *foundChunk) (wrong error) {
	rec := s.rec
	switch c.kind {
	case chunkMetadata:
		var md event.Metadata
		if md, wrong = decodeMetadata(s.raw); wrong == nil && rec.MetadataLost {
			rec.Metadata, rec.MetadataLost = md, false
		}
	case chunkIdentity:
		var id Identity
		if id, wrong = decodeTexts(s.raw); wrong == nil && rec.Identity == nil {
			rec.Identity = id
		}
	case chunkEvents:
		s.events, c.left, wrong = decodeEvents(s.raw, int(c.count), c.time, s.events[:0])
	case chunkEnd:
		var end End
		if end, wrong = decodeEnd(s.raw); wrong == nil {
			rec.End, rec.endsAt = &end, c.first
			rec.overAt, rec.overSeq = c.first, c.seq
		}
	case chunkIndex:
		if rec.overSeq == 0 {
			rec.overAt, rec.overSeq = c.first, c.seq
		}
		if len(s.raw) >= entrySize {
			if e, ok := parseEntry(s.raw); ok && e.kind == chunkMetadata {
				s.start = min(s.start, e.first)
			}
		}
	}
	return wrong
}

// assemble turns the chunks found into parts and losses.
func (rec *Recovery) assemble(s *search) {
	rec.Lost, rec.holes = s.holes, len(s.holes)
	for _, c := range s.whole {
		if c.kind == chunkNames || c.kind == chunkSites || c.kind == chunkNotes || c.kind == chunkCalls || !c.kind.known() {
			rec.side = append(rec.side, c)
		}
	}
	slices.SortStableFunc(rec.side, func(a, b foundChunk) int { return cmp.Compare(a.seq, b.seq) })
	rec.side = slices.CompactFunc(rec.side, func(a, b foundChunk) bool { return a.header == b.header })
	rec.parts(s.whole)
	rec.gaps(s)
	rec.order(s.whole)
	if !s.sealed && !slices.ContainsFunc(rec.Lost, func(l Loss) bool { return l.Offset+l.Bytes == s.src.size }) {
		stopped := Loss{Offset: s.src.size, Reason: "the file has no trailer: the recording was stopped"}
		rec.Lost = append(rec.Lost, stopped)
	}
	slices.SortStableFunc(rec.Lost, func(a, b Loss) int { return cmp.Compare(a.Offset, b.Offset) })
}

// parts makes parts of the event chunks, in order of events. If two chunks hold the same event, the first one counts.
func (rec *Recovery) parts(whole []foundChunk) {
	var events []foundChunk
	for _, c := range whole {
		if c.kind == chunkEvents {
			events = append(events, c)
		}
	}
	slices.SortStableFunc(events, func(a, b foundChunk) int { return cmp.Compare(a.first, b.first) })
	var last *foundChunk
	for i := range events {
		c := &events[i]
		if last != nil && c.first < last.after() {
			why := "a chunk with events that are here already"
			if c.header == last.header {
				why = "a second copy of a chunk"
			}
			rec.Lost = append(rec.Lost, Loss{Offset: c.offset, Bytes: c.end() - c.offset, Reason: why})
			continue
		}
		if last == nil || c.first != last.after() || c.time != last.left {
			rec.Parts = append(rec.Parts, Part{First: c.first, Time: c.time, Offset: c.offset})
		}
		p := &rec.Parts[len(rec.Parts)-1]
		p.Count += uint64(c.count)
		p.chunks = append(p.chunks, *c)
		last = c
	}
}

// gaps finds the missing events: between the parts, before the first part and after the last, and their places in
// the file.
func (rec *Recovery) gaps(s *search) {
	start, end := s.start, uint64(0)
	for _, c := range slices.Concat(s.whole, s.broken) {
		start, end = min(start, c.first), max(end, c.after())
	}
	next, from := start, int64(0)
	for _, p := range rec.Parts {
		last := p.chunks[len(p.chunks)-1]
		if p.First > next {
			rec.gap(next, p.First, from, p.Offset)
		} else if from > 0 {
			rec.Lost = append(rec.Lost, Loss{Offset: p.Offset, Reason: "the virtual time does not go on here"})
		}
		next, from = p.First+p.Count, last.end()
	}
	if next < end && next != math.MaxUint64 {
		rec.gap(next, end, from, s.src.size)
	}
}

// gap records missing events between two offsets, at the first hole there, or as a separate loss if there is none.
func (rec *Recovery) gap(next, first uint64, from, to int64) {
	holes := rec.Lost[:rec.holes]
	i, _ := slices.BinarySearchFunc(holes, from, func(l Loss, from int64) int { return cmp.Compare(l.Offset, from) })
	for ; i < len(holes) && holes[i].Offset < max(to, from+1); i++ {
		if l := &holes[i]; l.Count == 0 {
			l.First, l.Count = next, first-next
			return
		}
	}
	rec.Lost = append(rec.Lost, Loss{Offset: from, First: next, Count: first - next, Reason: "events are missing"})
}

// order records adjacent chunks whose numbers are not consecutive, unless another loss is recorded at that place.
func (rec *Recovery) order(whole []foundChunk) {
	told := map[int64]bool{}
	for _, l := range rec.Lost {
		told[l.Offset] = true
	}
	seq, offset := uint32(0), int64(len(magic))
	for _, c := range whole {
		if c.seq != seq && c.offset == offset && !told[offset] {
			wrong := corrupt("chunk %d stands where chunk %d should", c.seq, seq)
			rec.Lost = append(rec.Lost, Loss{Offset: c.offset, Reason: reason(wrong)})
		}
		seq, offset = c.seq+1, c.end()
	}
}

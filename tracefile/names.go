package tracefile

import (
	"cmp"
	"slices"
	"sort"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
)

// nameID is a task or a region.
type nameID struct {
	what byte // 0 task, 1 region
	id   uint64
}

// packed is a side chunk that is decoded when it is needed.
type packed struct {
	header
	stored []byte
}

// packs are side chunks in the order of the file: the latest ones that fit into maxKept.
type packs struct {
	list  []packed
	bytes int
}

const maxKept = 4 << 20

// keep adds a chunk and drops the oldest ones while they exceed the limit.
func (p *packs) keep(c packed) {
	p.list = append(p.list, c)
	p.bytes += len(c.stored) + packedOverhead
	for p.bytes > maxKept {
		p.bytes -= len(p.list[0].stored) + packedOverhead
		p.list[0].stored = nil
		p.list = p.list[1:]
	}
}

const packedOverhead = 80

// nameBook finds names from earlier chunks. The names chunks of a stream are kept; those of a file are read again.
type nameBook struct {
	kept  packs
	found map[nameID]foundName
	bytes int // approximate memory of found, in bytes
}

// foundName is the result of a search in the names chunks below a number.
type foundName struct {
	name  string
	chunk int // number of the chunk that has the name; -1 if none has
	below int
}

// maxFound is the number of search results that are kept. At this number, or at maxSide bytes, all are dropped
// together.
const maxFound = 4096

// leave keeps the names chunks of a block that the reader leaves.
func (n *nameBook) leave(b *block) {
	for _, p := range b.names.list {
		n.kept.keep(p)
	}
}

// TaskName returns the name of a task according to the chunks up to that of the event that Next returned last, or
// "" if it is unknown. Names are searched when they are asked for: in a file with a seek for each names chunk,
// newest first; of a stream the names chunks of the last 4 MiB are kept.
func (r *Reader) TaskName(id event.TaskID) string { return r.name(nameID{0, uint64(id)}) }

// RegionName returns the name of a region, under the rules of [Reader.TaskName].
func (r *Reader) RegionName(id event.RegionID) string { return r.name(nameID{1, uint64(id)}) }

func (r *Reader) name(key nameID) string {
	if r.closed {
		return ""
	}
	names := r.Names()
	for i := len(names) - 1; i >= 0; i-- {
		if names[i].nameID() == key {
			return names[i].Name
		}
	}
	return r.earlier(key, int(r.cur.seq)).name
}

// Names returns the names introduced by the chunk of the event that Next returned last, as stored in the file:
// those of tasks before those of regions, by id. They must not be changed.
func (r *Reader) Names() []Name {
	b := r.cur
	if b.named == nil && len(b.names.list) > 0 {
		b.named = []Name{}
		room := maxSide
		for i := range b.names.list {
			p := &b.names.list[i]
			b.named, room = decodeNames(b.named, r.open(p), room+keptPerByte*len(p.stored))
		}
	}
	return b.named
}

// compare defines the order of names in a chunk.
func (n Name) compare(m Name) int {
	return cmp.Or(cmp.Compare(n.nameID().what, m.nameID().what), cmp.Compare(n.ID, m.ID))
}

func (n Name) nameID() nameID {
	if n.Region {
		return nameID{1, n.ID}
	}
	return nameID{0, n.ID}
}

// uniqueNames sorts names and keeps the last one of each task and region.
func uniqueNames(names []Name) []Name {
	slices.SortStableFunc(names, Name.compare)
	kept := names[:0]
	for i, n := range names {
		if i+1 == len(names) || n.compare(names[i+1]) != 0 {
			kept = append(kept, n)
		}
	}
	return kept
}

// appendNames appends the elements of a names chunk.
func appendNames(b []byte, names []Name) []byte {
	for _, n := range names {
		b = appendUint(append(b, 0x93, n.nameID().what), n.ID)
		b = appendText(b, n.Name)
	}
	return b
}

// open decodes a side chunk, or returns nil if it cannot. It does not use the decoder of the loader, which may be in
// use.
func (r *Reader) open(p *packed) []byte {
	z := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(z)
	raw, err := unpack(z, &p.header, p.stored, nil)
	if err != nil {
		return nil
	}
	return raw
}

// decodeNames appends the names of a names chunk to names, up to the first malformed one, as long as they fit into
// room, in bytes of memory. It returns the remaining room.
func decodeNames(names []Name, raw []byte, room int) ([]Name, int) {
	u := unpacker{b: raw}
	for range u.array() {
		if u.array() != 3 {
			break
		}
		what, id, name := u.uint(), u.uint(), u.text()
		if room -= nameOverhead + len(name); u.bad || what > 1 || room < 0 {
			break
		}
		names = append(names, Name{what == 1, id, string(name)})
	}
	return names, room
}

// decodeSites calls visit for each site of a sites chunk, in order, up to the first malformed one.
func decodeSites(raw []byte, visit func(offset uint64, site []byte)) {
	u := unpacker{b: raw}
	for range u.array() {
		if u.array() != 2 {
			return
		}
		offset, site := u.uint(), u.text()
		if u.bad {
			return
		}
		visit(offset, site)
	}
}

// earlier searches the names chunks with a number below that of the current block.
func (r *Reader) earlier(key nameID, below int) foundName {
	old, ok := r.names.found[key]
	switch {
	case !ok:
		old = foundName{chunk: -1}
	case below <= old.chunk: // the position moved back
		old = foundName{chunk: -1}
	case below <= old.below:
		return old
	}
	f := foundName{old.name, old.chunk, below}
	for p := range r.namesChunks(below, old.below) {
		names, _ := decodeNames(nil, r.open(p), maxSide)
		if name, ok := r.names.learn(names, int(p.seq), below, key); ok {
			f.name, f.chunk = name, int(p.seq)
			break
		}
	}
	r.names.remember(key, f)
	return f
}

// learn stores the names of a chunk in a search that started below a number, and returns that of key if it is
// there. The other names are likely to be needed next.
func (n *nameBook) learn(names []Name, chunk, below int, key nameID) (found string, ok bool) {
	for _, name := range slices.Backward(names) {
		switch id := name.nameID(); {
		case id == key && !ok:
			found, ok = name.Name, true
		case id != key && (n.found[id].below == 0 || n.found[id].chunk < chunk):
			n.remember(id, foundName{name.Name, chunk, below})
		}
	}
	return found, ok
}

// remember stores a result. If there are too many, it drops all others first.
func (n *nameBook) remember(key nameID, f foundName) {
	if n.found == nil || len(n.found) >= maxFound || n.bytes >= maxSide {
		n.found, n.bytes = map[nameID]foundName{}, 0
	}
	n.found[key] = f
	n.bytes += nameOverhead + len(f.name)
}

// namesChunks yields the names chunks with numbers from least to below-1, newest first.
func (r *Reader) namesChunks(below, least int) func(yield func(*packed) bool) {
	if r.load.src.at == nil {
		return r.names.chunks(below, least)
	}
	return func(yield func(*packed) bool) {
		x, err := r.index()
		if err != nil {
			return
		}
		for n, e := min(below, x.n), (entry{}); ; {
			if n, e, err = x.lastBefore(n, chunkNames); n < least || err != nil {
				return
			}
			p := x.packed(n, e)
			if p != nil && !yield(p) {
				return
			}
		}
	}
}

// chunks yields the chunks that were kept.
func (n *nameBook) chunks(below, least int) func(yield func(*packed) bool) {
	return func(yield func(*packed) bool) {
		i := sort.Search(len(n.kept.list), func(i int) bool { return int(n.kept.list[i].seq) >= below })
		for i--; i >= 0 && int(n.kept.list[i].seq) >= least; i-- {
			if !yield(&n.kept.list[i]) {
				return
			}
		}
	}
}

// packed reads a side chunk, or returns nil if it is damaged.
func (x *index) packed(n int, e entry) *packed {
	h, err := readHeader(x.src, e.offset)
	if err != nil || h.kind != e.kind || h.seq != uint32(n) {
		return nil
	}
	stored, err := x.src.payload(nil, int(h.stored), e.offset+headerSize)
	if err != nil || len(stored) < int(h.stored) || checksum(stored) != h.sum {
		return nil
	}
	return &packed{h, stored}
}

// Site returns the code line of the event that Next returned last, such as "bank.go:25", or "" if the file does not
// have it. After a Seek it is the line of the event before the position.
func (r *Reader) Site() string {
	if r.i == 0 {
		return ""
	}
	b := r.cur
	if b.siteAt == nil && len(b.sites.list) > 0 {
		b.siteAt = make([]string, b.count)
		same := map[string]string{} // most events come from a few lines
		for i := range b.sites.list {
			decodeSites(r.open(&b.sites.list[i]), func(offset uint64, site []byte) {
				if offset < uint64(len(b.siteAt)) {
					b.siteAt[offset] = intern(same, site)
				}
			})
		}
	}
	if r.i > len(b.siteAt) {
		return ""
	}
	return b.siteAt[r.i-1]
}

// intern returns text as a string, with one copy for equal texts.
func intern(same map[string]string, text []byte) string {
	s, ok := same[string(text)]
	if !ok {
		s = string(text)
		same[s] = s
	}
	return s
}

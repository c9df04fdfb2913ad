package tracefile

// A reader must not need more memory for a file than its length justifies, whoever wrote the file. So a header is
// refused if its payload would decode to more than a writer puts into such a chunk, and the data kept across chunks
// is bounded by a constant and by the bytes that were read. The package documentation lists the limits.

const (
	// freeRaw is the decoded length in bytes that any payload may have, however short it is in the file.
	freeRaw = 1 << 18

	// maxExpansion bounds the decoded length of a longer payload, as a multiple of its stored length. Recorded events
	// expand by 3 to 30, the names and lines of a program in a loop by up to about 150.
	maxExpansion = 256

	// maxSide bounds the decoded length of a names, sites or end chunk in bytes: a writer ends a chunk with the text that
	// reaches maxList. A notes chunk may have maxNotesBytes more.
	maxSide = maxList + 1<<13

	// keptPerByte is how many bytes of decoded names are kept for each stored one, above maxSide.
	keptPerByte = 16

	// notedPerByte is the same for decoded notes, of which a writer stores some in 3 bytes each.
	notedPerByte = 128

	// noteOverhead is the memory of a note in bytes besides its texts, which the notes of a chunk share.
	noteOverhead = 152
)

// maxRawOf returns the largest decoded length of a payload in bytes.
func (t chunkType) maxRawOf() uint32 {
	switch t {
	case chunkIdentity:
		return maxIdentity
	case chunkNames, chunkSites, chunkEnd:
		return maxSide
	case chunkNotes:
		return maxNotesBytes + maxSide
	case chunkIndex:
		return indexEntries * entrySize
	}
	return maxRaw
}

// expands reports whether the payload decodes to more than its stored length explains.
func (h *header) expands() bool {
	return h.encoding == encodingZstd && h.raw > freeRaw && uint64(h.raw) > maxExpansion*uint64(h.stored)
}

// fits checks a header against the limits of its type and of its place in the file. Whether the payload expands too
// much is checked when it is unpacked, since a side chunk that does is passed over.
func (h *header) fits(offset int64) error {
	switch {
	case !h.kind.known():
		return nil
	case h.raw > h.kind.maxRawOf():
		return corrupt("a chunk of %s that decodes to %d bytes, over the limit of %d", h.kind, h.raw, h.kind.maxRawOf())
	case h.kind == chunkIdentity && h.encoding != encodingRaw:
		return corrupt("a compressed chunk of %s", h.kind)
	case h.kind == chunkIndex && int64(h.raw/entrySize) > offset/headerSize:
		return corrupt("an index of %d chunks in the first %d bytes", h.raw/entrySize, offset)
	}
	return nil
}

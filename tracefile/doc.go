// Package tracefile writes and reads trace files: the events of a run with its metadata, names, code lines and
// notes, in compressed chunks with checksums and an index. A file of any length is written and read in constant
// memory, any event is found in O(log n), and a file left by a killed run is readable. The package knows events and
// no scheduler.
//
// [Create] makes a file, [Open] reads one, and [Recover] saves the undamaged parts of a damaged one. [JSONLWriter]
// and [JSONLReader] store the same data in JSON lines, for people and for other tools.
//
// # Format, version 1
//
// All numbers are little endian, except those inside MessagePack.
//
//	file    = magic, chunk..., trailer
//	magic   = 89 52 50 52 0d 0a 1a 01     0x89, "RPR", CR, LF, 0x1a; the last byte is the version
//
//	chunk   = header of 48 bytes, stored payload
//	   0  4   "RPRc"
//	   4  1   type
//	   5  1   encoding of the payload: 0 as it is, 1 one zstd frame
//	   6  2   zero
//	   8  4   stored length: bytes of the payload in the file, at most 2^24 + 2^16
//	  12  4   raw length: bytes of the payload when decoded, at most 2^24
//	  16  8   first: index of the first event in the chunk; in a chunk without events, of the next event after it
//	  24  8   virtual time before that event in ns: the largest "to" of a TimeAdvanced so far
//	  32  4   events in the chunk, at most 2^18
//	  36  4   number of the chunk in the file, from 0
//	  40  4   CRC-32C of the stored payload
//	  44  4   CRC-32C of the 44 bytes of the header before this one
//
//	trailer = 32 bytes, after which the file ends
//	   0  4   "RPRe"
//	   4  4   CRC-32C of the 24 bytes that follow
//	   8  8   offset of the first index chunk
//	  16  8   events in the file
//	  24  8   "RPRend", CR, LF
//
// The first event of a file need not have index 0, and its time need not start at 0: a recording may keep only the end
// of a run. Indexes are below 2^63. The types of chunks are
//
//	1 metadata   event.Metadata in MessagePack, not compressed. Always the first chunk; its index and time are those of
//	             the first event of the file.
//	2 identity   a MessagePack map of text to text, not compressed. The second chunk, if it is there.
//	3 events     the MessagePack forms of 1 or more events, one after the other.
//	4 names      a MessagePack array of [0 for a task or 1 for a region, id, name]: the names that come into use in
//	             the event chunk that follows, sorted by the first two. A name has at most 4 KiB.
//	5 sites      a MessagePack array of [event, line]: the lines of the code, such as "bank.go:25", where events of
//	             the event chunk that follows come from. The first event of that chunk is event 0.
//	6 end        a MessagePack map of text to text: "reason" and "message" state why the recording ends where it does.
//	             At most one, after the last event chunk.
//	7 index      lines of 32 bytes: offset u64, first u64, time u64, events u32, type u8 of a chunk, and 3 zero bytes.
//	8 notes      a MessagePack array of [event, act, task, reason, kind, object, place, time, tasks, stack]: what is
//	             known besides the events, under the names of the fields of [Note]. Events count as in sites, and do
//	             not fall. Notes before the end chunk or, without one, before the index are of the end of the run; their
//	             event is 0. task is nil if there is none; tasks is an array of at most 64; time is in ns. act, reason,
//	             kind, object and place are texts, and stack is an array of at most 64 texts. Where a text is not empty
//	             and has come before in the chunk, its number may stand instead: the count from 0 of the texts that
//	             are neither empty nor numbers. From reason on, elements at the end that are empty or 0 may be left
//	             out; elements behind the stack are passed over. A text has at most 4 KiB. At most 2^16 notes belong
//	             to an event chunk.
//	9 calls      a MessagePack array whose first element is the number of calls that are missing behind those of the
//	             chunk; each other element is an array of [what, task, turn, object, result, error, hash, size, address,
//	             data], under the names of the fields of [Call]: what the run took from outside, in the order of the run.
//	             All are unsigned integers except address and data, which are bin with at most 128 bytes and 2^23.
//	             Elements behind data are passed over. After the last event chunk, and before the end chunk.
//
// Names, sites and notes chunks stand directly before the event chunk they belong to; there may be several chunks
// of each type. The index has a line for each chunk before the index, in the order of the file, with 65,536 lines
// in each index chunk except the last. A reader verifies and skips chunks of types that it does not know; types 128
// to 255 are for private use.
//
// A writer that is killed leaves a file without index and trailer. All its complete chunks can be read; the rest is
// [ErrTruncated].
//
// # Limits
//
// A file may come from an untrusted source, so the memory of a reader is bounded by a constant and by the number of
// bytes it has read. All lengths are in bytes. A header that breaks one of the first four limits is [ErrCorrupt]:
//
//   - An identity is not compressed and has at most 2^20. A names, sites or end chunk decodes to at most 2^20 + 2^13,
//     a notes chunk to 2^23 more, an index chunk to 2^21, any other to 2^24.
//   - A payload of events, of the index or of the end decodes to at most 2^18, or 256 times its stored length if that
//     is more. A writer stores without compression what would expand more. Names, sites and notes that do are skipped.
//   - A chunk has at most as many events as its payload has bytes for, 10 each. In memory an event takes 32.
//   - An index lists at most as many chunks as there are headers of 48 bytes before it.
//   - Of the stored names, sites and notes before an event chunk the last 2^22 are kept. Decoded names are kept up to
//     2^20 + 2^13 plus 16 for each stored byte, where each counts as its text and 40; notes up to the same plus 128
//     for each stored byte, where each counts as 152. Further names are skipped; further notes are an error.
//   - Of the stored calls the first 2^26 are kept. They are decoded one chunk at a time, when they are asked for.
//   - An index whose times fall, or that differs from the trailer in the number of events, is an error for every
//     operation that needs it, and the number of events is not known then.
//   - [Recover] takes about 150 for each chunk in the file.
//
// # Example
//
// A recording of three events, of which the second spawns a task with a name. The first column is the offset.
//
//	0000  89 52 50 52 0d 0a 1a 01                          magic, version 1
//
//	0008  52 50 52 63                                      chunk
//	000c  01                                               type: metadata
//	000d  00                                               encoding, 0 raw, 1 zstd
//	000e  00 00                                            zero
//	0010  05 00 00 00                                      bytes stored 5
//	0014  05 00 00 00                                      bytes decoded 5
//	0018  00 00 00 00 00 00 00 00                          first event 0
//	0020  00 00 00 00 00 00 00 00                          virtual time, ns 0
//	0028  00 00 00 00                                      events 0
//	002c  00 00 00 00                                      chunk number 0
//	0030  6e 41 88 0f                                      CRC-32C of the payload
//	0034  81 c6 44 9f                                      CRC-32C of the header
//	0038  94 01 2a 00 00                                   payload
//
//	003d  52 50 52 63                                      chunk
//	0041  02                                               type: identity
//	0042  00                                               encoding, 0 raw, 1 zstd
//	0043  00 00                                            zero
//	0045  0d 00 00 00                                      bytes stored 13
//	0049  0d 00 00 00                                      bytes decoded 13
//	004d  00 00 00 00 00 00 00 00                          first event 0
//	0055  00 00 00 00 00 00 00 00                          virtual time, ns 0
//	005d  00 00 00 00                                      events 0
//	0061  01 00 00 00                                      chunk number 1
//	0065  0f 54 64 4e                                      CRC-32C of the payload
//	0069  8c e0 ad 37                                      CRC-32C of the header
//	006d  81 a6 6d 6f 64 75 6c 65 a4 62 61 6e 6b           payload
//
//	007a  52 50 52 63                                      chunk
//	007e  04                                               type: names
//	007f  00                                               encoding, 0 raw, 1 zstd
//	0080  00 00                                            zero
//	0082  09 00 00 00                                      bytes stored 9
//	0086  09 00 00 00                                      bytes decoded 9
//	008a  00 00 00 00 00 00 00 00                          first event 0
//	0092  00 00 00 00 00 00 00 00                          virtual time, ns 0
//	009a  00 00 00 00                                      events 0
//	009e  02 00 00 00                                      chunk number 2
//	00a2  23 e6 90 0e                                      CRC-32C of the payload
//	00a6  71 ee 9e 56                                      CRC-32C of the header
//	00aa  91 93 00 00 a4 6d 61 69 6e                       payload
//
//	00b3  52 50 52 63                                      chunk
//	00b7  03                                               type: events
//	00b8  00                                               encoding, 0 raw, 1 zstd
//	00b9  00 00                                            zero
//	00bb  2c 00 00 00                                      bytes stored 44
//	00bf  2c 00 00 00                                      bytes decoded 44
//	00c3  00 00 00 00 00 00 00 00                          first event 0
//	00cb  00 00 00 00 00 00 00 00                          virtual time, ns 0
//	00d3  03 00 00 00                                      events 3
//	00d7  03 00 00 00                                      chunk number 3
//	00db  d7 8e 59 4c                                      CRC-32C of the payload
//	00df  63 fa fd 21                                      CRC-32C of the header
//	00e3  92 a7 52 6e 67 53 65 65 64 2a 94 ab 54 61 73 6b  payload
//	00f3  53 70 61 77 6e 65 64 00 00 00 93 ac 54 69 6d 65
//	0103  41 64 76 61 6e 63 65 64 00 cd 03 e8
//
//	010f  52 50 52 63                                      chunk
//	0113  06                                               type: end
//	0114  00                                               encoding, 0 raw, 1 zstd
//	0115  00 00                                            zero
//	0117  1a 00 00 00                                      bytes stored 26
//	011b  1a 00 00 00                                      bytes decoded 26
//	011f  03 00 00 00 00 00 00 00                          first event 3
//	0127  e8 03 00 00 00 00 00 00                          virtual time, ns 1000
//	012f  00 00 00 00                                      events 0
//	0133  04 00 00 00                                      chunk number 4
//	0137  7b 70 23 39                                      CRC-32C of the payload
//	013b  5b f6 41 0f                                      CRC-32C of the header
//	013f  82 a7 6d 65 73 73 61 67 65 a0 a6 72 65 61 73 6f  payload
//	014f  6e a8 66 69 6e 69 73 68 65 64
//
//	0159  52 50 52 63                                      chunk
//	015d  07                                               type: index
//	015e  01                                               encoding, 0 raw, 1 zstd
//	015f  00 00                                            zero
//	0161  3b 00 00 00                                      bytes stored 59
//	0165  a0 00 00 00                                      bytes decoded 160
//	0169  03 00 00 00 00 00 00 00                          first event 3
//	0171  e8 03 00 00 00 00 00 00                          virtual time, ns 1000
//	0179  00 00 00 00                                      events 0
//	017d  05 00 00 00                                      chunk number 5
//	0181  b9 7a 9c 68                                      CRC-32C of the payload
//	0185  e0 13 a0 77                                      CRC-32C of the header
//	0189  28 b5 2f fd 00 00 95 01 00 82 42 07 10 d0 81 00  payload
//	0199  00 ac 80 2a 90 0a 88 ff 9f bf 7b cf 03 0f bf 33
//	01a9  1a df 67 0e ca 6b 72 2a 02 07 00 60 20 c8 0c 0c
//	01b9  1d d4 7a a8 d0 04 b5 68 6c 87 05
//
//	01c4  52 50 52 65                                      trailer
//	01c8  78 08 0b 56                                      CRC-32C of what follows
//	01cc  59 01 00 00 00 00 00 00                          offset of the index 345
//	01d4  03 00 00 00 00 00 00 00                          events in the file 3
//	01dc  52 50 52 65 6e 64 0d 0a                          end
package tracefile

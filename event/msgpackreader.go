package event

import "io"

// MsgpackReader reads a trace in its MessagePack form event by event. Its memory does not grow with the trace, with one
// exception: in the map form the keys may come in any order, and if the events come before the metadata,
// [NewMsgpackReader] reads and keeps them all.
type MsgpackReader struct {
	d     *Decoder
	trace *Trace // the metadata, and the events if they are kept
	n     int    // number of events, from the header of the trace
	ahead int    // events that are still in the input
	next  int    // kept events that Next has returned
	left  int    // entries of the map form that are still in the input
	err   error  // the error that ended the input, returned by all later calls

	metadata, events bool // keys of the map form that were read
}

// NewMsgpackReader reads a trace from r up to the header of its events, and may read up to 64 KiB further. The
// errors are those of [ReadMsgpack] for the same bytes.
func NewMsgpackReader(r io.Reader) (*MsgpackReader, error) {
	m := newMsgpackReader(newDecoder(newInput(r)))
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, nil
}

func newMsgpackReader(d *Decoder) *MsgpackReader { return &MsgpackReader{d: d, trace: new(Trace)} }

// Metadata returns the metadata of the trace.
func (r *MsgpackReader) Metadata() Metadata { return r.trace.Metadata }

// Len returns the number of events that the header of the trace announces, from 0 to 2^32-1. The input may hold
// fewer; Next then returns an error. Do not allocate memory for Len events.
func (r *MsgpackReader) Len() int { return r.n }

// Next returns the next event, or io.EOF after the last one if nothing follows the trace. Any other error is a
// [*DecodeError], that of [ReadMsgpack] for the same bytes. All later calls return the same error, io.EOF included.
func (r *MsgpackReader) Next() (e Event, err error) {
	switch {
	case r.err != nil:
	case r.ahead > 0:
		r.err = r.pull(&e)
	case r.next < r.trace.Len():
		e = r.trace.At(r.next)
		r.next++
	default:
		r.err = r.finish()
	}
	return e, r.err
}

// open reads up to the first event that is not kept.
func (r *MsgpackReader) open() error {
	r.d.index = -1
	isMap, n, err := r.d.container()
	switch {
	case err != nil:
		return err
	case isMap:
		return r.openMap(n)
	case n != 2:
		return r.d.fail(malformed("a trace is an array of 2, this one has %d elements", n))
	}
	if r.trace.Metadata, err = r.d.metadata(); err != nil {
		return err
	}
	return r.announce()
}

// openMap reads the entries of the map form up to the events, or to the end if it keeps them.
func (r *MsgpackReader) openMap(n int) error {
	start := r.d.start
	r.left = n
	if err := r.entries(); err != nil || r.metadata && r.events {
		return err
	}
	r.d.start = start
	return r.d.fail(malformed("a trace needs the keys metadata and events"))
}

// announce reads the header of the events.
func (r *MsgpackReader) announce() (err error) {
	r.n, err = r.d.eventsHeader()
	r.ahead = r.n
	return err
}

// entries reads entries of the map form until there are events ahead, or to the end. The array form has none.
func (r *MsgpackReader) entries() error {
	r.d.index = -1
	for r.left > 0 && r.ahead == 0 {
		r.left--
		if err := r.d.mapEntries(1, r.entry); err != nil {
			return err
		}
	}
	return nil
}

// entry reads the value of a key of the map form. Of events that follow the metadata it reads only the header.
func (r *MsgpackReader) entry(key string) (err error) {
	switch key {
	case "metadata":
		if r.metadata {
			return malformed("duplicate key metadata")
		}
		r.metadata = true
		r.trace.Metadata, err = r.d.metadata()
		return err
	case "events":
		if r.events {
			return malformed("duplicate key events")
		}
		r.events = true
		if err = r.announce(); err != nil || r.metadata {
			return err
		}
		err = r.fill()
		r.d.index = -1
		return err
	}
	return r.d.skip()
}

// fill reads the events ahead and keeps them.
func (r *MsgpackReader) fill() error {
	var e Event
	for r.ahead > 0 {
		if err := r.pull(&e); err != nil {
			return err
		}
		r.trace.Append(e)
	}
	return nil
}

// pull reads the next event.
func (r *MsgpackReader) pull(e *Event) error {
	r.d.index = int64(r.n - r.ahead)
	r.ahead--
	return r.d.sequenceEvent(e)
}

// finish reads to the end of the input and returns io.EOF if nothing follows the trace.
func (r *MsgpackReader) finish() error {
	if err := r.entries(); err != nil {
		return err
	}
	if err := r.d.end(); err != nil {
		return err
	}
	return io.EOF
}

package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// benchEvents is a mix like that of a recorded run: every kind, with small and large numbers.
func benchEvents(b *testing.B) []Event {
	b.Helper()
	var events []Event
	for _, tick := range []uint64{3, 300, 70_000} {
		task, region := NewTaskID(uint32(tick), 1), NewRegionID(2, 0)
		events = append(events,
			TaskScheduled(task, tick), TaskScheduled(NewTaskID(1, 0), tick+1), TaskYielded(task), WakerWake(task),
			TaskScheduled(NewTaskID(0, 0), tick+2), TimerCreated(TimerID(tick), tick*1000),
			TimeAdvanced(tick, tick+5_000_000), TimerFired(TimerID(tick)), RngValue(0x9e3779b97f4a7c15),
			TaskSpawned(task, region, tick), TaskCompleted(task, OutcomeOK), IoReady(7, Readable),
			IoResult(7, 1500), IoError(7, IOTimedOut), ChaosInjectionInto(task, ChaosDelay, 1000),
			RegionCreated(region, 0, tick), RegionClosed(region, OutcomeOK), WakerBatchWake(3),
			Checkpoint(tick, tick*1000, 5, 2), TaskScheduled(task, tick+3))
	}
	return events
}

func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
}

// BenchmarkEncode is to beat the Rust implementation of the schema, 20 ns an event; the goal is 15 ns, no allocation.
func BenchmarkEncode(b *testing.B) {
	events := benchEvents(b)
	b.Run("reprise", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = buf[:0]
			for _, e := range events {
				buf = e.AppendMsgpack(buf)
			}
		}
		perEvent(b, len(events))
	})
	b.Run("rival=msgpack-v5-calls", func(b *testing.B) {
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		for b.Loop() {
			buf.Reset()
			for i := range events {
				if err := encodeByCalls(enc, &events[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		perEvent(b, len(events))
	})
}

// encodeByCalls encodes with one call of msgpack/v5 a value: the rival, and in the tests the oracle.
func encodeByCalls(enc *msgpack.Encoder, e *Event) error {
	fields := table[e.kind].fields
	if err := enc.EncodeArrayLen(1 + len(fields)); err != nil {
		return err
	}
	if err := enc.EncodeString(table[e.kind].name); err != nil {
		return err
	}
	for _, f := range fields {
		var err error
		switch {
		case types[f.Type].optional && !e.present:
			err = enc.EncodeNil()
		case f.Type == TypeBytes:
			err = enc.EncodeInt(int64(e.get(f.slot)))
		default:
			err = enc.EncodeUint(e.get(f.slot))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkDecode is to beat the Rust implementation, 133 ns an event; the goal is 33 ns, no allocation.
func BenchmarkDecode(b *testing.B) {
	events := benchEvents(b)
	var packed []byte
	for _, e := range events {
		packed = e.AppendMsgpack(packed)
	}
	b.Run("reprise", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for rest := packed; len(rest) > 0; {
				_, n, err := consumeMsgpack(rest)
				if err != nil {
					b.Fatal(err)
				}
				rest = rest[n:]
			}
		}
		perEvent(b, len(events))
	})
	b.Run("stream", func(b *testing.B) {
		r := bytes.NewReader(bytes.Repeat(packed, 1000))
		for b.Loop() {
			r.Seek(0, 0)
			d := NewDecoder(r)
			for range 1000 * len(events) {
				if _, err := d.Decode(); err != nil {
					b.Fatal(err)
				}
			}
		}
		perEvent(b, 1000*len(events))
	})
	b.Run("rival=general-path", func(b *testing.B) {
		d := newDecoder(&input{buf: packed})
		for b.Loop() {
			d.in.pos = 0
			for range events {
				if _, err := d.event(); err != nil {
					b.Fatal(err)
				}
			}
		}
		perEvent(b, len(events))
	})
}

// benchTrace is benchEvents many times over, in both forms too.
func benchTrace(b *testing.B) (tr *Trace, packed, lines []byte) {
	b.Helper()
	tr = NewTrace(NewMetadata(1))
	events := benchEvents(b)
	for range 1000 {
		for _, e := range events {
			tr.Append(e)
		}
	}
	var p, l bytes.Buffer
	if err := errors.Join(tr.WriteMsgpack(&p), tr.WriteJSONL(&l)); err != nil {
		b.Fatal(err)
	}
	return tr, p.Bytes(), l.Bytes()
}

// BenchmarkTrace reads and writes a trace of 60,000 events: at once, and event by event, which is to cost no more.
func BenchmarkTrace(b *testing.B) {
	tr, packed, lines := benchTrace(b)
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"ReadMsgpack", func() error { _, err := ReadMsgpack(bytes.NewReader(packed)); return err }},
		{"MsgpackReader", func() error { return drain(NewMsgpackReader(bytes.NewReader(packed))) }},
		{"WriteMsgpack", func() error { return tr.WriteMsgpack(io.Discard) }},
		{"ReadJSONL", func() error { _, err := ReadJSONL(bytes.NewReader(lines)); return err }},
		{"JSONLReader", func() error { return drain(NewJSONLReader(bytes.NewReader(lines))) }},
		{"WriteJSONL", func() error { return tr.WriteJSONL(io.Discard) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.run(); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, tr.Len())
		})
	}
}

// BenchmarkWriteMsgpack writes whole traces of several lengths into memory that is allocated for it. The rival has a
// buffer between, and memory that grows.
func BenchmarkWriteMsgpack(b *testing.B) {
	events := benchEvents(b)
	for _, n := range []int{200, 5_000, 1_000_000} {
		tr := NewTrace(NewMetadata(1))
		for i := range n {
			tr.Append(events[i%len(events)])
		}
		for name, write := range map[string]func(*bytes.Buffer) error{
			"reprise":       func(buf *bytes.Buffer) error { return tr.WriteMsgpack(buf) },
			"rival=growing": func(buf *bytes.Buffer) error { return tr.WriteMsgpack(struct{ io.Writer }{buf}) },
		} {
			b.Run(fmt.Sprintf("events=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					var buf bytes.Buffer
					if err := write(&buf); err != nil {
						b.Fatal(err)
					}
				}
				perEvent(b, n)
			})
		}
	}
}

// BenchmarkJSON is for lines in the canonical form. The rival reads them by the tokens of encoding/json; the goals are
// 400 ns an event to read, 100 ns to write, no allocation.
func BenchmarkJSON(b *testing.B) {
	events := benchEvents(b)
	var lines [][]byte
	for _, e := range events {
		lines = append(lines, e.AppendJSON(nil))
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = buf[:0]
			for _, e := range events {
				buf = e.AppendJSON(buf)
			}
		}
		perEvent(b, len(events))
	})
	for name, parse := range map[string]func([]byte) (Event, error){
		"decode": parseEventJSON, "rival=general-path": generalJSON,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, line := range lines {
					if _, err := parse(line); err != nil {
						b.Fatal(err)
					}
				}
			}
			perEvent(b, len(events))
		})
	}
}

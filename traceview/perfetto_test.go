package traceview_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/traceview"
)

// field is what the published definitions of Perfetto say of a field that a trace has: name, wire type, and the message
// in it.
type field struct {
	name string
	kind protowire.Type
	of   map[protowire.Number]field
}

// trace is the part of perfetto.protos.Trace that is used, from trace.proto, trace_packet.proto, track_event.proto,
// track_descriptor.proto, process_descriptor.proto, counter_descriptor.proto and debug_annotation.proto.
var trace = map[protowire.Number]field{1: {"packet", protowire.BytesType, map[protowire.Number]field{
	8:  {"timestamp", protowire.VarintType, nil},
	10: {"trusted_packet_sequence_id", protowire.VarintType, nil},
	11: {"track_event", protowire.BytesType, map[protowire.Number]field{
		4: {"debug_annotations", protowire.BytesType, map[protowire.Number]field{
			4: {"int_value", protowire.VarintType, nil}, 6: {"string_value", protowire.BytesType, nil},
			10: {"name", protowire.BytesType, nil}}},
		9: {"type", protowire.VarintType, nil}, 11: {"track_uuid", protowire.VarintType, nil},
		22: {"categories", protowire.BytesType, nil}, 23: {"name", protowire.BytesType, nil},
		30: {"counter_value", protowire.VarintType, nil}, 47: {"flow_ids", protowire.Fixed64Type, nil},
		48: {"terminating_flow_ids", protowire.Fixed64Type, nil}}},
	60: {"track_descriptor", protowire.BytesType, map[protowire.Number]field{
		1: {"uuid", protowire.VarintType, nil}, 2: {"name", protowire.BytesType, nil},
		3: {"process", protowire.BytesType, map[protowire.Number]field{
			1: {"pid", protowire.VarintType, nil}, 6: {"process_name", protowire.BytesType, nil}}},
		5: {"parent_uuid", protowire.VarintType, nil},
		8: {"counter", protowire.BytesType, map[protowire.Number]field{}}}},
}}}

// text writes a message for people, and fails on a field that the definitions do not have.
func text(t *testing.T, b []byte, of map[protowire.Number]field, indent string, out *strings.Builder) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatalf("no tag: %v", protowire.ParseError(n))
		}
		b = b[n:]
		f, known := of[number]
		if !known || f.kind != kind {
			t.Fatalf("field %d of type %d is not defined", number, kind)
		}
		fmt.Fprintf(out, "%s%s", indent, f.name)
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			fmt.Fprintf(out, " %d\n", v)
			b = b[n:]
		case protowire.Fixed64Type:
			v, n := protowire.ConsumeFixed64(b)
			fmt.Fprintf(out, " %d\n", v)
			b = b[n:]
		default:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				t.Fatalf("%s: %v", f.name, protowire.ParseError(n))
			}
			if f.of == nil {
				fmt.Fprintf(out, " %q\n", v)
			} else {
				out.WriteString("\n")
				text(t, v, f.of, indent+"  ", out)
			}
			b = b[n:]
		}
	}
}

// TestPerfetto checks a trace against the published definitions, and its content against a golden.
func TestPerfetto(t *testing.T) {
	for _, name := range names {
		var b bytes.Buffer
		if err := open(t, name, traceview.Options{Focus: -1}).WritePerfetto(&b); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		text(t, b.Bytes(), trace, "", &out)
		if name == "leak.reprise" {
			golden.Check(t, name+".perfetto.txt", out.String())
		}
		checkSlices(t, name, out.String())
	}
}

// checkSlices checks that on each track slices begin and end in turn, and that moments do not fall.
func checkSlices(t *testing.T, name, told string) {
	t.Helper()
	open, last := map[string]int{}, uint64(0)
	for _, packet := range strings.Split(told, "packet\n") {
		var at uint64
		var kind int
		var track string
		for line := range strings.Lines(packet) {
			fmt.Sscanf(line, "  timestamp %d", &at)
			fmt.Sscanf(line, "    type %d", &kind)
			fmt.Sscanf(line, "    track_uuid %s", &track)
		}
		if packet != "" && at < last {
			t.Errorf("%s: moment %d comes after %d", name, at, last)
		}
		last = max(last, at)
		switch kind {
		case 1:
			open[track]++
		case 2:
			open[track]--
		}
		if open[track] < 0 || open[track] > 1 {
			t.Errorf("%s: %d slices are open on track %s at %d", name, open[track], track, at)
		}
	}
	for track, n := range open {
		if n != 0 {
			t.Errorf("%s: a slice on track %s does not end", name, track)
		}
	}
}

package event

import (
	"bytes"
	"io"
	"testing"
)

// TestWriteToMemory checks that a trace of any length has the same form in memory, where its size is estimated, as in a
// stream, and that the number of allocations does not depend on the length.
func TestWriteToMemory(t *testing.T) {
	for _, n := range []int{0, 1, blockEvents - 1, blockEvents, blockEvents + 1, 5*blockEvents + 7} {
		tr := NewTrace(NewMetadata(7))
		for i := range n {
			if i < blockEvents { // short ones first, so that the estimate is too low
				tr.Append(TaskYielded(0))
			} else {
				tr.Append(TimeAdvanced(1<<40, 1<<50))
			}
		}
		var direct, stream bytes.Buffer
		direct.WriteString("before")
		if err := tr.WriteMsgpack(&direct); err != nil {
			t.Fatal(err)
		}
		if err := tr.WriteMsgpack(struct{ io.Writer }{&stream}); err != nil {
			t.Fatal(err)
		}
		if got := direct.String(); got != "before"+stream.String() {
			t.Errorf("%d events: %d bytes in memory differ from %d in a stream", n, len(got)-6, stream.Len())
		}
		allocations := testing.AllocsPerRun(5, func() {
			var b bytes.Buffer
			if err := tr.WriteMsgpack(&b); err != nil {
				t.Fatal(err)
			}
		})
		if allocations > 12 {
			t.Errorf("%d events: %v allocations", n, allocations)
		}
	}
}

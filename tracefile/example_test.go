package tracefile_test

import (
	"bytes"
	"fmt"
	"io"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile"
)

// A file is written event by event, and read from any place.
func Example() {
	var file bytes.Buffer
	w, err := tracefile.NewWriter(&file, event.NewMetadata(42), tracefile.Config{
		Identity: tracefile.Identity{tracefile.KeyModule: "example.com/bank"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	main := event.NewTaskID(0, 0)
	w.NameTask(main, "main")
	w.Append(event.RngSeed(42))
	w.Site("bank.go:25")
	w.Append(event.TaskSpawned(main, event.NewRegionID(0, 0), 0))
	w.Append(event.TimeAdvanced(0, 1000))
	w.SetEnd(tracefile.End{Reason: tracefile.EndFinished})
	if err := w.Close(); err != nil { // an error of an earlier call comes again
		fmt.Println(err)
		return
	}

	r, err := tracefile.NewReaderAt(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	if err := r.Seek(1); err != nil {
		fmt.Println(err)
		return
	}
	for e, err := range r.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %v %q\n", r.Pos()-1, e, r.Site())
	}
	end, _ := r.End()
	fmt.Println("the task", r.TaskName(main), end.Reason)
	// Output:
	// 1 TaskSpawned task=T0 region=R0 at_tick=0 "bank.go:25"
	// 2 TimeAdvanced from_nanos=0s to_nanos=1µs ""
	// the task main finished
}

// What is whole of a damaged file can be read, and the receipt says what is not.
func ExampleRecover() {
	var file bytes.Buffer
	w, _ := tracefile.NewWriter(&file, event.NewMetadata(1), tracefile.Config{ChunkEvents: 2})
	for i := range uint64(6) {
		w.Append(event.RngValue(i))
	}
	w.Close()
	damaged := file.Bytes()
	damaged[200] ^= 1

	rec, err := tracefile.Recover(bytes.NewReader(damaged), int64(len(damaged)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(rec)
	for e := range rec.Read(1) {
		fmt.Println(e)
	}
	// Output:
	// 4 events in 2 parts; at least 2 events are lost
	// part 0: events 0 to 1, from byte 110
	// part 1: events 4 to 5, from byte 250
	// lost: byte 180, 70 bytes, events 2 to 3: the checksum of the chunk's header is wrong
	// RngValue value=4
	// RngValue value=5
}

var _ io.Closer = (*tracefile.Reader)(nil)

package event_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"strings"

	"github.com/reprise-go/reprise/event"
)

// The examples show each form once, as a reader of the documentation meets it first.

func Example() {
	task, region := event.NewTaskID(1, 0), event.NewRegionID(0, 0)
	trace := event.NewTrace(event.NewMetadata(42))
	trace.Append(event.RngSeed(42))
	trace.Append(event.RootRegionCreated(region, 0))
	trace.Append(event.TaskSpawned(task, region, 0))
	trace.Append(event.TaskScheduled(task, 1))
	trace.Append(event.TaskCompleted(task, event.OutcomeOK))

	var file bytes.Buffer
	if err := trace.WriteMsgpack(&file); err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Len(), "bytes")

	again, err := event.ReadMsgpack(&file)
	if err != nil {
		log.Fatal(err)
	}
	for i, e := range again.All() {
		fmt.Println(i, e)
	}
	// Output:
	// 109 bytes
	// 0 RngSeed seed=42
	// 1 RegionCreated region=R0 parent=none at_tick=0
	// 2 TaskSpawned task=T1 region=R0 at_tick=0
	// 3 TaskScheduled task=T1 at_tick=1
	// 4 TaskCompleted task=T1 outcome=ok
}

// A file of any size is converted in constant memory.
func ExampleMsgpackReader() {
	file := strings.NewReader("\x92\x94\x01\x2a\x00\x00\x92\x92\xa7RngSeed\x2a\x92\xabTaskYielded\x07")
	events, err := event.NewMsgpackReader(file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", events.Metadata().AppendJSON(nil))
	var line []byte
	for {
		e, err := events.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		line = e.AppendJSON(line[:0])
		fmt.Printf("%s\n", line)
	}
	// Output:
	// {"version":1,"seed":42,"recorded_at":0,"config_hash":0}
	// {"type":"RngSeed","seed":42}
	// {"type":"TaskYielded","task":7}
}

func ExampleKindSet() {
	kinds, err := event.ParseKindSet("WakerWake,RngValue")
	fmt.Println(kinds, err, kinds.Has(event.KindRngValue), kinds.Has(event.KindRngSeed))
	// Output:
	// RngValue,WakerWake <nil> true false
}

func ExampleEvent_AppendJSON() {
	e := event.ChaosInjection(event.ChaosDelay, 1_000_000)
	fmt.Printf("%s\n", e.AppendJSON(nil))
	// Output:
	// {"type":"ChaosInjection","kind":1,"task":null,"data":1000000}
}

func ExampleIOErrorKind_Err() {
	injected := event.IoError(7, event.IONotFound)
	err := fmt.Errorf("reading the configuration: %w", injected.IOErrorKind().Err())
	fmt.Println(errors.Is(err, fs.ErrNotExist), event.IOErrorKindOf(err))
	// Output:
	// true not found
}

func ExampleDecodeError() {
	_, err := event.ParseMsgpack([]byte("\x92\x94\x01\x2a\x00\x00\x91\x92\xa7RngSeed\xc0"))
	var where *event.DecodeError
	if errors.As(err, &where) {
		fmt.Println(where.Offset, where.Index, where.Field)
	}
	fmt.Println(err)
	// Output:
	// 16 0 RngSeed.seed
	// event: event 0, byte 16, RngSeed.seed: malformed trace: nil where a number is needed
}

package tracefile_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// realTrace is a recording of a program that uses most of what simsched offers: workers and a producer over channels, a
// lock, timers, random numbers, regions that come and go, a server with clients on the network. It is used again
// and again until there are n events.
var realTrace = sync.OnceValue(func() []event.Event {
	trace, err := recorder.Run(simsched.Config{Seed: 7, MaxSteps: 1 << 40}, program)
	if err != nil {
		panic(err)
	}
	return trace.Slice(0, trace.Len())
})

func program(s *simsched.Sim) error {
	jobs, results := simsched.NewChan[int](s, "jobs", 4), simsched.NewChan[int](s, "results", 0)
	lock, sum := s.NewMutex("sum"), 0
	for w := range 8 {
		s.Go(fmt.Sprint("worker ", w), func() error {
			rng := s.Rand(fmt.Sprint("worker ", w))
			for {
				job, ok := jobs.Recv()
				if !ok {
					return nil
				}
				s.Sleep(time.Duration(rng.IntN(1000)) * time.Microsecond)
				lock.Lock()
				sum += job
				s.Yield()
				lock.Unlock()
				results.Send(job)
			}
		})
	}
	s.Go("producer", func() error {
		for job := range 8000 {
			jobs.Send(job)
		}
		jobs.Close()
		return nil
	})
	for range 8000 {
		if job, _ := results.Recv(); job%100 == 0 {
			if err := s.InRegion("batch", func(*simsched.Region) error { return transfer(s) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// transfer sends bytes through a pipe from one task to another.
func transfer(s *simsched.Sim) error {
	p := s.NewPipe("pipe", 64)
	s.Go("sender", func() error {
		for range 20 {
			if _, err := p.Write(make([]byte, 100)); err != nil {
				return err
			}
		}
		return p.Close()
	})
	_, err := io.Copy(io.Discard, p)
	return err
}

// repeat calls use with n events.
func repeat(n int, use func(e event.Event)) {
	for events := realTrace(); n > 0; n -= len(events) {
		for _, e := range events[:min(n, len(events))] {
			use(e)
		}
	}
}

// fileOf returns a file with n events.
func fileOf(b *testing.B, n int) []byte {
	var out bytes.Buffer
	w, err := tracefile.NewWriter(&out, event.NewMetadata(1), tracefile.Config{})
	if err != nil {
		b.Fatal(err)
	}
	repeat(n, func(e event.Event) { must(b, w.Append(e)) })
	must(b, w.Close())
	return out.Bytes()
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// perEvent reports the time an event.
func perEvent(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
	b.ReportMetric(0, "ns/op")
}

const benchEvents = 1 << 20

// BenchmarkWrite compares what an event costs from Append to the sink, compression included, with the plain MessagePack
// encoder; and what it costs the goroutine that appends, when it does not have to wait.
func BenchmarkWrite(b *testing.B) {
	realTrace()
	b.Run("file", func(b *testing.B) {
		var size int64
		for b.Loop() {
			w, err := tracefile.NewWriter(io.Discard, event.NewMetadata(1), tracefile.Config{})
			must(b, err)
			repeat(benchEvents, func(e event.Event) { must(b, w.Append(e)) })
			must(b, w.Close())
			size = w.Size()
		}
		perEvent(b, benchEvents)
		b.ReportMetric(float64(size)/benchEvents, "B/event")
	})
	b.Run("append", benchAppend)
	b.Run("rival=msgpack", func(b *testing.B) {
		var size countWriter
		for b.Loop() {
			size = 0
			x := event.NewEncoder(&size)
			repeat(benchEvents, func(e event.Event) { must(b, x.Encode(e)) })
			must(b, x.Flush())
		}
		perEvent(b, benchEvents)
		b.ReportMetric(float64(size)/benchEvents, "B/event")
	})
}

type countWriter int64

func (c *countWriter) Write(b []byte) (int, error) {
	*c += countWriter(len(b))
	return len(b), nil
}

// benchAppend times calls of Append alone. Flush, which is not timed, sees to it that there are free chunks.
func benchAppend(b *testing.B) {
	const burst = 2 * tracefile.DefaultChunkEvents
	events := realTrace()[:burst]
	w, err := tracefile.NewWriter(io.Discard, event.NewMetadata(1), tracefile.Config{})
	must(b, err)
	for b.Loop() {
		for _, e := range events {
			must(b, w.Append(e))
		}
		b.StopTimer()
		must(b, w.Flush())
		b.StartTimer()
	}
	perEvent(b, burst)
	must(b, w.Close())
}

// BenchmarkLevels compares levels of zstd and lengths of chunks.
func BenchmarkLevels(b *testing.B) {
	events := realTrace()
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression} {
		for _, chunk := range []int{2048, tracefile.DefaultChunkEvents, 32768} {
			z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
			must(b, err)
			var raw []byte
			for _, e := range events[:chunk] {
				raw = e.AppendMsgpack(raw)
			}
			b.Run(fmt.Sprintf("%v/chunk=%d", level, chunk), func(b *testing.B) {
				var packed []byte
				for b.Loop() {
					packed = z.EncodeAll(raw, packed[:0])
				}
				perEvent(b, chunk)
				b.ReportMetric(float64(len(packed))/float64(chunk), "B/event")
			})
			must(b, z.Close())
		}
	}
}

// BenchmarkRead compares reading a file with reading the plain MessagePack form, which is four times as long and has no
// checksums. On one core decoding ahead gains nothing.
func BenchmarkRead(b *testing.B) {
	file := fileOf(b, benchEvents)
	for name, ahead := range map[string]bool{"file": false, "file/ahead": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := tracefile.NewReaderAt(bytes.NewReader(file), int64(len(file)))
				must(b, err)
				if ahead {
					r.ReadAhead()
				}
				readAll(b, r.Next, benchEvents)
				must(b, r.Close())
			}
			perEvent(b, benchEvents)
			b.ReportMetric(float64(b.N)*benchEvents/b.Elapsed().Seconds()/1e6, "Mevents/s")
		})
	}
	var plain []byte
	repeat(benchEvents, func(e event.Event) { plain = e.AppendMsgpack(plain) })
	b.Run("rival=msgpack", func(b *testing.B) {
		for b.Loop() {
			readAll(b, event.NewDecoder(bytes.NewReader(plain)).Decode, benchEvents)
		}
		perEvent(b, benchEvents)
	})
}

func readAll(b *testing.B, next func() (event.Event, error), want int) {
	for n := 0; ; n++ {
		if _, err := next(); err == io.EOF {
			if n != want {
				b.Fatalf("%d events, want %d", n, want)
			}
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}

// bigEvents is the number of events in the file of BenchmarkSeek and BenchmarkMemory; TRACEFILE_BENCH_EVENTS replaces
// it.
func bigEvents(b *testing.B) int {
	text := os.Getenv("TRACEFILE_BENCH_EVENTS")
	if text == "" {
		return 10_000_000
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}

var bigFile struct {
	sync.Mutex
	path string
}

// big returns a large file, which is made once and removed at the end of the tests.
func big(b *testing.B, n int) string {
	bigFile.Lock()
	defer bigFile.Unlock()
	if bigFile.path != "" {
		return bigFile.path
	}
	dir, err := os.MkdirTemp("", "tracefile")
	must(b, err)
	bigFile.path = filepath.Join(dir, "big.reprise")
	w, err := tracefile.Create(bigFile.path, event.NewMetadata(1), tracefile.Config{})
	must(b, err)
	repeat(n, func(e event.Event) { must(b, w.Append(e)) })
	must(b, w.Close())
	return bigFile.path
}

func removeBig() {
	if bigFile.path != "" {
		_ = os.RemoveAll(filepath.Dir(bigFile.path))
	}
}

// BenchmarkSeek measures a seek to any event of a large file and reading that event; and the first one after opening,
// which reads the index.
func BenchmarkSeek(b *testing.B) {
	n, events := bigEvents(b), realTrace()
	path := big(b, n)
	seek := func(b *testing.B, r *tracefile.Reader, index uint64) {
		must(b, r.Seek(index))
		e, err := r.Next()
		must(b, err)
		if want := events[index%uint64(len(events))]; e != want {
			b.Fatalf("event %d is %v, want %v", index, e, want)
		}
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			r, err := tracefile.Open(path)
			must(b, err)
			seek(b, r, uint64(n/2))
			must(b, r.Close())
		}
	})
	b.Run("next", func(b *testing.B) {
		r, err := tracefile.Open(path)
		must(b, err)
		defer r.Close()
		at := uint64(1)
		for b.Loop() {
			at = at * 6364136223846793005
			seek(b, r, at%uint64(n))
		}
	})
}

// BenchmarkMemory reads a large file and reports the largest heap that was seen, which must not depend on the file.
func BenchmarkMemory(b *testing.B) {
	n := bigEvents(b)
	path := big(b, n)
	for name, ahead := range map[string]bool{"plain": false, "ahead": true} {
		b.Run(name, func(b *testing.B) {
			peak := uint64(0)
			for b.Loop() {
				r, err := tracefile.Open(path)
				must(b, err)
				if ahead {
					r.ReadAhead()
				}
				for i := range n {
					_, err := r.Next()
					must(b, err)
					if i%1_000_000 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapInuse)
					}
				}
				must(b, r.Close())
			}
			perEvent(b, n)
			b.ReportMetric(float64(peak)/(1<<20), "MiB-heap")
		})
	}
}

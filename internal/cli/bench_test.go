package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/tracefile"
)

// longRun emits about n events of a lawful run: tasks take turns, draw, set timers, wake each other, end, and are
// replaced under the next generation.
func longRun(n int, emit func(event.Event)) {
	const live = 100
	root, draw := event.NewRegionID(0, 0), uint64(1)
	task := func(n int) event.TaskID { return event.NewTaskID(uint32(n%live), uint32(n/live)) }
	emit(event.RngSeed(5))
	emit(event.RootRegionCreated(root, 0))
	for i := range live {
		emit(event.TaskSpawned(task(i), root, 0))
	}
	tick, now := uint64(0), uint64(0)
	for i := 0; i*10 < n; i++ {
		t, timer := task(i), event.TimerID(i)
		draw = draw*6364136223846793005 + 1442695040888963407
		emit(event.TaskScheduled(t, tick+1))
		emit(event.TimerCreated(timer, now+draw>>50))
		emit(event.TaskYielded(t))
		emit(event.WakerWake(task(i + live/2)))
		emit(event.TaskScheduled(t, tick+2))
		if draw>>62 == 0 {
			emit(event.RngValue(draw))
		}
		emit(event.TimeAdvanced(now, now+draw>>50+1))
		emit(event.TimerFired(timer))
		emit(event.TaskCompleted(t, event.OutcomeOK))
		emit(event.TaskSpawned(task(i+live), root, tick+2))
		tick, now = tick+2, now+draw>>50+1
	}
}

// writeLongRun writes longRun as a trace file and returns how many events it has.
func writeLongRun(b *testing.B, path string, n int) (events uint64) {
	b.Helper()
	w, err := tracefile.Create(path, event.NewMetadata(5), tracefile.Config{})
	if err != nil {
		b.Fatal(err)
	}
	longRun(n, func(e event.Event) {
		if err := w.Append(e); err != nil {
			b.Fatal(err)
		}
	})
	events = w.Len()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return events
}

// benchEvents is how many events the benchmarks read, by default 2 million: 100,000,000 in REPRISE_BENCH_EVENTS gives
// the figures of the design, which are at least 15 million events a second, and less than 64 MiB.
func benchEvents(b *testing.B) int {
	text := os.Getenv("REPRISE_BENCH_EVENTS")
	if text == "" {
		return 2_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkVerify is "reprise verify" on a trace file, on two cores. It also tells the memory that the process has from
// the system.
func BenchmarkVerify(b *testing.B) { benchCommand(b, "verify") }

// BenchmarkStats is "reprise stats" on the same file.
func BenchmarkStats(b *testing.B) { benchCommand(b, "stats") }

// BenchmarkDump is "reprise dump" with a filter that no event passes.
func BenchmarkDump(b *testing.B) { benchCommand(b, "dump") }

func benchCommand(b *testing.B, command string) {
	path := filepath.Join(b.TempDir(), "long.reprise")
	events := writeLongRun(b, path, benchEvents(b))
	b.ResetTimer()
	for range b.N {
		var out, errs bytes.Buffer
		args := []string{command, path}
		if command == "dump" {
			args = append(args, "--from", "1", "--kind", "RngSeed") // reads all and prints none
		}
		if code := Main(args, nil, &out, &errs); code != base.ExitOK {
			b.Fatal(code, errs.String(), out.String())
		}
	}
	perEvent := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(events)
	b.ReportMetric(perEvent, "ns/event")
	b.ReportMetric(1e3/perEvent, "Mevents/s")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
	if info, err := os.Stat(path); err == nil {
		b.ReportMetric(float64(info.Size())/float64(events), "bytes/event")
	}
}

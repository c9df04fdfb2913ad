package gort

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/record"
)

const (
	ask   = "/src/bank/bank.go:50 example.com/bank.Ask"
	reply = "/src/bank/bank.go:52 example.com/bank.Ask.func1"
)

// told are the recordings of the goldens, with the number of lines they are told in.
func told() []struct {
	name string
	most int
	o    *Outcome
} {
	split := lockOrder(true).outcome(Diverged, 0, "")
	return []struct {
		name string
		most int
		o    *Outcome
	}{
		{"deadlock", 30, lockOrder(true).outcome(Deadlocked, 0, "")},
		{"leak by a leap of time", 30, leapt(Leaked)},
		{"leak after the end of the test", 30, leftLate()},
		{"sleeps and timers", 30, timers()},
		{"timers that fire in a turn", 30, lazyTimers()},
		{"a ticker that nobody hears", 30, ticking(50)},
		{"a leak beside a ticker", 30, leakBesideTicker()},
		{"outside", 30, outside()},
		{"panic", 30, panicking()},
		{"exit", 30, exiting()},
		{"alone", 30, alone()},
		{"killed", 30, spinning(3).outcome(TimedOut, 0, "")},
		{"virtual time", 30, leapt(TimedOut)},
		{"livelock in 12 lines", 12, spinning(400).outcome(Limited, 0, "reprise: more decisions than the limit\n")},
		{"livelock in 8 lines", 0, spinning(400).outcome(Limited, 0, "reprise: more decisions than the limit\n")},
		{"many goroutines", 30, many()},
		{"replay that parted", 30, parting()},
		{"before any test", 30, outsideDeadlock()},
		{"diverged", 30, split},
		{"nothing", 30, (&tape{}).outcome(Passed, 0, "")},
	}
}

// ticking has a ticker that fires again and again, in the turn of a goroutine and between two turns.
func ticking(times int) *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	tick := func(first int) {
		for i := range times {
			id := uint32(first + i)
			t.setTimer(2, id, t.time+1)
			t.fire(2, id, t.time+1)
		}
	}
	tick(1)
	t.block(2, "sleep", ask)
	tick(1 + times)
	t.wake(2, 0)
	t.sched(2, 1, record.WhyBlock)
	tick(1 + 2*times)
	return t.outcome(Failed, 2, "--- FAIL: TestAsk (0.00s)\n")
}

// leftLate has a goroutine that goes on after the end of the test, and is left behind then.
func leftLate() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	t.wake(1, 2)
	t.end(2)
	t.sched(1, 2, record.WhyEnd)
	t.block(1, "sleep", "_testmain.go:50 main.main")
	t.sched(3, 1, record.WhyBlock)
	t.block(3, "chan send", reply)
	t.left(3, "chan send", reply)
	return t.outcome(Leaked, 1, "")
}

// leakBesideTicker has a goroutine that is left behind, and then a thousand turns of others after the end of the test.
func leakBesideTicker() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	t.spawn(2, "example.com/bank.tick", site)
	t.wake(1, 2)
	t.end(2)
	t.sched(3, 3, record.WhyEnd)
	t.block(3, "chan send", reply)
	for i := range uint32(1000) {
		t.sched(1, 2, record.WhyBlock)
		t.setTimer(1, 2*i+1, t.time+1000)
		t.block(1, "sleep", "_testmain.go:50 main.main")
		t.sched(4, 1, record.WhyBlock)
		t.setTimer(4, 2*i+2, t.time+1000)
		t.block(4, "chan receive", site)
		t.fire(1, 2*i+1, t.time+1000)
		t.wake(1, 0)
		t.fire(4, 2*i+2, t.time)
		t.wake(4, 0)
	}
	t.left(3, "chan send", reply)
	t.left(4, "timer", site)
	return t.outcome(Leaked, 1, "")
}

// amounts are the numbers and the times in a schedule.
var amounts = regexp.MustCompile(`[0-9.]+(?:ns|µs|ms)?`)

// TestManyTimers checks that a schedule of very many timers is told, in lines that are as short as those of a few.
// With steps that grow with the square of their number this test would not end.
func TestManyTimers(t *testing.T) {
	words := func(times int) string {
		return strings.Join(strings.Fields(amounts.ReplaceAllString(ticking(times).Schedule(30), "#")), " ")
	}
	if few, many := words(1000), words(1_000_000); few != many {
		t.Errorf("%.2000s\nis told in other words than\n%.2000s", many, few)
	}
}

// leapt has a timer that fires before a goroutine that could have answered.
func leapt(v Verdict) *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	t.setTimer(2, 1, 10_000_000)
	t.block(2, "select", ask)
	t.fire(2, 1, 10_000_000)
	t.wake(2, 2)
	t.leap(3, 2, record.WhyBlock, 9_995_000)
	t.block(3, "chan send", reply)
	t.sched(2, 1, record.WhyBlock)
	t.wake(1, 2)
	t.end(2)
	t.sched(1, 1, record.WhyEnd)
	t.left(3, "chan send", reply)
	output := ""
	if v == TimedOut {
		output = "reprise: virtual time has passed the limit\n"
	}
	return t.outcome(v, 1, output)
}

// timers has a sleep, time.AfterFunc, a ticker to which nobody listens, and a leap at a preemption.
func timers() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.setTimer(0, 1, 1_003_000)
	t.block(2, "sleep", site)
	t.fire(0, 1, 1_003_000)
	t.wake(2, 0)
	t.sched(2, 1, record.WhyBlock)
	t.setTimer(2, 2, 2_000_000)
	t.setTimer(2, 3, 1_500_000)
	t.time += 900_000
	t.add(record.Record{Kind: record.Preempt, G: 2, Site: t.text(site), Val: 900_000})
	t.leap(2, 1, record.WhyPreempt, 900_000)
	t.block(2, "chan receive", site)
	t.fire(2, 3, 1_905_000)
	t.fire(2, 2, 2_000_000)
	t.spawn(2, "example.com/bank.expire", ask)
	t.sched(3, 1, record.WhyBlock)
	t.wake(2, 3)
	t.end(3)
	t.sched(2, 1, record.WhyEnd)
	t.end(2)
	return t.outcome(Failed, 1, "--- FAIL: TestX (0.00s)\n    x_test.go:1: late\nFAIL\n")
}

// lazyTimers has timers that fire when a goroutine looks at their channel: of one that waits then, and of one that
// ends. A third fires while a goroutine is held up in a system call.
func lazyTimers() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.setTimer(2, 1, 900_000)
	t.setTimer(2, 2, 1_500_000)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	t.fire(2, 1, 1_000_000)
	t.wake(3, 2)
	t.block(2, "select", ask)
	t.sched(3, 1, record.WhyBlock)
	t.fire(2, 2, 1_600_000)
	t.end(3)
	t.sched(2, 1, record.WhyEnd)
	t.setTimer(2, 3, 2_000_000)
	t.fire(2, 3, 2_000_000)
	t.spawn(2, "example.com/bank.expire", ask)
	t.sched(4, 1, record.WhySyscall)
	t.end(4)
	t.admit(2, 2)
	t.sched(2, 1, record.WhyEnd)
	t.end(2)
	return t.outcome(Failed, 1, "--- FAIL: TestX (0.00s)\n    x_test.go:1: late\nFAIL\n")
}

// outside has system calls, the poller, and a preemption by force.
func outside() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "os/exec.(*Cmd).Start.gowrap1", "/go/src/os/exec/exec.go:756 os/exec.(*Cmd).Start")
	t.sched(3, 1, record.WhySyscall)
	t.block(3, "IO wait", "<autogenerated>:1 os.fileWithoutWriteTo.Read")
	t.admit(2, 2)
	t.admit(3, 1)
	t.sched(2, 2, record.WhyBlock)
	t.admit(2, 2)
	t.sched(3, 1, record.WhySyscall)
	t.end(3)
	t.sched(2, 1, record.WhyEnd)
	t.add(record.Record{Kind: record.Preempt, G: 2, Reason: record.WhyForced, Site: t.text(site)})
	t.sched(2, 1, record.WhyForced)
	t.end(2)
	return t.outcome(Passed, 1, "PASS\n")
}

// panicking has a goroutine that panics after it was preempted inside the library.
func panicking() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "sync.(*WaitGroup).Go.func1", wgGo)
	t.spawn(2, "sync.(*WaitGroup).Go.func1", wgGo)
	t.spawn(2, "example.com/bank.Watch.gowrap1", ask)
	t.yield(2, "/go/src/testing/testing.go:9 testing.(*common).Log")
	t.sched(3, 3, record.WhyYield)
	t.preempt(3, "/go/src/runtime/zreprise.go:9 runtime.rprPointSlow")
	t.sched(4, 3, record.WhyPreempt)
	return t.outcome(Panicked,
		4, "panic: no money\n\ngoroutine 9 [running]:\nexample.com/bank.pay(...)\n\t/src/bank/bank.go:7 +0x1d\n")
}

func exiting() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	return t.outcome(Failed, 2, "no such bank\n")
}

func alone() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.wake(1, 2)
	t.end(2)
	t.sched(1, 1, record.WhyEnd)
	return t.outcome(Failed, 1, "FAIL\n")
}

// spinning has two goroutines that yield in turn, that often, with a preemption now and then.
func spinning(turns int) *tape {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	for i := range turns {
		g := uint32(2 + i%2)
		if i%7 == 6 {
			t.preempt(g, lockA)
		} else {
			t.yield(g, []string{site, reply}[i%2])
		}
		t.sched(5-g, 2, record.WhyYield)
	}
	return t
}

// many has more goroutines than columns, some of them subtests.
func many() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	for range 5 {
		t.spawn(2, "testing.(*T).Run.gowrap1", "/go/src/testing/testing.go:2101 testing.(*T).Run")
	}
	for range 5 {
		t.spawn(2, "example.com/bank.(*Bank[go.shape.int]).serve", ask)
	}
	t.block(2, "chan receive", site)
	for g := uint32(3); g <= 12; g++ {
		t.sched(g, int(13-g), record.WhyBlock)
		t.block(g, "sync.Mutex.Lock", lockA)
	}
	return t.outcome(Deadlocked, 0, "")
}

// parting leaves its recording, and later goes on behind the end of it.
func parting() *Outcome {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	t.spawn(2, "example.com/bank.Ask.func1", ask)
	t.yield(2, site)
	t.add(record.Record{
		Kind: record.Expected, Reason: record.WhyPreempt, N: 2, G: 3, Site: uint32(record.Sched), Points: 4, Val: 2,
	})
	t.add(record.Record{Kind: record.Actual, Reason: record.WhyYield, N: 2, Val: 2})
	t.add(record.Record{Kind: record.Ready, G: 2})
	t.sched(2, 2, record.WhyYield)
	t.end(2)
	t.add(record.Record{Kind: record.Expected})
	t.sched(1, 1, record.WhyEnd)
	return t.outcome(Diverged, 0, "")
}

// TestScheduleGolden pins the texts of schedules, goroutines and dependences.
func TestScheduleGolden(t *testing.T) {
	var b strings.Builder
	for _, s := range told() {
		fmt.Fprintf(&b, "== %s\n%s", s.name, s.o.Schedule(s.most))
		if stacks := s.o.Stacks(); stacks != "" {
			b.WriteString("-- who is left\n" + stacks)
		}
		if text := s.o.Dependence(); text != "" {
			b.WriteString("-- outside\n" + text + "\n")
		}
		b.WriteString("\n")
	}
	golden.Check(t, "schedules.txt", b.String())
}

// What package story has.
const (
	minSchedule = 8
	horizon     = 5_000
	whole       = 1 << 20 // lines that no schedule fills
)

var (
	shownTurn = regexp.MustCompile(`^[* ] +([0-9]+) +\S+ +[0-9]+ +0`)
	turnsLeft = regexp.MustCompile(`^  … ([0-9]+) (?:more turns? of|turns? of|turns? in package testing|decisions? before)`)
)

// accounted checks that a schedule tells or counts each decision once, in order, and is not too long.
func accounted(t *testing.T, name string, o *Outcome, most int) {
	t.Helper()
	text := o.Schedule(most)
	lines := strings.SplitAfter(text, "\n")
	if n := len(lines) - 1; n-continued(lines) > max(most, minSchedule) || lines[n] != "" {
		t.Errorf("%s: %d lines of %d:\n%s", name, n, most, text)
	}
	next := 1
	for _, line := range lines {
		if m := turnsLeft.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			next += n
		} else if m := shownTurn.FindStringSubmatch(line); m != nil {
			if m[1] != strconv.Itoa(next) {
				t.Errorf("%s in %d lines: turn %s comes where %d is due:\n%s", name, most, m[1], next, text)
				return
			}
			next++
		}
	}
	last := ""
	for line := range strings.Lines(o.Schedule(whole)) {
		if m := shownTurn.FindStringSubmatch(line); m != nil {
			last = m[1]
		}
	}
	if last != "" && last != strconv.Itoa(next-1) {
		t.Errorf("%s in %d lines: told up to decision %d of %s:\n%s", name, most, next-1, last, text)
	}
}

// continued counts the lines that continue the one before.
func continued(lines []string) (n int) {
	indent := strings.Repeat(" ", max(strings.Index(lines[0], "turn ("), 1))
	for _, line := range lines {
		if strings.HasPrefix(line, indent) {
			n++
		}
	}
	return n
}

// TestScheduleAccounts checks every schedule of the goldens, and random ones, in every length.
func TestScheduleAccounts(t *testing.T) {
	for most := range 45 {
		for _, s := range told() {
			accounted(t, s.name, s.o, most)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		o := randomTape(rng).outcome(Verdict(rng.IntN(len(verdictNames))), 2, "")
		accounted(t, fmt.Sprint("random ", i), o, rng.IntN(60))
	}
}

// randomTape is what a few goroutines could have done.
func randomTape(rng *rand.Rand) *tape {
	t := newTape()
	t.sched(2, 1, record.WhyBlock)
	n := 1 + rng.IntN(4)
	for range n {
		t.spawn(2, "example.com/bank.Ask.func1", ask)
	}
	sites := []string{site, reply, lockA, lockB}[:1+rng.IntN(4)]
	for g := uint32(2); len(t.r.Records) < 40+rng.IntN(600); {
		switch at := sites[rng.IntN(len(sites))]; rng.IntN(5) {
		case 0:
			t.block(g, "chan receive", at)
		case 1:
			t.yield(g, at)
		default:
			t.preempt(g, at)
		}
		if rng.IntN(9) == 0 {
			t.setTimer(g, 1, t.time+500)
			t.fire(g, 1, t.time+500)
		}
		g = uint32(2 + rng.IntN(n+1))
		t.sched(g, n, record.WhyYield)
	}
	return t
}

// TestScheduleFoldsOnlyForRoom checks that nothing is left out where there is room for all.
func TestScheduleFoldsOnlyForRoom(t *testing.T) {
	o := spinning(40).outcome(Limited, 0, "reprise: more decisions than the limit\n")
	if text := o.Schedule(100); strings.Contains(text, "more turns") || strings.Count(text, "yields") != 35 {
		t.Errorf("in 100 lines:\n%s", text)
	}
	if text := o.Schedule(25); !strings.Contains(text, "more turns of 0.0 and 0.0.0 …") || strings.Count(text, "\n") < 18 {
		t.Errorf("in 25 lines:\n%s", text)
	}
}

// TestScheduleEndless checks that a run that a limit has ended is told from its start.
func TestScheduleEndless(t *testing.T) {
	for _, c := range []struct {
		verdict Verdict
		dropped uint64
		end     string
	}{
		{Limited, 77, "the recording is full: 77 records of the rest of the run left out"},
		{TimedOut, 77, "the recording is full: 77 records of the rest of the run left out"},
		{Limited, 0, "the limit is reached"},
		{TimedOut, 0, "virtual time runs out"},
	} {
		o := spinning(horizon+100-2).outcome(c.verdict, 0, "reprise: virtual time has passed the limit\n")
		o.Recording.Dropped = c.dropped
		text := o.Schedule(20)
		for _, line := range []string{
			"  … 1 decision before", "more turns of 0.0 and 0.0.0 …\n", "      5000 ",
			"it goes on, and 100 decisions later " + c.end + "\n",
		} {
			if !strings.Contains(text, line) {
				t.Errorf("%v, %d dropped: %q is missing:\n%s", c.verdict, c.dropped, line, text)
			}
		}
	}
}

// TestScheduleHorizon checks that a run of very many decisions is told from its end.
func TestScheduleHorizon(t *testing.T) {
	o := spinning(3*horizon).outcome(Failed, 0, "--- FAIL: TestBank (0.00s)\n")
	accounted(t, "long", o, 20)
	if n := strings.Count(o.Schedule(whole), "\n"); n > horizon+3 {
		t.Errorf("%d lines", n)
	}
}

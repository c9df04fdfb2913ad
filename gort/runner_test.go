//go:build linux && (amd64 || arm64)

package gort

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/strategy"
)

// mustRunner returns a runner that the test closes.
func mustRunner(t testing.TB, b *Binary, test string, c Control) *Runner {
	t.Helper()
	r, err := b.Runner(test, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func mustAgain(t testing.TB, r *Runner, c Control) *Outcome {
	t.Helper()
	o, err := r.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestRunner checks that runs in copies of a process equal runs in processes of their own, record by record, live and
// replayed, whatever was run before.
func TestRunner(t *testing.T) {
	b := corpus(t)
	for _, test := range []string{
		"TestLostUpdateBug", "TestLockOrderBug", "TestOnceBug", "TestDoubleCloseBug", "TestTimerBug", "TestLeakedSenderBug",
		"TestContextLeakBug",
		"TestRandom", "TestGarbage",
	} {
		r := mustRunner(t, b, test, Control{})
		for seed := range uint64(12) {
			c := Control{Seed: seed}
			if seed%3 == 2 {
				c.Strategy = "pct"
			}
			want := mustRun(t, b, test, c)
			if d := same(want, mustAgain(t, r, c)); d != "" {
				t.Errorf("%s, seed %d: the run in a copy differs in %s", test, seed, d)
			}
			if r.alone {
				t.Fatalf("%s: no copies are made", test)
			}
			c = Control{Choices: want.Recording.Choices()}
			if p := mustAgain(t, r, c); same(want, p) != "" {
				t.Errorf("%s, seed %d: the replay in a copy differs in %s; mismatch %v", test, seed, same(want, p), p.Mismatch)
			}
		}
	}
}

// TestRunnerFaults bounds the page faults of one more run in a copy of the process: most of the time of a short run is
// theirs.
func TestRunnerFaults(t *testing.T) {
	faults := func(runs int) int64 {
		var before, after syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &before); err != nil {
			t.Fatal(err)
		}
		r, err := corpus(t).Runner("TestLostUpdateFixed", Control{})
		if err != nil {
			t.Fatal(err)
		}
		for seed := range runs {
			mustAgain(t, r, Control{Seed: uint64(seed)})
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &after); err != nil {
			t.Fatal(err)
		}
		return after.Minflt - before.Minflt
	}
	const runs = 20
	corpus(t)
	few := faults(1)
	if each := (faults(1+runs) - few) / runs; each < 10 || each > 400 {
		t.Errorf("a run in a copy takes %d page faults, want 10 to 400", each)
	} else {
		t.Logf("a run in a copy takes %d page faults", each)
	}
}

// TestRunnerWall checks that a run that does not end is ended with the stacks of its goroutines, and that the next is
// made.
func TestRunnerWall(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestForever", Control{Wall: 300 * time.Millisecond})
	for range 2 {
		o := mustAgain(t, r, Control{})
		if o.Verdict != TimedOut || !containsAll(string(o.Output), "SIGQUIT", "corpus.TestForever") {
			t.Errorf("%s\n%s", o.describe(), o.Output)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o, err := r.Run(ctx, Control{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, %v", o, err)
	}
}

func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// BenchmarkRunner measures whole runs of a small test in copies of a process, against processes of their own.
func BenchmarkRunner(b *testing.B) {
	bin := corpus(b)
	r := mustRunner(b, bin, "TestLostUpdateFixed", Control{})
	var copies, own time.Duration
	for i := 0; b.Loop(); i++ {
		c := Control{Seed: uint64(i)}
		start := time.Now()
		if o := mustAgain(b, r, c); o.Verdict != Passed || r.alone {
			b.Fatal(r.alone, o.describe())
		}
		copies += time.Since(start)
		start = time.Now()
		mustRun(b, bin, "TestLostUpdateFixed", c)
		own += time.Since(start)
	}
	b.ReportMetric(float64(b.N)/copies.Seconds(), "runs/s")
	b.ReportMetric(own.Seconds()/copies.Seconds(), "times-as-fast")
}

// TestHolder checks that a deadlock tells who holds the locks.
func TestHolder(t *testing.T) {
	for seed := range uint64(1000) {
		o := mustRun(t, corpus(t), "TestLockOrderBug", Control{Seed: seed})
		if o.Verdict != Deadlocked {
			continue
		}
		holders := map[uint32]uint32{}
		for _, w := range o.Left {
			if w.Reason == "sync.Mutex.Lock" {
				holders[w.ID] = w.Holder
			}
		}
		for id, holder := range holders { // lint: order does not matter because each entry is checked by itself
			if len(holders) != 2 || holder == id || holders[holder] != id {
				t.Errorf("seed %d: goroutine to holder %v", seed, holders)
			}
		}
		return
	}
	t.Error("no deadlock in 1000 seeds")
}

// TestHolders checks which goroutine is named as the one that keeps another from a lock, and whether it is said to hold
// the lock or only to be ahead in the queue.
func TestHolders(t *testing.T) {
	for test, c := range map[string]struct{ who, reason, want string }{
		// lint: order does not matter because the cases are independent
		"TestWriterWaits":           {"0.0", "sync.RWMutex.Lock", "held by 0.0.0 "},
		"TestWriterWaitsForTry":     {"0.0", "sync.RWMutex.Lock", "held by 0.0.0 "},
		"TestWriterWaitsForEarlier": {"0.0", "sync.RWMutex.Lock", "held by 0.0.0 "}, // the later one has gone
		"TestReaderWaits":           {"0.0", "sync.RWMutex.RLock", "held by 0.0.0 "},
		"TestLockWaitsForTry":       {"0.0", "sync.Mutex.Lock", "held by 0.0.0 "},
		"TestReaderBehindWriter":    {"0.0", "sync.RWMutex.RLock", "behind 0.0.0 "},
		"TestWriterBehindWriter":    {"0.0", "sync.RWMutex.Lock", "behind 0.0.1 "},
		"TestWriterTwice":           {"0.0", "sync.RWMutex.Lock", "held by 0.0 "},
		"TestUpgrade":               {"0.0", "sync.RWMutex.Lock", "held by 0.0 "},
		"TestUnlockedByAnother":     {"0.0", "sync.RWMutex.Lock", ""},
	} {
		o := mustRun(t, corpus(t), test, Control{Seed: 1})
		i := slices.IndexFunc(o.Left, func(w cast.Waiting) bool { return w.Path == c.who })
		if o.Verdict != Deadlocked || i < 0 || o.Left[i].Reason != c.reason {
			t.Errorf("%s: %s", test, o.describe())
			continue
		}
		text := newCast(o).State(o.Left[i])
		_, got, _ := strings.Cut(text, ", ")
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %s, want %q", test, text, c.want)
		}
	}
	o := mustRun(t, corpus(t), "TestReaderBehindWriter", Control{Seed: 1})
	if circle := cast.WaitCycle(o.Left); len(circle) != 2 || !strings.Contains(o.Failure(), "Lock at ") ||
		!strings.Contains(o.Failure(), "held by 0.0 corpus") {
		t.Errorf("cycle %v of %s", circle, o.Failure())
	}
}

// TestHeldAmongMany checks that the holders of many locks are known after others, which share their parts of the table,
// were unlocked.
func TestHeldAmongMany(t *testing.T) {
	o := mustRun(t, corpus(t), "TestHeldAmongMany", Control{Seed: 1})
	known, test := 0, uint32(0)
	for _, w := range o.Left {
		if w.Path == "0.0" {
			test = w.ID
		}
	}
	for _, w := range o.Left {
		if w.Reason == "sync.Mutex.Lock" && w.Holder == test {
			known++
		}
	}
	if o.Verdict != Deadlocked || known != 64 {
		t.Errorf("the holder of %d locks is known, want 64: %s", known, o.describe())
	}
}

// TestInTurn checks that many ready goroutines stay in order while each is taken from the start of a long list, until
// that begins at the start of its memory again; and that runs with other orders are made again by their choices.
func TestInTurn(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestInTurn", Control{})
	if o := mustAgain(t, r, Control{Script: &strategy.Script{}}); o.Verdict != Passed || o.Recording.Steps < 1<<20 {
		t.Errorf("after %d decisions: %s\n%s", o.Recording.Steps, o.describe(), o.Output)
	}
	first := mustAgain(t, r, Control{Seed: 1, MaxSteps: 20_000})
	if first.Verdict != Limited {
		t.Fatal(first.describe())
	}
	again := mustAgain(t, r, Control{Choices: first.Recording.Choices(), Prefix: true})
	if again.Verdict != Reached || again.Mismatch != nil {
		t.Errorf("replayed: %s, %v", again.describe(), again.Mismatch)
	}
}

// TestTrimmed checks that lines of the program are told from those of the library in a binary without folders.
func TestTrimmed(t *testing.T) {
	trimmed := buildCorpus(t, BuildConfig{Args: []string{"-trimpath"}})
	o := mustRun(t, trimmed, "TestLostUpdateFixed", Control{Seed: 1})
	if d := same(mustRun(t, corpus(t), "TestLostUpdateFixed", Control{Seed: 1}), o); d != "records" && d != "" {
		t.Errorf("the trimmed binary differs in %s", d)
	}
	for _, r := range o.Recording.Records {
		site := o.Recording.Text(r.Site)
		if r.Kind == record.Preempt && r.G > 2 && !strings.HasPrefix(site, "example.com/corpus/lock_test.go:") &&
			!strings.HasPrefix(site, "sync/waitgroup.go:") {
			t.Errorf("goroutine %d was preempted at %q", r.G, site)
		}
	}
}

// TestResync checks that a replay of the same program with resync changes nothing, and that one of an edited program
// goes on, and says how much still fits.
func TestResync(t *testing.T) {
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	used := 0
	for seed := range uint64(20) {
		o := mustRun(t, corpus(t), "TestLostUpdateBug", Control{Seed: seed})
		c := Control{Choices: o.Recording.Choices(), Resync: 32}
		all := len(c.Choices.Records)
		p := mustRun(t, corpus(t), "TestLostUpdateBug", c)
		if d := same(o, p); d != "" || p.Resync != (record.Resync{Matched: all}) || p.Mismatch != nil {
			t.Errorf("seed %d: the same program: %s, %+v of %d, %v", seed, d, p.Resync, all, p.Mismatch)
		}
		q := mustRun(t, edited, "TestLostUpdateBug", c)
		if q.Verdict == Diverged || q.Mismatch == nil || q.Resync.Matched+q.Resync.Skipped > all {
			t.Errorf("seed %d: an edited program: %s, %+v of %d, %v", seed, q.describe(), q.Resync, all, q.Mismatch)
		}
		used += 100 * q.Resync.Matched / all
	}
	t.Logf("%d %% of the choices are used again", used/20)
	if used/20 < 50 {
		t.Errorf("only %d %% of the choices are used again", used/20)
	}
}

// TestFollow checks that a replay that has left its recording goes on for a while, to show what comes instead.
func TestFollow(t *testing.T) {
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	o := mustRun(t, corpus(t), "TestLostUpdateBug", Control{Seed: 1})
	p := mustRun(t, edited, "TestLostUpdateBug", Control{Choices: o.Recording.Choices()})
	behind := 0
	for i, r := range p.Recording.Records {
		if r.Kind == record.Sched && slices.ContainsFunc(p.Recording.Records[:i],
			func(r record.Record) bool { return r.Kind == record.Expected }) {
			behind++
		}
	}
	if p.Verdict != Diverged || behind < 3 || behind > followed+1 || len(p.Mismatch.Ready) == 0 {
		t.Errorf("%s, %d decisions behind the difference, %v", p.describe(), behind, p.Mismatch)
	}
}

// TestOrphans checks that the copies of a process end with the driver.
func TestOrphans(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestForever", Control{})
	if err := r.serve(t.Context()); err != nil || r.server == nil {
		t.Fatalf("no server: %v", err)
	}
	s := r.server
	r.server, r.alone = nil, true
	if err := r.prepare(Control{}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.commands.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	pid := uint32(0)
	for pid == 0 { // the copy tells it
		pid = atomic.LoadUint32(&r.s.header().pid)
	}
	if err := s.close(); err != nil { // it waits for the server, which waits for the copy
		t.Error(err)
	}
	if err := signalTo(int(pid))(syscall.Signal(0)); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the copy is still there: %v", err)
	}
}

// TestMoreTests checks that a recording of a test replays in a binary with other tests besides.
func TestMoreTests(t *testing.T) {
	edited := buildCorpus(t, BuildConfig{Args: []string{"-tags=edited"}})
	for seed := range uint64(10) {
		o := mustRun(t, corpus(t), "TestLockOrderBug", Control{Seed: seed})
		p := mustRun(t, edited, "TestLockOrderBug", Control{Choices: o.Recording.Choices()})
		if p.Mismatch != nil || p.Verdict != o.Verdict || p.Virtual != o.Virtual {
			t.Errorf("seed %d: %s after %v, want %s after %v; mismatch %v", seed, p.Verdict, p.Virtual, o.Verdict, o.Virtual,
				p.Mismatch)
		}
		if q := mustRun(t, edited, "TestLockOrderBug", Control{Seed: seed}); q.Recording.Hash != o.Recording.Hash {
			t.Errorf("seed %d makes other decisions in a binary with other tests", seed)
		}
	}
}

// TestRunnerForced checks that a copy of a process gets its sysmon, which preempts a loop without a point.
func TestRunnerForced(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestSpin", Control{})
	o := mustAgain(t, r, Control{Seed: 1})
	for seed := uint64(2); o.Forced == 0 && seed < 20; seed++ { // the other goroutine runs first
		o = mustAgain(t, r, Control{Seed: seed})
	}
	if o.Verdict != Passed || o.Forced == 0 || r.alone {
		t.Errorf("%s, %d forced\n%s", o.describe(), o.Forced, o.Output)
	}
}

// TestRunnerOutside checks that a copy of a process waits for a child, and is not stopped by a call that does not
// return at once.
func TestRunnerOutside(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestPipe", Control{})
	for seed := range uint64(5) {
		o := mustAgain(t, r, Control{Seed: seed})
		if o.Verdict != Passed || o.Admitted == 0 || r.alone {
			t.Fatalf("%s, %d admitted\n%s", o.describe(), o.Admitted, o.Output)
		}
		if p := mustAgain(t, r, Control{Choices: o.Recording.Choices()}); differ(t, o, p) != "" {
			t.Errorf("seed %d: the replay differs in %s; mismatch %v", seed, differ(t, o, p), p.Mismatch)
		}
	}
}

// TestLeapReplays checks that runs in which time leaps, before preemptions too, replay from their trace files.
func TestLeapReplays(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestTickers", Control{})
	path := filepath.Join(t.TempDir(), "run.reprise")
	leaps := map[bool]int{} // by whether a preemption comes with it
	for seed := range uint64(30) {
		o := mustAgain(t, r, Control{Seed: seed, Gap: 2, Late: time.Second})
		for _, c := range o.Recording.Choices().Records {
			if c.Val>>32 != 0 {
				leaps[c.Reason == record.WhyPreempt]++
			}
		}
		if err := o.Save(path, "", nil); err != nil {
			t.Fatal(err)
		}
		loaded, _, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, choices := range []*record.Choices{o.Recording.Choices(), loaded} {
			if p := mustAgain(t, r, Control{Choices: choices}); same(o, p) != "" {
				t.Errorf("seed %d: the replay differs in %s; mismatch %v", seed, same(o, p), p.Mismatch)
			}
		}
	}
	if leaps[false] == 0 || leaps[true] == 0 {
		t.Errorf("too few leaps to tell: %v", leaps)
	}
}

// TestServerGone checks that a run whose server has ended is an error, and that the next one gets another server.
func TestServerGone(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestLostUpdateFixed", Control{})
	mustAgain(t, r, Control{})
	if err := r.server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if o, err := r.Run(t.Context(), Control{}); err == nil || !strings.Contains(err.Error(), "has gone") {
		t.Errorf("%v, %v", o, err)
	}
	if o := mustAgain(t, r, Control{}); o.Verdict != Passed || r.server == nil {
		t.Errorf("%s", o.describe())
	}
}

// TestServerMute checks that a server is killed which makes no copy, and that nothing else is sent: not to a group of
// processes, which a number stands for that is none of a process.
func TestServerMute(t *testing.T) {
	for _, group := range []bool{false, true} {
		cmd := exec.Command("sleep", "1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		answers, in, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = []*os.File{in}
		if err := errors.Join(cmd.Start(), in.Close()); err != nil {
			t.Fatal(err)
		}
		out, commands, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close() // nobody reads it
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		pid := uint32(0)
		if group {
			pid = uint32(-int32(cmd.Process.Pid))
		}
		s := &server{cmd, commands, answers}
		if _, err := s.run(ctx, ctx, &pid); err == nil || !strings.Contains(err.Error(), "has gone") {
			t.Error(err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
		if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
			t.Errorf("group %t: the server has ended by %v", group, status.Signal())
		}
	}
}

// TestFewFiles checks that a process is under control which may open few files.
func TestFewFiles(t *testing.T) {
	b := corpus(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 200
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil { // processes inherit it
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}()
	r := mustRunner(t, b, "TestLostUpdateFixed", Control{})
	if o := mustAgain(t, r, Control{}); o.Verdict != Passed || r.alone {
		t.Error(o.describe())
	}
}

// TestNothingLeft checks that a Runner has no files that would stay if this process were killed.
func TestNothingLeft(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestLostUpdateFixed", Control{})
	mustAgain(t, r, Control{})
	for _, f := range []*os.File{r.s.file, r.output} {
		if path, err := os.Readlink(nameOf(f)); err != nil || !strings.HasSuffix(path, " (deleted)") {
			t.Errorf("%s, %v", path, err)
		}
	}
}

// TestReplayChecks checks that a replay compares everything that a choice says.
func TestReplayChecks(t *testing.T) {
	b := corpus(t)
	r := mustRunner(t, b, "TestLostUpdateBug", Control{})
	o, i := runThatBlocks(t, r, 5)
	// lint: order does not matter because the cases are independent
	for name, change := range map[string]func(*record.Record){
		"who runs":        func(c *record.Record) { c.G += 100 },
		"how many ready":  func(c *record.Record) { c.N++ },
		"why":             func(c *record.Record) { c.Reason = record.WhyYield },
		"who stopped":     func(c *record.Record) { c.Val++ },
		"how many points": func(c *record.Record) { c.Points++ },
	} {
		choices := o.Recording.Choices()
		change(&choices.Records[i])
		if p := mustAgain(t, r, Control{Choices: choices}); p.Verdict != Diverged || p.Mismatch == nil ||
			p.Mismatch.Index != i {
			t.Errorf("%s: %s, mismatch %v, want one at choice %d", name, p.describe(), p.Mismatch, i)
		}
	}
}

// runThatBlocks returns a run, and the index of a choice from a number on that is due because a goroutine has blocked.
func runThatBlocks(t *testing.T, r *Runner, from int) (*Outcome, int) {
	t.Helper()
	for seed := range uint64(100) {
		o := mustAgain(t, r, Control{Seed: seed})
		for i, c := range o.Recording.Choices().Records {
			if i >= from && c.Reason == record.WhyBlock {
				return o, i
			}
		}
	}
	t.Fatalf("in no run a goroutine blocks at choice %d or later", from)
	return nil, 0
}

// TestBubbles checks that runs with a bubble of testing/synctest depend on the seed, and on nothing else.
func TestBubbles(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestBubble", Control{})
	orders := map[string]bool{}
	for seed := range uint64(20) {
		c := Control{Seed: seed}
		o := mustAgain(t, r, c)
		orders[string(o.Output)] = true
		for _, p := range []*Outcome{mustAgain(t, r, c), mustRun(t, corpus(t), "TestBubble", c),
			mustAgain(t, r, Control{Choices: o.Recording.Choices()})} {
			if d := same(o, p); d != "" {
				t.Errorf("seed %d: another run differs in %s", seed, d)
			}
		}
	}
	if len(orders) < 10 {
		t.Errorf("%d orders in 20 seeds", len(orders))
	}
}

// TestOutputLimit checks that of a long output the start and the end are kept.
func TestOutputLimit(t *testing.T) {
	out, err := openNameless("")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // it has no name
	r := &Runner{output: out}
	for _, more := range []int{0, 1, 5000} {
		text := []byte("start" + strings.Repeat("x", outputLimit+more-8) + "end")
		if _, err := out.WriteAt(text, 0); err != nil {
			t.Fatal(err)
		}
		want := string(text)
		if more > 0 {
			want = want[:outputLimit/2] + fmt.Sprintf("\n[%d bytes left out]\n", more) + want[len(want)-outputLimit/2:]
		}
		if got, err := r.read(); err != nil || string(got) != want {
			t.Errorf("%d bytes more than the limit: %d bytes, %v", more, len(got), err)
		}
	}
}

// TestClaimed checks that what an earlier run has left behind cannot take the place of a copy.
func TestClaimed(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestLostUpdateFixed", Control{})
	mustAgain(t, r, Control{})
	if err := r.prepare(Control{}, 0); err != nil || r.s.header().claimed != 1 {
		t.Errorf("claimed %d, %v", r.s.header().claimed, err)
	}
}

// TestFailMark checks that the schedule of a failed test ends with the turn in which it was marked as failed.
func TestFailMark(t *testing.T) {
	r := mustRunner(t, corpus(t), "TestLostUpdateBug", Control{})
	for seed := range uint64(1000) {
		o := mustAgain(t, r, Control{Seed: seed})
		if o.Verdict != Failed {
			continue
		}
		mark := slices.IndexFunc(o.Recording.Records, func(r record.Record) bool { return r.Kind == record.Fail })
		if mark < 0 {
			t.Fatalf("seed %d: nothing says where the test failed", seed)
		}
		turn := mark
		for o.Recording.Records[turn].Kind != record.Sched {
			turn--
		}
		lines := strings.Split(strings.TrimSpace(o.Schedule(100)), "\n")
		decision := o.Recording.Decisions()
		for _, r := range o.Recording.Records[turn+1:] {
			if r.Kind == record.Sched {
				decision--
			}
		}
		last := lines[len(lines)-2]
		if fields := strings.Fields(strings.TrimLeft(last, " *")); fields[0] != fmt.Sprint(decision) ||
			!strings.Contains(last, "marks the test as failed") {
			t.Errorf("seed %d: the schedule ends with %q, want the turn of decision %d", seed, last, decision)
		}
		return
	}
	t.Error("no failure in 1000 seeds")
}

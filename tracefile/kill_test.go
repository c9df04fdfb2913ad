package tracefile_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/tracefile"
)

// A recording must outlive the process that makes it: what Flush has reported is in the file whatever happens next.
// Here a child records until it is killed with SIGKILL, 200 times, and the parent looks at what is left.

const (
	killPathVar = "TRACEFILE_KILL_PATH" // makes the test binary record into this file until it is killed
	killModeVar = "TRACEFILE_KILL_MODE"
	killSeedVar = "TRACEFILE_KILL_SEED"

	modeAtomic = "atomic" // the file has its name only once it is whole
	modePlain  = "plain"
)

// killTape is what the child records in a round. Rounds follow each other in the same file.
func killTape(round uint64) tape {
	return tape{salt: round, first: round % 3, n: 40 + round*37%400, chunk: 1 + int(round*13%90)}
}

// runKillChild records round after round into one file and says on stdout, a line at a time, what the file holds:
// "flushed ROUND EVENTS" after each Flush and "closed ROUND EVENTS" after each Close. It ends only by being killed, or
// when its parent has gone or something goes wrong.
func runKillChild() {
	seed, err := strconv.ParseUint(os.Getenv(killSeedVar), 10, 64)
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := uint64(1); err == nil; round++ {
		err = recordRound(os.Getenv(killPathVar), round, rng)
	}
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(1)
}

func recordRound(path string, round uint64, rng *rand.Rand) error {
	p := killTape(round)
	config := p.config()
	config.Atomic = os.Getenv(killModeVar) == modeAtomic
	w, err := tracefile.Create(path, p.metadata(), config)
	if err != nil {
		return err
	}
	if err := say("flushed", round, 0); err != nil {
		return err
	}
	for i := range p.n {
		if err := p.append(w, p.first+i); err != nil {
			return err
		}
		if rng.IntN(30) == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
			if err := say("flushed", round, i+1); err != nil {
				return err
			}
		}
	}
	w.SetEnd(p.end())
	if err := w.Close(); err != nil {
		return err
	}
	return say("closed", round, p.n)
}

func say(what string, round, events uint64) error {
	_, err := fmt.Fprintln(os.Stdout, what, round, events)
	return err
}

// A report is the last line of a child.
type report struct {
	what          string
	round, events uint64
}

// killOnce starts a child, kills it some time after it has written lines lines, and returns the last thing it said.
func killOnce(t *testing.T, path, mode string, seed uint64, lines, delay int) report {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$") // if TestMain does not know the child, nothing is run
	cmd.Env = append(os.Environ(), killPathVar+"="+path, killModeVar+"="+mode, fmt.Sprintf("%s=%d", killSeedVar, seed))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last report
	in := bufio.NewReader(stdout)
	for range lines {
		last = next(t, in, last)
	}
	spin(delay)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for ok := true; ok; { // what it has said before it died counts
		before := last
		last = next(t, in, last)
		ok = last != before
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the child was not killed: %v, %s", err, &stderr)
	}
	return last
}

// next reads the child's next line; last again if there is none.
func next(t *testing.T, in *bufio.Reader, last report) report {
	t.Helper()
	line, err := in.ReadString('\n')
	if err != nil {
		return last
	}
	var r report
	if _, err := fmt.Sscan(line, &r.what, &r.round, &r.events); err != nil {
		t.Fatalf("the child says %q: %v", line, err)
	}
	return r
}

var spun int

// spin is a busy delay without a clock.
func spin(n int) {
	for range n {
		spun++
	}
}

func TestKilled(t *testing.T) {
	const seed = 20240229
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	left, whole := 0, 0
	for kill := range 200 {
		mode := []string{modePlain, modePlain, modeAtomic}[kill%3]
		path := filepath.Join(dir, fmt.Sprintf("%d.reprise", kill%50)) // some are there from a run before
		before, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		last := killOnce(t, path, mode, rng.Uint64(), rng.IntN(1+rng.IntN(60)), rng.IntN(1+rng.IntN(1_000_000)))
		what := fmt.Sprintf("kill %d, %s, last report %+v (-run ^TestKilled$)", kill, mode, last)
		after, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && before == nil && last.mayBeMissing(mode):
			continue
		case err != nil:
			t.Fatalf("%s: %v", what, err)
		case bytes.Equal(before, after) && last.mayBeMissing(mode):
			continue // the file of the run before, untouched
		}
		left++
		if checkKilled(t, what, path, mode, last) {
			whole++
		}
	}
	if left < 100 || whole == 0 || whole == left {
		t.Errorf("%d files were left, %d of them whole; want most of 200, some whole and some not", left, whole)
	}
	if tmp, err := filepath.Glob(filepath.Join(dir, ".*.tmp")); err != nil || len(tmp) == 0 {
		t.Errorf("temporary files %v, %v; want some of the killed runs", tmp, err)
	}
}

// mayBeMissing reports whether the child may not have put anything under the file's name yet.
func (r report) mayBeMissing(mode string) bool {
	return r == report{} || mode == modeAtomic && r.round == 1 && r.what == "flushed"
}

// checkKilled checks what is left of a recording against the last report of its child, by all ways of reading, and
// reports whether it is a whole file.
func checkKilled(t *testing.T, what, path, mode string, last report) bool {
	t.Helper()
	r, err := tracefile.Open(path)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	s := tellFrom(t, r)
	p := killTape(s.metadata.Seed)
	p.judge(t, what, s)
	if s.err != nil && !errors.Is(s.err, tracefile.ErrTruncated) {
		t.Fatalf("%s: %v, want ErrTruncated", what, s.err)
	}
	least := last
	if mode == modeAtomic && last.what == "flushed" {
		least = report{"closed", last.round - 1, killTape(last.round - 1).n}
	}
	switch {
	case mode == modeAtomic && s.err != nil:
		t.Fatalf("%s: %v, want a whole file", what, s.err)
	case p.salt < least.round || p.salt > last.round+1:
		t.Fatalf("%s: the file is of round %d", what, p.salt)
	case p.salt == least.round && (uint64(len(s.events)) < least.events || least.what == "closed" && s.err != nil):
		t.Fatalf("%s: %d events, then %v", what, len(s.events), s.err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkRecovery(t, what, p, file, wanted{whole: s.err == nil, events: p.all()[:len(s.events)]})
	return s.err == nil
}

// TestKilledChildFails: the child tells of its errors, so that TestKilled cannot pass without one that records.
func TestKilledChildFails(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$") // if TestMain does not know the child, nothing is run
	path := filepath.Join(t.TempDir(), "no such folder", "x.reprise")
	cmd.Env = append(os.Environ(), killPathVar+"="+path, killSeedVar+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "no such folder") {
		t.Errorf("a child without a folder: %v, %s; want exit code 1 and the path", err, out)
	}
}

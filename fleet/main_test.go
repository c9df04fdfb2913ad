package fleet

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/gotest"
)

// TestMain takes the place of the command where the code under test starts itself, and of a worker whose runs are
// invented where a test starts one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch {
		case os.Args[1] == fakeVerb:
			fakeMain(os.Args[2], os.Args[3])
		case os.Args[1] == smallDiskVerb:
			smallDiskMain(os.Args[2], os.Args[3])
		case slices.Contains([]string{execVerb, scanVerb, limitVerb, "work"}, os.Args[1]):
			os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		}
	}
	os.Exit(m.Run())
}

// fakeVerb starts a worker with invented runs, given the address of the server and a trusted key.
const fakeVerb = "fake-work"

func fakeMain(address, trusted string) {
	ctx := context.Background()
	conn, err := connect(address)
	if err == nil {
		var s *store
		if s, err = openStore(ctx, conn); err == nil {
			s.ackWait = testAckWait
			err = fakeWorker(ctx, s, 2, trusted, 50*time.Millisecond, os.Stderr)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// testAckWait is the time after which an item of a dead worker goes to another in tests.
const testAckWait = 500 * time.Millisecond

// fakeWorker runs a worker with invented runs.
func fakeWorker(ctx context.Context, s *store, slots int, trusted string, takes time.Duration, log io.Writer) error {
	w, release, err := newWorker(s, slots, []string{trusted}, log, limits{})
	if err != nil {
		return err
	}
	w.scan = func(ctx context.Context, r request) (*answer, error) {
		pause(ctx, takes)
		return fakeAnswer(r)
	}
	w.run(ctx)
	return release()
}

// fakeAnswer invents an answer. Every third failing run passes when it is examined.
func fakeAnswer(r request) (a *answer, err error) {
	a = &answer{}
	if r.Signature == "" {
		a.Scan, err = fakeScan(r.Test, r.From, r.To)
		return a, err
	}
	a.Exam = &gotest.Exam{Number: r.From, Seed: uint64(r.From)}
	if r.From%3 > 0 {
		a.Exam.Signature, a.Exam.Verdict = r.Signature, finding.Reproduced
	}
	return a, nil
}

// fakeScan invents the runs of seeds: one in 37 shows a race, which does not count toward the failures that end a
// test; those of TestBug fail from time to time; each run of TestNew is of a class of its own; TestPoison can never be
// run behind its first seeds; and a scan is sometimes cut short.
func fakeScan(test string, from, to int) (*gotest.Scan, error) {
	s := &gotest.Scan{From: from, Took: time.Duration(to-from) * time.Millisecond}
	for n := from; n < to && !s.Over; n++ {
		if test == "TestPoison" && n >= 2*firstItem {
			return nil, fmt.Errorf("no run of seed %d", n)
		}
		class := uint64(n%50 + 1)
		if test == "TestNew" {
			class = uint64(n + 1)
		}
		race, bug := n%37 == 5, test == "TestBug" && n%211 == 200
		if race || bug {
			sig := fmt.Sprintf("%016x", 1+n%3)
			s.Failing = append(s.Failing, gotest.Seen{Number: n, Seed: uint64(n), Order: class, Class: "data race",
				Headline: "boom", Signature: sig, Counts: bug})
			class = 0
		}
		s.Classes = append(s.Classes, class)
		if n%101 == 7 && n > from {
			break
		}
	}
	return s, nil
}

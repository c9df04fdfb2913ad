package gotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
)

// A search can be split over machines. What they have to tell each other is little:
//
//  1. Machines scan: each makes the runs of some consecutive seeds of a test and returns which of them just pass, in
//     which class, and how the others fail ([Collected.Scan]). It keeps no recordings, and replays nothing.
//  2. The scans of a test are joined in the order of the seeds ([Scan.Join]). The sum does not depend on how the seeds
//     were divided.
//  3. Another machine examines the first failing run of each signature: it makes the run again, replays it, and
//     searches for the smallest run and for what decided it ([Collected.Examine]). The result is a script, not a
//     recording.
//  4. One machine runs the whole campaign as if it were alone ([Main] with [wire.Known]). It makes only the runs that
//     are not known: the first of each signature, whose smallest run it makes by the script, and runs of which a scan
//     cannot tell all that the report needs. So one program confirms, deduplicates and reports, as `reprise test` does.

// Scan is what the runs of consecutive seeds of a test have shown.
type Scan struct {
	From    int      // number of the first seed
	Classes []uint64 // explore.Run.Class of each run that passed; 0 for one that did not, or whose class is unknown
	Failing []Seen   // the runs that did not just pass
	Over    bool     // seeds behind these are not run: enough failed, or a run said that it is the last

	Real, Virtual time.Duration // maximum over the runs that passed
	Decisions     uint64        // maximum over the runs that passed
	Reached       []*assertion  `json:",omitempty"` // in the runs that passed

	Took time.Duration // real time of the scan
}

// Seen is a run of a scan that did not just pass.
type Seen struct {
	Number    int // of its seed
	Seed      uint64
	Order     uint64 // explore.Run.Class
	Class     string
	Headline  string
	Signature string
	Counts    bool // it is a failure that counts toward explore.Config.MaxFailing
	Whole     bool // this is all that a report needs of a run that is not the first of its signature
}

// To returns the number of the seed behind the last.
func (s *Scan) To() int { return s.From + len(s.Classes) }

// Join adds the scan of the seeds behind those of s. Seeds behind the end of the search are left out.
func (s *Scan) Join(next *Scan) {
	if s.Over {
		return
	}
	s.Classes = append(s.Classes, next.Classes...)
	s.Failing = append(s.Failing, next.Failing...)
	s.Over = next.Over || s.failures() >= explore.DefaultMaxFailing
	s.Real, s.Virtual = max(s.Real, next.Real), max(s.Virtual, next.Virtual)
	s.Decisions, s.Took = max(s.Decisions, next.Decisions), s.Took+next.Took
	sum := reached{}
	sum.join(s.Reached)
	sum.join(next.Reached)
	s.Reached = sum.sorted()
}

// failures returns how many of the runs are failures that count.
func (s *Scan) failures() (n int) {
	for _, f := range s.Failing {
		if f.Counts {
			n++
		}
	}
	return n
}

// session returns a session of the binary, which runs in its folder with an environment without settings.
func (c *Collected) session(env []string) (*session, error) {
	s := &session{processors: 1, now: time.Now}
	var err error
	settings := slices.Clone(c.Env)
	for _, v := range []*wire.Setting{wire.Slots.Setting, wire.Processes.Setting} { // those of this process
		settings = append(settings, v.Assign(os.Getenv(v.Env)))
	}
	getenv := func(name string) string { return (&wire.Setting{Env: name}).In(settings) }
	if s.settings, err = newSettings(c.Args, getenv); err != nil {
		return nil, err
	}
	if s.program, err = inspect(c.Path, c.Dir, env); err != nil {
		return nil, err
	}
	if err = s.look(); err != nil {
		return nil, err
	}
	s.acceptRapid()
	s.open = func(function string, c gort.Control) (runner, error) { return s.Runner(function, c) }
	return s, nil
}

// Tests returns the names of the tests that have seeds of their own: test functions, and tests of suites.
func (c *Collected) Tests(ctx context.Context, env []string) (list []string, err error) {
	s, err := c.session(env)
	if err != nil {
		return nil, err
	}
	functions, err := s.functions(ctx, &s.settings)
	if err != nil {
		return nil, err
	}
	for _, f := range functions {
		if !selects(s.arguments.run, s.skip, f) {
			continue
		}
		if test := s.selectedInSuite(f); test != "" {
			list = append(list, test)
			continue
		}
		if tests := s.suiteOf(ctx, f); len(tests) > 1 {
			list = append(list, tests...)
			continue
		}
		list = append(list, f)
	}
	return list, ctx.Err()
}

// Scan makes the runs of the seeds of a test from number from to before number to, until some time has passed; it makes
// at least one. It ends this process when the one ends that holds the file of wire.Slots.
func (c *Collected) Scan(ctx context.Context, env []string, test string, from, to int,
	slice time.Duration) (*Scan, error) {
	s, err := c.session(env)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.endWithCommand(stop)
	return s.search(test, 1).scan(ctx, from, to, slice)
}

// scan makes the runs of consecutive seeds.
func (c *search) scan(ctx context.Context, from, to int, slice time.Duration) (out *Scan, err error) {
	c.start()
	c.measure(ctx)
	w := &subject{search: c}
	defer func() { err = errors.Join(err, w.Close(), c.replays.Close()) }()
	out = &Scan{From: from}
	start := c.now()
	for i := from; i < to && !out.Over && (i == from || c.now().Sub(start) < slice); i++ {
		r, err := w.Run(ctx, explore.Plan{Number: i, Seed: c.nth(i), Strategy: c.strategy})
		if err != nil {
			return nil, err
		}
		c.see(out, r)
	}
	out.Real, out.Virtual, out.Decisions = c.longest.real, c.longest.virtual, c.longest.decisions
	out.Reached, out.Took = c.reached.sorted(), c.now().Sub(start)
	return out, nil
}

// see adds a run to a scan.
func (c *search) see(s *Scan, r *explore.Run) {
	class := r.Class
	if f := r.Finding; r.Outcome != explore.Passed {
		class = 0
		counts := r.Outcome == explore.Failed && (!r.Common || c.failfast)
		whole := r.Outcome == explore.Failed && c.ordinaryFailure(detailOf(r))
		s.Failing = append(s.Failing, Seen{r.Number, r.Seed, r.Class, f.Class, f.Headline(), f.Signature, counts, whole})
	} else if class != 0 && r.Number > 0 { // the first seed is always run again
		c.count(r)
	}
	s.Classes = append(s.Classes, class)
	most := explore.DefaultMaxFailing
	if c.failfast {
		most = 1
	}
	s.Over = r.Last || r.Skipped || s.failures() >= most
}

// ordinaryFailure reports whether a failing run was ended by the test itself, without lateness, assertions and
// differences between two runs.
func (c *search) ordinaryFailure(d detail) bool {
	return c.limitOf(d.Outcome).name == "" && d.second == nil && len(d.asserted) == 0 && d.Timing() == nil
}

// Known is what is known of the seeds of a test, for a campaign that does not make runs again of which it is known that
// they pass.
type Known struct {
	Scan
	All     int      // number of seeds that were asked for; 0 for as many as there are
	Without [][2]int `json:",omitempty"` // the numbers that are left out, from the first to before the second
	Exams   []*Exam  `json:",omitempty"` // of first failing runs of a signature

	whole map[int]*Seen // the runs that need not be made, by the numbers of their seeds
}

// knownFile returns the name of the file about a test, in the folder that wire.Known names.
func knownFile(test string) string { return fmt.Sprintf("%x.json", test) }

// Write writes the file about a test to a folder.
func (k *Known) Write(folder, test string) error {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, knownFile(test)), b, 0o600)
}

// readKnown reads the file about a test.
func readKnown(folder, test string) (*Known, error) {
	b, err := os.ReadFile(filepath.Join(folder, knownFile(test)))
	if err != nil {
		return nil, err
	}
	k := &Known{}
	if err := json.Unmarshal(b, k); err != nil {
		return nil, err
	}
	k.whole = map[int]*Seen{}
	first := map[string]bool{}
	for i := range k.Failing {
		if f := &k.Failing[i]; f.Whole && first[f.Signature] {
			k.whole[f.Number] = f
		} else {
			first[f.Signature] = true
		}
	}
	return k, nil
}

// learn reads what is known of the test. It reports whether there is anything to run.
func (c *search) learn() bool {
	if c.session.known == "" {
		return true
	}
	k, err := readKnown(c.session.known, c.function)
	if err != nil || k.all() == 0 {
		return false
	}
	c.facts, c.limit = k, 0
	c.longest = extent{k.Real, k.Virtual, k.Decisions}
	c.reached.join(k.Reached)
	return true
}

// number returns the number of the seed that is the i-th of those that are run.
func (k *Known) number(i int) int {
	for _, gap := range k.Without {
		if i >= gap[0] {
			i += gap[1] - gap[0]
		}
	}
	return i
}

// all returns how many seeds are run.
func (k *Known) all() int {
	n := len(k.Classes)
	for _, gap := range k.Without {
		n -= gap[1] - gap[0]
	}
	return n
}

// run returns the run of a plan if it need not be made, nil otherwise. The first seed is always run.
func (k *Known) run(p explore.Plan) *explore.Run {
	if k == nil || p.Number == 0 {
		return nil
	}
	number := k.number(p.Number)
	if number >= len(k.Classes) {
		return nil
	}
	if class := k.Classes[number]; class != 0 {
		return &explore.Run{Plan: p, Outcome: explore.Passed, Class: class, Detail: detail{}}
	}
	seen := k.whole[number]
	if seen == nil {
		return nil
	}
	return &explore.Run{
		Plan: p, Outcome: explore.Doubtful, Told: true, Class: seen.Order, Common: !seen.Counts, Detail: detail{},
		Finding: &finding.Finding{Name: testpath.Seed(p.Seed), Seed: p.Seed, Class: seen.Class, Failure: seen.Headline,
			Signature: seen.Signature},
	}
}

// exam returns the examination of a failing run, nil if there is none.
func (k *Known) exam(r *explore.Run) *Exam {
	if k == nil {
		return nil
	}
	for _, e := range k.Exams {
		if e.Seed == r.Seed && e.Signature == r.Finding.Signature {
			return e
		}
	}
	return nil
}

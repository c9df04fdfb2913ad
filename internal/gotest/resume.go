package gotest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/strategy"
)

// progress is the file in which a search that takes long keeps the runs that passed, so that --resume need not make
// them again. A search that comes to its end removes it. The file has a line of JSON for the program and its
// settings, and one for each run. Runs that failed are not in it: they are made again, with the same result.
type progress struct {
	path   string
	key    func() (string, error)
	file   *os.File // nil until there is one
	w      *bufio.Writer
	early  bytes.Buffer // lines for a file that does not exist yet
	failed error        // the first error of writing; there is no progress then

	known   map[int]passedRun // of an earlier search
	resumed int               // number of these that were used
}

// progressFile is the name of the file in the folder of the recordings of a test.
const progressFile = "progress.jsonl"

// progressAfter is the time after which a search takes long.
const progressAfter = time.Second

// passedRun is a run that passed.
type passedRun struct {
	Number    int                `json:"n"`
	Class     uint64             `json:"class"`
	Digest    uint64             `json:"digest"`
	Extent    [3]int64           `json:"extent"`             // of the type extent
	Asserted  []record.Assertion `json:"asserted,omitempty"` // detail.asserted
	Branches  [][4]uint16        `json:"branches,omitempty"` // Taken, N, 1 if it costs, length
	Exhausted bool               `json:"exhausted,omitempty"`
	Steps     *record.KeptSteps  `json:"steps,omitempty"` // of a run of a search for all orders
}

// progressKey returns a text that is equal for searches with the same runs. All but the number of runs is part of it.
func (c *search) progressKey() (string, error) {
	sum, err := c.binary.of(c.Path)
	words := c.command(c.selection, &c.settings, c.args, &explore.Run{})
	kind := "seeds"
	if c.enumerates() {
		kind = "schedules"
	}
	return strings.Join(append(words, c.memory, fmt.Sprint(c.share), kind, sum), " "), err
}

// binarySum is a hash of the test binary, which is computed when it is needed.
type binarySum struct {
	once sync.Once
	text string
	err  error
}

// of returns the hash of the binary, whose path is always the same.
func (b *binarySum) of(path string) (string, error) {
	b.once.Do(func() {
		f, err := os.Open(path)
		if err != nil {
			b.err = err
			return
		}
		defer f.Close() // it is only read
		h := sha256.New()
		_, b.err = io.Copy(h, f)
		b.text = hex.EncodeToString(h.Sum(nil))
	})
	return b.text, b.err
}

// startProgress begins to keep the runs of the campaign, and reads those of an earlier search if the user asks for it.
func (c *search) startProgress() {
	p := &progress{path: filepath.Join(testpath.Artifacts(c.artifacts, c.pkg, c.function), progressFile)}
	c.kept, p.key = p, c.progressKey
	if !c.resume {
		return
	}
	f, err := os.Open(p.path)
	if err != nil {
		return // there is none
	}
	defer f.Close() // it is only read
	if key, err := p.key(); err == nil {
		p.known = readProgress(f, key)
	}
}

// maxBranches is the maximum number of branches of a run.
const maxBranches = 1 << 16

// maxProgressLine is the maximum length of a line of a file of progress.
const maxProgressLine = 16 << 20

// readProgress reads the runs in a file of progress up to the first line that is not complete. It returns none if the
// file is of another program or other settings.
func readProgress(r io.Reader, key string) map[int]passedRun {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxProgressLine)
	known := map[int]passedRun{}
	var of string
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &of) != nil || of != key {
		return known
	}
	for lines.Scan() {
		var run passedRun
		if json.Unmarshal(lines.Bytes(), &run) != nil || !run.valid() {
			break
		}
		known[run.Number] = run
	}
	return known
}

// valid reports whether the numbers of a run are possible.
func (p *passedRun) valid() bool {
	total := 0
	for _, b := range p.Branches {
		if b[0] >= b[1] || b[2] > 1 || b[3] == 0 {
			return false
		}
		total += int(b[3])
	}
	return p.Number > 0 && total <= maxBranches
}

// knownRun returns the run of a plan if another machine or an earlier search has made it, else nil.
func (c *search) knownRun(p explore.Plan) *explore.Run {
	if r := c.facts.run(p); r != nil {
		return r
	}
	known, ok := c.kept.known[p.Number]
	if !ok || known.Exhausted != (p.Route != nil || p.Steps) || p.Steps != (known.Steps != nil) {
		return nil
	}
	r := &explore.Run{Plan: p, Class: known.Class, Digest: known.Digest}
	if p.Steps {
		steps, err := known.Steps.Steps()
		if err != nil {
			return nil
		}
		r.Steps = steps
	}
	for _, b := range known.Branches {
		for range b[3] {
			r.Branches = append(r.Branches, strategy.Branch{Taken: b[0], N: b[1], Costs: b[2] == 1})
		}
	}
	r.BranchCount = len(r.Branches)
	x := known.Extent
	r.Detail = detail{extent: extent{time.Duration(x[0]), time.Duration(x[1]), uint64(x[2])}, asserted: known.Asserted}
	return r
}

// keepRun keeps a run that has passed. It is called in the order of the runs. That of number 0 is made again, for its
// output.
func (c *search) keepRun(r *explore.Run) {
	p := c.kept
	if p.failed != nil || r.Number == 0 || r.Outcome != explore.Passed || r.Skipped || r.Last {
		return
	}
	if _, ok := p.known[r.Number]; ok {
		p.resumed++
	}
	d := detailOf(r)
	run := passedRun{
		Number: r.Number, Class: r.Class, Digest: r.Digest, Asserted: d.asserted, Exhausted: r.Route != nil || r.Plan.Steps,
		Extent: [3]int64{int64(d.extent.real), int64(d.extent.virtual), int64(d.extent.decisions)},
	}
	for _, b := range r.Branches {
		run.add(b)
	}
	if r.Plan.Steps {
		if r.Irreducible != nil {
			return // the search ends with it
		}
		run.Steps = record.KeepSteps(r.Steps)
	}
	line, err := json.Marshal(run)
	if err != nil {
		p.failed = err
		return
	}
	p.write(append(line, '\n'), c.campaign.Elapsed() >= progressAfter)
}

// add appends a branch.
func (p *passedRun) add(b strategy.Branch) {
	x := [4]uint16{b.Taken, b.N, 0, 1}
	if b.Costs {
		x[2] = 1
	}
	if n := len(p.Branches); n > 0 && [3]uint16(p.Branches[n-1][:3]) == [3]uint16(x[:3]) && p.Branches[n-1][3] < 1<<16-1 {
		p.Branches[n-1][3]++
		return
	}
	p.Branches = append(p.Branches, x)
}

// write writes a line, to the file if the search takes long.
func (p *progress) write(line []byte, long bool) {
	if p.file == nil && !long {
		p.early.Write(line)
		return
	}
	if p.file == nil {
		if p.failed = p.create(); p.failed != nil {
			return
		}
	}
	_, p.failed = p.w.Write(line)
}

// create creates the file, with the lines so far.
func (p *progress) create() (err error) {
	if err = os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	if p.file, err = os.Create(p.path); err != nil {
		return err
	}
	p.w = bufio.NewWriterSize(p.file, 1<<16)
	key, err := p.key()
	if err != nil {
		return err
	}
	head, err := json.Marshal(key)
	if err != nil {
		return err
	}
	_, err = p.w.Write(append(append(head, '\n'), p.early.Bytes()...))
	p.early = bytes.Buffer{}
	return err
}

// endProgress closes the file. It reports whether a search that has not come to its end can go on from it.
func (c *search) endProgress() (goesOn bool) {
	p := c.kept
	switch c.campaign.End {
	case explore.EndLimit, explore.EndDeadline, explore.EndInterrupted, explore.EndBroken, explore.EndBudget:
		goesOn = p.failed == nil
		if goesOn && p.file == nil && p.early.Len() > 0 && c.campaign.End != explore.EndBudget {
			p.failed = p.create()
		}
	}
	if p.file == nil {
		if len(p.known) > 0 && !goesOn {
			_ = os.Remove(p.path) // it is complete
		}
		return false
	}
	err := errors.Join(p.failed, p.w.Flush(), p.file.Close())
	if !goesOn || err != nil {
		_ = os.Remove(p.path) // it would be of no use
		return false
	}
	return true
}

// tellResumed prints how much of the search was made before.
func (c *search) tellResumed() {
	if n := c.kept.resumed; n > 0 {
		c.out.log(c.function, fmt.Sprintf("%d of the runs were made by the search that --resume goes on with", n))
	}
}

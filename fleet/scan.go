package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/wire"
)

// scanVerb is the hidden verb of the process in which a worker runs an item.
const scanVerb = "scan-test"

// The limits of the process of an item.
const (
	itemSlice  = 5 * time.Second  // no further seed is run after it
	itemLimit  = 15 * time.Minute // of real time; a test with a longer -timeout cannot be scanned
	maxAnswer  = 8 << 20          // bytes of its answer
	maxErrors  = 4 << 10          // bytes that are kept of what it prints on standard error
	maxHeading = 200              // bytes of the failure of a run
)

// request is the input of the process.
type request struct {
	gotest.Collected
	Test      string
	From, To  int
	Signature string // as in workItem
	Artifacts string // folder for recordings
}

// scanMain runs an item. It reads its request from in, and writes its answer to out.
func scanMain(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return err
	}
	var a answer
	if env := wire.Strip(os.Environ()); r.Signature != "" {
		a.Exam, err = r.Examine(ctx, env, r.Test, r.From, r.Artifacts)
	} else if a.Scan, err = r.Scan(ctx, env, r.Test, r.From, r.To, itemSlice); err == nil {
		shorten(a.Scan.Failing)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(a)
}

// shorten cuts the failures of runs to a length. A run whose failure was cut is made again for the report.
func shorten(failing []gotest.Seen) {
	for i := range failing {
		if h := &failing[i].Headline; len(*h) > maxHeading {
			*h = strings.ToValidUTF8((*h)[:maxHeading], "") + "…"
			failing[i].Whole = false
		}
	}
}

// bounded keeps the first bytes of what is written to it.
type bounded struct {
	bytes.Buffer
	most int
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := max(b.most-b.Len(), 0)
	b.cut = b.cut || len(p) > room
	b.Buffer.Write(p[:min(len(p), room)])
	return len(p), nil
}

// hold makes the folder that the processes of a worker share: they take turns by files in it, and end with the process
// that holds it.
func hold(folder string) (release func() error, err error) {
	return procs.Hold(filepath.Join(folder, gotest.AliveSlot))
}

// removeLeft removes the folders of processes of this program that were killed.
func removeLeft() {
	paths, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern)) // the pattern is right
	for _, path := range paths {
		held, err := procs.Held(filepath.Join(path, gotest.AliveSlot))
		if err == nil && !held {
			_ = os.RemoveAll(path) // what another user has left stays
		}
	}
}

// folderPattern is the pattern of the names of temporary folders.
const folderPattern = "reprise-fleet-*"

// environment returns the environment of a process that runs tests: that of this process without its settings and
// without what is for NATS, and with some more.
func environment(more ...string) (env []string) {
	for _, line := range wire.Strip(os.Environ()) {
		if !strings.HasPrefix(line, "NATS_") {
			env = append(env, line)
		}
	}
	return append(env, more...)
}

// scanner runs items in processes.
type scanner struct {
	program string // path of reprise-fleet
	limits  limits
	slots   string // folder that the processes share
	count   int    // of items that are run at a time
}

// scan runs an item in a process and process group of its own.
func (s scanner) scan(ctx context.Context, r request) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, itemLimit)
	defer cancel()
	in, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out, errs := bounded{most: maxAnswer}, bounded{most: maxErrors}
	cmd := s.limits.forBinary(r.Path).command(s.program, scanVerb)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = bytes.NewReader(in), &out, &errs, r.Dir
	cmd.Env = environment(wire.Slots.Assign(s.slots), wire.Processes.Assign(fmt.Sprint(s.count)))
	cmd.WaitDelay = time.Second
	if err := run(ctx, cmd); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	if out.cut {
		return nil, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	a := &answer{}
	if err := json.Unmarshal(out.Bytes(), a); err != nil {
		return nil, fmt.Errorf("its answer cannot be read: %w", err)
	}
	return a, nil
}

// run runs a command in a process group of its own, which ends with it and with ctx.
func run(ctx context.Context, cmd *exec.Cmd) error {
	procs.Group(cmd, syscall.SIGKILL)
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { procs.Signal(cmd.Process, os.Kill) })
	err := procs.Wait(cmd)
	stop()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

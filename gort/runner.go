package gort

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/reprise-go/reprise/internal/procs"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

// Runner runs one test of a binary repeatedly. It must be used by one goroutine at a time.
//
// If possible, the runs are made in copies of one process, taken where the run would begin, which saves the time of
// starting a process. A copy behaves exactly like a process of its own, up to the last event. A process cannot
// be copied if it has other threads by then, as with cgo and the race detector, or has used the network poller.
type Runner struct {
	b      *Binary
	s      *shared
	test   string
	common Control
	output *os.File
	// assertions is where the program writes its assertions; nil if it has none. See assertions.go.
	assertions *os.File
	tmp        *tempFolder
	module     string  // path of the folder of the module
	server     *server // nil if there is none yet, or none is possible
	alone      bool    // whether every run is a process of its own
}

// Runner returns a Runner for one test function or subtest, by its exact name, or for all tests if test is "". It
// uses Args, Procs, Clock, RealNetwork, Records, RecordOutside, RecordFiles, RecordEnv and Wall of c for all runs. The
// Runner must be closed.
func (b *Binary) Runner(test string, c Control) (*Runner, error) {
	s, err := openShared(headerSpace + or(c.Records, defaultRecords)*recordSize + textSpace + c.outside())
	if err != nil {
		return nil, err
	}
	out, err := openNameless("")
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	tmp, err := newTempFolder(b.Env)
	if err != nil {
		return nil, errors.Join(err, out.Close(), s.close())
	}
	r := &Runner{b: b, s: s, test: test, common: c, output: out, tmp: tmp, module: moduleOf(b.Dir)}
	if err := r.openAssertions(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close ends the Runner and releases its resources.
func (r *Runner) Close() error {
	var err error
	if r.server != nil {
		err = r.server.close()
	}
	r.tmp.remove()
	return errors.Join(err, r.output.Close(), r.closeAssertions(), r.s.close())
}

// Run runs one test function or subtest, by its exact name, or all tests if test is "", in a separate process. A
// run that fails is an [Outcome] and not an error. Errors come from starting the process, from the shared file, and
// from ctx.
func (b *Binary) Run(ctx context.Context, test string, c Control) (*Outcome, error) {
	r, err := b.Runner(test, c)
	if err != nil {
		return nil, err
	}
	r.alone = true
	o, err := r.Run(ctx, c)
	return o, errors.Join(err, r.Close())
}

// Run makes one run; see [Binary.Run]. A run that may leave its recording, and that makes a call which only a server
// outside can answer, is made again with the server.
func (r *Runner) Run(ctx context.Context, c Control) (*Outcome, error) {
	o, err := r.once(ctx, c)
	if err != nil || !o.away {
		return o, err
	}
	c.server = true
	again, err := r.once(ctx, c)
	if err == nil && again.Unlike == "" {
		again.Unlike = o.Unlike
	}
	return again, err
}

// once makes one run.
func (r *Runner) once(ctx context.Context, c Control) (*Outcome, error) {
	c.Args, c.Procs, c.Clock, c.RealNetwork = r.common.Args, r.common.Procs, r.common.Clock, r.common.RealNetwork
	c.Records, c.Wall, c.RecordOutside = r.common.Records, r.common.Wall, r.common.RecordOutside
	c.RecordFiles, c.RecordEnv = r.common.RecordFiles, r.common.RecordEnv
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("gort: %s: %w", r.test, err)
	}
	if from := c.recording(); from != nil && r.otherEnvironment(from.Tape) != nil {
		r.leaveServer() // its environment is another
	}
	if !r.alone && r.server == nil {
		if err := r.serve(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.prepare(c, 0); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, or(c.Wall, time.Minute))
	defer cancel()
	exit, err := r.execute(ctx, limited)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("gort: %s: %w", r.test, ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	r.tmp.empty()
	out, err := r.read()
	if err != nil {
		return nil, err
	}
	out = r.tmp.hide(out)
	if r.s.header().claimed == 0 {
		return nil, fmt.Errorf("gort: %s did not attach to the scheduler: it was not built with gort.Build (or reprise test)\n%s",
			r.b.Path, out)
	}
	if c.Record != nil {
		*c.Record = *r.s.profile()
	}
	seed := c.Seed
	if c.Choices != nil {
		seed = c.Choices.Seed
	}
	o, err := outcome(r.s, exit, seed, limited.Err() != nil, out)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	if c.Choices != nil && c.Choices.Tape == nil && !c.Continue && c.Resync == 0 {
		o.Recording.Tape = record.Tape{} // a replay has what its recording has
	}
	if c.Choices != nil {
		h := r.s.header()
		o.Unlike, o.offTape = unlike(h, c.Choices.Tape), h.tapeHow >= tapeShort
		if o.Unlike == "" && o.Mismatch != nil {
			o.Unlike = aged(h, c.Choices.Tape)
		}
	}
	if h := r.s.header(); h.tapeHow == tapeAway {
		o.away, o.Unlike = true, away(h, &o.Recording.Tape)
	}
	return o, r.readAssertions(o)
}

// leaveServer makes all further runs in processes of their own.
func (r *Runner) leaveServer() {
	r.alone = true
	if r.server != nil {
		_ = r.server.close() // its status does not matter
		r.server = nil
	}
}

// execute makes one run, ends all processes that it started, and returns its exit status, or -1 if a signal ended
// it. When limited is done, the run may report where its goroutines are; when ctx is done, it is killed.
func (r *Runner) execute(ctx, limited context.Context) (exit int, err error) {
	if r.alone {
		exit, err = r.process(ctx, limited)
		r.sweep()
		return exit, err
	}
	server := r.server
	if exit, err = server.run(ctx, limited, &r.s.header().pid); err != nil {
		_ = server.close() // it can no longer be used; the next run gets another
		r.server = nil
	}
	r.sweep(server.cmd.Process.Pid)
	return exit, err
}

// sweep ends processes that a run has started and that have left its process group, except those listed.
func (r *Runner) sweep(except ...int) {
	if r.s.header().forks > 0 {
		procs.Sweep(wire.Gort.Assign(nameOf(r.s.file)), except...)
	}
}

// prepare prepares the files for a run.
func (r *Runner) prepare(c Control, flags uint32) error {
	var choices record.Choices
	if from := c.recording(); from != nil {
		choices = *from
	}
	h, err := c.header()
	if err != nil {
		return err
	}
	var given []byte
	if h.flags&flagTape != 0 {
		given = record.AppendCalls(nil, choices.Given())
		h.given, h.givenCut = uint64(len(given)), choices.Tape.Cut
	}
	list := choices.Records
	for n := len(list); c.Prefix && n > 0 && list[n-1].Kind == record.Admit; n = len(list) {
		list = list[:n-1] // the replay ends at a decision, and none follows
	}
	choices.Records = list
	if c.Script != nil {
		choices = record.Choices{Records: asRecords(*c.Script), Tape: choices.Tape}
	}
	h.flags |= flags
	h.moduleLen = uint64(copy(h.module[:len(h.module)-1], r.module))
	if r.server != nil {
		h.claimed = 1 // by the server, and not by leftovers of an earlier run
	}
	if err := r.output.Truncate(0); err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	if err := r.clearAssertions(); err != nil {
		return err
	}
	env := r.otherEnvironment(choices.Tape)
	if err := r.s.prepare(h, choices, given, env, or(c.Records, defaultRecords), c.outside()); err != nil {
		return err
	}
	switch {
	case c.Route != nil:
		r.s.route().Fixed = record.MainGoroutine
		r.s.route().Give(c.Route)
	case c.Record != nil:
		*r.s.profile() = strategy.Profile{}
	case c.Profile != nil:
		*r.s.profile() = *c.Profile
	}
	return nil
}

// outputLimit is the maximum size of the output of a run, in bytes. The middle of a longer output is cut out.
const outputLimit = 4 << 20

// read returns the output of the run.
func (r *Runner) read() ([]byte, error) {
	info, err := r.output.Stat()
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	part := func(from, n int64) ([]byte, error) {
		b, err := io.ReadAll(io.NewSectionReader(r.output, from, n))
		if err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		return b, nil
	}
	if info.Size() <= outputLimit {
		return part(0, info.Size())
	}
	head, err := part(0, outputLimit/2)
	if err != nil {
		return nil, err
	}
	tail, err := part(info.Size()-outputLimit/2, outputLimit/2)
	note := fmt.Sprintf("\n[%d bytes left out]\n", info.Size()-outputLimit)
	return append(append(head, note...), tail...), err
}

// command returns the command of the test binary. It appends its output to the file.
func (r *Runner) command() (*exec.Cmd, *os.File, error) {
	out, err := os.OpenFile(nameOf(r.output), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("gort: %w", err)
	}
	// Without this limit, testing.Benchmark inside a test continues for a second of virtual time, which a loop without
	// points never reaches. With fewer iterations, what the start of a benchmark allocates would count.
	args := []string{"-test.timeout=0", "-test.paniconexit0", "-test.benchtime=1000x"}
	if r.test != "" {
		args = append(args, "-test.run="+testpath.Pattern(r.test))
	}
	cmd := exec.Command(r.b.Path, append(args, r.common.Args...)...)
	cmd.Dir = r.b.Dir
	cmd.Env = r.environ()
	cmd.Stdout, cmd.Stderr = out, out
	procs.Group(cmd, syscall.SIGKILL)
	return cmd, out, nil
}

// process makes a run in a separate process and returns its exit status, or -1 if a signal ended it.
func (r *Runner) process(ctx, limited context.Context) (int, error) {
	cmd, out, err := r.command()
	if err != nil {
		return 0, err
	}
	defer out.Close() // only the process writes to it
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("gort: %s: %w", r.b.Path, err)
	}
	stop := endAt(ctx, limited, signalCommand(cmd))
	err = procs.Wait(cmd)
	stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("gort: %s: %w", r.b.Path, err)
	}
	return cmd.ProcessState.ExitCode(), nil
}

// grace is the time that a process gets, before it is killed, to report where its goroutines are.
const grace = 2 * time.Second

// endAt ends a process: when limited is done, first so that the runtime prints the stacks of all goroutines; when ctx
// is done, at once. Nothing is sent after stop has returned.
func endAt(ctx, limited context.Context, signal func(os.Signal) error) (stop func()) {
	var lock sync.Mutex
	over := false
	send := func(s os.Signal) {
		lock.Lock()
		defer lock.Unlock()
		if !over {
			_ = signal(s) // the process may have ended by itself
		}
	}
	ended := context.AfterFunc(ctx, func() { send(os.Kill) })
	late := context.AfterFunc(limited, func() {
		if ctx.Err() == nil {
			send(syscall.SIGQUIT)
			time.AfterFunc(grace, func() { send(os.Kill) })
		}
	})
	return func() {
		ended()
		late()
		lock.Lock()
		defer lock.Unlock()
		over = true
	}
}

// signalCommand returns a function that sends signals to a process, and SIGKILL to its whole group.
func signalCommand(cmd *exec.Cmd) func(os.Signal) error {
	return func(s os.Signal) error {
		if s == os.Kill {
			procs.Signal(cmd.Process, s)
			return nil
		}
		return cmd.Process.Signal(s)
	}
}

// server is a process that copies itself for each run.
type server struct {
	cmd      *exec.Cmd
	commands *os.File
	answers  *os.File
}

// The tags of the server's answers, each followed by a number. The runtime defines them, too.
const (
	tagReady = 'R'
	tagDone  = 'S'
)

// serve starts a server, or sets r.alone if there cannot be one.
func (r *Runner) serve(ctx context.Context) error {
	if err := r.prepare(r.common, flagServe); err != nil {
		return err
	}
	cmd, out, err := r.command()
	if err != nil {
		return err
	}
	defer out.Close()
	commandsOut, commands, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	answers, answersIn, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("gort: %w", err), commandsOut.Close(), commands.Close())
	}
	cmd.ExtraFiles = []*os.File{commandsOut, answersIn}
	err = cmd.Start()
	if err := errors.Join(err, commandsOut.Close(), answersIn.Close()); err != nil {
		return errors.Join(fmt.Errorf("gort: %s: %w", r.b.Path, err), commands.Close(), answers.Close())
	}
	s := &server{cmd, commands, answers}
	limited, cancel := context.WithTimeout(ctx, or(r.common.Wall, time.Minute))
	defer cancel()
	stop := endAt(ctx, limited, signalCommand(cmd))
	tag, _, err := s.answer()
	stop()
	if err == nil && tag == tagReady {
		r.server = s
		return nil
	}
	r.alone = true // if it ended before main.main, a separate process reproduces that
	_ = s.close()  // its status does not matter
	return nil
}

// answer reads an answer.
func (s *server) answer() (tag, value uint32, err error) {
	var b [8]byte
	if _, err := io.ReadFull(s.answers, b[:]); err != nil {
		return 0, 0, err
	}
	return binary.NativeEndian.Uint32(b[:]), binary.NativeEndian.Uint32(b[4:]), nil
}

// run makes one run and returns the exit status, or -1 if a signal ended it. The process writes its number to pid.
func (s *server) run(ctx, limited context.Context, pid *uint32) (int, error) {
	if _, err := s.commands.Write([]byte{1}); err != nil {
		return 0, fmt.Errorf("gort: %s has gone: %w", s.cmd.Path, err)
	}
	stop := endAt(ctx, limited, func(signal os.Signal) error {
		switch pid := atomic.LoadUint32(pid); {
		case pid != 0 && pid <= math.MaxInt32: // a larger number was written by other processes
			return signalTo(int(pid))(signal) // the server ends the rest of the group
		case signal == os.Kill: // the server waits and cannot end it
			return s.cmd.Process.Kill()
		}
		return nil
	})
	tag, status, err := s.answer()
	stop()
	if err != nil || tag != tagDone {
		return 0, fmt.Errorf("gort: %s has gone: answer %d, %v", s.cmd.Path, tag, err)
	}
	return exitStatus(status), nil
}

// close ends the server and the processes that it has started.
func (s *server) close() error {
	err := errors.Join(s.commands.Close(), s.answers.Close())
	patience := time.AfterFunc(grace, func() { procs.Signal(s.cmd.Process, os.Kill) })
	defer patience.Stop()
	if wait := procs.Wait(s.cmd); wait != nil {
		var exit *exec.ExitError
		if !errors.As(wait, &exit) {
			err = errors.Join(err, wait)
		}
	}
	return err
}

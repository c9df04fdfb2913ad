package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/source"
)

const debugHelp = `Run the test of a recording again under Delve, with the recorded choices: breakpoints, goroutines and variables work,
and the run is the same every time. dlv is the user's own; it is found on PATH, in the folder of go install, or by
--dlv.

The program is stopped before the line at which the test fails (--to failure, the default), in the turn that decided
the run (--to decision), or in a turn by its number, as reprise view, step and why show it (--to N). From there on it is
Delve's: "continue", "next", "print", "goroutines". "restart" makes the same run again. While the program is stopped its
clock stands still, and so do all limits.

The packages of the main module are built without optimisation if the run is the recorded one then, which is checked
first. With points at accesses to memory it is not, and the build is that of the recording. If the program was changed
since, the run stays as near to the recording as it can.

With --headless there is no terminal: an editor attaches to the address of --listen, which must be one of this machine,
with stopOnEntry, or the program goes on at once.
Calling functions of the program ("call") or setting variables makes the run another one.

A recording may come from a stranger. The rules are those of reprise replay: only a test of the main module is built and
run, flags that could name a file or a program are not taken from the file (--build and --arg give them), and no text of
the file reaches Delve.`

// debug is one run of the command.
type debug struct {
	replay
	to       string
	dlv      string
	headless bool
	listen   string
	decision uint64 // of to, if that is a number
}

// The places at which a program can be stopped besides a turn by its number.
const (
	toFailure  = "failure"
	toDecision = "decision"
)

// NewDebug returns the verb that runs a recording again under Delve.
func NewDebug() *cobra.Command {
	d := &debug{}
	cmd := &cobra.Command{
		Use:   "debug FILE",
		Short: "Run the test of a recording again under Delve, stopped where it fails",
		Long:  debugHelp,
		Example: verb.Examples(
			"stopped before the line at which the test fails", "reprise debug failed.reprise",
			"stopped in a turn", "reprise debug failed.reprise --to 14",
			"for an editor", "reprise debug failed.reprise --headless --listen 127.0.0.1:4711",
		),
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Streams, d.Path, d.Name, d.Format = verb.StreamsOf(cmd), args[0], args[0], "text"
			if err := d.check(cmd); err != nil {
				return err
			}
			return d.run()
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&d.to, "to", toFailure, "where to stop: failure, decision, or the number of a turn")
	fs.StringVar(&d.dlv, "dlv", "", "path of dlv")
	fs.BoolVar(&d.headless, "headless", false, "wait for an editor instead of starting dlv's terminal")
	fs.StringVar(&d.listen, "listen", "", "with --headless, the address to listen at (default 127.0.0.1 and a free port)")
	defineGiven(cmd, &d.given)
	return cmd
}

// check checks the flags.
func (d *debug) check(cmd *cobra.Command) (err error) {
	switch {
	case d.to == toFailure || d.to == toDecision:
	default:
		if d.decision, err = strconv.ParseUint(d.to, 10, 32); err != nil || d.decision == 0 {
			return base.Usage("--to %s is none of %s, %s and the number of a turn", d.to, toFailure, toDecision)
		}
	}
	if d.headless {
		d.listen = cmp.Or(d.listen, "127.0.0.1:0")
		if !loopback(d.listen) {
			return base.Usage("--listen %s is not an address of this machine only, such as 127.0.0.1:4711; a client of dlv "+
				"can run any program", d.listen)
		}
	} else if cmd.Flags().Changed("listen") {
		return base.Usage("--listen is for --headless")
	}
	return nil
}

// loopback reports whether an address is one of this machine only.
func loopback(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// install says how to get dlv.
const install = "install it with: go install github.com/go-delve/delve/cmd/dlv@latest"

// findDlv returns the path of dlv: the one that is given, that on PATH, or that in the folder of go install.
func findDlv(given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", base.Usage("--dlv %s: %v; %s", given, err, install)
		}
		return filepath.Abs(path)
	}
	if path, err := exec.LookPath("dlv"); err == nil {
		return path, nil
	}
	out, _ := exec.Command("go", "env", "GOBIN", "GOPATH").Output() // without go, there is no such folder
	lines := append(strings.Split(string(out), "\n"), "", "")
	for _, dir := range []string{lines[0], filepath.Join(filepath.SplitList(lines[1] + ":")[0], "bin")} {
		if path := filepath.Join(dir, "dlv"); filepath.IsAbs(path) {
			if found, err := exec.LookPath(path); err == nil {
				return found, nil
			}
		}
	}
	return "", base.Failed(errors.New("dlv, the debugger Delve, is not found; " + install +
		", or name it with --dlv PATH"))
}

// run opens the recording and runs its test under Delve.
func (d *debug) run() (err error) {
	if d.in, err = base.OpenInput(d.Stdin, d.Path, source.Config{}); err != nil {
		return err
	}
	defer d.in.Close()
	if !source.Ordinary(d.in.Stream) {
		return base.Failed(fmt.Errorf("%s: debug takes the recording of an ordinary test; to look at this one: reprise step, "+
			"reprise dap, or dlv exec reprise -- replay FILE --break N", d.Name))
	}
	if d.dlv, err = findDlv(d.dlv); err != nil {
		return err
	}
	if err := d.ofOrdinary(); err != nil {
		return err
	}
	choices, _, err := gort.Load(d.Path) // before the build, which takes time
	if err != nil {
		return d.in.Bad(err)
	}
	modules, err := gotest.MainModules(context.Background(), wire.Strip(os.Environ()))
	if err != nil {
		return base.Failed(err)
	}
	return d.attempts(choices, modules)
}

// errOther says that the run of a build is not the recorded one.
var errOther = errors.New("another run")

// build is a way to build and run the test for a debugger.
type build struct {
	given   gotest.Given
	control gort.Control
	any     bool   // the run need not be the recorded one
	note    string // for the user
}

// builds returns the ways to build the test, the best first.
func (d *debug) builds(choices *gort.Choices, modules []string) (list []build) {
	plain := d.given
	plain.Flags = slices.Concat(d.given.Flags, gotest.Unoptimised(modules))
	exact, near := gort.Control{Choices: choices}, gort.Control{Choices: choices, Resync: defaultWindow}
	recorded := build{given: d.given, control: exact, note: "the test is built as it was recorded, with optimisation, since " +
		"the run is another one without; some variables and lines are not visible"}
	if choices.Memory {
		recorded.note = "the test is built as it was recorded, with optimisation, since accesses to memory are preemption " +
			"points; some variables and lines are not visible"
	} else {
		list = append(list, build{given: plain, control: exact})
	}
	return append(list, recorded, build{given: plain, control: near, any: true,
		note: "the program has changed since the recording; the run stays as near to it as it can"})
}

// attempts builds the test in one way after the other until the run is the recorded one.
func (d *debug) attempts(choices *gort.Choices, modules []string) (err error) {
	for _, b := range d.builds(choices, modules) {
		d.given = b.given
		err = d.rebuilt("debug", func(ctx context.Context, test *gotest.Rebuilt) error {
			return d.attempt(ctx, test, modules, b)
		})
		if !errors.Is(err, errOther) {
			break
		}
	}
	return err
}

// attempt makes the run without a debugger, to see whether it is the recorded one, and then with it.
func (d *debug) attempt(ctx context.Context, test *gotest.Rebuilt, modules []string, b build) error {
	o, err := test.Run(ctx, b.control)
	switch {
	case err != nil:
		return base.Failed(err)
	case !b.any && (o.Mismatch != nil || o.Verdict == gort.Diverged):
		return errOther
	}
	notes := test.Notes
	if b.note != "" {
		notes = append(slices.Clone(notes), b.note)
	}
	for _, n := range notes {
		d.say("%s", n)
	}
	return d.under(ctx, test, modules, b.control, o)
}

// say prints a line for the user, beside what dlv and the test print.
func (d *debug) say(format string, args ...any) {
	_, _ = io.WriteString(d.Stderr, "reprise: "+fmt.Sprintf(format, args...)+"\n") // as all that is printed on the way
}

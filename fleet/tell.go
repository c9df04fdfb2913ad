package fleet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/wire"
)

// execVerb is the hidden verb by which this program takes the place of a test binary, as in the command reprise.
const execVerb = "exec-test"

// tell runs the campaign as `reprise test` does, except for the runs that are known to pass, and reports.
func (c *coordinator) tell(ctx context.Context, stdout, stderr io.Writer) (err error) {
	tmp, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	release, err := hold(tmp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	o := c.spec.Report
	outputs, errs := make([]bytes.Buffer, len(c.spec.Binaries)), make([]error, len(c.spec.Binaries))
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i := range c.spec.Binaries {
		turns <- struct{}{}
		all.Go(func() {
			errs[i] = c.tellBinary(ctx, tmp, i, &outputs[i])
			<-turns
		})
	}
	all.Wait()
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return err
	}
	var readers []io.Reader
	for i := range outputs {
		readers = append(readers, bytes.NewReader(outputs[i].Bytes()))
	}
	reported := o.Report(io.MultiReader(readers...), stdout, stderr)
	c.tellLost(stderr)
	c.tellUnconfirmed(outputs, stderr)
	return reported
}

// tellBinary runs the tests of a binary.
func (c *coordinator) tellBinary(ctx context.Context, tmp string, binary int, out io.Writer) error {
	b := c.spec.Binaries[binary]
	folder, err := os.MkdirTemp(tmp, "known-")
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	path, err := c.getFile(ctx, folder, b.Hash)
	if err != nil {
		return err
	}
	named := filepath.Join(folder, filepath.Base(b.Package)+".test") // by which reports call it
	if err := os.Rename(path, named); err != nil {
		return err
	}
	env := append(environment(b.Env...), wire.Slots.Assign(tmp), wire.Processes.Assign(fmt.Sprint(runtime.GOMAXPROCS(0))))
	switch {
	case !b.Plain:
		for i, t := range c.spec.Tests {
			if t.Binary != binary {
				continue
			}
			if err := c.ledger.known(i).Write(folder, t.Name); err != nil {
				return err
			}
		}
		env = append(env, wire.Known.Assign(folder))
	case c.spec.Budget > 0: // which is for all tests of all packages
		share := max(c.spec.Budget/time.Duration(len(c.spec.Tests)+len(c.spec.Binaries)), time.Second)
		env = append(env, wire.Budget.Assign(share.String()))
	}
	args := append([]string{"tool", "test2json", "-p", b.Package, program, execVerb, named}, b.Args...)
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = b.Dir, env, out, os.Stderr, time.Second
	var failed *exec.ExitError
	if err := run(ctx, cmd); err != nil && !errors.As(err, &failed) {
		return err
	}
	return nil
}

// tellLost lists the items that were given up.
func (c *coordinator) tellLost(w io.Writer) {
	for _, r := range c.ledger.lost() {
		t := c.spec.Tests[r.Test]
		_, _ = fmt.Fprintf(w, "given up: seeds %d to %d of %s %s were not run: %q\n", r.From, r.To-1,
			c.spec.Binaries[t.Binary].Package, t.Name, r.Err) // a line less is no failure, here and below
	}
}

// tellUnconfirmed lists what failed on a worker and not here: of each test, the signatures that are in no report.
func (c *coordinator) tellUnconfirmed(outputs []bytes.Buffer, w io.Writer) {
	for i, t := range c.spec.Tests {
		told := toldOf(outputs[t.Binary].Bytes(), t.Name)
		var missing []string
		for _, f := range c.ledger.known(i).Failing {
			if f.Counts && !told[f.Signature] {
				told[f.Signature] = true
				missing = append(missing, fmt.Sprintf("seed 0x%016x: %q, signature %q", f.Seed, f.Headline, f.Signature))
			}
		}
		if len(missing) > 0 {
			_, _ = fmt.Fprintf(w, "%s of %s %s failed on a worker and not here, so something that is not recorded takes part, "+
				"such as a file, a variable, or the network and the limits of a worker:\n%s",
				prose.Count(len(missing), "failure"), c.spec.Binaries[t.Binary].Package, t.Name,
				prose.Indent(strings.Join(missing, "\n"))+"\n")
		}
	}
}

// foundKey is the attribute with the signature of a finding as a worker has it, which does not know the cause.
var foundKey = wire.AttrFound.Name

// toldOf returns the signatures of the failing runs that a test has reported in the form of go test -json.
func toldOf(events []byte, test string) map[string]bool {
	told := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(events))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e struct{ Action, Test, Key, Value string }
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Action == "attr" && e.Key == foundKey &&
			strings.HasPrefix(e.Test, test+"/") {
			told[e.Value] = true
		}
	}
	return told
}

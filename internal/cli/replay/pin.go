package replay

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

func NewPin() *cobra.Command {
	return &cobra.Command{
		Use: "pin FILE",
		Example: verb.Examples(
			"replay this failure first from now on", "reprise pin 'failing/example.com/m/TestX/seed=0x4d2.reprise'",
		),
		Short: "Keep the trace of a failing test as a regression test",
		Long: "Copy the recording of a test, simulated or ordinary, to testdata/reprise/<TestName>/ of its package. From then on\n" +
			"reprise test replays it first, as far as the program still follows it, and says whether the run fails as before or\n" +
			"passes, or whether the recording no longer fits the program. So do simulated tests under go test. The package is found\n" +
			"from the current folder by its import path; only packages of the main module or workspace are written to.",
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return pin(cmd.OutOrStdout(), args[0]) },
	}
}

func pin(stdout io.Writer, path string) error {
	of, err := readOrigin(path)
	if err != nil {
		return err
	}
	if filepath.Ext(path) != testpath.Ext || of.form != source.Reprise {
		return base.BadInput(fmt.Errorf("%s: only %s files can be pinned; convert it with: reprise convert %s x%s",
			path, testpath.Ext, prose.ShellQuote(path), testpath.Ext))
	}
	checked, err := gotest.OriginOf(of.id)
	if err != nil {
		return base.Failed(fmt.Errorf("%s: %w", path, err))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return base.BadInput(err)
	}
	name := filepath.Join(filepath.FromSlash(testpath.Pins(of.test)), filepath.Base(path))
	if err := writeInside(checked.Dir, name, b); err != nil {
		return base.Failed(err)
	}
	_, err = fmt.Fprintf(stdout, "pinned: %s of %s\n", filepath.ToSlash(name), of.pkg)
	return base.Written(err)
}

// writeInside writes a file below a folder, completely or not at all. It follows no links that lead out of the folder.
func writeInside(dir, name string, b []byte) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	partial := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".partial")
	if err := root.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a writer that was killed
		return err
	}
	f, err := root.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(partial, name)
	}
	if err != nil {
		_ = root.Remove(partial) // the error that led here is the one to report
	}
	return err
}

// origin is the test that has made a recording.
type origin struct {
	pkg, test string
	id        tracefile.Identity
	form      source.Form
}

// originOf reads the origin of an identity; ok is false if it is of no test.
func originOf(id tracefile.Identity) (of origin, ok bool) {
	of.id, of.pkg, of.test = id, id[tracefile.KeyPackage], id[tracefile.KeyTest]
	return of, of.pkg != "" && of.test != ""
}

// readOrigin reads a whole trace file and returns the test that has made it.
func readOrigin(path string) (origin, error) {
	in, err := base.OpenInput(nil, path, source.Config{})
	if err != nil {
		return origin{}, err
	}
	defer in.Close()
	of, ok := originOf(in.Identity())
	if !ok {
		return origin{},
			base.BadInput(fmt.Errorf("%s: it does not say which test it is of; only the recording of a test does",
				path))
	}
	of.form = in.Form()
	for {
		if _, err := in.Next(); err == io.EOF {
			return of, nil
		} else if err != nil {
			return origin{}, in.Bad(err)
		}
	}
}

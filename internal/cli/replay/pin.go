package replay

import (
	"fmt"
	"io"
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
		Long: "Copy a trace that package simtest has recorded to testdata/reprise/<TestName>/ of its package, where the test\n" +
			"replays it first from then on. The package is found from the current folder by its import path. An ordinary test has no\n" +
			"such traces: keep its file, and replay it.",
		Args: verb.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return pin(cmd.OutOrStdout(), args[0]) },
	}
}

func pin(stdout io.Writer, path string) error {
	of, err := readOrigin(path)
	if err != nil {
		return err
	}
	if of.ordinary {
		return base.BadInput(fmt.Errorf("%s: the test %s of %s is an ordinary one, which replays no pinned traces; keep the file, and run: reprise replay %s",
			path, of.test, of.pkg, prose.ShellQuote(path)))
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
	to := filepath.Join(checked.Dir, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return base.Failed(err)
	}
	if err := base.ToFile(to, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "pinned: %s of %s\n", filepath.ToSlash(name), of.pkg)
	return base.Written(err)
}

// origin is the test that has made a recording.
type origin struct {
	pkg, test string
	id        tracefile.Identity
	form      source.Form
	ordinary  bool // it does not use package simtest
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
			base.BadInput(fmt.Errorf("%s: it does not say which test it is of; only a trace that package simtest has recorded does",
				path))
	}
	of.form, of.ordinary = in.Form(), source.Ordinary(in.Stream)
	for {
		if _, err := in.Next(); err == io.EOF {
			return of, nil
		} else if err != nil {
			return origin{}, in.Bad(err)
		}
	}
}

// Package report holds the verb report, which merges the results of many runs of the verb test. It must not run a
// program.
package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/cli/verb"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/results"
)

// formats are the forms of a report.
var formats = []struct {
	name, about string
	write       func(*results.Report, io.Writer) error
}{
	{"text", "for people", (*results.Report).Text},
	{"markdown", "for a pull request or the summary of a job", (*results.Report).Markdown},
	{"html", "a page without scripts", (*results.Report).HTML},
	{"json", "everything; the baseline of a later report", (*results.Report).JSON},
	{"junit", "JUnit XML: a failing test case for each finding", (*results.Report).JUnit},
	{"github", "workflow commands that annotate lines of the code", (*results.Report).GitHub},
	{"gitlab", "a code quality report of GitLab", (*results.Report).GitLab},
	{"sarif", "SARIF 2.1.0, for code scanning", (*results.Report).SARIF},
}

func formatNames() (names []string) {
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// options are the flags of report.
type options struct {
	baseline, fail string
	outputs        []string
}

// failures are the values of --fail.
var failures = []string{"new", "any", "never"}

func New() *cobra.Command {
	var o options
	about := ""
	for _, f := range formats {
		about += fmt.Sprintf("\n  %-9s %s", f.name, f.about)
	}
	cmd := &cobra.Command{
		Use: "report FOLDER... [--baseline FILE] [-o FORMAT[:FILE]]...",
		Example: verb.Examples(
			"of four shards", "reprise report shard-1 shard-2 shard-3 shard-4",
			"only what is new counts, and this report is the next baseline",
			"reprise report results --baseline last.json -o text -o json:last.json",
			"for code scanning and a page", "reprise report results -o sarif:reprise.sarif -o html:report.html",
		),
		Short: "Merge the results of many shards and machines, and compare them with an earlier report",
		Long: "Merge the results that reprise test --results has left in folders, of any number of shards and machines.\n" +
			"Failures with equal signatures are one finding. With a baseline, which is an earlier report in JSON, a finding is\n" +
			"new, known, gone (its test ran and did not fail that way) or unseen (its test did not run), and each test that\n" +
			"fails or has failed is listed with its failure rates, the latest first. A baseline that does not exist is empty.\n\n" +
			"The formats, each to standard output or to a file:\n" + about + "\n\n" +
			"The exit code is 1 if there is a new finding, or a test that fails without one; --fail any counts known findings\n" +
			"too, and --fail never none.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return base.Usage("no folders: %s", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(args, cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&o.baseline, "baseline", "", "an earlier report in JSON")
	cmd.Flags().StringArrayVarP(&o.outputs, "output", "o", []string{"text"},
		"a format, or a format and a file: "+strings.Join(formatNames(), ", "))
	cmd.Flags().StringVar(&o.fail, "fail", "new", "which findings make the exit code 1: "+strings.Join(failures, ", "))
	return cmd
}

func (o *options) run(folders []string, stdout io.Writer) error {
	if !slices.Contains(failures, o.fail) {
		return base.Usage("--fail %q: it must be %s", o.fail, strings.Join(failures, ", "))
	}
	for _, output := range o.outputs {
		name, _, _ := strings.Cut(output, ":")
		if !slices.Contains(formatNames(), name) {
			return base.Usage("unknown format %q; the formats are %s", name, strings.Join(formatNames(), ", "))
		}
	}
	r, err := o.merge(folders)
	if err != nil {
		return base.BadInput(err)
	}
	for _, output := range o.outputs {
		if err := write(r, output, stdout); err != nil {
			return err
		}
	}
	if o.fail != "never" && (r.Fails(o.fail == "any") || len(r.Broken()) > 0) {
		return base.Found()
	}
	return nil
}

// merge reads the results and the baseline.
func (o *options) merge(folders []string) (*results.Report, error) {
	var all []*results.Results
	for _, folder := range folders {
		list, err := results.ReadAll(folder)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	var old *results.Report
	if o.baseline != "" {
		f, err := os.Open(o.baseline)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			old, err = results.ReadReport(f)
			if err := cmp.Or(err, f.Close()); err != nil {
				return nil, fmt.Errorf("%s: %w", o.baseline, err)
			}
		}
	}
	return results.Merge(all, old), nil
}

// write writes the report to one output.
func write(r *results.Report, output string, stdout io.Writer) error {
	name, file, toFile := strings.Cut(output, ":")
	f := formats[slices.Index(formatNames(), name)]
	if toFile {
		return base.ToFile(file, func(w io.Writer) error { return f.write(r, w) })
	}
	var b bytes.Buffer
	if err := f.write(r, &b); err != nil {
		return base.Failed(err)
	}
	text := b.String()
	if name == "text" || name == "markdown" {
		text = prose.Terminal(text, base.IsDevice(stdout))
	}
	_, err := io.WriteString(stdout, text)
	return base.Written(err)
}

package gotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/results"
	"github.com/reprise-go/reprise/internal/wire"
)

// Options are the options of `reprise test`.
type Options struct {
	Env  []string // settings for the tests, each KEY=VALUE
	Args []string // arguments of go test

	// Memory is the value of --memory: one of wire.MemoryModes, or patterns of packages with commas between; "" is
	// auto.
	Memory string

	HTML bool // draw a page beside the recording of each finding

	JUnit, Markdown, JSONL string // files to write, "" for none

	OnlyBroken bool // findings do not make Run fail, and are not annotated

	Results string // folder for the results and, unless the artifacts have another, the recordings; "" for none
	Changed string // revision of git; only packages that differ, and their importers, are tested; "" for all
}

// Run runs go test and reports on stdout.
func (o *Options) Run(stdout, stderr io.Writer) error {
	if err := o.prepare(); err != nil {
		return err
	}
	if o.Changed != "" {
		some, err := o.narrow(context.Background(), stderr)
		if err != nil || !some {
			return err
		}
	}
	p := base.NewProgress(stderr, "test")
	r := newTestResults(p.Say)
	stdout = o.listen(r, stdout, stderr)
	status, err := o.goTest(context.Background(), r, stdout, stderr)
	p.Done()
	var wrong *base.ExitError
	switch {
	case errors.As(err, &wrong):
		return err
	case err != nil:
		return base.Failed(err)
	case r.asIs && status != nil:
		return base.Found()
	case r.asIs:
		return nil
	}
	if status != nil && len(r.packages) == 0 && !r.interrupted {
		return r.noPackages(status.ExitCode())
	}
	if flag := r.refusedFlag(); flag != "" {
		return base.Usage("%s", flag)
	}
	if err := o.conclude(r, stdout); err != nil {
		return err
	}
	if status != nil && (!o.OnlyBroken || r.broken()) {
		return base.Found()
	}
	return nil
}

// broken reports whether something has failed beside the findings: a package that does not build, a test without a
// finding, or a search that was interrupted.
func (r *testResults) broken() bool {
	return len(r.findings) == 0 || len(r.others) > 0 || r.build.Len() > 0 || r.interrupted
}

// listen sets where the output of tests goes, and returns where the report goes.
func (o *Options) listen(r *testResults, stdout, stderr io.Writer) (report io.Writer) {
	names := goFlags(o.Args)
	switch r.json = slices.Contains(names, "json"); {
	case r.json:
		r.echo, stdout = stdout, stderr // standard output contains only events
	case slices.Contains(names, "v"):
		r.echo = stdout
	}
	return stdout
}

// Report reports what test binaries have printed that something else than go test has run, in the form of go test
// -json: see [Collected].
func (o *Options) Report(events io.Reader, stdout, stderr io.Writer) error {
	if err := o.prepare(); err != nil {
		return err
	}
	r := newTestResults(func(string, ...any) {})
	stdout = o.listen(r, stdout, stderr)
	lines := make(chan []byte)
	go readLines(events, lines)
	for line := range lines {
		r.line(line)
	}
	if err := o.conclude(r, stdout); err != nil {
		return err
	}
	if len(r.findings)+len(r.others) > 0 {
		return base.Found()
	}
	return nil
}

// conclude writes the report and the files.
func (o *Options) conclude(r *testResults, stdout io.Writer) error {
	r.settle()
	r.locate()
	r.lookForAssertions(context.Background())
	if o.HTML {
		r.pictures()
	}
	var b bytes.Buffer
	var text bytes.Buffer
	r.text(&text)
	b.WriteString(prose.Terminal(text.String(), base.IsDevice(stdout)))
	if os.Getenv("GITHUB_ACTIONS") == "true" && !o.OnlyBroken {
		for _, f := range slices.Concat(r.findings, r.notes) {
			b.WriteString(f.GitHub())
		}
	}
	if _, werr := stdout.Write(b.Bytes()); werr != nil {
		return base.Failed(werr)
	}
	return base.Written(o.write(r))
}

// prepare makes the folder of the results, and the folder for recordings in it.
func (o *Options) prepare() error {
	if o.Results == "" {
		return nil
	}
	abs, err := filepath.Abs(o.Results)
	if err != nil {
		return base.Failed(err)
	}
	if err := os.MkdirAll(abs, 0o777); err != nil {
		return base.Failed(err)
	}
	o.Results = abs
	if wire.Artifacts.In(o.Env) == "" && os.Getenv(wire.Artifacts.Env) == "" {
		o.Env = append(o.Env, wire.Artifacts.Assign(filepath.Join(abs, recordingsFolder)))
	}
	return nil
}

// recordingsFolder is the folder of the recordings in that of the results.
const recordingsFolder = "recordings"

// files reports whether files with results are requested.
func (o *Options) files() bool {
	return o.JUnit != "" || o.Markdown != "" || o.JSONL != "" || o.Results != ""
}

// noPackages is the error of a go command that failed before any package. It has printed the reason on standard error,
// or in output that is not an event.
func (r *testResults) noPackages(status int) error {
	said := strings.TrimSpace(r.build.String())
	if said == "" {
		said = "see above"
	}
	if status == 2 {
		return base.Usage("go test: wrong use: %s", said)
	}
	return base.Failed(fmt.Errorf("go test has failed before it ran any test: %s", said))
}

// refusedFlag returns the line by which a test binary refused a flag, "" if none did.
func (r *testResults) refusedFlag() string {
	for _, t := range r.order {
		for line := range strings.Lines(t.output.String()) {
			if flag, ok := strings.CutPrefix(line, "reprise: "+unknownFlag); ok {
				return fmt.Sprintf("unknown flag %s: neither go test nor the tests of %s have it", strings.TrimSpace(flag), t.pkg)
			}
		}
	}
	return ""
}

// write writes the requested files.
func (o *Options) write(r *testResults) error {
	for _, f := range []struct {
		path  string
		write func(io.Writer) error
	}{{o.JUnit, r.junit}, {o.Markdown, r.markdown}, {o.JSONL, r.jsonl}} {
		if f.path != "" {
			if err := base.ToFile(f.path, f.write); err != nil {
				return err
			}
		}
	}
	if o.Results != "" {
		if err := base.ToFile(filepath.Join(o.Results, results.File), o.results(r).Write); err != nil {
			return err
		}
	}
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if summary == "" || os.Getenv("GITHUB_ACTIONS") != "true" || o.OnlyBroken {
		return nil
	}
	f, err := os.OpenFile(summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(r.markdown(f), f.Close())
}

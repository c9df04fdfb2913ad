package gotest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"

	"github.com/reprise-go/reprise/internal/base"
)

// Options say how `reprise test` runs.
type Options struct {
	Env  []string // settings for the tests, each KEY=VALUE
	Args []string // arguments of go test

	JUnit, Markdown, JSONL string // files to write, "" for none
}

// Run runs go test and reports on stdout.
func (o *Options) Run(stdout, stderr io.Writer) error {
	p := base.NewProgress(stderr, "test")
	r := newTestResults(p.Say)
	err := o.goTest(context.Background(), r, stderr)
	p.Done()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && len(r.packages) == 0:
		return base.Usage("go test: wrong use, see above")
	case err != nil && exit == nil:
		return base.Failed(err)
	}
	r.settle()
	var b bytes.Buffer
	r.text(&b)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		r.annotate(&b)
	}
	if _, werr := stdout.Write(b.Bytes()); werr != nil {
		return base.Failed(werr)
	}
	if werr := o.write(r); werr != nil {
		return base.Failed(werr)
	}
	if err != nil {
		return base.Found()
	}
	return nil
}

// write writes the files that were asked for.
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
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if summary == "" || os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	f, err := os.OpenFile(summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(r.markdown(f), f.Close())
}

package simtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/atomicfile"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/prose"
	front "github.com/reprise-go/reprise/internal/replay"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

// Pin copies a trace file to the pinned traces of t, which [Check] runs first, and returns the path of the copy,
// relative to the folder of the package. An existing file is replaced. Pin ends t like t.FailNow if the file cannot
// be read to its end, was not recorded by t, or cannot be copied.
func Pin(t testing.TB, path string) string {
	t.Helper()
	to, err := copyPin(t, path)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	return to
}

// copyPin pins a trace file.
func copyPin(t testing.TB, path string) (to string, err error) {
	if err := readable(t, path); err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	to = filepath.Join(filepath.FromSlash(testpath.Pins(testName(t))), filepath.Base(path))
	if filepath.Ext(to) != testpath.Ext {
		return "", fmt.Errorf("%s: a pinned trace must be a %s file", path, testpath.Ext)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return "", err
	}
	return to, replaceFile(to, b)
}

// readable returns the error of a trace of t that cannot be read to its end.
func readable(t testing.TB, path string) error {
	f, err := source.Open(path, source.Config{})
	if err != nil {
		return err
	}
	defer f.Close() // of a file that was only read
	if err := sameTest(t, path, f); err != nil {
		return err
	}
	for {
		if _, err := f.Next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// replaceFile writes a file completely or not at all.
func replaceFile(path string, b []byte) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// ErrForeign reports that a trace was recorded by another test.
var ErrForeign = errors.New("a trace of another test")

// sameTest returns an [ErrForeign] unless f was recorded by t. A trace that does not name its test is accepted.
func sameTest(t testing.TB, path string, f source.Recording) error {
	id := f.Identity()
	test, pkg := id[tracefile.KeyTest], id[tracefile.KeyPackage]
	switch _, ours := build(); {
	case test != "" && test != testName(t):
		return fmt.Errorf("%s: %w: of %s in %s, not of %s; to replay it: reprise replay %s", path, ErrForeign, test,
			pkg, testName(t), prose.ShellQuote(path))
	case pkg != "" && ours != "" && pkg != ours:
		return fmt.Errorf("%s: %w: of %s in %s, not in %s; to replay it: reprise replay %s", path, ErrForeign, test,
			pkg, ours, prose.ShellQuote(path))
	}
	return nil
}

// pins runs the pinned traces.
func (c *campaign) pins() {
	c.t.Helper()
	dir := filepath.FromSlash(testpath.Pins(testName(c.t)))
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.t.Errorf("simtest: the pinned traces cannot be read: %v", err)
		}
		return
	}
	for _, e := range entries {
		if c.End == explore.EndLast {
			return
		}
		if e.IsDir() || !strings.HasSuffix(e.Name(), testpath.Ext) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path, name := filepath.Join(dir, e.Name()), "pin="+strings.TrimSuffix(e.Name(), testpath.Ext)
		if t, ok := c.t.(*testing.T); ok {
			t.Run(name, func(t *testing.T) {
				t.Helper()
				c.pin(t, name, path)
			})
		} else {
			c.pin(c.t, name, path)
		}
		c.leave()
	}
}

// pin replays a pinned trace as far as the program still follows it. It fails t only if the program fails.
func (c *campaign) pin(t testing.TB, name, path string) {
	t.Helper()
	p := &replay{program: c.program, settings: &c.settings, path: path,
		how: front.Settings{Policy: replayer.Resync, Window: wire.PinWindow}}
	c.pinned++
	result, err := p.run()
	if c.skipped = p.skipped; c.skipped && t != c.t {
		t.SkipNow()
	}
	if err != nil {
		if isBlocked(err) {
			c.Extra(&explore.Run{Last: true})
		}
		t.Errorf("simtest: the pinned trace cannot be run: %v", err)
		return
	}
	alike := result.Err != nil && finding.Alike(p.before, headline(result.Err))
	showed := wire.NewPin(result.Err != nil, alike, fidelity(result))
	t.Attr(wire.AttrPin.Name, showed.String())
	if result.Err == nil {
		p.passed(t, result, showed)
		return
	}
	f := &failing{
		Finding: finding.Finding{Name: name, Seed: p.seed, Verdict: finding.Reproduced},
		failure: result.Err, trace: p.witness.rec.Trace(), witness: p.witness, pinned: path, changed: result.First,
		showed: showed,
	}
	r := &explore.Run{Last: p.marked}
	f.report(r)
	c.Extra(r)
	c.tell(t, r)
}

// fidelity returns the part of a lenient replay that matches its recording, from 0 to 1.
func fidelity(result replayer.Result) float64 {
	if result.First == nil {
		return 1
	}
	return result.Fidelity
}

// passed reports a pinned trace whose program does not fail, and records it again if it has changed and that is wanted.
func (p *replay) passed(t testing.TB, result replayer.Result, showed wire.Pin) {
	t.Helper()
	switch {
	case result.First == nil || !p.settings.update:
		text := "simtest: the pinned recording " + showed.Text()
		if result.First != nil {
			text += "\nthe program has changed since, first at " + result.First.Summary() +
				"\nto record it anew: -" + wire.FlagPrefix + wire.Update.Flag
		}
		t.Log(text)
	default:
		if err := p.witness.write(p.path, nil); err != nil {
			t.Errorf("simtest: the pinned trace could not be recorded anew: %v", err)
			return
		}
		t.Logf("simtest: the run passes; recorded anew, fidelity to the old trace %.2f", result.Fidelity)
	}
}

package simtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/testpath"
	"github.com/reprise-go/reprise/tracefile"
)

// artifactDir returns the folder for the files of failing runs of a test. The folder may not exist yet. sub is the
// test or subtest that fails.
func (s *settings) artifactDir(t, sub testing.TB) string {
	if s.artifacts == "" && testFlag("artifacts") == "true" {
		return sub.ArtifactDir()
	}
	return testpath.Artifacts(s.artifacts, packagePath(), testName(t))
}

// originalMark stands before the extension of the trace of a run that was made smaller.
const originalMark = ".original"

// keep writes the trace into a folder, which it creates if necessary, and beside it that of the original run.
func (f *failing) keep(dir string, id tracefile.Identity) (err error) {
	if f.original != nil {
		if f.Original, err = f.original.write(dir, f.Name+originalMark, id); err != nil {
			return err
		}
	}
	f.Trace, err = f.write(dir, f.Name, id)
	return err
}

// write writes the trace into a folder, under a name.
func (f *failing) write(dir, name string, id tracefile.Identity) (path string, err error) {
	w := f.witness
	if f.Verdict != finding.Reproduced || w == nil {
		w = newWitness(f.trace.Metadata, id) // names and code lines would be those of another run
		for _, e := range f.trace.All() {
			if err := w.rec.Observe(e); err != nil {
				return "", err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name+testpath.Ext)
	return path, w.write(path, f.failure)
}

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

// keep writes the trace into a folder, which it creates if necessary.
func (f *failing) keep(dir string, id tracefile.Identity) error {
	w := f.witness
	if f.Verdict != finding.Reproduced || w == nil {
		w = newWitness(f.trace.Metadata, id) // names and code lines would be those of another run
		for _, e := range f.trace.All() {
			if err := w.rec.Observe(e); err != nil {
				return err
			}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, f.Name+testpath.Ext)
	if err := w.write(path, f.failure); err != nil {
		return err
	}
	f.Trace = path
	return nil
}

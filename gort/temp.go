package gort

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// tempFolder is the folder of temporary files of the runs of a [Runner]. It is empty when a run starts, so that runs
// see nothing of each other, and it is removed in the end.
type tempFolder struct {
	path  string
	shown string // what stands for it in the output of runs, the same for every Runner
}

// newTempFolder makes a folder where an environment has its temporary files. The names of all such folders are of one
// length, so that the memory of a run does not depend on them.
func newTempFolder(env []string) (*tempFolder, error) {
	dir := os.TempDir()
	for _, line := range env {
		if value, ok := strings.CutPrefix(line, "TMPDIR="); ok && value != "" {
			dir = value
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	for {
		f := &tempFolder{filepath.Join(dir, fmt.Sprintf("reprise%08x", rand.Uint32())), filepath.Join(dir, "reprise")}
		switch err := os.Mkdir(f.path, 0o700); {
		case err == nil:
			return f, nil
		case !os.IsExist(err):
			return nil, fmt.Errorf("gort: %w", err)
		}
	}
}

// variable is the environment variable that names the folder.
func (f *tempFolder) variable() string { return "TMPDIR=" + f.path }

// hide returns an output in which the folder has a name that does not change.
func (f *tempFolder) hide(out []byte) []byte {
	return bytes.ReplaceAll(out, []byte(f.path), []byte(f.shown))
}

// empty removes what a run has left. What belongs to another user stays.
func (f *tempFolder) empty() {
	list, _ := os.ReadDir(f.path)
	for _, entry := range list {
		removeAll(filepath.Join(f.path, entry.Name()))
	}
}

// remove removes the folder.
func (f *tempFolder) remove() { removeAll(f.path) }

// removeAll removes a folder with all that is in it, also if a run has left folders in it that cannot be written. What
// cannot be removed stays.
func removeAll(path string) {
	if os.RemoveAll(path) == nil {
		return
	}
	_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(path)
}

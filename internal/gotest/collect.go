package gotest

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/wire"
)

// Collected is a test binary that go test has built, and what go test passes to it. With [wire.Collect], [Main] writes
// it to a folder as JSON and runs nothing.
type Collected struct {
	Package string   // import path
	Path    string   // of a copy of the binary
	Args    []string // arguments of the binary
	Dir     string   // folder in which its tests run
	Env     []string // settings, each KEY=VALUE

	Plain bool   // its tests cannot be scanned
	Why   string // the reason for Plain; "" if that is false
}

// collectedExt is the extension of the file about a binary.
const collectedExt = ".json"

// collect writes a test binary and what is known of it to a folder.
func (s *session) collect(folder string, args []string) error {
	c := Collected{Package: s.pkg, Args: args, Dir: s.Dir, Why: s.notScanned()}
	c.Plain = c.Why != ""
	for _, v := range wire.Settings() {
		left := []string{wire.Collect.Env, wire.Slots.Env, wire.Processes.Env, wire.Progress.Env}
		if value := os.Getenv(v.Env); value != "" && !slices.Contains(left, v.Env) {
			c.Env = append(c.Env, v.Assign(value))
		}
	}
	name := strings.ReplaceAll(s.pkg, "/", "_")
	f, err := os.CreateTemp(folder, name+"-*.test")
	if err != nil {
		return err
	}
	c.Path = f.Name()
	from, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer from.Close() // of a file that was only read
	if _, err = io.Copy(f, from); err != nil {
		return err
	}
	if err = f.Chmod(0o700); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Path+collectedExt, b, 0o600)
}

// notScanned returns why the tests of the binary cannot be scanned, "" if they can.
func (s *session) notScanned() string {
	switch {
	case s.simulated:
		return "it uses package simtest"
	case s.together:
		return "its tests run together"
	case s.plain:
		return "its tests run without control"
	}
	return ""
}

// ReadCollected returns what [Main] has written to a folder, by package.
func ReadCollected(folder string) (list []*Collected, err error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*"+collectedExt))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c := &Collected{}
		if err := json.Unmarshal(b, c); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Collected) int { return strings.Compare(a.Package, b.Package) })
	return list, nil
}

package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/reprise-go/reprise/fleet/internal/archive"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/wire"
)

// settings are the settings of a campaign on the command line.
type settings struct {
	seeds  int
	budget time.Duration
	unseen float64
	files  []string // besides those of a package, relative to the root of its module
	gotest.Options
}

// build builds the test binaries, stores them with the files of their packages, and returns the specification of a
// campaign.
func (s *settings) build(ctx context.Context, to *store, stderr io.Writer) (spec *campaignSpec, err error) {
	tmp, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	o := gotest.Options{Args: s.Args, Memory: s.Memory, Changed: s.Changed}
	o.Env = append(s.Env[:len(s.Env):len(s.Env)], wire.Collect.Assign(tmp))
	var said bytes.Buffer
	if err := o.Run(&said, stderr); err != nil {
		_, _ = stderr.Write(said.Bytes())
		return nil, err
	}
	binaries, err := gotest.ReadCollected(tmp)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	spec = &campaignSpec{Created: now, Seeds: s.seeds, Budget: s.budget, Unseen: s.unseen, Report: s.Options}
	spec.ID = newID(spec.Created, rand.Text())
	if spec.Machine, err = thisMachine(); err != nil {
		return nil, err
	}
	for i, c := range binaries {
		b, err := s.binary(ctx, to, c, tmp)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", c.Package, err)
		}
		spec.Binaries = append(spec.Binaries, b)
		if c.Plain {
			_, _ = fmt.Fprintf(stderr, "package %s is searched by this machine only, at the end: %s\n", c.Package,
				c.Why) // a line less is no failure
			continue
		}
		names, err := c.Tests(ctx, environment())
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", c.Package, err)
		}
		for _, name := range names {
			spec.Tests = append(spec.Tests, testOf{i, name})
		}
	}
	if len(spec.Binaries) == 0 {
		return nil, base.Usage("there is no package with tests among %s", strings.Join(s.Args, " "))
	}
	return spec, nil
}

// binary stores a test binary and the files of its package.
func (s *settings) binary(ctx context.Context, to *store, c *gotest.Collected, tmp string) (b testBinary, err error) {
	b.Collected = *c
	if b.Hash, err = to.putFile(ctx, c.Path); err != nil {
		return b, err
	}
	root, err := moduleRoot(ctx, c.Dir)
	if err != nil {
		return b, err
	}
	sub, err := filepath.Rel(root, c.Dir)
	if err != nil {
		return b, err
	}
	b.Sub = filepath.ToSlash(sub)
	f, err := os.CreateTemp(tmp, "files-")
	if err != nil {
		return b, err
	}
	paths := append([]string{sub, "go.mod"}, s.files...)
	if err := errors.Join(archive.Pack(f, root, paths), f.Close()); err != nil {
		return b, err
	}
	b.Files, err = to.putFile(ctx, f.Name())
	return b, err
}

// moduleRoot returns the folder of the module that a folder belongs to.
func moduleRoot(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMOD")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", fmt.Errorf("%s belongs to no module", dir)
	}
	return filepath.Dir(mod), nil
}

package gotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/prose"
)

// listed is a package in the output of go list.
type listed struct {
	ImportPath, Dir                 string
	Deps, TestImports, XTestImports []string
}

// narrow replaces the patterns of packages among the arguments by the packages that differ from the revision
// Options.Changed, and those that import one of them. It reports whether there are any.
func (o *Options) narrow(ctx context.Context, stderr io.Writer) (some bool, err error) {
	changed, root, err := changedFiles(ctx, o.Changed)
	if err != nil {
		return false, err
	}
	patterns, rest := splitPackages(o.Args)
	all, err := listPackages(ctx, patterns)
	if err != nil {
		return false, err
	}
	affected := affectedPackages(all, root, changed)
	_, err = fmt.Fprintf(stderr, "reprise: %d of %s differ from %s or import one that does\n", len(affected),
		prose.Count(len(all), "package"), o.Changed)
	o.Args = append(affected, rest...)
	return len(affected) > 0, err
}

// splitPackages separates the patterns of packages from the other arguments of go test.
func splitPackages(args []string) (patterns, rest []string) {
	known := packagesIn(args)
	for _, arg := range BeforeArgs(args) {
		if slices.Contains(known, arg) {
			patterns = append(patterns, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if len(patterns) == 0 {
		patterns = known
	}
	return patterns, append(rest, args[len(BeforeArgs(args)):]...)
}

// changedFiles returns the paths of the files that differ from a revision, committed or not, and the root of the
// repository.
func changedFiles(ctx context.Context, revision string) (paths []string, root string, err error) {
	if strings.HasPrefix(revision, "-") {
		return nil, "", base.Usage("--changed %q: it must be a revision of git, such as origin/main", revision)
	}
	out, err := git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, "", err
	}
	root = strings.TrimRight(string(out), "\n")
	diff, err := git(ctx, "-C", root, "diff", "--name-only", "--no-renames", "-z", "--merge-base", revision, "--")
	if err != nil {
		return nil, "", err
	}
	added, err := git(ctx, "-C", root, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, "", err
	}
	for name := range strings.SplitSeq(string(diff)+string(added), "\x00") {
		if name != "" {
			paths = append(paths, filepath.Join(root, filepath.FromSlash(name)))
		}
	}
	return paths, root, nil
}

func git(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, base.Failed(fmt.Errorf("git %s: %s", strings.Join(args, " "), strings.TrimSpace(string(exit.Stderr))))
	}
	if err != nil {
		return nil, base.Failed(fmt.Errorf("--changed needs git: %w", err))
	}
	return out, nil
}

// listPackages lists packages with all that their tests depend on.
func listPackages(ctx context.Context, patterns []string) (list []listed, err error) {
	args := append([]string{"list", "-e", "-json=ImportPath,Dir,Deps,TestImports,XTestImports", "--"}, patterns...)
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	if err != nil {
		return nil, base.Failed(fmt.Errorf("go list: %w", err))
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, base.Failed(fmt.Errorf("go list: %w", err))
		}
		list = append(list, p)
	}
}

// affectedPackages returns the import paths of the packages that a change of files affects, in order: those in whose
// folder, or below it, a file has changed that belongs to no other package, and those whose code or tests import one of
// them, directly or not. A changed go.mod, go.sum, go.work or vendor folder affects all.
func affectedPackages(all []listed, root string, changed []string) (affected []string) {
	dirs := map[string]string{} // folder to import path
	byPath := map[string]listed{}
	for _, p := range all {
		dirs[realPath(p.Dir)], byPath[p.ImportPath] = p.ImportPath, p
	}
	direct := map[string]bool{}
	for _, path := range changed {
		switch filepath.Base(path) {
		case "go.mod", "go.sum", "go.work", "go.work.sum":
			return slices.Sorted(maps.Keys(byPath))
		}
		if strings.Contains(filepath.ToSlash(path), "/vendor/") {
			return slices.Sorted(maps.Keys(byPath))
		}
		for dir := realPath(filepath.Dir(path)); len(dir) >= len(root); dir = filepath.Dir(dir) {
			if pkg := dirs[dir]; pkg != "" {
				direct[pkg] = true
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	touched := func(pkg string) bool {
		return direct[pkg] || slices.ContainsFunc(byPath[pkg].Deps, func(dep string) bool { return direct[dep] })
	}
	for _, p := range all {
		imports := slices.Concat([]string{p.ImportPath}, p.TestImports, p.XTestImports)
		if slices.ContainsFunc(imports, touched) {
			affected = append(affected, p.ImportPath)
		}
	}
	slices.Sort(affected)
	return affected
}

// realPath returns a path without links, as git reports the root of a repository.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

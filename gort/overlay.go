package gort

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/gort/internal/patch"
	"github.com/reprise-go/reprise/internal/atomicfile"
)

// toolVersion is the version of the layout of the shared file and of the cache. It must be raised with every change of
// either.
const toolVersion = "3"

// toolchain is what the go command reports about itself in a folder.
type toolchain struct {
	patch.Toolchain
	GOMODCACHE string
}

// ErrUnsupported is wrapped by errors about a Go version, system or architecture that is not supported: it is unknown,
// or the text that an edit of its runtime needs was not found.
var ErrUnsupported = patch.ErrUnsupported

// Tools is what a controlled build needs.
type Tools struct {
	Go      string   // path of the go command
	Env     []string // environment of the go command; nil for that of this process
	overlay string   // file for the flag -overlay
	memory  []string // patterns of packages with preemption points at accesses to memory
	std     []string // with memory: folders of the standard library
}

// Args returns the arguments of "go test" for a controlled build, given those that the user wants.
func (t *Tools) Args(args []string) []string {
	own := []string{"-overlay=" + t.overlay}
	if len(t.memory) > 0 {
		own = append(own, memoryFlags(t.std, t.memory)...)
	}
	return append(own, withTags(args)...)
}

// Overlay returns the tools for the Go version that the go command uses in the folder dir and with the environment
// env (nil: that of this process). The files of the overlay are stored in the folder cache ("": the user's cache
// folder) and reused as long as neither Go nor this package changes. memory lists patterns of packages; see
// BuildConfig.Memory. The errors match [ErrUnsupported], or are those of the go command and the file system.
//
// The go command refuses to replace files below GOMODCACHE, where it stores the toolchains that it downloads. For
// such a toolchain Overlay creates a GOROOT of links in the cache, and Tools refer to that one.
func Overlay(ctx context.Context, dir string, env []string, cache string, memory []string) (*Tools, error) {
	tc, err := askGo(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	tc.Memory = len(memory) > 0
	if err := tc.Check(); err != nil {
		return nil, err
	}
	if cache == "" {
		if cache, err = os.UserCacheDir(); err != nil {
			return nil, fmt.Errorf("gort: no folder for the cache; set XDG_CACHE_HOME: %w", err)
		}
		cache = filepath.Join(cache, "reprise", "gort")
	}
	tools := &Tools{Go: "go", Env: env, memory: memory}
	root, err := tc.root(cache)
	if err != nil {
		return nil, err
	}
	if root != tc.GOROOT {
		tc.GOROOT = root
		tools.Go = filepath.Join(root, "bin", "go")
		if env == nil {
			env = os.Environ()
		}
		tools.Env = append(env[:len(env):len(env)], "GOROOT="+root, "GOTOOLCHAIN=local")
	}
	if len(memory) > 0 {
		if tools.std, err = standard(root); err != nil {
			return nil, err
		}
	}
	tools.overlay, err = tc.overlay(cache)
	return tools, err
}

// root returns the GOROOT to build with: a folder of links in the cache if the real one is below GOMODCACHE.
func (tc *toolchain) root(cache string) (string, error) {
	if rel, err := filepath.Rel(tc.GOMODCACHE, tc.GOROOT); err != nil || !filepath.IsLocal(rel) {
		return tc.GOROOT, nil
	}
	return mirror(tc.GOROOT, filepath.Join(cache, "roots"))
}

// mirror creates a folder of links to the entries of the folder root.
func mirror(root, below string) (string, error) {
	name := strings.TrimPrefix(filepath.Base(root), "toolchain@")
	dir := filepath.Join(below, name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	list, err := os.ReadDir(root)
	if err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	for _, entry := range list {
		if err := link(filepath.Join(root, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			return "", fmt.Errorf("gort: %w", err)
		}
	}
	return dir, nil
}

// link creates a link to target at path. It replaces a link to another target.
func link(target, path string) error {
	err := os.Symlink(target, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Symlink(target, path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // another process has created it in the meantime
}

// askGo asks the go command which toolchain it uses.
func askGo(ctx context.Context, dir string, env []string) (tc toolchain, err error) {
	out, err := run(ctx, dir, env, "go", "env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH", "GOMODCACHE")
	if err != nil {
		return tc, err
	}
	if err := json.Unmarshal(out, &tc); err != nil {
		return tc, fmt.Errorf("gort: go env: %w", err)
	}
	return tc, nil
}

// run returns the standard output of a command, and its standard error within the error.
func run(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("gort: %s %s: %w\n%s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// overlay writes the missing and the damaged files into the cache, and returns the path of overlay.json.
func (tc *toolchain) overlay(cache string) (string, error) {
	files, err := tc.Files()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, tc.key(files))
	index := filepath.Join(dir, "overlay.json")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	var replace struct{ Replace map[string]string }
	replace.Replace = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := ensure(path, files[name]); err != nil {
			return "", err
		}
		replace.Replace[filepath.Join(tc.GOROOT, "src", filepath.FromSlash(name))] = path
	}
	text, err := json.MarshalIndent(replace, "", "\t")
	if err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	return index, ensure(index, string(text))
}

// ensure creates a file with a text, or replaces it if its content is different.
func ensure(path, text string) error {
	old, err := os.ReadFile(path)
	if err == nil && string(old) == text {
		return nil
	}
	return write(path, text)
}

// write creates a file atomically. Several processes may do so at once.
func write(path, text string) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	if _, err = f.Write([]byte(text)); err != nil {
		return errors.Join(fmt.Errorf("gort: %w", err), f.Abort())
	}
	if err = f.Commit(); err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	return nil
}

// key returns the name of a folder of the cache, which depends on its content.
func (tc *toolchain) key(files map[string]string) string {
	h := sha256.New()
	_, _ = io.WriteString(h, tc.GOROOT)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(h, "\x00%s\x00%d\x00%s", name, len(files[name]), files[name])
	}
	version, _, _ := strings.Cut(tc.GOVERSION, " ")
	return version + "-" + tc.GOARCH + "-" + toolVersion + "-" + hex.EncodeToString(h.Sum(nil)[:10])
}

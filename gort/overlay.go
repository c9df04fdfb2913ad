package gort

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
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
)

// toolVersion names the layout of the shared file and of the cache. It rises with every change of either.
const toolVersion = "2"

//go:embed inject/*.txt
var injected embed.FS

// injectedNames are the files that every system gets.
var injectedNames = []string{"runtime", "clock", "fork", "outside", "random", "replay", "text"}

// supported lists the versions of Go whose runtime the table of edits fits, without the patch number.
var supported = []string{"go1.25", "go1.26", "go1.27"}

// targets lists the systems that the part inside the runtime is written for.
var targets = []string{"linux/amd64", "linux/arm64"}

// ErrUnsupported is wrapped by errors that say that this Go version, system or architecture cannot be used.
var ErrUnsupported = errors.New("gort: not supported")

// toolchain is what the go command says of itself in a folder.
type toolchain struct {
	GOROOT, GOVERSION, GOOS, GOARCH, GOMODCACHE string
}

// Tools is what a build with the control inside needs.
type Tools struct {
	Overlay string   // the file for "go test -overlay"
	Go      string   // the go command
	Env     []string // the environment to run it in; nil for that of this process
}

// Overlay returns the tools for the Go version that the go command uses in the folder dir, and with the environment env
// (nil: that of this process). The files of the overlay are kept in cache, "" for the user's cache folder, and used again
// while neither Go nor this package changes. The errors wrap [ErrUnsupported], or are [*AnchorError] or those of the go
// command and the file system.
//
// The go command refuses to replace files below GOMODCACHE, where the toolchains are that it downloads by itself. For such
// a toolchain the cache gets a GOROOT of links to it, and Tools say how to use that one.
func Overlay(ctx context.Context, dir string, env []string, cache string) (*Tools, error) {
	tc, err := askGo(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	if err := tc.check(); err != nil {
		return nil, err
	}
	if cache == "" {
		if cache, err = os.UserCacheDir(); err != nil {
			return nil, fmt.Errorf("gort: no folder for the cache; set XDG_CACHE_HOME: %w", err)
		}
		cache = filepath.Join(cache, "reprise", "gort")
	}
	tools := &Tools{Go: "go", Env: env}
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
	tools.Overlay, err = tc.overlay(cache)
	return tools, err
}

// root returns the GOROOT to build with: a folder of links in the cache instead of one below GOMODCACHE.
func (tc *toolchain) root(cache string) (string, error) {
	if rel, err := filepath.Rel(tc.GOMODCACHE, tc.GOROOT); err != nil || !filepath.IsLocal(rel) {
		return tc.GOROOT, nil
	}
	return mirror(tc.GOROOT, filepath.Join(cache, "roots"))
}

// mirror makes a folder of links to what is in the folder root.
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
		err := os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(dir, entry.Name()))
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("gort: %w", err)
		}
	}
	return dir, nil
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

// check refuses what the table and the injected files are not written for.
func (tc *toolchain) check() error {
	if target := tc.GOOS + "/" + tc.GOARCH; !slices.Contains(targets, target) {
		return fmt.Errorf("%w: %s; ordinary tests can be controlled on %s only", ErrUnsupported, target,
			strings.Join(targets, " and "))
	}
	if !slices.Contains(supported, minor(tc.GOVERSION)) {
		return fmt.Errorf("%w: %s; ordinary tests can be controlled with %s", ErrUnsupported, tc.GOVERSION,
			strings.Join(supported, ", "))
	}
	return nil
}

// minor returns "go1.26" for "go1.26.8" and "go1.26rc1".
func minor(version string) string {
	version, _, _ = strings.Cut(version, " ") // experiments follow
	head, rest, _ := strings.Cut(version, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	return head + "." + rest
}

// overlay writes the files into the cache, unless they are there.
func (tc *toolchain) overlay(cache string) (string, error) {
	files, err := tc.files()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, tc.key(files))
	index := filepath.Join(dir, "overlay.json")
	if _, err := os.Stat(index); err == nil {
		return index, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	var replace struct{ Replace map[string]string }
	replace.Replace = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := write(path, files[name]); err != nil {
			return "", err
		}
		replace.Replace[filepath.Join(tc.GOROOT, "src", filepath.FromSlash(name))] = path
	}
	text, err := json.MarshalIndent(replace, "", "\t")
	if err != nil {
		return "", fmt.Errorf("gort: %w", err)
	}
	return index, write(index, string(text))
}

// write makes a file appear whole, also when several processes do it at once.
func write(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("gort: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("gort: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// files returns the text of every file of the overlay under its path below GOROOT/src.
func (tc *toolchain) files() (map[string]string, error) {
	byFile := map[string][]edit{}
	for _, e := range edits {
		byFile[e.file] = append(byFile[e.file], e)
	}
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		src, err := os.ReadFile(filepath.Join(tc.GOROOT, "src", filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			e := byFile[name][0]
			return nil, &AnchorError{tc.GOVERSION, name, e.fn, "", 0}
		}
		if err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		if files[name], err = cut(tc.GOVERSION, name, string(src), byFile[name]); err != nil {
			return nil, err
		}
	}
	for _, d := range declarations {
		files[d.file] = d.text
	}
	for _, name := range append(injectedNames[:len(injectedNames):len(injectedNames)], "runtime_"+tc.GOARCH) {
		text, err := injected.ReadFile("inject/" + name + ".go.txt")
		if err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		files["runtime/zreprise_"+name+".go"] = strings.Replace(string(text), syscallPackage, tc.syscallPackage(), 1)
	}
	return files, nil
}

// syscallPackage is imported by an injected file. Its place differs between versions.
const syscallPackage = `"internal/runtime/syscall"`

func (tc *toolchain) syscallPackage() string {
	if _, err := os.Stat(filepath.Join(tc.GOROOT, "src/internal/runtime/syscall/linux")); err == nil {
		return `"internal/runtime/syscall/linux"`
	}
	return syscallPackage
}

// key names a folder of the cache by what is in it.
func (tc *toolchain) key(files map[string]string) string {
	h := sha256.New()
	_, _ = io.WriteString(h, tc.GOROOT)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(h, "\x00%s\x00%d\x00%s", name, len(files[name]), files[name])
	}
	version, _, _ := strings.Cut(tc.GOVERSION, " ")
	return version + "-" + tc.GOARCH + "-" + toolVersion + "-" + hex.EncodeToString(h.Sum(nil)[:10])
}

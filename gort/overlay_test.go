//go:build linux && (amd64 || arm64)

package gort

import (
	"context"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/reprise-go/reprise/gort/internal/patch"
)

// slow opts in to the tests that download toolchains and modules and build the standard library several times.
var slow = os.Getenv("REPRISE_GORT_SLOW") != ""

// others are toolchains besides the one at hand that the table is tested against, one for each supported version.
var others = []string{"go1.25.14", "go1.27.4"}

// localToolchain returns what the go command says of itself.
func localToolchain(t *testing.T) toolchain {
	t.Helper()
	tc, err := askGo(t.Context(), ".", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tc
}

// download returns the root of another toolchain.
func download(t *testing.T, version string) string {
	t.Helper()
	out, err := run(t.Context(), t.TempDir(), nil, "go", "mod", "download", "-json",
		"golang.org/toolchain@v0.0.1-"+version+".linux-amd64")
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	return module.Dir
}

// TestTable checks that every edit finds its place in every version at hand, and that the result is a Go file.
func TestTable(t *testing.T) {
	local := localToolchain(t)
	toolchains := []toolchain{local}
	if slow {
		for _, v := range others {
			toolchains = append(toolchains, toolchain{Toolchain: patch.Toolchain{
				GOROOT: download(t, v), GOVERSION: v, GOOS: "linux", GOARCH: "arm64",
			}})
		}
	}
	for _, tc := range toolchains {
		if err := tc.Check(); err != nil {
			t.Errorf("%s: %v", tc.GOVERSION, err)
		}
		files, err := tc.Files()
		if err != nil {
			t.Errorf("%v\nrun again: go test ./gort -run TestTable", err)
		}
		for name, text := range files {
			if tc.GOVERSION != local.GOVERSION {
				break // its syntax may be newer than this parser
			}
			if _, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s: %v", tc.GOVERSION, err)
			}
		}
	}
}

// TestOtherVersions builds the corpus with the other toolchains and repeats the main checks. It is slow.
func TestOtherVersions(t *testing.T) {
	if !slow {
		return
	}
	for _, v := range others {
		t.Run(v, func(t *testing.T) {
			download(t, v)
			b := buildCorpus(t, BuildConfig{Env: append(os.Environ(), "GOTOOLCHAIN="+v)})
			findAndReplay(t, b, "TestLostUpdate", 10, 50)
			findAndReplay(t, b, "TestLeakedSender", 10, 50)
			everyCase(t, b)
			own := repeat(t, b, "TestLostUpdateBug", Control{Seed: 3}, 5)
			r := mustRunner(t, b, "TestLostUpdateBug", Control{})
			if d := same(own, mustAgain(t, r, Control{Seed: 3})); d != "" || r.alone {
				t.Errorf("the run in a copy differs in %s", d)
			}
			if compiler(t) {
				cgo(t, append(os.Environ(), "GOTOOLCHAIN="+v))
			}
		})
	}
}

// TestArm64 compiles the corpus for the other architecture, and vets the runtime there. It is slow.
func TestArm64(t *testing.T) {
	if !slow {
		return
	}
	env := append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	buildCorpus(t, BuildConfig{Env: env})
	tools, err := Overlay(t.Context(), ".", env, cacheDir(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tools.Go, "vet", "-overlay="+tools.overlay, "runtime", "sync", "sync/atomic",
		"syscall")
	cmd.Env = tools.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// TestOverlayIsCached checks that the files are written once, under a key that follows what is in them.
func TestOverlayIsCached(t *testing.T) {
	cache := t.TempDir()
	first, err := Overlay(context.Background(), ".", nil, cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.overlay)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Overlay(context.Background(), ".", nil, cache, nil)
	if err != nil || second.overlay != first.overlay {
		t.Fatalf("second call: %v, %v; want %v", second, err, first)
	}
	again, err := os.Stat(first.overlay)
	if err != nil || !again.ModTime().Equal(info.ModTime()) {
		t.Errorf("the overlay was written twice: %v", err)
	}
	tc := localToolchain(t)
	files, err := tc.Files()
	if err != nil {
		t.Fatal(err)
	}
	if tc.GOROOT, err = tc.root(cache); err != nil {
		t.Fatal(err)
	}
	key := tc.key(files)
	if filepath.Base(filepath.Dir(first.overlay)) != key {
		t.Errorf("the overlay is %s, want it in %s", first.overlay, key)
	}
	files["runtime/proc.go"] += "\n"
	if tc.key(files) == key {
		t.Error("the key does not depend on the files")
	}
}

// TestOverlayHeals: whatever happens to a file of the cache, the next call makes it whole again, without a change to
// those that are whole.
func TestOverlayHeals(t *testing.T) {
	tc, cache := localToolchain(t), t.TempDir()
	index, err := tc.overlay(cache)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	text, err := os.ReadFile(index)
	if err == nil {
		err = json.Unmarshal(text, &overlay)
	}
	if err != nil || len(overlay.Replace) == 0 {
		t.Fatalf("%d files, %v", len(overlay.Replace), err)
	}
	paths := append(slices.Sorted(maps.Values(overlay.Replace)), index)
	want := map[string]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want[path] = string(b)
	}
	for what, damage := range map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, int64(len(want[path])/2)) },
		"emptied":   func(path string) error { return os.Truncate(path, 0) },
		"removed":   os.Remove,
		"changed":   func(path string) error { return os.WriteFile(path, []byte("x"+want[path][1:]), 0o666) },
	} {
		for first := range 2 { // every other file, and then the rest
			written := map[string]time.Time{}
			for i, path := range paths {
				if i%2 == first {
					if err := damage(path); err != nil {
						t.Fatal(err)
					}
				} else if whole, err := os.Stat(path); err == nil {
					written[path] = whole.ModTime()
				}
			}
			if again, err := tc.overlay(cache); err != nil || again != index {
				t.Fatalf("%s: %s, %v", what, again, err)
			}
			for i, path := range paths {
				if b, err := os.ReadFile(path); err != nil || string(b) != want[path] {
					t.Errorf("%s was %s and is not healed: %d bytes, %v", path, what, len(b), err)
				}
				if now, err := os.Stat(path); err == nil && i%2 != first && !now.ModTime().Equal(written[path]) {
					t.Errorf("%s was written again although it was whole", path)
				}
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(index), ".*")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %q, %v", left, err)
	}
}

// TestMirrorHeals: a link of the mirrored GOROOT that leads elsewhere is replaced.
func TestMirrorHeals(t *testing.T) {
	root, below := t.TempDir(), t.TempDir()
	for _, name := range []string{"bin", "src"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := mirror(root, below)
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []func(path string) error{
		os.Remove,
		func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/nowhere", path)) },
		func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o666)) },
	} {
		if err := damage(filepath.Join(dir, "src")); err != nil {
			t.Fatal(err)
		}
		if _, err := mirror(root, below); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"bin", "src"} {
			if target, err := os.Readlink(filepath.Join(dir, name)); err != nil || target != filepath.Join(root, name) {
				t.Errorf("%s leads to %s, %v", name, target, err)
			}
		}
	}
}

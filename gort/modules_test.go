//go:build linux && (amd64 || arm64)

package gort

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// modules are real programs: path, version, and the packages whose tests do not depend on the outside.
var modules = []struct {
	path     string
	packages []string
}{
	{"golang.org/x/sync@v0.24.0", []string{"./errgroup", "./semaphore", "./syncmap"}},
	{"github.com/hashicorp/golang-lru/v2@v2.0.7", []string{".", "./simplelru", "./expirable"}},
	{"github.com/sourcegraph/conc@v0.3.0", []string{".", "./iter", "./panics", "./pool", "./stream"}},
	{"github.com/dgraph-io/ristretto/v2@v2.4.2", []string{".", "./z"}},
	{"go.etcd.io/raft/v3@v3.7.0", []string{".", "./quorum", "./tracker"}},
}

// TestModules runs the whole suites of real modules, unmodified: 20 runs of each of three seeds must be equal, and so
// must their replays. It logs how many schedules 100 seeds give. It downloads the modules and takes half an hour, so
// that it runs only with REPRISE_GORT_MODULES=1, or with the start of a path instead of 1 for one of them.
func TestModules(t *testing.T) {
	for _, m := range modules {
		if !chosen(m.path) {
			continue
		}
		dir := fetch(t, m.path)
		for _, pkg := range m.packages {
			t.Run(m.path+"/"+pkg, func(t *testing.T) { suite(t, dir, pkg) })
		}
	}
}

// chosen reports whether REPRISE_GORT_MODULES is 1 or the start of the path of a module.
func chosen(path string) bool {
	only := os.Getenv("REPRISE_GORT_MODULES")
	return only == "1" || only != "" && strings.HasPrefix(path, only)
}

// fetch returns a writable copy of a module.
func fetch(t testing.TB, path string) string {
	t.Helper()
	out, err := run(t.Context(), t.TempDir(), nil, "go", "mod", "download", "-json", path)
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, args := range [][]string{{"cp", "-r", module.Dir + "/.", dir}, {"chmod", "-R", "u+w", dir}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// suite checks one package.
func suite(t *testing.T, dir, pkg string) {
	b, err := Build(t.Context(), dir, pkg, BuildConfig{Cache: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	r := mustRunner(t, b, "", suiteControl(Control{}))
	schedules, verdicts, differ := map[uint64]bool{}, map[string]int{}, 0
	steps := uint64(0)
	start := time.Now()
	for seed := range uint64(100) {
		o := mustAgain(t, r, Control{Seed: seed})
		schedules[o.Recording.Hash] = true
		verdicts[o.Verdict.String()]++
		steps += o.Recording.Steps
	}
	each := time.Since(start) / 100
	for seed := range uint64(3) {
		first := mustRun(t, b, "", suiteControl(Control{Seed: seed}))
		for range 19 {
			if d := same(first, mustAgain(t, r, Control{Seed: seed})); d != "" {
				differ++
				t.Logf("seed %d: two runs differ in %.300s", seed, d)
			}
		}
		p := mustRun(t, b, "", suiteControl(Control{Choices: first.Recording.Choices()}))
		if d := same(first, p); d != "" {
			t.Errorf("seed %d: the replay differs in %.300s; mismatch %v", seed, d, p.Mismatch)
		}
		lawful(t, first)
	}
	t.Logf("%d schedules of 100 seeds, %d decisions and %v a run, %v; %d of 57 repetitions differ", len(schedules),
		steps/100, each, verdicts, differ)
	if differ > 0 {
		t.Error("not deterministic")
	}
}

func suiteControl(c Control) Control {
	c.Records = 1 << 23
	c.Args = []string{"-test.v", "-test.short"}
	return c
}

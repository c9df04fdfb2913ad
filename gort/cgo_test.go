//go:build linux && (amd64 || arm64)

package gort

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compiler reports whether cgo can be used, or says what is missing. Where REPRISE_CC is set, as in .ci/run, it must be
// there.
func compiler(t *testing.T) bool {
	t.Helper()
	out, err := run(t.Context(), ".", nil, "go", "env", "CC")
	if err != nil {
		t.Fatal(err)
	}
	cc := strings.Fields(string(out))
	if len(cc) > 0 {
		if _, err = exec.LookPath(cc[0]); err == nil {
			return true
		}
	}
	text := "no C compiler, so programs with C code are not tested; install it, on Debian with: apt-get install gcc libc6-dev"
	if os.Getenv("REPRISE_CC") != "" {
		t.Fatal(text)
	}
	t.Log(text)
	return false
}

// TestCgo runs a program with C code that blocks, and with threads of C code that call back into Go: no run hangs, time
// does not leap past a call that a thread is about to make, and a deadlock is still found.
func TestCgo(t *testing.T) {
	if compiler(t) {
		cgo(t, os.Environ())
	}
}

// cgo checks testdata/cgo with the toolchain of an environment.
func cgo(t *testing.T, env []string) {
	t.Helper()
	b, err := Build(t.Context(), filepath.Join("testdata", "cgo"), ".",
		BuildConfig{Cache: cacheDir(t), Env: append(env, "CGO_ENABLED=1")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	seeds := map[string]uint64{
		"TestThread": 5, "TestThreads": 5, "TestTimeout": 5, "TestSleeps": 5, "TestJoined": 3, "TestPause": 2,
		"TestDirect": 5, "TestStay": 2, "TestDead": 2,
	}
	for test, n := range seeds {
		want := Passed
		if test == "TestDead" {
			want = Deadlocked
		}
		r := mustRunner(t, b, test, Control{Wall: 20 * time.Second})
		for seed := range n {
			if o := mustAgain(t, r, Control{Seed: seed}); o.Verdict != want {
				t.Errorf("%s, seed %d: %s\n%s", test, seed, o.describe(), o.Output)
				break
			}
		}
	}
	for _, test := range []string{"TestDirect", "TestThread"} {
		r := mustRunner(t, b, test, Control{})
		for seed := range uint64(3) {
			first := mustAgain(t, r, Control{Seed: seed})
			if named := strings.Contains(first.Dependence(), "1 wake-up by threads of C code"); named != (test == "TestThread") {
				t.Errorf("%s, seed %d, came from outside: %q", test, seed, first.Dependence())
			}
			again := mustAgain(t, r, Control{Choices: first.Recording.Choices()})
			if d := same(first, again); d != "" {
				t.Errorf("%s, seed %d: the replay differs in %s", test, seed, d)
			}
		}
	}
}

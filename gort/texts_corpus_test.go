//go:build linux && (amd64 || arm64)

package gort

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/cast"
)

// TestRealFailures checks the texts of every bug of the corpus: that they say what is wrong, that one bug has one
// signature, which no other bug has, and that a replay says the same.
func TestRealFailures(t *testing.T) {
	b := corpus(t)
	bugs := map[string]string{}
	for name, want := range map[string]string{
		"TestLostUpdateBug":   `^lock_test\.go:[0-9]+: balance is [12]0 after three deposits of 10$`,
		"TestLockOrderBug":    `^all goroutines are asleep: 2 in sync\.Mutex\.Lock, 1 in sync\.WaitGroup\.Wait\n(.|\n)*0\.0\.1 corpus\.TestLockOrderBug\.func2 waits: sync\.Mutex\.Lock at lock_test\.go:[0-9]+ corpus\.transfers`,
		"TestMissedSignalBug": `^all goroutines are asleep: 1 in sync\.Cond\.Wait\n`,
		"TestWaitGroupBug":    `^signal_test\.go:[0-9]+: Wait returned after [012] of 3$|^panic: sync: WaitGroup`,
		"TestOnceBug":         `^all goroutines are asleep: 2 in sync\.Mutex\.Lock, 1 in sync\.WaitGroup\.Wait\n`,
		"TestDoubleCloseBug":  `^panic: close of closed channel\n  at chan_test\.go:[0-9]+ corpus\.\(\*pipe\)\.closeChecked\n`,
		"TestSelectOrderBug":  `^chan_test\.go:[0-9]+: consumed [012] of 3 values before the stop$`,
		"TestTimerBug":        `^chan_test\.go:[0-9]+: work of 5 ms within 10 ms: late$`,
		"TestLeakedSenderBug": `^1 goroutine left behind: 1 in chan send\n  0\.0\.0 corpus\.ask\.func1 waits: chan send at chan_test\.go:[0-9]+ corpus\.ask\.func1, started at chan_test\.go:[0-9]+ corpus\.ask by 0\.0 \(test\)$`,
		"TestContextLeakBug":  `^1 goroutine left behind: 1 in chan receive\n  0\.0\.[0-9]\.0 corpus\.watch waits: `,
	} {
		found := 0
		for seed := uint64(0); found < 3 && seed < 200; seed++ {
			o := mustRun(t, b, name, Control{Seed: seed})
			if o.Verdict == Passed {
				continue
			}
			found++
			proper(t, name, o)
			accounted(t, name, o, 12)
			accounted(t, name, o, 30)
			text := o.Failure()
			if o.Timing() != nil {
				_, text, _ = strings.Cut(text, " late: ")
			}
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("%s, seed %d: want %s, got\n%s", name, seed, want, o.Failure())
			}
			if bug := name + o.Class(); bugs[o.Signature()] != "" && bugs[o.Signature()] != bug {
				t.Errorf("%s has the signature of %s", bug, bugs[o.Signature()])
			} else {
				bugs[o.Signature()] = bug
			}
			p := mustRun(t, b, name, Control{Choices: o.Recording.Choices()})
			if o.Failure() != p.Failure() || o.Signature() != p.Signature() || o.Schedule(20) != p.Schedule(20) ||
				o.Stacks() != p.Stacks() {
				t.Errorf("%s, seed %d: the replay says\n%s\n%s", name, seed, p.Failure(), p.Schedule(20))
			}
		}
		if found == 0 {
			t.Errorf("%s: no failure in 200 seeds", name)
		}
	}
	perBug := map[string]int{}
	for _, bug := range bugs {
		perBug[bug]++
	}
	for bug, n := range perBug {
		if n > 1 {
			t.Errorf("%s has %d signatures", bug, n)
		}
	}
}

// TestLibraryRoots checks the list against the library of the toolchain at hand, which may be older or newer than
// others that are supported.
func TestLibraryRoots(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join(localToolchain(t).GOROOT, "src"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if d.IsDir() && d.Name() != "cmd" && d.Name() != "testdata" && !cast.Library(d.Name()+".F") {
			t.Errorf("package %s of the library is missing", d.Name())
		}
	}
}

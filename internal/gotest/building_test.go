package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBuilding: a long build is told of now and then, if it goes on, and a short one is not.
func TestBuilding(t *testing.T) {
	t.Setenv("GOTMPDIR", t.TempDir())
	start := time.Unix(0, 0)
	var out strings.Builder
	b := newBuilding(&out, true, start)
	compile := func(n int) {
		for i := range n {
			dir := filepath.Join(os.Getenv("GOTMPDIR"), "go-build7", fmt.Sprintf("b%03d", i))
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := func(seconds int) { b.tell(start.Add(time.Duration(seconds) * time.Second)) }
	at(6)
	compile(7)
	at(4)
	if out.Len() > 0 {
		t.Errorf("told too early: %q", out.String())
	}
	at(6)
	compile(30)
	at(7)
	at(22)
	at(60)
	const line = "reprise: compiling the standard library with the control inside and race detection, " +
		"once for a version of Go and its flags: "
	if want := line + "7 packages after 6s\n" + line + "30 packages after 22s\n"; out.String() != want {
		t.Errorf("told %q, want %q", out.String(), want)
	}
	b.total.Store(50)
	const state = "compiling the standard library with the control inside and race detection, " +
		"once for a version of Go and its flags: 30 of at most 50 packages after 1m1s"
	if got := b.state(start.Add(61 * time.Second)); got != state {
		t.Errorf("the state is %q, want %q", got, state)
	}
	other := newBuilding(&out, false, start)
	if n := other.compiled(); n != 0 {
		t.Errorf("%d packages of another build are counted", n)
	}
}

// TestPackagesIn: what may be the value of a flag is no package.
func TestPackagesIn(t *testing.T) {
	for args, want := range map[string]string{
		"": ".", "-race ./...": "./...",
		"-run ^TestX$/a ./a ./b -args ./c": "./a ./b", "-v example.com/m/a": "example.com/m/a",
	} {
		if got := strings.Join(packagesIn(strings.Fields(args)), " "); got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
}

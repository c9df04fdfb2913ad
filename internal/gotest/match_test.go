package gotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// selectable is a test binary whose tests and subtests have short names.
const selectable = `package m

import "testing"

func sub(t *testing.T, names ...string) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Run("a", func(*testing.T) {})
			t.Run("b c", func(*testing.T) {})
		})
	}
}

func TestA(t *testing.T)  { sub(t, "a", "b") }
func TestAb(t *testing.T) { sub(t, "b") }
func TestB(t *testing.T)  {}
	func FuzzB(f *testing.F) { f.Add(1); f.Fuzz(func(*testing.T, int) {}) }
func Example_a() {
	// Output:
}
`

// buildTests builds the tests of a module of one file, without control.
func buildTests(t *testing.T, source string) *program {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.25\n", "m_test.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", "m.test", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := inspect(filepath.Join(dir, "m.test"), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var ran = regexp.MustCompile(`(?m)^=== RUN +(.*)$`)

// runs returns the tests and subtests that a binary runs; ok is false if it does not like the arguments.
func runs(t *rapid.T, p *program, args ...string) (list []string, ok bool) {
	out, err := exec.Command(p.Path, append(args, "-test.v")...).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "invalid regexp") {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	for _, m := range ran.FindAllStringSubmatch(string(out), -1) {
		list = append(list, m[1])
	}
	return list, err == nil
}

// TestSelects: a function of which nothing is to run is not even started.
func TestSelects(t *testing.T) {
	for _, c := range []struct {
		run, skip string
		want      bool
	}{
		{"", "", true}, {"A", "", true}, {"B", "", false}, {"B|A/x", "", true}, {"", "A", false}, {"", "A/x", true}, {"",
			"A/x|A", true},
		{"", "A|A/x", false}, {"A", "B", true},
	} {
		a, err := parseArguments([]string{"-test.run=" + c.run, "-test.skip=" + c.skip})
		if err != nil || selects(a.run, a.skip, "TestA") != c.want {
			t.Errorf("-run %q -skip %q: TestA runs %v, error %v", c.run, c.skip, !c.want, err)
		}
	}
}

// TestSelection: what is selected of each function, and run by itself, is what package testing runs of it.
func TestSelection(t *testing.T) {
	p := buildTests(t, selectable)
	functions, err := p.functions(t.Context(), &settings{})
	if want := []string{"TestA", "TestAb", "TestB", "FuzzB", "Example_a"}; err != nil || !slices.Equal(functions, want) {
		t.Fatalf("functions %q, error %v; want %q", functions, err, want)
	}
	part := rapid.SampledFrom([]string{"", "A", "B", "Test", "Ab", "a", "b", "b c", "^TestA$", "^b", "(A|b)", "[/|]", `\|`,
		"[ -Z]", "[", ")", "seed", "/", "/", "|"})
	rapid.Check(t, func(t *rapid.T) {
		run := strings.Join(rapid.SliceOfN(part, 0, 5).Draw(t, "run"), "")
		skip := strings.Join(rapid.SliceOfN(part, 0, 3).Draw(t, "skip"), "")
		want, ok := runs(t, p, "-test.run="+run, "-test.skip="+skip)
		a, err := parseArguments([]string{"-test.run=" + run, "-test.skip=" + skip})
		if (err == nil) != ok {
			t.Fatalf("-run %q -skip %q: error %v", run, skip, err)
		}
		var got []string
		for _, f := range functions {
			if err != nil || !selects(a.run, a.skip, f) {
				continue
			}
			args := []string{"-test.run=" + a.run.of(f)}
			if a.skip.parts(f) {
				args = append(args, "-test.skip="+skip)
			}
			list, _ := runs(t, p, args...)
			got = append(got, list...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("-run %q -skip %q: runs %q, want %q", run, skip, got, want)
		}
	})
}

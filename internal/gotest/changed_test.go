package gotest

import (
	"slices"
	"testing"
)

// TestAffectedPackages: a package is affected by its files, by what lies below its folder, by what it imports, and by
// what its tests import.
func TestAffectedPackages(t *testing.T) {
	all := []listed{
		{ImportPath: "m", Dir: "/r"},
		{ImportPath: "m/a", Dir: "/r/a"},
		{ImportPath: "m/a/b", Dir: "/r/a/b", Deps: []string{"fmt", "m/a"}},
		{ImportPath: "m/c", Dir: "/r/c", TestImports: []string{"m/a/b"}},
		{ImportPath: "m/d", Dir: "/r/d", XTestImports: []string{"m/c"}},
	}
	for _, c := range []struct {
		changed []string
		want    []string
	}{
		{nil, nil},
		{[]string{"/r/a/a.go"}, []string{"m/a", "m/a/b", "m/c"}},
		{[]string{"/r/a/testdata/deep/x.txt"}, []string{"m/a", "m/a/b", "m/c"}},
		{[]string{"/r/a/b/b.go"}, []string{"m/a/b", "m/c"}},
		{[]string{"/r/c/c_test.go"}, []string{"m/c", "m/d"}},
		{[]string{"/r/README.md"}, []string{"m"}},
		{[]string{"/elsewhere/x.go"}, nil},
		{[]string{"/r/go.sum"}, []string{"m", "m/a", "m/a/b", "m/c", "m/d"}},
		{[]string{"/r/vendor/x/x.go"}, []string{"m", "m/a", "m/a/b", "m/c", "m/d"}},
	} {
		if got := affectedPackages(all, "/r", c.changed); !slices.Equal(got, c.want) {
			t.Errorf("%q affect %q, want %q", c.changed, got, c.want)
		}
	}
}

// TestSplitPackages: flags stay where they are.
func TestSplitPackages(t *testing.T) {
	patterns, rest := splitPackages([]string{"-run", "^TestX$", "./a/...", "-race", "m/b", "-args", "./c"})
	if !slices.Equal(patterns, []string{"./a/...", "m/b"}) ||
		!slices.Equal(rest, []string{"-run", "^TestX$", "-race", "-args", "./c"}) {
		t.Errorf("%q, %q", patterns, rest)
	}
	if patterns, _ := splitPackages([]string{"-race"}); !slices.Equal(patterns, []string{"."}) {
		t.Errorf("no pattern: %q", patterns)
	}
}

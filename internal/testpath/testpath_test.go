package testpath

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFolder(t *testing.T) {
	for name, want := range map[string]string{
		"TestTransfer":           "TestTransfer",
		"TestX/size=3/fast_path": "TestX/size=3/fast_path",
		"TestÜber/日本":            "TestÜber/日本",
		"TestX/a:b*c":            "TestX/a%3Ab%2Ac",
		"TestX/100%":             "TestX/100%25",
		"TestX/..":               "TestX/%2E%2E",
		"TestX/.hidden":          "TestX/%2Ehidden",
		"TestX/v1.2":             "TestX/v1.2",
		"TestX//a":               "TestX/%/a",
		"TestX/\xff":             "TestX/%FF",
		"TestX/#01":              "TestX/%2301",
	} {
		if got := folderOf(name); got != want {
			t.Errorf("folderOf(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Pins("TestX/a b"); got != "testdata/reprise/TestX/a%20b" {
		t.Errorf("Pins = %q", got)
	}
	for _, c := range []struct{ want, test, sub string }{
		{"^TestX$", "TestX", ""}, {`^TestX$/^a\.b\|c$/^\[d\]$/^seed=1$`, "TestX/a.b|c/[d]", "seed=1"},
	} {
		subtests := []string{c.sub}
		if c.sub == "" {
			subtests = nil
		}
		if got := Pattern(c.test, subtests...); got != c.want {
			t.Errorf("Pattern(%q, %q) = %q, want %q", c.test, c.sub, got, c.want)
		}
	}
	if got := Artifacts("/x", "m/p", "TestX/a b"); got != filepath.FromSlash("/x/m/p/TestX/a%20b") {
		t.Errorf("Artifacts = %q", got)
	}
	if got := Seed(10); got != "seed=0x000000000000000a" {
		t.Errorf("Seed = %q", got)
	}
}

// TestFolderIsInjective: two names have two folders, and each is a path that stays inside.
func TestFolderIsInjective(t *testing.T) {
	name := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("a%2./=")), 0, 8, -1), rapid.String(),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat("long ", 60) + rapid.StringN(0, 2, -1).Draw(t, "end")
		}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		if a != b && folderOf(a) == folderOf(b) {
			t.Fatalf("%q and %q have the folder %q", a, b, folderOf(a))
		}
		if f := folderOf(a); !fs.ValidPath(f) || path.Clean(f) != f || strings.HasSuffix(f, "/") {
			t.Fatalf("%q has the folder %q", a, f)
		}
		for part := range strings.SplitSeq(folderOf(a), "/") {
			if len(part) > maxElement {
				t.Fatalf("%q is %d bytes", part, len(part))
			}
		}
	})
}

// TestSplitPattern: brackets and escapes keep a separator from separating.
func TestSplitPattern(t *testing.T) {
	for pattern, want := range map[string][]string{
		"":            {""},
		"A/b":         {"A", "b"},
		"A[/]b/c":     {"A[/]b", "c"},
		"A(b/c)/d":    {"A(b/c)", "d"},
		`A\(/b`:       {`A\(`, "b"},
		`A[(]/b`:      {"A[(]", "b"},
		"A//":         {"A", "", ""},
		`A\[b/c\]d/e`: {`A\[b`, `c\]d`, "e"},
	} {
		if got := SplitPattern(pattern, '/'); !slices.Equal(got, want) {
			t.Errorf("SplitPattern(%q) = %q, want %q", pattern, got, want)
		}
	}
	if got, want := SplitPattern("A|B(c|d)/e|f[|]", '|'), []string{"A", "B(c|d)/e", "f[|]"}; !slices.Equal(got, want) {
		t.Errorf("SplitPattern = %q, want %q", got, want)
	}
}

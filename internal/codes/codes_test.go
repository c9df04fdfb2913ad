package codes

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/golden"
)

// TestDocs compares docs/codes.md with the table.
func TestDocs(t *testing.T) {
	golden.Check(t, filepath.Join("..", "..", "..", "docs", "codes.md"), Markdown())
}

func TestList(t *testing.T) { golden.Check(t, "list.txt", List()) }

func TestTable(t *testing.T) {
	code := regexp.MustCompile(`^RPR[1-6]\d{3}$`)
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	names := map[string]bool{}
	for i, e := range table {
		if !code.MatchString(e.Code) || i > 0 && e.Code <= table[i-1].Code {
			t.Errorf("the code %s after %s: codes are RPR and four digits, rising", e.Code, table[max(i-1, 0)].Code)
		}
		if !name.MatchString(e.Name) || names[e.Name] {
			t.Errorf("%s has the name %q, which is not in kebab case or used twice", e.Code, e.Name)
		}
		names[e.Name] = true
		if e.Title == "" || strings.HasSuffix(e.Title, ".") || strings.Contains(e.Title, "\n") {
			t.Errorf("%s: the title %q should be a line without a full stop", e.Code, e.Title)
		}
		if !strings.HasSuffix(e.Explanation, ".") || !strings.HasSuffix(e.Suggestion, ".") || e.Example == "" {
			t.Errorf("%s needs an explanation and a suggestion that end in a full stop, and an example", e.Code)
		}
		if !slices.ContainsFunc(groups, func(g Group) bool { return slices.Contains(g.entries(), e) }) {
			t.Errorf("%s is in no group", e.Code)
		}
	}
}

func TestFind(t *testing.T) {
	for _, e := range All() {
		for _, s := range []string{e.Code, strings.ToLower(e.Code), "[" + e.Code + "]", " " + e.Code + "\n", e.Name,
			strings.ReplaceAll(e.Name, "-", " ")} {
			if got, ok := Find(s); !ok || got != e {
				t.Errorf("Find(%q) gives %v, %v", s, got, ok)
			}
		}
		if Named(e.Name) != e {
			t.Errorf("Named(%q) gives another entry", e.Name)
		}
		if text := e.Text(); !strings.Contains(text, e.Code) || !strings.Contains(text, e.Explanation) {
			t.Errorf("the text of %s is\n%s", e.Code, text)
		}
	}
	for _, s := range []string{"", "RPR", "RPR9999", "1001", "scheduling"} {
		if e, ok := Find(s); ok {
			t.Errorf("Find(%q) gives %v, want none", s, e)
		}
	}
}

func TestLaws(t *testing.T) {
	for n := 1; n <= 8; n++ {
		if e := Law(n); !strings.HasPrefix(e.Name, "law-") {
			t.Errorf("law %d has the entry %v", n, e)
		}
	}
	for _, f := range []func(){func() { Law(0) }, func() { Law(9) }, func() { Named("nothing") }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic on misuse")
				}
			}()
			f()
		}()
	}
}

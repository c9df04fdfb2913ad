package prose

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	long := strings.Repeat("ä", 300)
	for s, want := range map[string]string{
		"": "", "one\ntwo": "one", "tab\there\x1b[31m": "tab?here?[31m", "\xff": "?", long: strings.Repeat("ä", 199) + "…",
	} {
		if got := Line(s); got != want {
			t.Errorf("Line(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for s, want := range map[string]string{"": "", "größe": "größe", "größer": "größ…"} {
		if got := Cut(s, 5); got != want {
			t.Errorf("Cut(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestSite(t *testing.T) {
	for site, want := range map[string][4]string{
		"a/b.go:25": {"a/b.go", "25", "b.go:25", " at b.go:25"},
		"b.go":      {"b.go", "", "b.go", " at b.go"},
		"c:x":       {"c:x", "", "c:x", " at c:x"},
		"":          {"", "", "", ""},
	} {
		file, line := SplitSite(site)
		if got := [4]string{file, line, BaseSite(site), AtSite(site)}; got != want {
			t.Errorf("%q gives %q, want %q", site, got, want)
		}
	}
}

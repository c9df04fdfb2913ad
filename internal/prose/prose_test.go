package prose

import "testing"

func TestCount(t *testing.T) {
	for n, want := range []string{"0 runs", "1 run", "2 runs"} {
		if got := Count(n, "run"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for s, want := range map[string]string{
		"a\nb\nc\n": "a\nb\nc", "a\nb\nc\nd": "a\nb\n... and 2 more lines", "": "",
	} {
		if got := Clip(s, 3); got != want {
			t.Errorf("Clip(%q) = %q, want %q", s, got, want)
		}
	}
	if got := Indent("a\n\nb"); got != "  a\n  \n  b" {
		t.Errorf("Indent = %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	for s, want := range map[string]string{
		"": "''", "a/b.c": "a/b.c", "^T$": "'^T$'", "it's": `'it'\''s'`, "größe": "'größe'", "a b": "'a b'", "$(x)": "'$(x)'",
	} {
		if got := ShellQuote(s); got != want {
			t.Errorf("ShellQuote(%q) = %s, want %s", s, got, want)
		}
	}
}

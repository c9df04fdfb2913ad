package prose

import "testing"

func TestMarkdown(t *testing.T) {
	for s, want := range map[string]string{
		"a": "`a`", "a`b": "`` a`b ``", "a``b": "``` a``b ```", "": "`  `", "a\nb": "`a b`",
	} {
		if got := MarkdownCode(s); got != want {
			t.Errorf("MarkdownCode(%q) = %q, want %q", s, got, want)
		}
	}
	for s, want := range map[string]string{"x\n": "```sh\nx\n```\n", "```": "````sh\n```\n````\n"} {
		if got := MarkdownFence("sh", s); got != want {
			t.Errorf("MarkdownFence(%q) = %q, want %q", s, got, want)
		}
	}
}

package prose

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTerminal(t *testing.T) {
	for s, want := range map[string][2]string{ // without and with colours
		"":                          {"", ""},
		"a\tb\nä\n":                 {"a\tb\nä\n", "a\tb\nä\n"},
		"\x1b[31mred\x1b[0m":        {`\x1b[31mred\x1b[0m`, "\x1b[31mred\x1b[0m"},
		"\x1b[1;31mred\x1b[m":       {`\x1b[1;31mred\x1b[m`, "\x1b[1;31mred\x1b[m"},
		"\x1b]0;title\x07\x1b[2J":   {`\x1b]0;title\a\x1b[2J`, `\x1b]0;title\a\x1b[2J`},
		"\x1b[31":                   {`\x1b[31`, `\x1b[31`},
		"a\r\u202eb\u200b\xff\x00":  {`a\r\u202eb\u200b\xff\x00`, `a\r\u202eb\u200b\xff\x00`},
		"::error::x\n  ::y\na::b\n": {"\\::error::x\n  \\::y\na::b\n", "\\::error::x\n  \\::y\na::b\n"},
		"##[error]x":                {`#\#[error]x`, `#\#[error]x`},
		"\uFFFD":                    {"\uFFFD", "\uFFFD"},
	} {
		if got := [2]string{Terminal(s, false), Terminal(s, true)}; got != want {
			t.Errorf("Terminal(%q) is %q, want %q", s, got, want)
		}
	}
}

// TestXML puts any text into a document.
func TestXML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		doc := XML("<a><![CDATA[" + strings.ReplaceAll(s, "]]>", "]] >") + "]]></a>")
		if !utf8.ValidString(doc) {
			t.Fatalf("%q is no UTF-8", doc)
		}
		for d := xml.NewDecoder(strings.NewReader(doc)); ; {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%q: %v", doc, err)
			}
		}
	})
	if got, want := XML("a\x1b[31m\u202e\uFFFE\n"), "a\\x1b[31m\u202e\\ufffe\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

package lint

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns   = 120 // of a line in a Go file; a tab counts as one column
	literalStart = 80  // last column in which a string literal may start that makes its line too long
)

// longLines checks that no line of a Go file is longer than maxColumns. Lines that cannot be broken well are exempt:
// the lines of a raw string with several lines; lines that end in a string literal which starts early, since a search
// does not find a text that is split; and the output of examples.
func longLines(files []*file, r *report) {
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		exempt, output := unbreakable(f.text), false
		for i, line := range strings.Split(f.text, "\n") {
			text, comment := strings.CutPrefix(strings.TrimSpace(line), "// ")
			output = comment && (output || text == "Output:")
			exempt[i+1] = exempt[i+1] || output
			if n := utf8.RuneCountInString(line); n > maxColumns && !exempt[i+1] {
				r.line(f.path, i+1, "has %d columns; the maximum is %d", n, maxColumns)
			}
		}
	}
}

// unbreakable returns the numbers of the lines of a Go file that may be longer.
func unbreakable(text string) map[int]bool {
	src := []byte(text)
	fset := token.NewFileSet()
	f := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return lines
		}
		start := f.Position(pos)
		switch tok {
		case token.STRING:
			several := strings.Count(literal, "\n")
			for i := range several + 1 {
				lines[start.Line+i] = several > 0 || start.Column <= literalStart
			}
		case token.COMMA, token.SEMICOLON, token.COLON, token.ADD, token.RPAREN, token.RBRACE, token.LBRACE:
		default: // code after a literal can go to a line of its own
			delete(lines, start.Line)
		}
	}
}

package lint

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A fact is a value of the code that documents, help texts and doc comments repeat. Its source is the code.
type fact struct {
	// sources are the constants or variables that have the value, such as "event.MaxDescription". If there are several,
	// they must agree.
	sources []string
	// stated matches every statement of the fact; its group is the stated value. There must be at least one statement.
	stated *regexp.Regexp
	// spell returns the texts that may stand for a value.
	spell func(value string) []string
}

// facts lists the facts. To state one of them in a further document, use words that its expression matches; a new fact
// that several documents repeat needs a row.
var facts = []fact{
	{[]string{"patch.supported"}, regexp.MustCompile(`Go (1\.\d+(?:(?:,| to| and| or|, and|, or) 1\.\d+)+)`), goVersions},
	{[]string{"go.mod go"}, regexp.MustCompile(`machine with Go (\d+\.\d+)`), minorVersion},
	{[]string{"explore.DefaultSeeds"},
		regexp.MustCompile(`(?:under|test runs:) (a hundred|\d+) (?:seeds|otherwise)`), number},
	{[]string{"divergence.DefaultWindow", "replay.defaultWindow"},
		regexp.MustCompile(`in events \(default (\d+)\)`), number},
	{[]string{"event.NumKinds"}, regexp.MustCompile(`(twenty|\d+) kinds`), number},
	{[]string{"event.MaxDescription"}, regexp.MustCompile(`description of (?:more than )?(\d+ [KMG]iB)`), size},
	{[]string{"tracefile.DefaultChunkEvents"}, regexp.MustCompile(`chunks of ([\d,]+)`), number},
	{[]string{"tracefile.maxMessage"}, regexp.MustCompile(`for people, at most (\d+ [KMG]iB)`), size},
	{[]string{"tracefile.maxIdentity"}, regexp.MustCompile(`nil; at most (\d+ [KMG]iB) in all`), size},
	{[]string{"simsched.defaultMaxSteps"}, regexp.MustCompile(`within one step\. 0 means ([\d,]+)`), number},
	{[]string{"simsched.maxBacklog"}, regexp.MustCompile(`Up to ([\d,]+) connections wait`), number},
	{[]string{"simsched.maxPacket"}, regexp.MustCompile(`more than ([\d,]+) bytes or an invalid address`), number},
	{[]string{"simsched.maxPackets"}, regexp.MustCompile(`while ([\d,]+) packets wait`), number},
}

// statedFacts checks that every statement of a fact agrees with the code, and that the statements can be found.
func statedFacts(facts []fact) check {
	return func(files []*file, r *report) {
		values := declared(files)
		for _, x := range facts {
			value, ok := x.value(values, r)
			if !ok {
				continue
			}
			if n := x.compare(files, x.spell(value), r); n == 0 {
				r.line("internal/lint/facts_test.go", 1, "nothing matches %q, which states %s; change the row", x.stated,
					x.sources[0])
			}
		}
	}
}

// value returns the value of the sources and reports those that are missing or differ.
func (x fact) value(values map[string]string, r *report) (value string, ok bool) {
	for i, source := range x.sources {
		v, known := values[source]
		if !known || i > 0 && v != value {
			r.line("internal/lint/facts_test.go", 1, "%s is %q, want a value equal to %s; if it has moved, change its row",
				source, v, x.sources[0])
			return "", false
		}
		value = v
	}
	return value, true
}

// compare checks all statements of a fact and returns their number. The change log is history and not checked.
func (x fact) compare(files []*file, spelled []string, r *report) (n int) {
	for _, f := range files {
		if f.path == "CHANGELOG.md" || f.isTest() || path.Ext(f.path) != ".md" && path.Ext(f.path) != ".go" {
			continue
		}
		text, lines := unwrapped(f.text)
		for _, m := range x.stated.FindAllStringSubmatchIndex(text, -1) {
			n++
			if got := text[m[2]:m[3]]; !slices.Contains(spelled, got) {
				r.line(f.path, lines[strings.Count(text[:m[2]], " ")], "%q states %q, but %s is %q", text[m[0]:m[1]], got,
					x.sources[0], spelled)
			}
		}
	}
	return n
}

// unwrapped returns a text as one line, without comment signs, so that a statement may be wrapped. lines has the line
// number of each word.
func unwrapped(text string) (joined string, lines []int) {
	var words []string
	for i, line := range strings.Split(text, "\n") {
		line, _ = strings.CutPrefix(strings.TrimSpace(line), "//")
		for _, word := range strings.Fields(line) {
			words, lines = append(words, word), append(lines, i+1)
		}
	}
	return strings.Join(words, " "), lines
}

// declared returns the constants and the lists of strings that are declared in production code, by package and name,
// and "go.mod go", the Go version of the module.
func declared(files []*file) map[string]string {
	values := map[string]string{}
	for _, f := range production(files) {
		for _, d := range f.ast.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, spec := range g.Specs {
					addValues(values, f.ast.Name.Name, spec)
				}
			}
		}
	}
	for _, f := range files {
		if f.path == "go.mod" {
			_, rest, _ := strings.Cut(f.text, "\ngo ")
			values["go.mod go"], _, _ = strings.Cut(rest, "\n")
		}
	}
	return values
}

func addValues(values map[string]string, pkg string, spec ast.Spec) {
	v, ok := spec.(*ast.ValueSpec)
	if !ok || len(v.Names) != len(v.Values) {
		return
	}
	for i, name := range v.Names {
		if text, ok := evaluated(v.Values[i]); ok {
			values[pkg+"."+name.Name] = text
		}
	}
}

// evaluated returns the value of an expression of literals: a constant, or a list of strings joined by spaces.
func evaluated(x ast.Expr) (string, bool) {
	list, ok := x.(*ast.CompositeLit)
	if !ok {
		tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(x))
		if err != nil || tv.Value == nil {
			return "", false
		}
		return tv.Value.ExactString(), true
	}
	var elements []string
	for _, e := range list.Elts {
		s, ok := e.(*ast.BasicLit)
		if !ok || s.Kind != token.STRING {
			return "", false
		}
		elements = append(elements, constant.StringVal(constant.MakeFromLiteral(s.Value, s.Kind, 0)))
	}
	return strings.Join(elements, " "), true
}

// number spells a number, such as 8192 as "8192" and "8,192".
func number(value string) []string {
	forms := []string{value, thousands(value)}
	switch value {
	case "20":
		forms = append(forms, "twenty")
	case "100":
		forms = append(forms, "a hundred")
	}
	return forms
}

func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// size spells a number of bytes, such as 1048576 as "1 MiB".
func size(value string) []string {
	n, _ := strconv.Atoi(value)
	unit := 0
	for ; n >= 1024 && n%1024 == 0 && unit < 3; unit++ {
		n /= 1024
	}
	return []string{fmt.Sprintf("%d %s", n, []string{"bytes", "KiB", "MiB", "GiB"}[unit])}
}

// minorVersion spells the Go version of go.mod without the patch release.
func minorVersion(value string) []string {
	parts := strings.SplitN(value, ".", 3)
	return []string{strings.Join(parts[:min(2, len(parts))], ".")}
}

// goVersions spells a list of Go versions, such as "go1.25 go1.26 go1.27" as "1.25 to 1.27" and "1.25, 1.26 and 1.27".
func goVersions(value string) (forms []string) {
	list := strings.Fields(strings.ReplaceAll(value, "go", ""))
	if len(list) < 2 {
		return list
	}
	last := len(list) - 1
	return []string{
		list[0] + " to " + list[last],
		strings.Join(list[:last], ", ") + " and " + list[last],
		strings.Join(list[:last], ", ") + " or " + list[last],
	}
}

// Package codes lists the codes of the findings of reprise, such as [RPR1001]: what each code means and what to do
// about it. Codes are stable: a code never changes its meaning and is never reused. docs/codes.md is generated from
// the list. The package imports only the standard library.
package codes

import (
	"fmt"
	"slices"
	"strings"
)

// Entry explains a code.
type Entry struct {
	Code        string // "RPR" and four digits
	Name        string // stable and unique name in kebab case
	Title       string // what happened, in one line
	Explanation string // what it means, in a paragraph
	Suggestion  string // what to do
	Example     string // lines of output that show the code
}

// Group is a range of codes.
type Group struct {
	Digit byte // the first digit of its codes
	Title string
}

// groups are the ranges, in order.
var groups = []Group{
	{'1', "Divergences: where two runs part"},
	{'2', "Files: a trace that cannot be read"},
	{'3', "Runs: how a run fails, the classes of findings among them"},
	{'4', "Laws: a trace that no run can have recorded"},
	{'5', "Compatibility: a recording of something else"},
	{'6', "Bugs: what the smallest failing run shows for certain"},
}

// All returns every entry, by code.
func All() []Entry { return slices.Clone(table) }

// Find returns the entry of a code or a name, in upper or lower case, with or without brackets, and whether it exists.
// The words of a name may be separated by spaces, as they are in reports.
func Find(code string) (Entry, bool) {
	code = strings.ReplaceAll(strings.Trim(strings.TrimSpace(code), "[]"), " ", "-")
	i := slices.IndexFunc(table, func(e Entry) bool {
		return strings.EqualFold(e.Code, code) || strings.EqualFold(e.Name, code)
	})
	if i < 0 {
		return Entry{}, false
	}
	return table[i], true
}

// byName maps a name to the index of its entry.
var byName = func() map[string]int {
	m := map[string]int{}
	for i, e := range table {
		m[e.Name] = i
	}
	return m
}()

// Named returns the entry with a name. It panics if the name is unknown, since names are written in code, not read
// from input.
func Named(name string) Entry {
	i, ok := byName[name]
	if !ok {
		panic(fmt.Sprintf("codes: no entry is named %q", name))
	}
	return table[i]
}

// Law returns the entry of a law of package tracecheck, from 1 to 8.
func Law(number int) Entry {
	e, ok := Find(fmt.Sprintf("RPR%d", 4000+number))
	if !ok {
		panic(fmt.Sprintf("codes: there is no law %d", number))
	}
	return e
}

// Text returns the entry as a terminal shows it.
func (e Entry) Text() string {
	return fmt.Sprintf("[%s] %s: %s\n\n%s\n\nWhat to do: %s\n\nExample:\n%s\n",
		e.Code, e.Name, e.Title, e.Explanation, e.Suggestion, indent(e.Example))
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// List returns one line for each code, under the headings of the groups.
func List() string {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, g.Title)
		for _, e := range g.entries() {
			fmt.Fprintf(&b, "  %s  %-20s  %s\n", e.Code, e.Name, e.Title)
		}
	}
	return b.String()
}

func (g Group) entries() []Entry {
	return slices.DeleteFunc(All(), func(e Entry) bool { return e.Code[3] != g.Digit })
}

// Markdown returns docs/codes.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Codes\n\nWritten by `go test ./internal/codes -update`. `reprise explain CODE` prints an entry, by its code or its name.\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n", g.Title)
		for _, e := range g.entries() {
			fmt.Fprintf(&b, "\n### %s %s\n\n%s.\n\n%s\n\nWhat to do: %s\n\n```text\n%s\n```\n",
				e.Code, e.Name, e.Title, e.Explanation, e.Suggestion, e.Example)
		}
	}
	return b.String()
}

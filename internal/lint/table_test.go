package lint

import (
	"regexp"
	"slices"
	"strings"
)

// tableFile is the document that has the table of packages and of what each may import, the only one there is. It is a
// block of text between a line "```imports" and a line "```":
//
//	event:     github.com/vmihailenco/msgpack/v5
//	tracefile: event, internal/atomicfile,
//	           github.com/klauspost/compress
//	internal/codes, internal/prose: nothing
//
// A row starts in the first column and goes on in indented lines. It names one or more packages by their paths in the
// module, and what their production code imports besides the standard library: packages of earlier rows and other
// modules. An entry in parentheses is allowed, although nothing uses it today.
const tableFile = "docs/architecture.md"

// Two other parts of the document are compared with the table, see checkDocument: the diagram of layers, a block of
// text between "```text" and "```" in which a line that starts a layer has its name in the second column; and the list
// of packages, whose entries have the path of the package in bold.

// A table is the table of imports.
type table struct {
	rows  map[string]*row // by package
	order []string        // the packages, bottom-up
}

// A row lists what a package may import besides the standard library: packages of the module and other modules.
type row struct {
	line    int
	imports []string
	unused  []string // in parentheses
}

// A direction is an import of a package by a package. to is a package of the module or another module.
type direction struct{ from, to string }

// readTable reads the table.
func readTable(files []*file, r *report) table {
	t := table{rows: map[string]*row{}}
	i := slices.IndexFunc(files, func(f *file) bool { return f.path == tableFile })
	if i < 0 {
		return t
	}
	inside, start, entry := false, 0, ""
	for n, line := range strings.Split(files[i].text+"\n```", "\n") {
		if inside && !strings.HasPrefix(line, " ") {
			t.add(start, entry, r)
			start, entry = n+1, ""
		}
		if strings.HasPrefix(line, "```") {
			inside = line == "```imports"
		} else if inside {
			entry += " " + strings.TrimSpace(line)
		}
	}
	return t
}

// add adds the packages of one row, and reports those that were there before and imports that are not in earlier rows.
func (t *table) add(line int, entry string, r *report) {
	if entry == "" {
		return
	}
	packages, list, found := strings.Cut(entry, ":")
	if !found {
		r.line(tableFile, line, "a row of the table has the form \"package: import, import\"")
	}
	var imports, unused []string
	for _, to := range split(list) {
		bare := strings.Trim(to, "()")
		if first, _, _ := strings.Cut(bare, "/"); t.rows[bare] == nil && !strings.Contains(first, ".") {
			r.line(tableFile, line, "%q is no package of an earlier row", bare)
		} else if bare != to {
			unused = append(unused, bare)
		} else {
			imports = append(imports, to)
		}
	}
	for _, pkg := range split(packages) {
		if t.rows[pkg] != nil {
			r.line(tableFile, line, "a second row for %s", pkg)
			continue
		}
		t.rows[pkg] = &row{line, imports, unused}
		t.order = append(t.order, pkg)
	}
}

// split returns the entries of a list with commas; "nothing" stands for an empty list.
func split(list string) (entries []string) {
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry != "" && entry != "nothing" {
			entries = append(entries, entry)
		}
	}
	return entries
}

var (
	diagram   = regexp.MustCompile("(?s)```text\n(.*?)```")
	layerName = regexp.MustCompile(`(?m)^ [a-z]+`)
	pathWord  = regexp.MustCompile(`[a-z]+(?:[/-][a-z]+)*`)
	described = regexp.MustCompile("\\*\\*`([a-z/_-]+)`\\*\\*")
)

// checkDocument checks that no package imports one of a higher layer of the diagram, and that the document describes
// every package once, or one above it.
func (t table) checkDocument(text string, r *report) {
	count := map[string]int{}
	for _, m := range described.FindAllStringSubmatch(text, -1) {
		count[m[1]]++
		if t.rows[m[1]] == nil && m[1] != "examples" {
			r.line(tableFile, 1, "there is no package %q; remove its description", m[1])
		}
	}
	layers := layersOf(text)
	for _, pkg := range t.order {
		above := pkg
		for count[above] == 0 && strings.Contains(above, "/") {
			above = above[:strings.LastIndex(above, "/")]
		}
		if row := t.rows[pkg]; count[above] != 1 {
			r.line(tableFile, row.line, "%s is described %d times; describe it once, in bold", pkg, count[above])
		}
		for _, to := range t.rows[pkg].imports {
			if higher, ok := layers[to]; ok && layers[pkg] > higher {
				r.line(tableFile, t.rows[pkg].line, "%s imports %s, which is in a higher layer of the diagram", pkg, to)
			}
		}
	}
}

// layersOf returns the number of the layer of each package in the diagram, from 1 at the top.
func layersOf(text string) map[string]int {
	layers := map[string]int{}
	m := diagram.FindStringSubmatch(text)
	if m == nil {
		return layers
	}
	n := 0
	for _, line := range strings.Split(m[1], "\n") {
		if layerName.MatchString(line) {
			n++
		}
		for _, pkg := range pathWord.FindAllString(layerName.ReplaceAllString(line, ""), -1) {
			layers[pkg] = n
		}
	}
	return layers
}

package lint

import (
	"slices"
	"strings"
)

// testModules are the modules that tests may import, besides this module and the imports that their package may have.
var testModules = []string{
	"pgregory.net/rapid", "github.com/google/go-cmp", "go.uber.org/goleak",
	"github.com/rogpeppe/go-internal/testscript", "golang.org/x/net/nettest", "golang.org/x/sync/semaphore",
	"github.com/chromedp/chromedp", "github.com/chromedp/chromedp/kb", "github.com/chromedp/cdproto",
}

// imports checks every import against the table of the document, and the table against the imports.
func imports(files []*file, r *report) {
	t := readTable(files, r)
	t.checkPackages(files, r)
	used := map[direction]bool{}
	for _, f := range files {
		if f.ast == nil || t.rows[f.pkg()] == nil {
			continue
		}
		for _, spec := range f.ast.Imports {
			if d, outside := t.directionOf(f.pkg(), importPath(spec)); outside {
				if !f.isTest() {
					used[d] = true
				}
				if !t.allows(d, f.isTest()) {
					r.at(spec.Pos(), "%s may not import %s; it may import %s: see the table in %s", d.from, d.to,
						t.rows[d.from].list(f.isTest()), tableFile)
				}
			}
		}
	}
	t.checkUse(used, r)
}

// document checks the other parts of the document against its table.
func document(files []*file, r *report) {
	for _, f := range files {
		if f.path == tableFile {
			readTable(files, &report{}).checkDocument(f.text, r)
		}
	}
}

// checkPackages checks that every package has a row, and every row a package.
func (t table) checkPackages(files []*file, r *report) {
	packages := map[string]bool{}
	for _, f := range files {
		if f.ast != nil && !packages[f.pkg()] && !inOtherModule(f, files) {
			packages[f.pkg()] = true
			if t.rows[f.pkg()] == nil {
				r.at(f.ast.Package, "package %q has no row in the table of %s", f.pkg(), tableFile)
			}
		}
	}
	for _, pkg := range t.order {
		if !packages[pkg] {
			r.line(tableFile, t.rows[pkg].line, "there is no package %q; remove the row", pkg)
		}
	}
}

// inOtherModule reports whether a folder above f, other than the root, has a go.mod.
func inOtherModule(f *file, files []*file) bool {
	return slices.ContainsFunc(files, func(m *file) bool {
		dir, isModule := strings.CutSuffix(m.path, "/go.mod")
		return isModule && strings.HasPrefix(f.path, dir+"/")
	})
}

// checkUse checks that production code uses each direction of the table, but none of those in parentheses.
func (t table) checkUse(used map[direction]bool, r *report) {
	for _, pkg := range t.order {
		for _, to := range t.rows[pkg].imports {
			if !used[direction{pkg, to}] {
				r.line(tableFile, t.rows[pkg].line, "%s does not import %s; remove it, or put it in parentheses", pkg, to)
			}
		}
		for _, to := range t.rows[pkg].unused {
			if used[direction{pkg, to}] {
				r.line(tableFile, t.rows[pkg].line, "%s imports %s; remove the parentheses", pkg, to)
			}
		}
	}
}

// directionOf returns the direction of an import of a package. outside is false for the standard library.
func (t table) directionOf(pkg, p string) (d direction, outside bool) {
	if within(p, module) {
		return direction{pkg, strings.TrimPrefix(strings.TrimPrefix(p, module), "/")}, true
	}
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		return direction{}, false
	}
	for _, mod := range slices.Concat(t.rows[pkg].imports, t.rows[pkg].unused) {
		if within(p, mod) {
			return direction{pkg, mod}, true
		}
	}
	return direction{pkg, p}, true
}

// within reports whether an import path belongs to a module.
func within(p, mod string) bool { return p == mod || strings.HasPrefix(p, mod+"/") }

// allows reports whether the table allows a direction. Tests may import the whole module and the test libraries.
func (t table) allows(d direction, test bool) bool {
	row := t.rows[d.from]
	if slices.Contains(row.imports, d.to) || slices.Contains(row.unused, d.to) {
		return true
	}
	first, _, _ := strings.Cut(d.to, "/")
	inModule := !strings.Contains(first, ".")
	return test && (inModule || slices.ContainsFunc(testModules, func(mod string) bool { return within(d.to, mod) }))
}

// list says what the package of a row may import.
func (r *row) list(test bool) string {
	list := slices.Concat(r.imports, r.unused)
	if test {
		list = slices.Concat([]string{"every package of the module"}, testModules, list)
	}
	return strings.Join(append(list, "the standard library"), ", ")
}

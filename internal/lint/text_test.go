package lint

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// buildMachinePath matches a path below the directories in which this module is built, at the start of a word.
var buildMachinePath = regexp.MustCompile(`(?:^|[^\w.~}-])(/(?:work|root)/)`)

// buildMachinePaths checks that no file contains a path of a build machine.
func buildMachinePaths(files []*file, r *report) {
	for _, f := range files {
		number := 0
		for text := range strings.Lines(f.text) {
			number++
			if m := buildMachinePath.FindStringSubmatch(text); m != nil {
				r.line(f.path, number, "names a path of a build machine: %s", m[1])
			}
		}
	}
}

// skippedTests checks that no test skips itself: a test that cannot run must fail or not exist.
func skippedTests(files []*file, r *report) {
	for _, f := range files {
		if f.ast == nil || !f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				name, handle := sel.Sel.Name, slices.Contains([]string{"t", "b", "f", "tb", "rt"}, lastName(sel.X))
				if name == "SkipNow" || name == "Skipf" || name == "Skip" && handle {
					r.at(sel.Sel.Pos(), "a test must not call %s", name)
				}
			}
			return true
		})
	}
}

// lastName returns the identifier that e is or ends in, or "" if there is none.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

var marker = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// markers checks that no comment postpones work.
func markers(files []*file, r *report) {
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if m := marker.FindString(c.Text); m != "" {
					r.at(c.Pos(), "a comment says %s; do it or write it down elsewhere", m)
				}
			}
		}
	}
}

// readmeLength checks that the README is not too long.
func readmeLength(files []*file, r *report) {
	for _, f := range files {
		if n := len(slices.Collect(strings.Lines(f.text))); f.path == "README.md" && n > 200 {
			r.line(f.path, n, "has %d lines; at most 200", n)
		}
	}
}

// packageDocs checks that every package has a doc comment. A package of tests may have it in a test file.
func packageDocs(files []*file, r *report) {
	candidates := map[string][]*file{}
	for _, f := range production(files) {
		candidates[f.pkg()] = append(candidates[f.pkg()], f)
	}
	for _, f := range files {
		if c := candidates[f.pkg()]; f.ast != nil && (c == nil || c[0].isTest()) {
			candidates[f.pkg()] = append(c, f)
		}
	}
	for pkg, files := range candidates { // the report is sorted
		if !slices.ContainsFunc(files, func(f *file) bool { return f.ast.Doc.Text() != "" }) {
			r.at(files[0].ast.Package, "package %s has no doc comment", pkg)
		}
	}
}

// exportedDocs checks that every exported name of a public package has a doc comment that starts with it.
func exportedDocs(files []*file, r *report) {
	for _, f := range production(files) {
		if strings.HasPrefix(f.pkg(), "internal/") || f.ast.Name.Name == "main" {
			continue
		}
		for _, decl := range f.ast.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil || ast.IsExported(receiver(decl)) {
					r.wantDoc(decl.Doc, decl.Name)
				}
			case *ast.GenDecl:
				exportedSpecDocs(decl, r)
			}
		}
	}
}

func exportedSpecDocs(decl *ast.GenDecl, r *report) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if !decl.Lparen.IsValid() {
				doc = decl.Doc
			}
			r.wantDoc(doc, spec.Name)
		case *ast.ValueSpec:
			if !decl.Lparen.IsValid() {
				r.wantDoc(decl.Doc, spec.Names...)
			} else if decl.Doc.Text()+spec.Doc.Text()+spec.Comment.Text() == "" {
				r.wantDoc(nil, spec.Names...)
			}
		}
	}
}

// wantDoc reports the first exported name, unless doc starts with one of the names.
func (r *report) wantDoc(doc *ast.CommentGroup, names ...*ast.Ident) {
	exported := slices.IndexFunc(names, func(name *ast.Ident) bool { return name.IsExported() })
	if exported < 0 {
		return
	}
	words := strings.FieldsFunc(doc.Text(), func(c rune) bool { return strings.ContainsRune(" \n,.;:'()", c) })
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || !slices.ContainsFunc(names, func(name *ast.Ident) bool { return name.Name == words[0] }) {
		name := names[exported]
		r.at(name.Pos(), "exported %s needs a doc comment that starts with its name", name.Name)
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(decl *ast.FuncDecl) string {
	t := decl.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	switch generic := t.(type) {
	case *ast.IndexExpr:
		t = generic.X
	case *ast.IndexListExpr:
		t = generic.X
	}
	return lastName(t)
}

// longFunctions lists functions that may exceed 100 lines, each with a reason. A key is file and function,
// "event/kind.go Kinds".
var longFunctions = map[string]string{}

// functionLength checks that no function has more than 100 lines.
func functionLength(files []*file, r *report) {
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || longFunctions[f.path+" "+fn.Name.Name] != "" {
				continue
			}
			if n := r.lineOf(fn.End()) - r.lineOf(fn.Pos()) + 1; n > 100 {
				r.at(fn.Pos(), "function %s has %d lines; at most 100", fn.Name.Name, n)
			}
		}
	}
}

func (r *report) lineOf(pos token.Pos) int { return r.fset.Position(pos).Line }

package patch

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// anchorError is the error for a Go version whose source does not have the function or the text that an edit needs. It
// matches [ErrUnsupported].
type anchorError struct {
	Version  string // such as "go1.26.8"
	File     string // below GOROOT/src
	Function string
	Anchor   string // "" if the function itself was not found
	Found    int    // number of occurrences; 1 is required
}

// Error describes the text and the number of its occurrences.
func (e *anchorError) Error() string {
	if e.Anchor == "" {
		return fmt.Sprintf("gort: %s: %s: function %s found %d times, not once; this Go version is not supported",
			e.Version, e.File, e.Function, e.Found)
	}
	return fmt.Sprintf("gort: %s: %s: in %s: %q found %d times, not once; this Go version is not supported",
		e.Version, e.File, e.Function, e.Anchor, e.Found)
}

// Is reports whether target is [ErrUnsupported].
func (e *anchorError) Is(target error) bool { return target == ErrUnsupported }

// insertion is an edit with its place found.
type insertion struct {
	at, end int // range of bytes to replace
	text    string
}

// cut returns the source of a file with its edits made.
func cut(version, file, src string, list []edit) (string, error) {
	fset := token.NewFileSet()
	tree, broken := parser.ParseFile(fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if tree == nil {
		return "", fmt.Errorf("gort: %s: %w", version, broken)
	}
	// A newer version may have syntax that this parser does not know. The anchors decide whether the file can be used.
	var places []insertion
	for _, e := range list {
		found, err := locate(version, fset, tree, src, e)
		if err != nil {
			return "", errors.Join(err, broken)
		}
		places = append(places, found...)
	}
	slices.SortStableFunc(places, func(a, b insertion) int { return a.at - b.at })
	var out strings.Builder
	done := 0
	for _, p := range places {
		if p.at < done {
			return "", fmt.Errorf("gort: %s: %s: two edits overlap near %q", version, file, p.text)
		}
		out.WriteString(src[done:p.at])
		out.WriteString(p.text)
		done = p.end
	}
	out.WriteString(src[done:])
	return out.String(), nil
}

// locate finds the places of one edit.
func locate(version string, fset *token.FileSet, tree *ast.File, src string, e edit) ([]insertion, error) {
	nodes := find(tree, e.fn)
	if len(nodes) != 1 && (e.fn != allMethods || len(nodes) == 0) {
		return nil, &anchorError{version, e.file, e.fn, "", len(nodes)}
	}
	var places []insertion
	for _, n := range nodes {
		p, err := place(version, fset, n, src, e)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

// place finds the place of an edit within one declaration.
func place(version string, fset *token.FileSet, n ast.Node, src string, e edit) (insertion, error) {
	offset := func(p token.Pos) int { return fset.Position(p).Offset }
	if e.anchor == "" {
		fn, ok := n.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			return insertion{}, &anchorError{version, e.file, e.fn, "{", 0}
		}
		at := offset(fn.Body.Lbrace) + 1
		return insertion{at, at, e.textFor(fn)}, nil
	}
	from, to := offset(n.Pos()), offset(n.End())
	if _, whole := n.(*ast.File); whole {
		from, to = 0, len(src)
	}
	if fn, ok := n.(*ast.FuncDecl); ok && fn.Doc != nil && fn.Body == nil {
		from = offset(fn.Doc.Pos()) // the directives of a declaration without a body
	}
	body := src[from:to]
	if c := strings.Count(body, e.anchor); c != 1 {
		return insertion{}, &anchorError{version, e.file, e.fn, e.anchor, c}
	}
	at := from + strings.Index(body, e.anchor)
	end := at + len(e.anchor)
	switch e.how {
	case before:
		end = at
	case after:
		at = end
	}
	text := e.text
	if fn, ok := n.(*ast.FuncDecl); ok {
		text = e.textFor(fn)
	}
	return insertion{at, end, text}, nil
}

// textFor returns the text of an edit for one function, in which "{method}" and "{receiver}" stand for its name and the
// name of its receiver.
func (e edit) textFor(fn *ast.FuncDecl) string {
	receiver := ""
	if fn.Recv != nil && len(fn.Recv.List[0].Names) > 0 {
		receiver = fn.Recv.List[0].Names[0].Name
	}
	return strings.NewReplacer("{method}", fn.Name.Name, "{receiver}", receiver).Replace(e.text)
}

// wholeFile as the function of an edit means the file, including comments above its package clause.
const wholeFile = "file"

// allMethods as the function of an edit means every exported method with a body in the file.
const allMethods = "methods"

// find returns the declarations that the function of an edit names.
func find(tree *ast.File, name string) (found []ast.Node) {
	if name == wholeFile {
		return []ast.Node{tree}
	}
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all := name == allMethods && d.Recv != nil && d.Name.IsExported() && d.Body != nil && exportedReceiver(d)
			if all || funcName(d) == name {
				found = append(found, d)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok && "type "+t.Name.Name == name {
					found = append(found, t)
				}
			}
		}
	}
	return found
}

func exportedReceiver(d *ast.FuncDecl) bool { return ast.IsExported(receiver(d)) }

// funcName returns "f" or "(*T).m" or "T.m".
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	if _, ok := d.Recv.List[0].Type.(*ast.StarExpr); ok {
		return "(*" + receiver(d) + ")." + d.Name.Name
	}
	return receiver(d) + "." + d.Name.Name
}

// receiver returns the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

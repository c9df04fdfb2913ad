// Package analysis holds a pass for go vet that finds what a simulated test must not do: take the time from the real
// clock, use global random numbers, start goroutines or processes, use real channels, locks and network connections, or
// depend on the order of a map. It does not see calls of interface methods and of function values.
//
// It works in three steps:
//
//  1. Each function of the package gets the first thing that it must not do, itself or by a call. What functions of
//     other packages do is known from facts that the pass has exported there; the standard library is known from
//     tables.
//  2. The functions that run inside of a simulation are those with a parameter of type *simsched.Sim, and the functions
//     inside of them.
//  3. Everything that is wrong in these functions, and every call of one that does something wrong, is reported with
//     the chain of calls.
//
// A comment "//reprise:ignore REASON" at the end of a line, or on the line above, accepts what the line does.
package analysis

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// Analyzer is the pass.
var Analyzer = &analysis.Analyzer{
	Name:      "reprise",
	Doc:       "report what a simulated test must not do: real clocks, randomness, goroutines, channels and locks, map order",
	URL:       "https://github.com/reprise-go/reprise",
	Run:       run,
	FactTypes: []analysis.Fact{(*does)(nil)},
}

// does is the fact of a function that does what a simulated program must not do.
type does struct {
	What  string
	Chain string // of calls from the function to the place, "" if it is in the function itself
}

// AFact implements [analysis.Fact].
func (*does) AFact() {}

// String returns the fact for tests.
func (d *does) String() string { return d.What + d.Chain }

// fault is something that a function must not do.
type fault struct {
	node ast.Node
	what string
	by   string // chain of calls, "" if the function does it itself
	fix  func(sim string) string
}

// checker is the run over a package.
type checker struct {
	pass    *analysis.Pass
	ignored map[string]map[int]bool // lines by file
	bodies  map[*types.Func]*ast.FuncDecl
	done    map[*types.Func]bool
}

func run(pass *analysis.Pass) (any, error) {
	if inStandardLibrary(pass) || isSimulator(pass.Pkg.Path()) {
		return nil, nil
	}
	c := &checker{pass, map[string]map[int]bool{}, map[*types.Func]*ast.FuncDecl{}, map[*types.Func]bool{}}
	for _, f := range pass.Files {
		c.ignore(f)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				if obj, ok := pass.TypesInfo.Defs[fn.Name].(*types.Func); ok {
					c.bodies[obj] = fn
				}
			}
		}
	}
	for fn := range c.bodies { // lint: order does not matter because each fact is a function of the source
		c.judge(fn)
	}
	in := inspector.New(pass.Files)
	in.Nodes([]ast.Node{(*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)}, func(n ast.Node, push bool) bool {
		sim, simulated := c.sim(n)
		if push && simulated {
			for _, f := range c.faults(body(n)) {
				c.report(f, sim)
			}
		}
		return push && !simulated // what is inside has been looked at
	})
	return nil, nil
}

// inStandardLibrary reports whether the package belongs to it: its import path has no dot, and it has no module.
func inStandardLibrary(pass *analysis.Pass) bool {
	element, _, _ := strings.Cut(pass.Pkg.Path(), "/")
	return !strings.Contains(element, ".") && (pass.Module == nil || pass.Module.Path == "" || pass.Module.Path == "std")
}

// isSimulator reports whether a package is one of those that make simulations of real things.
func isSimulator(path string) bool {
	const module = "github.com/reprise-go/reprise/"
	rest, ours := strings.CutPrefix(path, module)
	return ours && !strings.HasPrefix(rest, "examples/")
}

// body returns the body of a function.
func body(n ast.Node) *ast.BlockStmt {
	if d, ok := n.(*ast.FuncDecl); ok {
		return d.Body
	}
	return n.(*ast.FuncLit).Body
}

// sim reports whether a function runs inside of a simulation, and returns the name of its Sim, "" if it has none.
func (c *checker) sim(n ast.Node) (name string, simulated bool) {
	var params *ast.FieldList
	switch n := n.(type) {
	case *ast.FuncDecl:
		params = n.Type.Params
	case *ast.FuncLit:
		params = n.Type.Params
	}
	if body(n) == nil {
		return "", false
	}
	for _, p := range params.List {
		ptr, ok := c.pass.TypesInfo.TypeOf(p.Type).(*types.Pointer)
		if !ok || !isNamed(ptr.Elem(), "github.com/reprise-go/reprise/simsched", "Sim") {
			continue
		}
		if len(p.Names) > 0 && p.Names[0].Name != "_" {
			name = p.Names[0].Name
		}
		return name, true
	}
	return "", false
}

// isNamed reports whether t is a type of a package.
func isNamed(t types.Type, pkg, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == pkg
}

// ignore notes the lines that comments accept.
func (c *checker) ignore(f *ast.File) {
	for _, group := range f.Comments {
		for _, comment := range group.List {
			reason, ok := strings.CutPrefix(comment.Text, "//reprise:ignore")
			if !ok {
				continue
			}
			if strings.TrimSpace(reason) == "" {
				c.pass.Reportf(comment.Pos(), "//reprise:ignore needs a reason behind it")
				continue
			}
			p := c.pass.Fset.Position(comment.Pos())
			if c.ignored[p.Filename] == nil {
				c.ignored[p.Filename] = map[int]bool{}
			}
			c.ignored[p.Filename][p.Line], c.ignored[p.Filename][p.Line+1] = true, true
		}
	}
}

// accepted reports whether a comment accepts what a node does.
func (c *checker) accepted(n ast.Node) bool {
	p := c.pass.Fset.Position(n.Pos())
	return c.ignored[p.Filename][p.Line]
}

// judge exports the fact of a function of the package. A function that calls itself is judged without that call.
func (c *checker) judge(fn *types.Func) *does {
	fact := &does{}
	if c.pass.ImportObjectFact(fn, fact) {
		return fact
	}
	decl := c.bodies[fn]
	if decl == nil || c.done[fn] {
		return nil
	}
	c.done[fn] = true
	list := c.faults(decl.Body)
	if len(list) == 0 {
		return nil
	}
	fact = &does{list[0].what, list[0].by}
	c.pass.ExportObjectFact(fn, fact)
	return fact
}

// report reports a fault in a function with a Sim, whose name may be "".
func (c *checker) report(f fault, sim string) {
	d := analysis.Diagnostic{Pos: f.node.Pos(), End: f.node.End(), Message: "a simulated test " + f.what + f.by}
	if f.fix != nil && sim != "" {
		text := f.fix(sim)
		d.SuggestedFixes = []analysis.SuggestedFix{{Message: "use " + text, TextEdits: []analysis.TextEdit{
			{Pos: f.node.Pos(), End: f.node.End(), NewText: []byte(text)},
		}}}
	}
	c.pass.Report(d)
}

// source returns the text of an expression.
func (c *checker) source(n ast.Node) string {
	p := c.pass.Fset.Position(n.Pos())
	b, err := c.pass.ReadFile(p.Filename)
	end := p.Offset + int(n.End()-n.Pos())
	if err != nil || end > len(b) {
		return ""
	}
	return string(b[p.Offset:end])
}

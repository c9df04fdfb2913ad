package gotest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/wire"
)

// Assertions of the Antithesis SDK that some run has to satisfy, Sometimes and Reachable, and Always, which some run
// has to reach, are judged over all runs of all tests:
//
//  1. The search of a test counts the runs that reach each assertion, and those in which it is true, and prints the
//     counts as an attribute.
//  2. The command adds them up over all tests.
//  3. It looks for the assertions in the source of the packages of the main module that the tests use. Those that no
//     run has satisfied are reported. They fail nothing: more seeds may reach them.

// assertion is what the runs have shown of an assertion.
type assertion struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	At      string `json:"at"` // file and line
	Reached int    `json:"reached"`
	True    int    `json:"true"`
}

// satisfied reports whether the runs have shown what the assertion promises to happen.
func (a *assertion) satisfied() bool {
	switch a.Kind {
	case "Sometimes":
		return a.True > 0
	case "Always", "Reachable":
		return a.Reached > 0
	}
	return true
}

// reached are assertions by message.
type reached map[string]*assertion

// add counts the assertions of a run.
func (r *reached) add(run []record.Assertion) {
	if len(run) == 0 {
		return
	}
	if *r == nil {
		*r = reached{}
	}
	seen := map[string]bool{} // by message and condition
	for _, a := range run {
		sum := (*r)[a.Message]
		if sum == nil {
			sum = &assertion{Kind: a.Kind, Message: a.Message, At: fmt.Sprintf("%s:%d", a.File, a.Line)}
			(*r)[a.Message] = sum
		}
		if key := a.Message + "\x00" + strconv.FormatBool(a.True); !seen[key] {
			seen[key] = true
			if a.True {
				sum.True++
			}
		}
		if !seen[a.Message] {
			seen[a.Message] = true
			sum.Reached++
		}
	}
}

// join adds the counts of other runs.
func (r *reached) join(list []*assertion) {
	if *r == nil && len(list) > 0 {
		*r = reached{}
	}
	for _, a := range list {
		if a == nil {
			continue
		}
		if sum := (*r)[a.Message]; sum != nil {
			sum.Reached, sum.True = sum.Reached+a.Reached, sum.True+a.True
		} else {
			copied := *a
			(*r)[a.Message] = &copied
		}
	}
}

// sorted returns the assertions in the order of their messages.
func (r reached) sorted() (list []*assertion) {
	for _, a := range r { // lint: order does not matter because the list is sorted
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *assertion) int { return cmp.Or(strings.Compare(a.Message, b.Message)) })
	return list
}

// tellReached prints the counts of a test.
func (c *search) tellReached(test string) {
	if len(c.reached) == 0 {
		return
	}
	if b, err := json.Marshal(c.reached.sorted()); err == nil { // it always is
		c.out.attr(test, wire.AttrReached.Name, string(b))
	}
}

// assertions returns the sums over all tests.
func (r *testResults) assertions() (sum reached) {
	sum = reached{}
	for _, t := range r.order {
		var list []*assertion
		if json.Unmarshal([]byte(t.attrs[wire.AttrReached.Name]), &list) != nil {
			continue
		}
		sum.join(list)
	}
	return sum
}

// sdkAssert is the package of the assertions.
const sdkAssert = "github.com/antithesishq/antithesis-sdk-go/assert"

// lookForAssertions adds the assertions in the source that no run has reached, if a run has reached any.
func (r *testResults) lookForAssertions(ctx context.Context) {
	if r.reached = r.assertions(); len(r.reached) == 0 {
		return
	}
	var tested []string
	for pkg := range r.packages { // lint: order does not matter because go list sorts
		tested = append(tested, pkg)
	}
	const format = "{{if and .Module .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}\n{{end}}{{end}}"
	args := append([]string{"list", "-deps", "-f", format, "--"}, tested...)
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	if err != nil {
		return // the tests have run without it; the list is then of what was reached
	}
	for path := range strings.Lines(string(out)) {
		for _, a := range assertionsIn(strings.TrimSpace(path), nil) {
			if r.reached[a.Message] == nil {
				r.reached[a.Message] = a
			}
		}
	}
}

// assertionsIn returns the assertions in a source file, whose text is src or, if nil, that of the file.
func assertionsIn(path string, src []byte) (list []*assertion) {
	fset := token.NewFileSet()
	var text any
	if src != nil {
		text = src
	}
	file, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if path == "" || err != nil {
		return nil
	}
	name := ""
	for _, i := range file.Imports {
		if i.Path.Value == strconv.Quote(sdkAssert) {
			if name = "assert"; i.Name != nil {
				name = i.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if kind, message := assertionOf(call, name); kind != "" {
				p := fset.Position(call.Pos())
				at := fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
				list = append(list, &assertion{Kind: kind, Message: message, At: at})
			}
		}
		return true
	})
	return list
}

// assertionOf returns the kind and the message of an assertion that some run has to reach, given the name by which its
// package is imported; "" for any other call.
func assertionOf(call *ast.CallExpr, name string) (kind, message string) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	pkg, ok := f.X.(*ast.Ident)
	at := slices.Index([]string{"Reachable", "Always", "Sometimes"}, f.Sel.Name)
	if !ok || pkg.Name != name || at < 0 || len(call.Args) < 2 {
		return "", ""
	}
	lit, ok := call.Args[min(at, 1)].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", ""
	}
	if message, err := strconv.Unquote(lit.Value); err == nil {
		return f.Sel.Name, message
	}
	return "", ""
}

// tellAssertions describes what the runs have shown of the assertions, "" if there are none.
func (r *testResults) tellAssertions() string {
	if len(r.reached) == 0 {
		return ""
	}
	var b bytes.Buffer
	left := 0
	for _, a := range r.reached.sorted() {
		if a.satisfied() {
			continue
		}
		left++
		how := "never reached"
		if a.Reached > 0 {
			how = fmt.Sprintf("reached in %s, and never true", prose.Count(a.Reached, "run"))
		}
		fmt.Fprintf(&b, "assertion %s: %s %q, at %s\n", how, a.Kind, a.Message, a.At)
	}
	all := prose.Count(len(r.reached), "assertion")
	fmt.Fprintf(&b, "%s of the Antithesis SDK, %d not satisfied by any run\n", all, left)
	return b.String()
}

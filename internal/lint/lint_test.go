package lint

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/reprise-go/reprise"

// A check reads files and reports findings. The files are either the whole module or a snippet of TestChecks.
type check func(files []*file, r *report)

// A file is any file that git would track. Go files outside testdata are parsed.
type file struct {
	path string // from the module root, with slashes
	text string
	ast  *ast.File // nil unless it is a Go file
}

// pkg returns the package path of f from the module root, "" for the root itself.
func (f *file) pkg() string { return strings.TrimPrefix(path.Dir(f.path), ".") }

func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// production returns the parsed files that are not tests.
func production(files []*file) []*file {
	return slices.DeleteFunc(slices.Clone(files), func(f *file) bool { return f.ast == nil || f.isTest() })
}

// A report collects findings.
type report struct {
	fset     *token.FileSet
	findings []finding
}

type finding struct {
	pos token.Position
	msg string
}

func (r *report) at(pos token.Pos, format string, args ...any) {
	r.findings = append(r.findings, finding{r.fset.Position(pos), fmt.Sprintf(format, args...)})
}

func (r *report) line(path string, line int, format string, args ...any) {
	pos := token.Position{Filename: path, Line: line}
	r.findings = append(r.findings, finding{pos, fmt.Sprintf(format, args...)})
}

// lines returns the findings as text, sorted by position.
func (r *report) lines() []string {
	slices.SortFunc(r.findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.pos.Filename, b.pos.Filename), cmp.Compare(a.pos.Line, b.pos.Line),
			cmp.Compare(a.pos.Column, b.pos.Column), cmp.Compare(a.msg, b.msg))
	})
	var lines []string
	for _, f := range r.findings {
		lines = append(lines, f.pos.String()+": "+f.msg)
	}
	return lines
}

// parse returns the file with its syntax tree, if it is a Go file that the go command would build.
func (r *report) parse(name, text string) (*file, error) {
	f := &file{path: name, text: text}
	if !strings.HasSuffix(name, ".go") || strings.Contains("/"+name, "/testdata/") {
		return f, nil
	}
	var err error
	f.ast, err = parser.ParseFile(r.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return f, err
}

// importPath returns the path of an import declaration.
func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic(err) // the parser accepts only string literals
	}
	return p
}

// selectors calls visit for each selector of an imported package in f: for time.Now, with "time" and "Now". It
// compares names only, so that a variable with the name of an imported package counts as the package.
func selectors(f *ast.File, visit func(importPath, name string, pos token.Pos)) {
	imported := map[string]string{}
	for _, spec := range f.Imports {
		p := importPath(spec)
		name := path.Base(strings.TrimSuffix(p, "/v2"))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = p
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && imported[x.Name] != "" {
				visit(imported[x.Name], sel.Sel.Name, sel.Pos())
			}
		}
		return true
	})
}

// moduleRoot returns the directory of go.mod, at or above the working directory.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// readModule reads every file below root except those that git ignores. It walks the tree rather than asking git for
// the files, so that the go command sees what the test reads and caches its result only while nothing changes.
func readModule(t *testing.T, root string, r *report) []*file {
	t.Helper()
	git := exec.Command("git", "ls-files", "-z", "--others", "--ignored", "--exclude-standard")
	git.Dir = root
	out, err := git.Output()
	if err != nil {
		t.Logf("git ls-files: %v: reading ignored files as well", err)
	}
	ignored := strings.Split(string(out), "\x00")
	var files []*file
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if d.Name() == ".git" { // of a worktree, where it is a file
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); !d.Type().IsRegular() || slices.Contains(ignored, rel) {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := r.parse(rel, string(text))
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestModule(t *testing.T) {
	r := &report{fset: token.NewFileSet()}
	root := moduleRoot(t)
	files := readModule(t, root, r)
	checks := []check{
		imports, document, determinism, channels, printing, buildMachinePaths, skippedTests, markers, readmeLength,
		packageDocs, exportedDocs, unusedExports, surfaces(surfaceLimits), functionLength, longLines,
		clippedVoice, statedFacts(facts), listBuild(t, root, r.fset).mapOrder,
	}
	for _, check := range checks {
		check(files, r)
	}
	if lines := r.lines(); lines != nil {
		t.Errorf("%d findings:\n%s\nrun again: go test ./internal/lint", len(lines), strings.Join(lines, "\n"))
	}
}

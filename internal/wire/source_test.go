package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// sourceFile is a parsed file of the module that is no test.
type sourceFile struct {
	path string // from the root of the module, with slashes
	ast  *ast.File
}

// source parses the production code of the module.
func source(t *testing.T) (files []sourceFile) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case d.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && path != root):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		files = append(files, sourceFile{filepath.ToSlash(rel), parsed})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (f sourceFile) dir() string { return filepath.ToSlash(filepath.Dir(f.path)) }

// rows maps the Go names of the table to the names on the wire.
func rows(files []sourceFile) map[string]string {
	names := map[string]string{}
	for _, f := range files {
		if f.dir() != "internal/wire" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			for _, s := range texts(spec.Values[0]) {
				if strings.HasPrefix(s, prefix) && s != prefix || strings.HasPrefix(s, FlagPrefix) && s != FlagPrefix {
					names[spec.Names[0].Name] = s
				}
			}
			return true
		})
	}
	return names
}

// texts are the string literals of a node.
func texts(n ast.Node) (list []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if _, imported := n.(*ast.ImportSpec); imported {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				list = append(list, s)
			}
		}
		return true
	})
	return list
}

// TestUsedAsDeclared: a package uses the rows of which the table says that it writes or reads them, and no others.
func TestUsedAsDeclared(t *testing.T) {
	files := source(t)
	goNames := rows(files)
	used := map[string][]string{} // name on the wire to packages
	for _, f := range files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "wire" && goNames[sel.Sel.Name] != "" {
					name := goNames[sel.Sel.Name]
					used[name] = append(used[name], f.dir())
				}
			}
			return true
		})
	}
	table := map[string][]string{}
	for _, s := range Settings() {
		table[s.Env] = slices.Concat(s.Writers, s.Readers)
	}
	for _, a := range Attributes() {
		table[a.Name] = slices.Concat(a.Writers, a.Readers)
	}
	if len(goNames) != len(table) {
		t.Errorf("%d rows in the source, %d in the table", len(goNames), len(table))
	}
	for name, parties := range table {
		for _, party := range parties {
			of := func(dir string) bool { return dir == party || strings.HasPrefix(dir, party+"/") }
			if party != User && party != Runtime && !slices.ContainsFunc(used[name], of) {
				t.Errorf("%s: %s is said to write or read it and does not use it", name, party)
			}
		}
		for _, dir := range used[name] {
			if !slices.ContainsFunc(parties, func(p string) bool { return dir == p || strings.HasPrefix(dir, p+"/") }) {
				t.Errorf("%s: %s uses it, and is neither a writer nor a reader of it", name, dir)
			}
		}
	}
}

// outside matches the names that must stand nowhere but in the table.
var outside = regexp.MustCompile(`REPRISE_|(^|[ "'-])reprise\.([a-z]|$)`)

// TestNoNameOutside: no literal of the production code has the name of a variable or an attribute.
func TestNoNameOutside(t *testing.T) {
	for _, f := range source(t) {
		if f.dir() == "internal/wire" {
			continue
		}
		for _, s := range texts(f.ast) {
			if outside.MatchString(s) {
				t.Errorf("%s: the literal %.80q belongs into the table of internal/wire", f.path, s)
			}
		}
	}
	for _, s := range []string{"REPRISE_SEEDS=", "reprise.seed", "-reprise.seed=1", "reprise.", "x reprise.runs"} {
		if !outside.MatchString(s) {
			t.Errorf("%q is not found", s)
		}
	}
	for _, s := range []string{"run.reprise", "version of reprise. It", "github.com/reprise-go/reprise"} {
		if outside.MatchString(s) {
			t.Errorf("%q is taken for a name", s)
		}
	}
}

// TestRuntimeReads: the code that is compiled into the runtime, which imports nothing, reads the variable by its name.
func TestRuntimeReads(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(root, Runtime, "*"))
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(prefix+`[A-Z_]+`).FindAllString(string(b), -1) {
			reads++
			if name != Gort.Env {
				t.Errorf("%s: %s is not in the table", path, name)
			}
		}
	}
	if reads == 0 {
		t.Errorf("%s is read by no file of %s", Gort.Env, Runtime)
	}
}

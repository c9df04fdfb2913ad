package lint

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// core lists the packages whose results must depend only on their inputs.
var core = []string{"event", "strategy", "simsched", "simsched/simdisk", "divergence", "minimize"}

// forbiddenImports are the packages that no core package may import, except the core packages listed for each.
var forbiddenImports = map[string][]string{
	"C":            nil,
	"crypto/rand":  nil,
	"hash/maphash": nil, // has random seeds
	"math/rand":    nil,
	"net":          {"simsched"},
	"net/http":     nil,
	"os":           {"event"},
	"os/exec":      nil,
	"syscall":      {"event"},
	"unsafe":       nil,
}

// forbiddenNames are the names of a package that no core package may use.
var forbiddenNames = map[string][]string{
	"context": {"AfterFunc", "WithDeadline", "WithDeadlineCause", "WithTimeout", "WithTimeoutCause"},
	"time":    {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
}

// onlyNames are the only names of a package that a core package may use.
var onlyNames = map[string][]string{
	"math/rand/v2": {"ChaCha8", "New", "NewChaCha8", "NewPCG", "NewZipf", "PCG", "Rand", "Source", "Zipf"},
	"os":           {"ErrDeadlineExceeded"},
}

// determinism checks the imports and calls of the core packages.
func determinism(files []*file, r *report) {
	for _, f := range production(files) {
		if !slices.Contains(core, f.pkg()) {
			continue
		}
		for _, spec := range f.ast.Imports {
			p := importPath(spec)
			except, forbidden := forbiddenImports[p]
			if forbidden && !slices.Contains(except, f.pkg()) {
				r.at(spec.Pos(), "core package %s must not import %s", f.pkg(), p)
			}
			if spec.Name != nil && spec.Name.Name == "." {
				r.at(spec.Pos(), "core package %s must not dot-import %s: this check goes by names", f.pkg(), p)
			}
		}
		selectors(f.ast, func(p, name string, pos token.Pos) {
			only, restricted := onlyNames[p]
			if slices.Contains(forbiddenNames[p], name) || restricted && !slices.Contains(only, name) {
				r.at(pos, "core package %s must not use %s.%s", f.pkg(), p, name)
			}
		})
	}
}

// channelFiles may use goroutines and channels although they belong to simsched. Each has a reason.
var channelFiles = map[string]string{
	"simsched/context.go": "context.Context requires a Done that returns a channel",
}

// channels checks that the scheduler uses only coroutines.
func channels(files []*file, r *report) {
	for _, f := range production(files) {
		if f.pkg() != "simsched" || channelFiles[f.path] != "" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.GoStmt:
				r.at(n.Pos(), "simsched must not start goroutines")
			case *ast.SelectStmt:
				r.at(n.Pos(), "simsched must not select over channels")
			case *ast.ChanType:
				r.at(n.Pos(), "simsched must not use channels")
			}
			return true
		})
	}
}

// printing checks that library packages do not print to standard output.
func printing(files []*file, r *report) {
	for _, f := range production(files) {
		if f.ast.Name.Name == "main" || strings.HasPrefix(f.pkg()+"/", "internal/cli/") ||
			strings.HasPrefix(f.pkg()+"/", "examples/") {
			continue
		}
		selectors(f.ast, func(p, name string, pos token.Pos) {
			if p == "fmt" && strings.HasPrefix(name, "Print") || p == "os" && name == "Stdout" {
				r.at(pos, "library package %s must not use %s.%s", f.pkg(), p, name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if id, ok := call.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
					r.at(call.Pos(), "library package %s must not use %s", f.pkg(), id.Name)
				}
			}
			return true
		})
	}
}

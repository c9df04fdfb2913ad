package lint

import (
	"slices"
	"strings"
)

// A rule lists the packages that the production code of a package may import besides the standard library.
type rule struct {
	pkg      string   // path from the module root; a path with a trailing slash stands for all packages below it
	internal []string // packages of the module, or above, or all
	third    []string // other modules
}

const (
	above = "every package above it in the table"
	all   = "every package of the module"
)

// rules is the table "Layout and import directions" of the design, bottom to top.
var rules = []rule{
	{"event", nil, []string{"github.com/vmihailenco/msgpack/v5"}},
	{"event/gorun", []string{"event"}, nil},
	{"tracefile", []string{"event", "internal/atomicfile"}, []string{"github.com/klauspost/compress"}},
	{"strategy", nil, nil},
	{"simsched", []string{"event", "strategy"}, nil},
	{"simsched/simdisk", []string{"event", "simsched"}, nil},
	{"source", []string{"event", "tracefile"}, nil},
	{"recorder", []string{"event", "tracefile", "simsched"}, nil}, // simsched, so that recorder.Run exists
	{"divergence", []string{"event", "event/gorun", "source", "internal/codes", "internal/finding", "internal/prose"}, []string{"github.com/google/go-cmp"}},
	{"divergence/report", []string{"event", "source", "divergence", "internal/prose"}, []string{"github.com/jstemmer/go-junit-report/v2"}},
	{"replayer", []string{"event", "source", "divergence", "simsched"}, nil},
	{"internal/base", []string{above, "internal/atomicfile", "internal/codes", "internal/tracecheck"}, nil},
	{"internal/replay", []string{"event", "tracefile", "simsched", "source", "divergence", "divergence/report", "replayer", "internal/base"}, nil},
	{"explore", []string{"event", "source", "strategy", "internal/finding"}, nil},
	{"minimize", []string{"event"}, nil},
	{"traceview", []string{"event", "source", "divergence"}, nil},
	{"internal/watchdog", []string{"event", "simsched"}, nil},
	{"gort/internal/patch", nil, nil},
	{"gort", []string{"gort/internal/patch", "event", "event/gorun", "tracefile", "internal/atomicfile", "internal/cast",
		"internal/finding", "internal/procs", "internal/testpath", "internal/wire"}, nil},
	{"simtest", []string{above, "internal/atomicfile", "internal/finding", "internal/prose", "internal/story",
		"internal/testpath", "internal/watchdog", "internal/wire"}, nil},
	{"internal/gotest", []string{above, "internal/base", "internal/finding", "internal/procs", "internal/prose",
		"internal/story", "internal/testpath", "internal/wire"}, []string{"github.com/jstemmer/go-junit-report/v2"}},
	{"internal/turns", []string{"event", "event/gorun", "simsched", "source", "divergence", "replayer", "gort",
		"internal/base", "internal/gotest", "internal/story"}, nil},
	{"examples", []string{above}, nil},
	{"examples/", []string{above}, []string{
		"go.etcd.io/raft/v3", "google.golang.org/protobuf", "github.com/anishathalye/porcupine",
	}},
	{"internal/cli/verb", []string{"internal/base"}, []string{"github.com/spf13/cobra"}},
	{"internal/cli/demo", []string{above}, []string{"github.com/spf13/cobra"}},
	{"internal/cli/", []string{all}, []string{"github.com/spf13/cobra", "github.com/jstemmer/go-junit-report/v2"}},
	{"internal/cli", []string{all}, []string{"github.com/spf13/cobra"}},
	{"cmd/reprise", []string{"internal/cli"}, nil},
	{"props_test", nil, nil}, // tests only
	{"internal/hostile", nil, []string{"github.com/klauspost/compress"}},
	{"internal/sourcetest", []string{"event", "source"}, nil},
	{"internal/atomicfile", nil, nil},
	{"internal/cast", nil, nil},
	{"internal/story", []string{"event", "event/gorun", "tracefile", "source", "internal/cast"}, nil},
	{"internal/codes", nil, nil},
	{"internal/gomodule", nil, nil},
	{"internal/golden", nil, []string{"github.com/google/go-cmp"}},
	{"internal/lint", nil, nil},
	{"internal/tracecheck", []string{"event"}, nil},
	{"internal/procs", nil, nil},
	{"internal/prose", nil, nil},
	{"internal/testpath", nil, nil},
	{"internal/wire", nil, nil},
	{"internal/finding", []string{"internal/prose", "internal/testpath", "internal/wire"}, nil},
	{"internal/tracegen", []string{"event"}, nil},
	{"internal/tutorial", nil, nil}, // tests only
	{"internal/invariant", nil, nil},
}

// testModules are the modules that tests may import, besides this module and the imports that their package may have.
var testModules = []string{
	"pgregory.net/rapid", "github.com/google/go-cmp", "go.uber.org/goleak",
	"github.com/rogpeppe/go-internal/testscript", "golang.org/x/net/nettest", "golang.org/x/sync/semaphore",
}

func ruleOf(pkg string) int {
	return slices.IndexFunc(rules, func(r rule) bool {
		return r.pkg == pkg || strings.HasSuffix(r.pkg, "/") && strings.HasPrefix(pkg, r.pkg)
	})
}

// imports checks the import directions.
func imports(files []*file, r *report) {
	var missing []string
	for _, f := range files {
		if f.ast == nil {
			continue
		}
		row := ruleOf(f.pkg())
		if row < 0 {
			if !slices.Contains(missing, f.pkg()) {
				missing = append(missing, f.pkg())
				r.at(f.ast.Package, "package %q has no row in the table of internal/lint/imports_test.go", f.pkg())
			}
			continue
		}
		for _, spec := range f.ast.Imports {
			if p := importPath(spec); !mayImport(row, f.isTest(), p) {
				r.at(spec.Pos(), "%s may not import %s; allowed: %s", f.pkg(), p, allowed(row, f.isTest()))
			}
		}
	}
}

func mayImport(row int, test bool, p string) bool {
	rule := rules[row]
	if p == module || strings.HasPrefix(p, module+"/") {
		pkg := strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
		target := ruleOf(pkg)
		return test || slices.Contains(rule.internal, pkg) || slices.Contains(rule.internal, all) ||
			slices.Contains(rule.internal, above) && target >= 0 && target < row
	}
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	within := func(mod string) bool { return p == mod || strings.HasPrefix(p, mod+"/") }
	return slices.ContainsFunc(rule.third, within) || test && slices.ContainsFunc(testModules, within)
}

func allowed(row int, test bool) string {
	list := slices.Concat(rules[row].internal, rules[row].third)
	if test {
		list = slices.Concat([]string{all}, testModules, rules[row].third)
	}
	return strings.Join(append(list, "the standard library"), ", ")
}

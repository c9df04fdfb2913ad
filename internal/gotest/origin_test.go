package gotest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/tracefile"
)

// attackModules makes a workspace of two modules and a module beside it that one of them requires, and makes the first
// one the current folder. The go command may not reach the network, and may change go.mod, as GOFLAGS=-mod=mod lets
// it.
func attackModules(t *testing.T) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.work":             "go 1.25\n\nuse (\n\t./own\n\t./second\n)\n",
		"own/go.mod":          "module example.com/own\n\ngo 1.25\n\nrequire example.com/own/dep v0.0.0\n\nreplace example.com/own/dep => ./dep\n",
		"own/own.go":          "package own\n\nimport _ \"example.com/own/dep\"\n",
		"own/sub/sub.go":      "package sub\n",
		"second/go.mod":       "module example.com/second\n\ngo 1.25\n",
		"second/second.go":    "package second\n",
		"own/dep/go.mod":      "module example.com/own/dep\n\ngo 1.25\n",
		"own/dep/dep.go":      "package dep\n",
		"own/evil.go/evil.go": "package evil\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "own"))
	t.Setenv("GOPROXY", "file://"+filepath.Join(root, "no-proxy"))
	t.Setenv("GOFLAGS", "")
}

// TestOnlyOwnPackages: a file may name a package of the main modules, and nothing else that the go command understands.
func TestOnlyOwnPackages(t *testing.T) {
	attackModules(t)
	for _, pkg := range []string{"example.com/own", "example.com/own/sub", "example.com/second"} {
		o, err := OriginOf(tracefile.Identity{tracefile.KeyPackage: pkg, tracefile.KeyTest: "TestX/sub test"})
		if err != nil || !filepath.IsAbs(o.Dir) {
			t.Errorf("%s: %+v, %v", pkg, o, err)
		}
	}
	work, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{
		"fmt", "cmd/go", "std", "cmd", "all", "tool", "work", "main", "net/http", "golang.org/x/text/width",
		"example.com/own/dep",
		"example.com/ownother", "example.com/own/...", "...", ".", "..", "./", "./sub", "../second", "own.go", "evil.go",
		"example.com/own/evil.go",
		filepath.Join(work, "second"), filepath.Join(work, "second",
			"second.go"), "/dev/zero", "-toolexec=sh", "-n", "example.com/own@latest",
		"example.com/own/../second", "example.com/own/./sub", "example.com/own/", "example.com//own", "example.com/own sub",
		"example.com/own\nfmt",
		"example.com/own.test", "example.com/own [example.com/own.test]", "file=own.go", "C:\\own", "example.com/own\x00",
		"@list",
	} {
		if o, err := OriginOf(tracefile.Identity{tracefile.KeyPackage: pkg, tracefile.KeyTest: "TestX"}); err == nil {
			t.Errorf("%q is taken from a file: %+v", pkg, o)
		}
	}
	for _, test := range []string{"", "X", "test", "TestX\n", "TestX/a\x1b[31m", "Test X", "../TestX", "-test.run=X",
		"TestX$|.*", "BenchmarkX"} {
		if o, err := OriginOf(tracefile.Identity{tracefile.KeyPackage: "example.com/own",
			tracefile.KeyTest: test}); err == nil {
			t.Errorf("the test %q is taken from a file: %+v", test, o)
		}
	}
	t.Setenv("GO111MODULE", "off")
	if o, err := OriginOf(tracefile.Identity{tracefile.KeyPackage: "fmt", tracefile.KeyTest: "TestX"}); err == nil {
		t.Errorf("without modules: %+v", o)
	}
}

// TestNoDownload: a package that no main module holds is refused without a change to go.mod, also where the go command
// may change it.
func TestNoDownload(t *testing.T) {
	attackModules(t)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	before, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"golang.org/x/text/width", "example.com/own/dep", "example.com/own/nowhere"} {
		if o, err := OriginOf(tracefile.Identity{tracefile.KeyPackage: pkg, tracefile.KeyTest: "TestX"}); err == nil {
			t.Errorf("%s: %+v", pkg, o)
		}
	}
	if after, err := os.ReadFile("go.mod"); err != nil || string(after) != string(before) {
		t.Errorf("go.mod was changed: %s, %v", after, err)
	}
}

// TestFlagsOfFiles: a file may ask for flags and arguments that name no file, no program and no place; of the others
// the user is told.
func TestFlagsOfFiles(t *testing.T) {
	for _, c := range []struct {
		taken, refused []string
		forms          string
	}{
		{[]string{"-race", "--race=true", "-trimpath", "-tags=a,b_1", "-gcflags=all=-N -l", "-gcflags=-N", "-ldflags=-s -w"},
			[]string{
				"-o=x", "-C=/", "-exec=sh", "-overlay=x.json", "-modfile=x", "-toolexec", "-race=x", "-tags=a -toolexec=sh",
				"-pgo=/dev/zero", "-pgo=off",
				"-gcflags=-cpuprofile=x", "-gcflags=all=-N -o x", "-gcflags=-d=dumpinlfuncprops=x", "-gcflags=./...=-N",
				"-ldflags=-o x", "-ldflags=-X a.b=1",
				"-ldflags=-X=a.b=1", "-ldflags=-linkmode=external -extld=sh", "-mod=mod", "-work", "-p=1", "", "x", "race",
				"-asmflags=-o x", "-vet=off", "-c",
				"-coverprofile=x", "@x", "-tags=../x", "-gcflags=-m",
			}, "build"},
		{[]string{"-test.short", "-test.short=true", "--test.v=test2json", "-test.parallel=3", "-test.count=2",
			"-test.cpu=1,2", "-test.timeout=1m30s",
			"-test.shuffle=7", "-test.run=^TestX$/sub", "-test.skip=.*", "-test.failfast=true"}, []string{
			"-update", "-update=/etc/passwd", "-test.cpuprofile=x", "--test.trace=x", "-test.outputdir=/", "-test.gocoverdir=x",
			"-test.testlogfile=x",
			"-test.memprofile=x", "-test.fuzzcachedir=/", "-test.bench=.", "words", "", "--", "-test.parallel=x",
			"-test.count=-1", "-test.fuzz=X", "-v",
			"-test.coverprofile=x", "-test.blockprofile=x", "test.short",
		}, "arg"},
	} {
		forms := buildFlags
		if c.forms == "arg" {
			forms = testFlags
		}
		taken, refused := sift(slices.Concat(c.refused, c.taken), forms)
		if !slices.Equal(taken, c.taken) || !slices.Equal(refused, c.refused) {
			t.Errorf("%s: taken are\n%q, want\n%q;\nrefused are\n%q, want\n%q", c.forms, taken, c.taken, refused, c.refused)
		}
	}
	attackModules(t)
	id := tracefile.Identity{tracefile.KeyPackage: "example.com/own", tracefile.KeyTest: "TestX",
		tracefile.KeyBuild: `["-race","-ldflags=-X a.b=1"]`, tracefile.KeyArgs: `["-test.short","-update"]`}
	o, err := OriginOf(id)
	if err != nil || !slices.Equal(o.Flags, []string{"-race"}) || !slices.Equal(o.Args, []string{"-test.short"}) {
		t.Fatalf("%+v, %v", o, err)
	}
	text := strings.Join(o.Refused(), "\n")
	for _, want := range []string{`built with "-ldflags=-X a.b=1"`, "--build", `run with "-update"`, "--arg"} {
		if !strings.Contains(text, want) {
			t.Errorf("the user is not told %s:\n%s", want, text)
		}
	}
	if left := o.refusedBut(Given{Flags: []string{"-ldflags=-X a.b=1"}, Args: []string{"-update"}}); len(left) > 0 {
		t.Errorf("the user is told of what is given: %q", left)
	}
}

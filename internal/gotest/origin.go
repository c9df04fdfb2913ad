package gotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// A recording may come from a stranger, and its replay builds and runs the test that it names. Therefore only tests of
// the user's own modules are run, which are the main modules of the go command in the current folder, and only flags
// and arguments are used that cannot name a file, a program or an address. The others are shown to the user, who can
// give them on the command line.

// Origin is the test of a recording, as far as a file may determine it.
type Origin struct {
	Package string // import path of a package in a main module
	Dir     string // its folder
	Test    string // name of a test function, or of a subtest
	Flags   []string
	Args    []string // arguments of the test binary
	Memory  []string // patterns of packages with points at accesses to memory besides those of the main module

	RefusedFlags, RefusedArgs []string // further flags and arguments of the recorded test, which are not used
}

// errNoTest is the error for a recording that names no test.
var errNoTest = errors.New("gotest: the recording does not say which test of which package it is of")

// OriginOf returns the origin in an identity. The package is searched from the current folder. It returns an error if
// the identity names no test, or a test outside the main modules.
func OriginOf(id tracefile.Identity) (*Origin, error) {
	o := &Origin{Package: id[tracefile.KeyPackage], Test: id[tracefile.KeyTest]}
	if o.Package == "" || o.Test == "" {
		return nil, errNoTest
	}
	if !testName.MatchString(o.Test) {
		return nil, fmt.Errorf("gotest: %.60q is not the name of a test", o.Test)
	}
	flags, err := list(id, tracefile.KeyBuild)
	if err != nil {
		return nil, err
	}
	args, err := list(id, tracefile.KeyArgs)
	if err != nil {
		return nil, err
	}
	if o.Memory, err = list(id, tracefile.KeyMemoryPackages); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(o.Memory, func(p string) bool { return !wire.MemoryPackages.Valid(p) }); i >= 0 {
		return nil, fmt.Errorf("gotest: %.60q is no pattern of packages", o.Memory[i])
	}
	o.Flags, o.RefusedFlags = sift(flags, buildFlags)
	o.Args, o.RefusedArgs = sift(args, testFlags)
	o.Dir, err = ownPackage(o.Package)
	return o, err
}

// Refused describes the flags and arguments of the file that are not used, one per line, and how to give them.
func (o *Origin) Refused() (notes []string) {
	for _, r := range []struct {
		what, flag string
		list       []string
	}{{"built", "build", o.RefusedFlags}, {"run", "arg", o.RefusedArgs}} {
		for _, text := range r.list {
			notes = append(notes,
				fmt.Sprintf("the recorded test was %s with %q, which is not taken from a file; if you trust it, give it with --%s",
					r.what, text, r.flag))
		}
	}
	return notes
}

// sift separates the flags whose form is known from all others.
func sift(flags []string, forms map[string]*regexp.Regexp) (taken, refused []string) {
	for _, flag := range flags {
		name, value, _ := strings.Cut(flag, "=")
		if form := forms["-"+strings.TrimLeft(name, "-")]; form != nil && strings.HasPrefix(name, "-") &&
			form.MatchString(value) {
			taken = append(taken, flag)
		} else {
			refused = append(refused, flag)
		}
	}
	return taken, refused
}

var (
	truth    = regexp.MustCompile(`^(true|false)?$`)
	number   = regexp.MustCompile(`^[0-9]{1,9}$`)
	numbers  = regexp.MustCompile(`^[0-9]{1,9}(,[0-9]{1,9})*$`)
	span     = regexp.MustCompile(`^[0-9.a-zµ]{1,20}$`)
	anything = regexp.MustCompile(``)
)

// buildFlags are the flags of "go test -c" that a file may set, each with the form of its value.
var buildFlags = map[string]*regexp.Regexp{
	"-race": truth, "-msan": truth, "-asan": truth, "-trimpath": truth,
	"-tags":    regexp.MustCompile(`^[\pL\pN_.,]*$`),
	"-gcflags": regexp.MustCompile(`^(all=)?(-[NlB]|\s)*$`),
	"-ldflags": regexp.MustCompile(`^(-[sw]|\s)*$`),
}

// testFlags are the flags of package testing that a file may set. Patterns select among the tests of the package.
var testFlags = map[string]*regexp.Regexp{
	"-test.short": truth, "-test.v": regexp.MustCompile(`^(true|false|test2json)?$`), "-test.failfast": truth,
	"-test.paniconexit0": truth,
	"-test.fullpath":     truth, "-test.parallel": number, "-test.count": number, "-test.cpu": numbers,
	"-test.timeout": span,
	noFailFile:      truth,
	"-test.shuffle": regexp.MustCompile(`^(on|off|[0-9]{1,20})$`), "-test.run": anything, "-test.skip": anything,
}

var (
	testName   = regexp.MustCompile(`^(Test|Fuzz|Example)[\pL\pN_]*(/[^\x00-\x1f\x7f]*)?$`)
	importPath = regexp.MustCompile(`^[\pL\pN_][\pL\pN_.~+-]*(/[\pL\pN_.~+-]+)*$`)
)

// module is a module in the output of the go command.
type module struct {
	Path, Dir string
	Main      bool
}

// ownPackage returns the folder of a package of a main module. A workspace has several main modules. The go command is
// called only with the path of such a package, so that it does not download anything that a file names, or interpret
// the path as a file or a pattern.
func ownPackage(pkg string) (string, error) {
	if !importPath.MatchString(pkg) || path.Clean(pkg) != pkg || strings.HasSuffix(pkg, ".go") ||
		strings.Contains(pkg, "...") {
		return "", fmt.Errorf("gotest: %.60q is not the import path of a package", pkg)
	}
	out, err := goList("-m", "-json=Path,Dir,Main")
	if err != nil {
		return "", fmt.Errorf("package %s is not found from here: %w", pkg, err)
	}
	var names []string
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m module
		if dec.Decode(&m) != nil {
			break
		}
		if m.Dir != "" { // outside of modules the go command names one that has none
			names = append(names, m.Path)
		}
		if m.Main && (pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/")) {
			return m.packageDir(pkg)
		}
	}
	if names == nil {
		return "", fmt.Errorf("package %s is not found from here: this folder is in no module; run the command in the folder "+
			"of the package's module", pkg)
	}
	return "",
		fmt.Errorf("package %s is not found from here: only tests of the main module are run, and that is %s here; "+
			"run the command in the folder of the package's module", pkg, strings.Join(names, ", "))
}

// packageDir returns the folder of a package of m. A package of another module below the path of m is an error.
func (m module) packageDir(pkg string) (string, error) {
	out, err := goList("-mod=readonly", "-json=ImportPath,Dir,Standard,Module", "--", pkg)
	if err != nil {
		return "", fmt.Errorf("package %s is not found from here: %w", pkg, err)
	}
	var p struct {
		ImportPath, Dir string
		Standard        bool
		Module          *module
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return "", fmt.Errorf("gotest: go list: %w", err)
	}
	rel, err := filepath.Rel(m.Dir, p.Dir)
	if err != nil || !filepath.IsLocal(rel) || p.ImportPath != pkg || p.Standard || p.Module == nil || !p.Module.Main {
		return "", fmt.Errorf("package %s is not found from here: it is not a package of the main module %s", pkg, m.Path)
	}
	return p.Dir, nil
}

// goList runs go list without the network.
func goList(args ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Env = append(slices.Clip(cmd.Environ()), "GOPROXY=off")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

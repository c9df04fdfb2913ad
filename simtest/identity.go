package simtest

import (
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/reprise-go/reprise/tracefile"
)

// build returns the module and the package of the test binary, or "" if its build information lacks them.
var build = sync.OnceValues(func() (module, pkg string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", ""
	}
	pkg, _ = strings.CutSuffix(info.Path, ".test")
	return info.Main.Path, pkg
})

// packagePath returns the import path of the package under test, or "." if it is unknown.
func packagePath() string {
	if _, pkg := build(); pkg != "" && pkg != "command-line-arguments" {
		return pkg
	}
	return "."
}

// testName returns the name of the test that is stored in traces. It is the same for all inputs of a fuzz target.
func testName(t testing.TB) string {
	name := t.Name()
	if strings.HasPrefix(name, "Fuzz") {
		name, _, _ = strings.Cut(name, "/")
	}
	return name
}

// identity returns the identity for the traces of a test.
func identity(t testing.TB, s *settings) tracefile.Identity {
	id := tracefile.Identity{
		tracefile.KeyTest: testName(t), tracefile.KeyGo: runtime.Version(), tracefile.KeyOS: runtime.GOOS,
		tracefile.KeyArch: runtime.GOARCH, tracefile.KeyTool: "simtest", tracefile.KeyStrategy: s.strategyName,
	}
	if module, pkg := build(); pkg != "" {
		id[tracefile.KeyModule], id[tracefile.KeyPackage] = module, pkg
	}
	return id
}

// Package patch turns the runtime of a user's Go into one that asks reprise which goroutine runs next. It holds a table
// of edits of the standard library, each for some Go versions, and the files that are added to it (inject/*.go.txt).
// From a GOROOT it makes the text of the changed files. It must not know the go command, processes or recordings.
//
// [Toolchain.Files] works in three steps.
//
//  1. The table is read for the version of the toolchain. Rows for other versions are left out.
//  2. Each file that a row names is read from GOROOT and parsed. A row finds its function or type by name, and in it
//     the start of the body or a text that must occur exactly once. If it does not, the version is refused with an
//     [*anchorError].
//  3. The texts of the rows are inserted at their places, and new files are added: those of inject/, and the sources of
//     package strategy with other names.
package patch

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/strategy"
)

//go:embed inject/*.txt
var injected embed.FS

// injectedNames are the files that every system gets.
var injectedNames = []string{
	"runtime", "begin", "cases", "cgo", "child", "clock", "detail", "faults", "files", "fork", "helper", "holders",
	"host", "late", "net", "netinfo", "outside", "random", "reach", "reads", "replay", "script", "steps", "sysmon",
	"table", "tape", "tapeenv", "tapefiles", "tapelooks", "tapeplay", "tapesockets", "tapetalk", "text",
}

// supported lists the versions of Go whose runtime the table of edits fits, without the patch number.
var supported = []string{"go1.25", "go1.26", "go1.27"}

// targets lists the systems for which the injected files are written.
var targets = []string{"linux/amd64", "linux/arm64"}

// ErrUnsupported is wrapped by errors about a Go version, system or architecture that is not supported.
var ErrUnsupported = errors.New("gort: not supported")

// Toolchain is a Go installation. The fields have the names and the values of "go env".
type Toolchain struct {
	GOROOT, GOVERSION, GOOS, GOARCH string

	Memory bool `json:"-"` // accesses to memory are preemption points, and races are found
}

// Check returns an error if the table and the injected files do not support the Go version or the system.
func (tc Toolchain) Check() error {
	if target := tc.GOOS + "/" + tc.GOARCH; !slices.Contains(targets, target) {
		return fmt.Errorf("%w: %s; ordinary tests can be controlled on %s only; docs/troubleshooting.md has the command for "+
			"a container", ErrUnsupported, target, strings.Join(targets, " and "))
	}
	if !slices.Contains(supported, minor(tc.GOVERSION)) {
		return fmt.Errorf("%w: %s; ordinary tests can be controlled with %s", ErrUnsupported, tc.GOVERSION,
			strings.Join(supported, ", "))
	}
	return nil
}

// minor returns "go1.26" for "go1.26.8" and "go1.26rc1".
func minor(version string) string {
	version, _, _ = strings.Cut(version, " ") // experiments follow
	head, rest, _ := strings.Cut(version, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	return head + "." + rest
}

// Files returns the text of every file of the overlay under its path below GOROOT/src.
func (tc Toolchain) Files() (map[string]string, error) {
	rows, added := edits, declarations
	if tc.Memory {
		rows, added = slices.Concat(edits, memoryEdits), slices.Concat(declarations, memoryDeclarations)
	}
	byFile := map[string][]edit{}
	for _, e := range rows {
		if e.versions.has(minor(tc.GOVERSION)) {
			byFile[e.file] = append(byFile[e.file], e)
		}
	}
	files := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(byFile)) {
		src, err := os.ReadFile(filepath.Join(tc.GOROOT, "src", filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			e := byFile[name][0]
			return nil, &anchorError{tc.GOVERSION, name, e.fn, "", 0}
		}
		if err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		if files[name], err = cut(tc.GOVERSION, name, string(src), byFile[name]); err != nil {
			return nil, err
		}
	}
	for _, d := range added {
		files[d.file] = d.text
	}
	for _, name := range append(injectedNames[:len(injectedNames):len(injectedNames)], "runtime_"+tc.GOARCH) {
		text, err := injected.ReadFile("inject/" + name + ".go.txt")
		if err != nil {
			return nil, fmt.Errorf("gort: %w", err)
		}
		files["runtime/zreprise_"+name+".go"] = strings.Replace(string(text), syscallPackage, tc.syscallPackage(), 1)
	}
	if tc.Memory {
		for _, f := range memoryFiles {
			text, err := injected.ReadFile("inject/" + f.injected + ".go.txt")
			if err != nil {
				return nil, fmt.Errorf("gort: %w", err)
			}
			files[f.file] = string(text)
		}
	}
	sources, err := inRuntime(strategy.Sources())
	if err != nil {
		return nil, err
	}
	for name, text := range sources { // lint: order does not matter because each file has a name of its own
		files["runtime/zreprise_strategy_"+name] = text
	}
	return files, nil
}

// syscallPackage is imported by an injected file. Its place differs between versions.
const syscallPackage = `"internal/runtime/syscall"`

func (tc Toolchain) syscallPackage() string {
	if _, err := os.Stat(filepath.Join(tc.GOROOT, "src/internal/runtime/syscall/linux")); err == nil {
		return `"internal/runtime/syscall/linux"`
	}
	return syscallPackage
}

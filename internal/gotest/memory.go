package gotest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/wire"
)

// MemoryForm is the form of the value of --memory.
const MemoryForm = "auto, on, off, or patterns of packages such as example.com/mod/..., with commas between"

// ValidMemory reports whether a value of --memory has that form.
func ValidMemory(value string) bool {
	return slices.Contains(wire.MemoryModes, value) || wire.MemoryPackages.Valid(value)
}

// excluded are the flags of go test that exclude points at accesses to memory.
var excluded = []string{"race", "msan", "asan", "gcflags"}

// memoryPatterns returns patterns of the packages that get preemption points at accesses to memory, or none. Points
// that were not explicitly requested are left out if the flags of go test exclude them.
func (o *Options) memoryPatterns(ctx context.Context, names []string) ([]string, error) {
	if o.Memory == wire.MemoryOff {
		return nil, nil
	}
	if i := slices.IndexFunc(names, func(n string) bool { return slices.Contains(excluded, n) }); i >= 0 {
		if o.wantsMemory() {
			return nil, base.Usage("--memory %s and -%s exclude each other; leave one of them out", o.Memory, names[i])
		}
		return nil, nil
	}
	patterns, err := mainPatterns(ctx, nil)
	switch {
	case err != nil && o.wantsMemory():
		return nil, err
	case err != nil: // there is no module, or go test will report the error
		return nil, nil
	}
	if other := o.otherMemory(); other != "" {
		patterns = append(patterns, strings.Split(other, ",")...)
	}
	return patterns, nil
}

// otherMemory returns the patterns of --memory besides those of the main module, "" if there are none.
func (o *Options) otherMemory() string {
	if slices.Contains(wire.MemoryModes, o.Memory) {
		return ""
	}
	return o.Memory
}

// mainPatterns returns patterns of all packages of the main module of the current folder, or of the modules of its
// workspace, including external tests. env is the environment of the go command; nil means that of this process.
func mainPatterns(ctx context.Context, env []string) (patterns []string, err error) {
	modules, err := MainModules(ctx, env)
	for _, module := range modules {
		patterns = append(patterns, module+"/...", module+"_test")
	}
	return patterns, err
}

// MainModules returns the paths of the main modules of the go command in the current folder.
func MainModules(ctx context.Context, env []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m")
	cmd.Env = env
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, fmt.Errorf("go list -m: %w\n%s", err, bytes.TrimSpace(exit.Stderr))
	}
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}

// Unoptimised returns the flags of a build in which the packages of the main modules are compiled for a debugger.
// Preemption points at accesses to memory would be others; all other points are in the standard library.
func Unoptimised(modules []string) (flags []string) {
	for _, module := range modules {
		for _, pattern := range []string{module + "/...", module + "_test"} {
			flags = append(flags, "-gcflags="+pattern+"=-N -l")
		}
	}
	return flags
}

// wantsMemory reports whether points at accesses to memory are explicitly requested.
func (o *Options) wantsMemory() bool {
	return o.Memory != "" && o.Memory != wire.MemoryAuto && o.Memory != wire.MemoryOff
}

// memoryMode returns the value of [wire.Memory] for a build with the given patterns.
func (o *Options) memoryMode(patterns []string) string {
	switch {
	case len(patterns) == 0:
		return wire.MemoryOff
	case o.Memory == wire.MemoryOn:
		return wire.MemoryOn
	}
	return wire.MemoryAuto
}

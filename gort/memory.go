package gort

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The flags of the compiler for packages in which accesses to memory are preemption points, and for all others, in
// which functions of sync/atomic are called and not replaced by instructions.
const (
	accessFlags = "=-race -d=checkptr=0"
	atomicFlags = "=-d=ssa/intrinsics/off=1"
)

// memoryFlags returns the flags of the go command for BuildConfig.Memory. The standard library, which is below the
// folders std, is left as it is, because its operations synchronise in the runtime.
func memoryFlags(std, patterns []string) []string {
	args := []string{"-gcflags=all" + atomicFlags}
	for _, p := range std { // the last pattern that matches a package counts
		args = append(args, "-gcflags="+p+"/...=")
	}
	for _, p := range patterns {
		args = append(args, "-gcflags="+p+accessFlags)
	}
	return args
}

// standard returns the folders of the standard library in a GOROOT. The go command of Go 1.27 evaluates patterns of
// packages before it knows which packages are standard: there, the pattern std does not match any dependency.
func standard(goroot string) (folders []string, err error) {
	entries, err := os.ReadDir(filepath.Join(goroot, "src"))
	if err != nil {
		return nil, fmt.Errorf("gort: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "cmd" && e.Name() != "testdata" {
			folders = append(folders, e.Name())
		}
	}
	return folders, nil
}

// isMemoryFlag reports whether a value of the flag -gcflags is one of those that memoryFlags makes.
func isMemoryFlag(value string) bool {
	return strings.HasSuffix(value, accessFlags) || strings.HasSuffix(value, atomicFlags)
}

// memory reports whether the run has points at memory accesses.
func (c *Control) memory() bool {
	if c.Choices != nil {
		return c.Choices.Memory
	}
	return c.Memory
}

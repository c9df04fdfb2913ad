package gort

import (
	"context"
	"strings"
)

// The flags of the compiler for packages in which accesses to memory are preemption points, and for those in which only
// the functions of sync/atomic are to be called and not replaced by instructions.
const (
	accessFlags = "=-race -d=checkptr=0"
	atomicFlags = "=-d=ssa/intrinsics/off=1"
)

// MemoryFlags returns the arguments of "go build" and "go test" for a build with the overlay for memory. In the
// packages that the patterns name, accesses to memory are preemption points and are looked at for races; in all others
// but those of the standard library, whose operations say so themselves, the functions of sync/atomic order what
// happens.
func MemoryFlags(patterns []string) []string {
	args := []string{"-gcflags=all" + atomicFlags, "-gcflags=std="} // the last pattern that matches a package counts
	for _, p := range patterns {
		args = append(args, "-gcflags="+p+accessFlags)
	}
	return args
}

// IsMemoryFlag reports whether a value of the flag -gcflags is one of those that [MemoryFlags] makes.
func IsMemoryFlag(value string) bool {
	return strings.HasSuffix(value, accessFlags) || strings.HasSuffix(value, atomicFlags)
}

// MainPatterns returns patterns for [MemoryFlags] of all packages of the main module of a folder, or of the modules of
// its workspace, external tests included.
func MainPatterns(ctx context.Context, dir string, env []string) (patterns []string, err error) {
	out, err := run(ctx, dir, env, "go", "list", "-m")
	if err != nil {
		return nil, err
	}
	for _, module := range strings.Fields(string(out)) {
		patterns = append(patterns, module+"/...", module+"_test")
	}
	return patterns, nil
}

// memory reports whether the run has points at memory accesses.
func (c *Control) memory() bool {
	if c.Choices != nil {
		return c.Choices.Memory
	}
	return c.Memory
}

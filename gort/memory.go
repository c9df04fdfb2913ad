package gort

import "strings"

// The flags of the compiler for packages in which accesses to memory are preemption points, and for all others, in
// which functions of sync/atomic are called and not replaced by instructions.
const (
	accessFlags = "=-race -d=checkptr=0"
	atomicFlags = "=-d=ssa/intrinsics/off=1"
)

// memoryFlags returns the flags of the go command for BuildConfig.Memory. The standard library is left as it is,
// because its operations synchronise in the runtime.
func memoryFlags(patterns []string) []string {
	args := []string{"-gcflags=all" + atomicFlags, "-gcflags=std="} // the last pattern that matches a package counts
	for _, p := range patterns {
		args = append(args, "-gcflags="+p+accessFlags)
	}
	return args
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

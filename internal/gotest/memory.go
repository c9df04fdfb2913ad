package gotest

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/wire"
)

// MemoryForm is the form of the value of --memory.
const MemoryForm = "auto, on, off, or patterns of packages such as example.com/mod/..., with commas between"

// packagePattern matches a pattern of packages. It has neither spaces nor "=", which mean something to -gcflags.
var packagePattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./~@+-]*$`)

// ValidMemory reports whether a value of --memory has that form.
func ValidMemory(value string) bool {
	return slices.Contains(wire.MemoryModes, value) ||
		!slices.ContainsFunc(strings.Split(value, ","), func(p string) bool { return !packagePattern.MatchString(p) })
}

// excluded are the flags of go test that cannot be had together with points at accesses to memory.
var excluded = []string{"race", "msan", "asan", "gcflags"}

// memoryFlags returns the flags of go test for preemption points at accesses to memory, none if there are to be none.
// They give way to flags that exclude them, unless they were asked for.
func (o *Options) memoryFlags(ctx context.Context, names []string) ([]string, error) {
	if o.Memory == wire.MemoryOff {
		return nil, nil
	}
	if i := slices.IndexFunc(names, func(n string) bool { return slices.Contains(excluded, n) }); i >= 0 {
		if o.wantsMemory() {
			return nil, base.Usage("--memory %s and -%s exclude each other; leave one of them out", o.Memory, names[i])
		}
		return nil, nil
	}
	patterns, err := gort.MainPatterns(ctx, "", nil)
	switch {
	case err != nil && o.wantsMemory():
		return nil, err
	case err != nil: // there is no module; what else is wrong go test will say
		return nil, nil
	}
	if o.Memory != "" && !slices.Contains(wire.MemoryModes, o.Memory) {
		patterns = append(patterns, strings.Split(o.Memory, ",")...)
	}
	return gort.MemoryFlags(patterns), nil
}

// wantsMemory reports whether points at accesses to memory were asked for.
func (o *Options) wantsMemory() bool {
	return o.Memory != "" && o.Memory != wire.MemoryAuto && o.Memory != wire.MemoryOff
}

// memoryMode is what the wrapper is told, given the flags of the build.
func (o *Options) memoryMode(flags []string) string {
	switch {
	case len(flags) == 0:
		return wire.MemoryOff
	case o.Memory == wire.MemoryOn:
		return wire.MemoryOn
	}
	return wire.MemoryAuto
}

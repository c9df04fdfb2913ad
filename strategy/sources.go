package strategy

import (
	"embed"
	"io/fs"
	"math/bits"
	"strings"
)

//go:embed *.go
var files embed.FS

// strategyState allocates the state of a strategy, and strategySlice a part of it. The runtime has functions of the
// same names, which take memory outside of the heap.
func strategyState[T any]() *T { return new(T) }

func strategySlice[T any](n int) []T { return make([]T, n) }

// mul64 returns the 128 bits of a product. The runtime has a function of the same name, because it cannot import
// math/bits in every version of Go.
func mul64(x, y uint64) (hi, lo uint64) { return bits.Mul64(x, y) }

// Sources returns the text of the files of this package that are compiled into the runtime of ordinary tests, by name:
// all but this one, which imports something, and the tests.
func Sources() map[string]string {
	sources := map[string]string{}
	list, _ := fs.ReadDir(files, ".") // an embedded folder can always be read
	for _, entry := range list {
		if strings.HasSuffix(entry.Name(), "_test.go") || entry.Name() == "sources.go" {
			continue
		}
		text, _ := fs.ReadFile(files, entry.Name())
		sources[entry.Name()] = string(text)
	}
	return sources
}

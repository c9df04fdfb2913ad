package gotest

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/reprise-go/reprise/internal/prose"
)

// A build that takes longer than buildPatience is told of, and again every buildEvery.
const (
	buildPatience = 5 * time.Second
	buildEvery    = 15 * time.Second
)

// building tells how far the go command has come with compiling: the first build with a Go version, with -race or with
// other flags compiles the standard library, which takes a minute, and the go command says nothing meanwhile.
type building struct {
	w     io.Writer
	race  bool
	start time.Time
	next  time.Time // when it is told of again
	below string    // where the go command makes its folder
	old   []string  // folders that were there before
	dir   string    // that of the go command, "" as long as it has made none
	done  int       // packages when it was told of last
}

func newBuilding(w io.Writer, race bool, start time.Time) *building {
	below := cmp.Or(os.Getenv("GOTMPDIR"), os.TempDir())
	b := &building{w: w, race: race, start: start, next: start.Add(buildPatience), below: below}
	b.old = b.folders()
	return b
}

// folders are those of all go commands that are at work.
func (b *building) folders() []string {
	list, _ := filepath.Glob(filepath.Join(b.below, "go-build*")) // the pattern is valid
	return list
}

// tell is called now and then as long as nothing but the build has begun.
func (b *building) tell(now time.Time) {
	n := b.compiled()
	if now.Before(b.next) || n == 0 || n == b.done { // the go command may be downloading, or waiting for a lock
		return
	}
	what := "the standard library with the control inside"
	if b.race {
		what += " and race detection"
	}
	_, _ = fmt.Fprintf(b.w, "reprise: compiling %s, once for a version of Go and its flags: %s after %v\n", what,
		prose.Count(n, "package"), now.Sub(b.start).Round(time.Second)) // nobody misses it
	b.next, b.done = now.Add(buildEvery), n
}

// compiled is how many packages the go command has begun to compile: it makes a folder for each in one of its own,
// which is the first new one.
func (b *building) compiled() int {
	if b.dir == "" {
		fresh := slices.DeleteFunc(b.folders(), func(dir string) bool { return slices.Contains(b.old, dir) })
		if len(fresh) == 0 {
			return 0
		}
		b.dir = fresh[0]
	}
	packages, _ := filepath.Glob(filepath.Join(b.dir, "b[0-9]*"))
	return max(b.done, len(packages))
}

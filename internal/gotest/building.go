package gotest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/reprise-go/reprise/internal/prose"
)

// A build that takes longer than buildPatience is reported, and again every buildEvery.
const (
	buildPatience = 5 * time.Second
	buildEvery    = 15 * time.Second
)

// building shows the progress of a build. The first build with a Go version, with -race or with other flags compiles
// the standard library, which takes a minute, during which the go command prints nothing.
type building struct {
	w    io.Writer
	race bool

	terminal bool // w shows progress in place
	start    time.Time
	next     time.Time    // time of the next message
	below    string       // where the go command makes its folder
	old      []string     // folders that were there before
	dir      string       // that of the go command, "" as long as it has made none
	done     int          // number of packages in the last message
	total    atomic.Int64 // packages that the tests consist of; 0 if that is not known
}

func newBuilding(w io.Writer, race bool, start time.Time) *building {
	below := cmp.Or(os.Getenv("GOTMPDIR"), os.TempDir())
	b := &building{w: w, race: race, start: start, next: start.Add(buildPatience), below: below}
	b.old = b.folders()
	return b
}

// folders returns the folders of all running go commands.
func (b *building) folders() []string {
	list, _ := filepath.Glob(filepath.Join(b.below, "go-build*")) // the pattern is valid
	return list
}

// state describes the build for a terminal, "" as long as nothing is compiled.
func (b *building) state(now time.Time) string {
	if n := b.compiled(); n > 0 {
		return fmt.Sprintf("compiling %s: %s after %v", b.what(), b.count(n), now.Sub(b.start).Round(time.Second))
	}
	return ""
}

// what is compiled.
func (b *building) what() string {
	what := "the standard library with the control inside"
	if b.race {
		what += " and race detection"
	}
	return what + ", once for a version of Go and its flags"
}

// count says how many of how many packages are compiled.
func (b *building) count(n int) string {
	if all := b.total.Load(); all >= int64(n) {
		return fmt.Sprintf("%d of at most %d packages", n, all)
	}
	return prose.Count(n, "package")
}

// tell is called repeatedly until the first test starts.
func (b *building) tell(now time.Time) {
	n := b.compiled()
	if now.Before(b.next) || n == 0 || n == b.done { // the go command may be downloading, or waiting for a lock
		return
	}
	_, _ = fmt.Fprintf(b.w, "reprise: compiling %s: %s after %v\n", b.what(), b.count(n),
		now.Sub(b.start).Round(time.Second)) // a line less is no failure
	b.next, b.done = now.Add(buildEvery), n
}

// compiled returns the number of packages that the go command has started to compile. It creates a folder for each of
// them, in a folder of its own, which is the first new one.
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

// measure finds out how many packages the tests consist of, and their tests, beside the build.
func (b *building) measure(ctx context.Context, packages []string) {
	go func() {
		out, err := exec.CommandContext(ctx, "go", append([]string{"list", "-deps", "-test", "--"}, packages...)...).Output()
		if err == nil {
			b.total.Store(int64(bytes.Count(out, []byte("\n"))))
		}
	}()
}

// packagesIn returns the arguments of go test that look like patterns of packages, or the package of the folder.
func packagesIn(args []string) (list []string) {
	for _, arg := range BeforeArgs(args) {
		if strings.HasPrefix(arg, ".") || strings.Contains(arg, "/") && !strings.HasPrefix(arg, "-") &&
			!filepath.IsAbs(arg) && !strings.ContainsAny(arg, "^$|*() ") {
			list = append(list, arg)
		}
	}
	if len(list) == 0 {
		return []string{"."}
	}
	return list
}

package lint

import (
	"fmt"
	"go/importer"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cases has snippets for each check, to reject and to accept. A line "-- path" starts a file. The lines that end in
// "// want", and no others, must have findings. A "|" hides a word from the lint of this file.
var cases = []struct {
	name  string
	check check
	files string
}{
	{"import directions", imports, `
-- docs/architecture.md
x: y
` + "```imports" + `
event: github.com/vmihailenco/msgpack/v5
source: event
simsched: event, (source), (github.com/klauspost/compress)
examples/bank: simsched,
  source
` + "```" + `
-- event/a.go
package event
import (
	"io/fs"
	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5x" // want
	"github.com/klauspost/compress/zstd" // want
	"github.com/reprise-go/reprise" // want
	"github.com/reprise-go/reprise/source" // want
)
-- event/a_test.go
package event
import (
	"github.com/reprise-go/reprise"
	"github.com/reprise-go/reprise/source"
	"pgregory.net/rapid"
	"golang.org/x/mod/modfile" // want
)
-- source/a.go
package source
import "github.com/reprise-go/reprise/event"
-- simsched/a.go
package simsched
import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/tracefile" // want
	"pgregory.net/rapid" // want
)
-- examples/bank/a.go
package main
import (
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/internal/cli" // want
)
`},
	{"the table of imports", imports, `
-- docs/architecture.md
` + "```imports" + `
event, internal/codes: nothing
source: event, tracefile // want
simsched: event // want
recorder: event, (source) // want
event: nothing // want
replayer // want
` + "```" + `
-- event/a.go
package event
-- internal/codes/a.go
package codes
-- source/a.go
package source
import "github.com/reprise-go/reprise/event"
-- simsched/a.go
package simsched
-- simsched/a_test.go
package simsched
import "github.com/reprise-go/reprise/event"
-- recorder/a.go
package recorder
import (
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)
-- replayer/a_test.go
package replayer
`},
	{"the document beside the table of imports", document, `
-- docs/architecture.md
` + "**`old`** // want\n```text" + `
        +--------+
 upper  | source |
 lower  | event, |
        | cli    |
` + "```\n```imports" + `
event, cli, cli/verb: nothing
source: event
recorder: source
cli/diff: event, source
lost: nothing // want
low: nothing // want
event/gorun: source
` + "```\n**`event`** **`source`** **`recorder`** **`cli`** **`low`** **`low`**" + `
`},
	{"a layer that imports a higher one", document, `
-- docs/architecture.md
` + "**`event`** **`source`**\n```text" + `
 upper  | source |
 lower  | event  |
` + "```\n```imports" + `
source: nothing
event: source // want
` + "```" + `
`},
	{"package without a row", imports, `
-- util/a.go
package util // want
-- util/b.go
package util
`},
	{"clocks", determinism, `
-- simsched/a.go
package simsched
import (
	"context"
	clock "time"
)
var d clock.Duration
var _ = clock.Now() // want
var _ = clock.Sleep // want
var _ = context.WithCancel
var _ = context.WithTimeout // want
-- minimize/a.go
package minimize
import . "time" // want
-- event/a_test.go
package event
import "time"
var _ = time.Now()
-- recorder/a.go
package recorder
import "time"
var _ = time.Now()
`},
	{"forbidden imports", determinism, `
-- divergence/a.go
package divergence
import (
	_ "math/rand" // want
	_ "crypto/rand" // want
	_ "os/exec" // want
	_ "net/http" // want
	_ "unsafe" // want
	_ "os" // want
	_ "net" // want
	_ "syscall" // want
	_ "sort"
)
-- event/a.go
package event
import (
	"os"
	_ "syscall"
)
var _ = os.ErrDeadlineExceeded
var _ = os.Getenv // want
-- simsched/a.go
package simsched
import (
	"math/rand/v2"
	_ "net"
)
var r *rand.Rand = rand.New(rand.NewPCG(1, 2))
var _ = rand.IntN(3) // want
`},
	{"channels", channels, `
-- simsched/a.go
package simsched
func f(
	c <-chan int, // want
) {
	go f(c) // want
	select { // want
	case <-c:
	}
}
-- simsched/a_test.go
package simsched
func g() { go g() }
-- source/a.go
package source
func f() { go f() }
`},
	{"printing", printing, `
-- source/a.go
package source
import (
	"fmt"
	"os"
)
func f() {
	fmt.Printf("") // want
	fmt.Fprintln(os.Stderr, fmt.Sprint())
	println() // want
	fmt.Fprint(os.Stdout) // want
}
-- cmd/reprise/a.go
package main
func main() { println() }
-- internal/cli/a.go
package cli
func f() { println() }
-- examples/bank/a.go
package bank
func f() { println() }
`},
	{"unused exports", unusedExports, `
-- divergence/a.go
package divergence
func Used() {}
func Shown() {}
func Unused() {} // want
func Listed() {}
func private() {}
type T struct{} // want
func (*T) Used() {}
func (T) Lonely() {} // want
func (T) String() string { return "" }
type t struct{}
func (t) Lonely() {}
type Result struct{}
func (T) Listed() Result { return Result{} }
type Apart struct{} // want
const A, b = 1, 2 // want
const (
	Monday = iota
	Tuesday
)
-- divergence/a_test.go
package divergence_test
var _ = divergence.Unused
-- divergence/example_test.go
package divergence_test
var _ = divergence.Shown
-- simtest/a.go
package simtest
var _ = divergence.Used
-- simtest/a_test.go
package simtest
var _ = divergence.Unused
var _ = helper.ForTests
-- internal/helper/a.go
package helper
func ForTests() {}
func ForNone() {} // want
-- internal/lint/programs.txt
divergence.Gone // want
divergence.Listed
divergence.T.Listed
`},
	{"order of listed exports", unusedExports, `
-- a/a.go
package a
func A() {}
-- b/b.go
package b
func B() {}
-- internal/lint/programs.txt
b.B
a.A // want
`},
	{"map order", mapOrderHere, `
-- event/a.go
package event
import (
	"maps"
	"slices"
)
type set map[int]bool
var a = slices.Sorted(maps.Keys(set{}))
var b = slices.Collect(maps.Keys(set{})) // want
func f[M ~map[int]bool](s []int, m set, p M) {
	for range s {
	}
	for range m { // want
	}
	for range p { // want
	}
	for range m { // lint: order does not matter because nothing happens
	}
	for range m { // lint: order does not matter // want
	}
}
-- event/a_js.go
package event
func f() {
	for range 3 { // want
	}
}
-- event/a_test.go
package event
func f(m map[int]int) {
	for range m {
	}
}
-- simtest/a.go
package simtest
func f(m map[int]int) {
	for range m {
	}
}
`},
	{"map order with type errors", mapOrderHere, `
-- event/a.go
package event
func f() {
	for range m { // want
	}
}
`},
	{"paths", buildMachinePaths, `
-- a.md
see /wor|k/x // want
"/roo|t/x" // want
file:///wor|k/x // want
~/wor|k/x, home/roo|t/x, ${HOME}/wor|k/x, /roots/x
`},
	{"skipped tests", skippedTests, `
-- a_test.go
package a
func f(t T) {
	t.Skip() // want
	x.t.SkipNow() // want
	y.Skipf() // want
	decoder.Skip()
}
`},
	{"markers", markers, `
-- a.go
package a
var _ = context.TODO()
// A TO|DO list. // want
var a = 1 // autofixmes
/* FIX|ME */ // want
`},
	{"exported surface", surfaces(map[string]int{"gort": 5}), `
-- gort/a.go
package gort
const A, b = 1, 2
const (
	B = iota
	C
)
var d int
type E struct { F int }
func (E) G() {}
func h() {}
-- gort/b.go
package gort
func I() {}
type J int // want
var k, L int // want
-- gort/b_test.go
package gort
func TestM() {}
-- event/a.go
package event
const A = 1 // want
-- internal/event/a.go
package event
const A, B, C, D, E, F = 1, 2, 3, 4, 5, 6
-- cmd/event/a.go
package main
const A = 1
`},
	{"long README", readmeLength, "-- README.md\n" + strings.Repeat("x\n", 200) + "x // want"},
	{"README", readmeLength, "-- README.md\n" + strings.Repeat("x\n", 200)},
	{"facts", statedFacts(sampleFacts), `
-- a/a.go
package a
const limit = 1 << 20
var versions = []string{"go1.25", "go1.26"}
// The limit of 1 MiB is as stated, and so is a limit
// of 1 MiB.
// A limit of 2 MiB // want
// Go 1.25 to 1.26, Go 1.25 or 1.26
-- b/b.go
package b
const limit = 1024 * 1024
-- c.md
For Go 1.25 to 1.27 // want
-- CHANGELOG.md
A limit of 5 MiB.
`},
	{"facts that differ", statedFacts(sampleFacts[:1]), `
-- a/a.go
package a
const limit = 1 << 20
-- b/b.go
package b
const limit = 1 << 30
-- internal/lint/facts_test.go
package lint // want
`},
	{"facts that nothing states", statedFacts(sampleFacts[1:]), `
-- a/a.go
package a
var versions = []string{"go1.25", "go1.26"}
-- internal/lint/facts_test.go
package lint // want
`},
	{"clipped voice", clippedVoice, `
-- a.go
package a
// f picks who runs. // want
// Names are told apart by their numbers, and the user, who gives them, sees both.
func f() {}
// who returns a name.
func who() {}
// who runs // want
var b int // nobody reads it, and it is told later // want
// B says who waits. // want
/* everybody */ var B int // want
-- a_test.go
package a
// nobody
`},
	{"long lines", longLines, "-- a.go\npackage a\n" +
		"var a = 1 + " + strings.Repeat("1", 108) + "\n" +
		"var b = 1 + " + strings.Repeat("1", 109) + " // want\n" +
		"// " + strings.Repeat("é", 117) + "\n" +
		"// " + strings.Repeat("é", 118) + " // want\n" +
		"var c = f(x, \"" + strings.Repeat("c", 120) + "\")\n" +
		"var d = f(\"" + strings.Repeat("d", 120) + "\", x) // want\n" +
		"var e = f(" + strings.Repeat("e", 80) + ", \"" + strings.Repeat("e", 40) + "\") // want\n" +
		"var g = `" + strings.Repeat("g", 120) + "\n" + strings.Repeat("g", 130) + "`\n" +
		"// Output:\n// " + strings.Repeat("o", 118) + "\n" +
		"-- a.md\n" + strings.Repeat("x", 130)},
	{"package docs", packageDocs, `
-- a/a.go
package a // want
-- a/a_test.go
// Package a.
package a
-- b/b_test.go
package b // want
-- c/a.go
package c
-- c/b.go
// Package c.
package c
-- d/a_test.go
package d
-- d/b_test.go
// Package d.
package d
`},
	{"exported docs", exportedDocs, `
-- a/a.go
package a
func F() {} // want
// Does.
func G() {} // want
// H does.
func H() {}
// Tx is.
type T[P any] int // want
func (*T[P]) M() {} // want
// An U, is.
type U int
// M is.
func (U) M() {}
func (u) M() {}
var V = 1 // want
// W and X are.
var W, X = 1, 2
const (
	A = 1 // want
	B = 2 // two
	// Three.
	C = 3
	d = 4
)
// These.
var (
	Y = 1
)
type (
	Z int // want
)
-- internal/a/a.go
package a
func F() {}
-- a/a_test.go
package a
func F() {}
`},
	{"function length", functionLength, "-- a_test.go\npackage a\n" +
		"func short() {\n" + strings.Repeat("\tf()\n", 98) + "}\n" +
		"func long() { // want\n" + strings.Repeat("\tf()\n", 99) + "}\n"},
}

// sampleFacts are the facts of a snippet.
var sampleFacts = []fact{
	{[]string{"a.limit", "b.limit"}, regexp.MustCompile(`limit of ([\d,]+ ?\w*)`), size},
	{[]string{"a.versions"}, regexp.MustCompile(`Go (1[\d., orandt]*\d)`), goVersions},
}

// mapOrderHere is the map order check on a system that does not build a_js.go.
func mapOrderHere(files []*file, r *report) {
	b := &build{importer: importer.Default(), excluded: map[string]bool{"event/a_js.go": true}}
	b.mapOrder(files, r)
}

func TestChecks(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &report{fset: token.NewFileSet()}
			var files []*file
			var want []string
			for _, part := range strings.Split("\n"+c.files, "\n-- ")[1:] {
				name, text, _ := strings.Cut(part, "\n")
				lines := strings.Split(strings.ReplaceAll(text, "|", ""), "\n")
				for i := range lines {
					if code, ok := strings.CutSuffix(lines[i], " // want"); ok {
						lines[i] = code
						want = append(want, fmt.Sprintf("%s:%d", name, i+1))
					}
				}
				f, err := r.parse(name, strings.Join(lines, "\n"))
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, f)
			}
			c.check(files, r)
			slices.Sort(want)
			report, got := strings.Join(r.lines(), "\n"), []string(nil)
			for _, f := range r.findings {
				got = append(got, fmt.Sprintf("%s:%d", f.pos.Filename, f.pos.Line))
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("findings at %q, want %q:\n%s", got, want, report)
			}
		})
	}
}

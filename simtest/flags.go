package simtest

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/reprise-go/reprise/internal/testpath"
)

// key is a flag and its environment twin.
type key struct {
	name     string // of the flag, behind "reprise."
	env      string
	accepted string
	value    *text
}

// text is the value of a flag as it was given. What it means is looked at in a test, which can fail for it.
type text struct {
	s    string
	set  bool
	bare bool // the flag may stand without a value
}

// String implements [flag.Value].
func (t *text) String() string { return t.s }

// Set implements [flag.Value].
func (t *text) Set(s string) error {
	t.s, t.set = s, true
	return nil
}

// IsBoolFlag tells package flag that a bare flag means true.
func (t *text) IsBoolFlag() bool { return t.bare }

var (
	keySeed        = define("seed", testpath.SeedForm, "run only these seeds", false)
	keySeeds       = define("seeds", "a number from 1 to 1000000000", "how many seeds are run", false)
	keyBudget      = define("budget", "a positive duration such as 30s or 5m", "how long seeds are run", false)
	keyTrace       = define("trace", "the path of a trace file", "run only what this file has recorded", false)
	keyDeterminism = define("determinism", "true or false", "make each passing run twice more and compare them", true)
	keyUpdate      = define("update", "true or false", "pin failing runs, and record changed pinned traces anew", true)
)

// define registers a flag.
func define(name, accepted, usage string, bare bool) *key {
	k := &key{name: name, env: "REPRISE_" + strings.ToUpper(name), accepted: accepted, value: &text{bare: bare}}
	flag.Var(k.value, "reprise."+name, usage+": "+accepted+" (also "+k.env+")")
	return k
}

// get returns the value that was given, and by what; by is "" if there is none. An empty variable is none.
func (k *key) get() (value, by string) {
	if k.value.set {
		return k.value.s, "-reprise." + k.name
	}
	if v := os.Getenv(k.env); v != "" {
		return v, k.env
	}
	return "", ""
}

// parse gives *to the value of k, if there is one.
func parse[T any](k *key, to *T, read func(string) (T, bool)) error {
	value, by := k.get()
	if by == "" {
		return nil
	}
	v, ok := read(value)
	if !ok {
		return fmt.Errorf("%s=%s: must be %s", by, strconv.Quote(value), k.accepted)
	}
	*to = v
	return nil
}

// maxSeeds bounds the number of seeds.
const maxSeeds = 1_000_000_000

func readCount(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 1 && n <= maxSeeds
}

func readBudget(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

func readBool(s string) (bool, bool) {
	b, err := strconv.ParseBool(s)
	return b, err == nil
}

func readPath(s string) (string, bool) { return s, s != "" }

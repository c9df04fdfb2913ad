package gotest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arguments are the arguments that the go command passes to a test binary.
type arguments struct {
	run, skip       pattern
	selected        string // value of -run
	skipped         string // value of -skip
	shuffle         string // value of -shuffle, for tests that run together
	short, failfast bool
	parallel        int           // 0 if it was not given
	count           int           // 0 if it was not given
	timeout         time.Duration // 0: none
	plain           bool          // there is a flag that makes no sense for many runs, see isPlain
	each            []string      // arguments of each run, besides those that select the test
}

// plainFlags are flags of go test that cannot be used when a test runs many times, or that replace flags of reprise.
var plainFlags = []string{
	"bench", "fuzz", "list", "c", "exec", "overlay", "cover", "coverprofile", "covermode", "coverpkg", "gocoverdir",
	"blockprofile", "cpuprofile", "memprofile", "mutexprofile", "trace",
}

// isPlain reports whether a flag of go test, such as "bench", makes no sense for tests that run under control, so that
// they run once, as without reprise.
func isPlain(flag string) bool { return slices.Contains(plainFlags, strings.TrimPrefix(flag, "test.")) }

// parseArguments parses the arguments of a test binary. Flags end at "--", and at the first argument that is neither a
// flag nor possibly the value of one.
func parseArguments(args []string) (a arguments, err error) {
	afterFlag := false
	for i, arg := range args {
		name, isFlag := strings.CutPrefix(arg, "-test.")
		name, value, given := strings.Cut(name, "=")
		switch {
		case arg == "--", !strings.HasPrefix(arg, "-") && !afterFlag:
			a.each = append(a.each, args[i:]...)
			return a, nil
		case !isFlag:
			a.each = append(a.each, arg)
			afterFlag = strings.HasPrefix(arg, "-") && !strings.Contains(arg, "=")
			continue
		case !given:
			value = "true"
		}
		afterFlag = false
		pass, err := a.flag(name, value)
		if err != nil {
			return a, fmt.Errorf("%s: %w", arg, err)
		}
		if pass {
			a.each = append(a.each, arg)
		}
	}
	return a, nil
}

// flag handles one flag of package testing and reports whether it is passed to each run.
func (a *arguments) flag(name, value string) (pass bool, err error) {
	switch name {
	case "run":
		a.run, err = parsePattern("-run", value)
		a.selected = value
	case "skip":
		a.skip, err = parsePattern("-skip", value)
		a.skipped = value
	case "short":
		a.short, err = strconv.ParseBool(value)
		pass = a.short
	case "failfast":
		a.failfast, err = strconv.ParseBool(value)
	case "count":
		a.count, err = strconv.Atoi(value)
	case "parallel":
		a.parallel, err = strconv.Atoi(value)
		pass = true
	case "timeout":
		a.timeout, err = time.ParseDuration(value)
	case "shuffle":
		a.shuffle = value
	case "v", "paniconexit0", "testlogfile":
		// Every run has the first two anyway, and results are not cached.
	default:
		a.plain = a.plain || isPlain(name) && value != ""
		pass = true
	}
	return pass, err
}

package gotest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/gotest"
	"github.com/reprise-go/reprise/internal/wire"
)

func TestParseTestArgs(t *testing.T) {
	for _, c := range []struct{ args, env, goArgs string }{
		{"./...", "", "./..."},
		{"--seeds 7 ./... -run X", "REPRISE_SEEDS=7", "./... -run X"},
		{"-race --budget=30s ./a --seed 0x1,2", "REPRISE_BUDGET=30s REPRISE_SEED=0x1,2", "-race ./a"},
		{"./a -args --seeds 7", "", "./a -args --seeds 7"},
		{"-seeds 7", "REPRISE_SEEDS=7", ""},
		{"--determinism true", "REPRISE_DETERMINISM=true", ""},
		{"--determinism ./a", "REPRISE_DETERMINISM=true", "./a"},
		{"./a --determinism", "REPRISE_DETERMINISM=true", "./a"},
		{"--exhaustive ./orders", "REPRISE_EXHAUSTIVE=true", "./orders"},
		{"--exhaustive sort -v", "REPRISE_EXHAUSTIVE=true", "sort -v"},
		{"--determinism=false", "REPRISE_DETERMINISM=false", ""},
		{"--strategy pct --leaks=report -race", "REPRISE_STRATEGY=pct REPRISE_LEAKS=report", "-race"},
	} {
		o, err := ParseArgs(strings.Fields(c.args))
		if err != nil || strings.Join(o.Env, " ") != c.env || strings.Join(o.Args, " ") != c.goArgs {
			t.Errorf("%s: environment %q, arguments %q, error %v; want %q and %q", c.args, o.Env, o.Args, err, c.env, c.goArgs)
		}
	}
	for _, args := range []string{"--seeds", "--junit=", "./... --budget", "--strategy best", "--leaks",
		"--determinism=maybe"} {
		if _, err := ParseArgs(strings.Fields(args)); err == nil {
			t.Errorf("%s: no error", args)
		}
	}
	for args, want := range map[string]string{
		"--seeds 0": "a whole number from 1", "--budget 5": "such as 30s", "--seed 1,zz": wire.SeedForm,
		"--leaks no": "auto, fail", "--exhaustive order ./a": "all, or orders", "--exhaustive 1001": "./1001",
		"--exhaustive Orders": "all, or orders", "--determinism ture": "true",
	} {
		if _, err := ParseArgs(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, which must have %q", args, err, want)
		}
	}
}

// TestArgsBelongToTheTest: what stands behind -args or --args is for the test binary, whatever it looks like.
func TestArgsBelongToTheTest(t *testing.T) {
	for _, dashes := range []string{"-args", "--args"} {
		behind := []string{dashes, "--seeds", "7", "-bench=.", "-tags=c", "--help", "-args"}
		args := append([]string{"--seeds", "5", "./x", "-v"}, behind...)
		o, err := ParseArgs(args)
		if want := append([]string{"./x", "-v"}, behind...); err != nil || !slices.Equal(o.Args, want) {
			t.Errorf("%q: go test gets %q, error %v; want %q", args, o.Args, err, want)
		}
		if !slices.Equal(o.Env, []string{"REPRISE_SEEDS=5"}) {
			t.Errorf("%q: the environment gets %q", args, o.Env)
		}
		if own := gotest.BeforeArgs(args); !slices.Equal(own, args[:4]) {
			t.Errorf("%q: before are %q", args, own)
		}
	}
}

// TestMistyped: what resembles a flag of test is refused, and what go test or a test may know is passed on.
func TestMistyped(t *testing.T) {
	for arg, want := range map[string]string{
		"--seedz": "seeds", "-budgett=1s": "budget", "--stratgy": "strategy", "--max-record": "max-records",
		"--lekas=fail": "leaks", "-rnu": "run", "-jsn": "json", "-shrot": "short", "-test.shuffel=on": "shuffle",
		"-json": "", "-list": "", "--update": "", "-run": "", "-test.short": "", "./seed": "", "-race": "", "-v": "",
	} {
		_, err := ParseArgs([]string{arg})
		if (err != nil) != (want != "") || want != "" && !strings.Contains(err.Error(), "did you mean --"+want+"?") &&
			!strings.Contains(err.Error(), "did you mean -"+want+"?") {
			t.Errorf("%s: %v, want %q", arg, err, want)
		}
		if o, err := ParseArgs([]string{"-args", arg}); err != nil || len(o.Args) != 2 {
			t.Errorf("-args %s: %q, %v", arg, o.Args, err)
		}
	}
	one, err := ParseArgs([]string{"-seeds", "3", "-leaks=fail", "-determinism"})
	two, err2 := ParseArgs([]string{"--seeds", "3", "--leaks=fail", "--determinism"})
	if err != nil || err2 != nil || !reflect.DeepEqual(one, two) || len(one.Args) > 0 {
		t.Errorf("one dash: %+v, %v; two dashes: %+v, %v", one, err, two, err2)
	}
}

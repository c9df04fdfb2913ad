package gotest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/strategy"
)

func TestParseArguments(t *testing.T) {
	for _, c := range []struct{ args, each string }{
		{"", ""},
		{"-test.paniconexit0 -test.v=test2json -test.timeout=10m0s -test.count=1 -test.run=X -test.skip=Y -test.failfast=true -test.shuffle=on",
			""},
		{"-test.short=true -test.parallel=3 -test.count=2", "-test.short=true -test.parallel=3"},
		{"-test.short=false", ""},
		{"-own -test.run=X", "-own"},
		{"-own value -test.run=X -other=1", "-own value -other=1"},
		{"-own=value positional -test.run=X", "-own=value positional -test.run=X"},
		{"-test.short -- -test.run=X", "-test.short -- -test.run=X"},
	} {
		a, err := parseArguments(strings.Fields(c.args))
		if got := strings.Join(a.each, " "); err != nil || got != c.each || a.plain {
			t.Errorf("%s: each run gets %q, error %v, plain %v; want %q", c.args, got, err, a.plain, c.each)
		}
	}
	a, err := parseArguments([]string{"-test.timeout=3s", "-test.failfast=true", "-test.count=7", "-test.short",
		"-test.run=A/b"})
	if err != nil || a.timeout != 3*time.Second || !a.failfast || a.count != 7 || !a.short ||
		a.run.of("TestA") != "^TestA$/b" {
		t.Errorf("arguments %+v, error %v", a, err)
	}
	for _, arg := range []string{"-test.run=[", "-test.skip=a/(", "-test.timeout=soon", "-test.count=x",
		"-test.short=maybe"} {
		if _, err := parseArguments([]string{arg}); err == nil || !strings.Contains(err.Error(), arg) {
			t.Errorf("%s: error %v", arg, err)
		}
	}
	for _, arg := range []string{"-test.bench=.", "-test.fuzz=X", "-test.list=.", "-test.coverprofile=c",
		"-test.gocoverdir=d", "-test.cpuprofile=p"} {
		if a, err := parseArguments([]string{arg}); err != nil || !a.plain {
			t.Errorf("%s: plain %v, error %v", arg, a.plain, err)
		}
	}
	if a, err := parseArguments([]string{"-test.bench="}); err != nil || a.plain {
		t.Errorf("-test.bench=: plain %v, error %v", a.plain, err)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		env, args string
		want      func(s *settings) bool
	}{
		{"", "", func(s *settings) bool {
			return s.seeds == 100 && !s.asked && s.leaks == wire.LeaksAuto && s.strategy == strategy.Default
		}},
		{"", "-test.short=true", func(s *settings) bool { return s.seeds == 10 && !s.asked }},
		{"", "-test.count=1", func(s *settings) bool { return s.seeds == 100 }},
		{"", "-test.count=300", func(s *settings) bool { return s.seeds == 300 && s.asked }},
		{"SEEDS=7", "-test.count=300", func(s *settings) bool { return s.seeds == 7 && s.asked }},
		{"BUDGET=3s", "-test.short", func(s *settings) bool { return s.seeds == 0 && s.budget == 3*time.Second && s.asked }},
		{"SEED=0x10,2", "", func(s *settings) bool { return len(s.only) == 2 && s.only[0] == 16 }},
		{"LEAKS=off STRATEGY=pct", "", func(s *settings) bool {
			c := s.control(5, nil)
			return c.NoLeaks && c.Strategy == "pct" && c.Seed == 5 && s.wall() == 365*24*time.Hour
		}},
		{"", "-test.timeout=10m0s", func(s *settings) bool { return s.wall() == time.Minute && !s.control(1, nil).NoLeaks }},
		{"", "-test.timeout=3s", func(s *settings) bool { return s.wall() == 3*time.Second }},
	} {
		s, err := newSettings(strings.Fields(c.args), environment(c.env))
		if err != nil || !c.want(&s) {
			t.Errorf("%q, %q: %+v, error %v", c.env, c.args, s, err)
		}
	}
	for _, env := range []string{"SEEDS=0", "BUDGET=-1s", "SEED=1,", "DETERMINISM=x", "STRATEGY=best", "LEAKS=some"} {
		if _, err := newSettings(nil, environment(env)); err == nil || !strings.Contains(err.Error(), "REPRISE_") {
			t.Errorf("%s: error %v", env, err)
		}
	}
}

// TestConflict: settings that exclude each other are refused by their flags.
func TestConflict(t *testing.T) {
	for _, c := range []struct{ env, want string }{
		{"NETWORK=real FAULTS=net", "--faults net=2%: only the simulated network has faults"},
		{"EXHAUSTIVE=2 SHARD=1/2", "--exhaustive runs schedules and not seeds, which --shard divides"},
		{"EXHAUSTIVE=2 STRATEGY=pct", "--exhaustive runs every schedule, and --strategy pct chooses"},
		{"EXHAUSTIVE=2 SHARD=1/1", ""},
	} {
		_, err := newSettings(nil, environment(c.env))
		if text := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(text, c.want) && c.want != "" {
			t.Errorf("%s: %v", c.env, err)
		}
	}
}

// environment returns a getenv for settings without their REPRISE_.
func environment(text string) func(string) string {
	return func(key string) string {
		for _, f := range strings.Fields(text) {
			if value, ok := strings.CutPrefix("REPRISE_"+f, key+"="); ok {
				return value
			}
		}
		return ""
	}
}

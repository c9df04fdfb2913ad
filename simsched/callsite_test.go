package simsched

import (
	"strings"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// TestFileNames: a file is named as an annotation of a pull request needs it.
func TestFileNames(t *testing.T) {
	known := build{"example.org/shop", "example.org/shop/cmd/bank"}
	for _, c := range []struct {
		build                build
		function, file, want string
	}{
		{known, "example.org/shop.Open", "/src/shop/shop.go", "shop.go"},
		{known, "example.org/shop/internal/cli.bank.func1", "/src/shop/internal/cli/bank.go", "internal/cli/bank.go"},
		{known, "example.org/shop/internal/cli.(*Clerk[...]).Run.func1", "example.org/shop/internal/cli/bank.go",
			"internal/cli/bank.go"},
		{known, "example.org/shop/internal/cli.Map[go.shape.struct { example.org/x/y.Z int }]", "/x/bank.go",
			"internal/cli/bank.go"},
		{known, "example.org/shop/internal/cli_test.TestBank", "/src/shop/internal/cli/bank_test.go",
			"internal/cli/bank_test.go"},
		{known, "example.org/shop/props_test.TestBank", "/src/shop/props_test/bank_test.go", "props_test/bank_test.go"},
		{known, "example.org/shop/props_test_test.TestBank", "/src/shop/props_test/bank_test.go", "props_test/bank_test.go"},
		{known, "example.org/shop_test.TestBank", "/src/shop/bank_test.go", "bank_test.go"},
		{known, "main.main", "/src/shop/cmd/bank/main.go", "cmd/bank/main.go"},
		{known, "example.org/shopping.Buy", "/src/go/pkg/mod/example.org/shopping@v1.2.3/buy.go",
			"example.org/shopping/buy.go"},
		{known, "gopkg.in/yaml%2ev3.Parse", "/src/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/parse.go", "gopkg.in/yaml.v3/parse.go"},
		{known, "sort.Slice", "/usr/lib/go/src/sort/slice.go", "sort/slice.go"},
		{build{}, "main.main", "/src/main.go", "main.go"},
		{build{}, "example.org/shop/internal/cli.Run", "/src/shop/internal/cli/bank.go",
			"example.org/shop/internal/cli/bank.go"},
		{build{}, "nothing", "/src/bank.go", "nothing/bank.go"},
	} {
		if got := c.build.file(c.function, c.file); got != c.want {
			t.Errorf("%s in %s is in %q, want %q", c.function, c.file, got, c.want)
		}
	}
	if thisBuild.module != "github.com/reprise-go/reprise" {
		t.Errorf("this module is %q", thisBuild.module)
	}
}

// sites is an Observer that asks where each event comes from.
type sites struct {
	sim   *Sim
	lines []string
}

func (o *sites) Attach(s *Sim) { o.sim = s }

func (o *sites) Observe(e event.Event) error {
	site := o.sim.EventSite(e)
	if site != "" {
		path, _, _ := strings.Cut(site, ":")
		site = " " + path
	}
	o.lines = append(o.lines, e.Kind().String()+site)
	return nil
}

// TestEventSites: a task that gives up its turn has no part in which task comes next, and none in what time does.
func TestEventSites(t *testing.T) {
	var marked, chosen string
	for _, known := range []bool{false, true} {
		cfg := inTurns()
		o := &sites{}
		cfg.Observer, cfg.CallSites, cfg.CheckpointEvery = o, known, 5
		err := Run(cfg, func(s *Sim) error {
			task := s.Go("sleeper", func() error { marked = caller(); s.Sleep(time.Second); return nil })
			s.Yield()
			chosen = s.callSite(task.ID())
			return task.Join()
		})
		if err != nil {
			t.Fatal(err)
		}
		here, asked := " simsched/callsite_test.go", ""
		if known {
			asked = here
		}
		want := []string{
			"RngSeed", "RegionCreated", "TaskSpawned", "TaskScheduled", "TaskScheduled" + asked, "TaskSpawned" +
				here, "TaskYielded" + here,
			"TaskScheduled",
		}
		if len(o.lines) < len(want) || strings.Join(o.lines[:len(want)], "\n") != strings.Join(want, "\n") {
			t.Errorf("call sites %v: the events come from\n%s\nwant\n%s", known, strings.Join(o.lines, "\n"),
				strings.Join(want, "\n"))
		}
		got := strings.Join(o.lines, "\n")
		if !strings.Contains(got, "\nTimeAdvanced\nTimerFired\nWakerWake\n") || !strings.Contains(got, "\nCheckpoint\n") {
			t.Errorf("call sites %v: what happens by itself has a place:\n%s", known, got)
		}
		if known && chosen != marked {
			t.Errorf("the sleeper is at %q, want %q", chosen, marked)
		}
	}
}

package simsched

import (
	"errors"
	"fmt"
	"testing"
)

// TestEndsAnywhere ends runs in the middle, when most tasks wait in the exchanges of each other: by runtime.Goexit in a
// task, by a panic and by runtime.Goexit in the Chooser, by a crash of a host, and by the end of main. Each task must
// be unwound exactly once, none may go on, and the Pool must keep stacks that the next run can use.
func TestEndsAnywhere(t *testing.T) {
	const tasks, rounds = 8, 12
	pool := &Pool{}
	for _, how := range []string{"goexit", "panic in the chooser", "goexit in the chooser", "returned", "crash"} {
		for seed := range uint64(40) {
			unwound, over, asked := 0, false, uint64(0)
			cfg := Config{Seed: seed, Pool: pool, MaxSteps: 10_000, CheckGoroutines: seed%2 == 0}
			random := Config{Seed: seed}.validate().Chooser
			cfg.Chooser = chooserFunc(func(c *Choice) uint64 {
				if asked++; asked == 20+seed {
					switch how {
					case "panic in the chooser":
						over = true
						panic(how)
					case "goexit in the chooser":
						over = true
						failNow()
					}
				}
				return random.Choose(c)
			})
			body := func(s *Sim) error {
				host := s.NewHost("host")
				for i := range tasks {
					work := func() error {
						defer func() { unwound++ }()
						for round := range rounds {
							s.Yield()
							if over {
								t.Errorf("%s, seed %d: task %d goes on after the end", how, seed, i)
							}
							if how == "goexit" && i == 3 && round == int(seed)%rounds {
								over = true
								failNow()
							}
						}
						return nil
					}
					if i%2 == 0 {
						host.Go(fmt.Sprint("on the host ", i), work)
					} else {
						s.Go(fmt.Sprint("task ", i), work)
					}
				}
				for range seed % 40 {
					s.Yield()
				}
				if how == "crash" {
					host.Crash()
					s.Yield()
				}
				return errors.New("the end")
			}
			want := how
			switch how {
			case "panic in the chooser":
				want = "panic: " + how
			case "goexit in the chooser":
				want = "goexit"
			case "crash":
				want = "returned"
			}
			if got := ended(func() { _ = Run(cfg, body) }); got != want {
				t.Fatalf("%s, seed %d: Run ended by %s, want %s", how, seed, got, want)
			}
			if unwound > tasks || unwound < tasks && how == "returned" {
				t.Fatalf("%s, seed %d: %d tasks were unwound, of %d", how, seed, unwound, tasks)
			}
			for _, c := range pool.idle {
				if c.in != c.home || c.home != &c.own || c.told != goOn || c.task != nil {
					t.Fatalf("%s, seed %d: the Pool has a stack that is not at home", how, seed)
				}
			}
		}
	}
	before := pullers()
	if len(pool.idle) == 0 || before != len(pool.idle) {
		t.Errorf("%d goroutines wait, %d stacks in the Pool", before, len(pool.idle))
	}
	pool.Close()
	if n := pullers(); n != 0 {
		t.Errorf("%d goroutines are left after Close", n)
	}
}

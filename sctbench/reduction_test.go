package sctbench_test

import (
	"testing"

	"github.com/reprise-go/reprise/simsched"
)

// TestReductionOfSmallPrograms runs one schedule for each order of dependent operations. It finds the bug, and shows
// all orders that random walks show. All schedules would be too many.
func TestReductionOfSmallPrograms(t *testing.T) {
	pool := &simsched.Pool{}
	defer pool.Close()
	var order simsched.Order
	run := func(p program, k simsched.Chooser) (failed bool) {
		cfg := simsched.Config{Chooser: k, MaxSteps: maxSteps, CheckpointEvery: -1, Order: &order, Pool: pool}
		return simsched.Run(cfg, p.body(false)) != nil
	}
	for name, want := range map[string]int{"account": 549, "deadlock01": 37, "lazy01": 549, "reorder_3": 626} {
		p, r := named(t, name), &simsched.Reduction{}
		orders, failures := map[uint64]bool{}, 0
		for more := true; more; more = r.Next() {
			if run(p, r.Chooser()) {
				failures++
			}
			orders[order.Class()] = true
		}
		if r.Schedules != want || r.Unsteady || r.Drawn || failures == 0 {
			t.Errorf("%s: %d schedules and %d redundant runs, %d fail; want %d schedules", name, r.Schedules, r.Redundant,
				failures, want)
		}
		for seed := range uint64(3000) {
			if run(p, simsched.NewRandom(seed)); !orders[order.Class()] {
				t.Errorf("%s, seed %d: an order that was left out", name, seed)
				break
			}
		}
	}
}

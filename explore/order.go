package explore

import (
	"context"
	"sync"
)

// inOrder lets workers process the jobs that next hands out, and passes the results to take in the order of the jobs,
// until take returns false: then it ends the running jobs and drops later results. If results are functions of their
// jobs, take sees the same results for any number of workers. A single worker runs on the goroutine of the caller. All
// workers have ended when inOrder returns. next and take are each called by one goroutine at a time.
func inOrder[W, P, R any](ctx context.Context, workers []W, next func() (P, bool), run func(context.Context, W, P) R,
	take func(R) bool) {
	if len(workers) == 1 {
		for ctx.Err() == nil {
			p, ok := next()
			if !ok || !take(run(ctx, workers[0], p)) {
				return
			}
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := produce(ctx, workers, next, run)
	waiting := map[int]R{} // results that arrived before their turn
	due, on := 0, true
	for d := range results {
		waiting[d.number] = d.result
		for r, ok := waiting[due]; ok && on; r, ok = waiting[due] {
			delete(waiting, due)
			if on = take(r); !on {
				cancel()
			}
			due++
		}
	}
}

// numbered is a result with its position in the order.
type numbered[R any] struct {
	number int
	result R
}

// produce starts the workers and returns their results. The channel is closed when all workers have ended.
func produce[W, P, R any](ctx context.Context, workers []W, next func() (P, bool),
	run func(context.Context, W, P) R) <-chan numbered[R] {
	results := make(chan numbered[R])
	var mu sync.Mutex
	drawn, over := 0, false
	draw := func() (p P, number int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if over = over || ctx.Err() != nil; over {
			return p, 0, false
		}
		p, ok = next()
		over = !ok
		drawn++
		return p, drawn - 1, ok
	}
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			for p, n, ok := draw(); ok; p, n, ok = draw() {
				results <- numbered[R]{n, run(ctx, w, p)}
			}
		})
	}
	go func() { all.Wait(); close(results) }()
	return results
}

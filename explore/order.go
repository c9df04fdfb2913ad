package explore

import (
	"context"
	"sync"
)

// inOrder has workers make what next hands out, and gives the results to take in the order in which they were handed
// out, until take says that it is enough: then what still runs is ended, and what was made beyond is dropped. So take
// sees the same results whatever the number of workers, if results are functions of what is handed out. A single worker
// runs on the goroutine of the caller. All workers are at rest when inOrder returns. next and take are called by one
// goroutine at a time each.
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
	waiting := map[int]R{} // results whose turn has not come
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

// numbered is a result with its place in the order.
type numbered[R any] struct {
	number int
	result R
}

// produce starts the workers and returns their results, which end when all are at rest.
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

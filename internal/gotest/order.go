package gotest

import (
	"context"
	"sync"
)

// worker makes runs, one at a time.
type worker[T any] interface {
	// run makes the run of a number. It ends early, with any result, when ctx is done.
	run(ctx context.Context, number int) T
}

// inOrder has workers make the runs 0, 1, 2, … as long as more says so of the next number, and gives the results to take,
// in the order of numbers, until take says that it is enough: then what is still running is ended, and what has been done
// beyond is dropped. So take sees the same results whatever the number of workers, if runs are functions of their number.
// All workers are at rest when inOrder returns. more is called by one goroutine at a time, and so is take.
func inOrder[T any](ctx context.Context, workers []worker[T], more func(number int) bool, take func(number int, result T) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type done struct {
		number int
		result T
	}
	results := make(chan done)
	var mu sync.Mutex
	next, over := 0, false
	draw := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if over = over || ctx.Err() != nil || !more(next); over {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			for n, ok := draw(); ok; n, ok = draw() {
				results <- done{n, w.run(ctx, n)}
			}
		})
	}
	go func() { all.Wait(); close(results) }()
	waiting := map[int]T{} // results whose turn has not come
	due, on := 0, true
	for d := range results {
		waiting[d.number] = d.result
		for r, ok := waiting[due]; ok && on; r, ok = waiting[due] {
			delete(waiting, due)
			if on = take(due, r); !on {
				cancel()
			}
			due++
		}
	}
}

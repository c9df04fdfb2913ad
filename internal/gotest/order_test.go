package gotest

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// idler gives the number that it is asked for after some turns of other workers.
type idler struct{ turns []int }

func (w idler) run(ctx context.Context, number int) int {
	for range w.turns[number%len(w.turns)] {
		runtime.Gosched()
	}
	if ctx.Err() != nil {
		return -1
	}
	return number
}

// TestInOrder: the results that are taken are those of one worker, whatever the number of workers and however long a run takes.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(0, 40).Draw(t, "all")
		enough := rapid.IntRange(1, 40).Draw(t, "enough")
		turns := rapid.SliceOfN(rapid.IntRange(0, 200), 1, 10).Draw(t, "turns")
		var workers []worker[int]
		for range rapid.IntRange(1, 8).Draw(t, "workers") {
			workers = append(workers, idler{turns})
		}
		var asked, got, want []int
		more := func(n int) bool { asked = append(asked, n); return n < all }
		inOrder(t.Context(), workers, more, func(n, result int) bool {
			if n != result {
				t.Fatalf("run %d has the result %d", n, result)
			}
			got = append(got, n)
			return len(got) < enough
		})
		for n := range min(all, enough) {
			want = append(want, n)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("took %v, want %v", got, want)
		}
		for i, n := range asked {
			if n != i && i < len(asked)-len(workers) {
				t.Fatalf("asked for %v, not in order", asked)
			}
		}
	})
}

// TestInOrderIsInterrupted: when the context ends no more runs are made, and those that were made are still taken in order.
func TestInOrderIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	taken, drawn := 0, 0
	more := func(n int) bool { drawn = n + 1; return true }
	inOrder(ctx, []worker[int]{idler{[]int{3}}, idler{[]int{5}}}, more, func(n, _ int) bool {
		if n != taken {
			t.Errorf("took %d in the place of %d", n, taken)
		}
		if taken++; n == 10 {
			cancel()
		}
		return true
	})
	if taken < 11 || taken != drawn {
		t.Errorf("took %d results of %d", taken, drawn)
	}
}

// laggard makes the first run at once, and ends the others only when it must.
type laggard struct{}

func (laggard) run(ctx context.Context, number int) int {
	if number > 0 {
		<-ctx.Done()
	}
	return number
}

// TestInOrderEnds: when it is enough, what still runs is ended.
func TestInOrderEnds(t *testing.T) {
	taken := 0
	inOrder(t.Context(), []worker[int]{laggard{}, laggard{}, laggard{}}, func(int) bool { return true }, func(int, int) bool {
		taken++
		return false
	})
	if taken != 1 {
		t.Errorf("took %d results", taken)
	}
}

// TestInOrderAsksNoMore: once there are no more runs nobody is asked again.
func TestInOrderAsksNoMore(t *testing.T) {
	asked := 0
	more := func(n int) bool { asked++; return asked != 4 && n < 50 }
	inOrder(t.Context(), []worker[int]{idler{[]int{3}}, idler{[]int{5}}, idler{[]int{7}}}, more, func(int, int) bool { return true })
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
}

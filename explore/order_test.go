package explore

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idle lets a worker with these turns make a run: it gives the number that it is asked for after some turns of others.
func idle(ctx context.Context, turns []int, number int) int {
	for range turns[number%len(turns)] {
		runtime.Gosched()
	}
	if ctx.Err() != nil {
		return -1
	}
	return number
}

// counter hands out numbers from 0 as long as more says so.
func counter(more func(n int) bool) func() (int, bool) {
	next := 0
	return func() (int, bool) {
		if !more(next) {
			return 0, false
		}
		next++
		return next - 1, true
	}
}

// TestInOrder: the results that are taken are those of one worker, whatever the number of workers and however long a
// run takes.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.IntRange(0, 40).Draw(t, "all")
		enough := rapid.IntRange(1, 40).Draw(t, "enough")
		turns := rapid.SliceOfN(rapid.IntRange(0, 200), 1, 10).Draw(t, "turns")
		workers := slices.Repeat([][]int{turns}, rapid.IntRange(1, 8).Draw(t, "workers"))
		var got, want []int
		inOrder(t.Context(), workers, counter(func(n int) bool { return n < all }), idle, func(n int) bool {
			got = append(got, n)
			return len(got) < enough
		})
		for n := range min(all, enough) {
			want = append(want, n)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("took %v, want %v", got, want)
		}
	})
}

// TestInOrderIsInterrupted: when the context ends no more runs are made, and those that were made are still taken in
// order.
func TestInOrderIsInterrupted(t *testing.T) {
	for _, workers := range [][][]int{{{3}, {5}}, {{3}}} {
		ctx, cancel := context.WithCancel(t.Context())
		taken, drawn := 0, 0
		next := counter(func(n int) bool { drawn = n + 1; return true })
		blind := func(_ context.Context, turns []int, n int) int { return idle(context.Background(), turns, n) }
		inOrder(ctx, workers, next, blind, func(n int) bool {
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
}

// TestInOrderEnds: when it is enough, what still runs is ended.
func TestInOrderEnds(t *testing.T) {
	laggard := func(ctx context.Context, _ struct{}, number int) int {
		if number > 0 { // the first run is made at once, the others end only when they must
			<-ctx.Done()
		}
		return number
	}
	taken := 0
	inOrder(t.Context(), make([]struct{}, 2), counter(func(int) bool { return true }), laggard, func(int) bool {
		taken++
		return false
	})
	if taken != 1 {
		t.Errorf("took %d results", taken)
	}
}

// TestInOrderAsksNoMore: once there is nothing to hand out nobody is asked again.
func TestInOrderAsksNoMore(t *testing.T) {
	asked := 0
	next := counter(func(n int) bool { asked++; return asked != 4 && n < 50 })
	inOrder(t.Context(), [][]int{{3}, {5}, {7}}, next, idle, func(int) bool { return true })
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
}

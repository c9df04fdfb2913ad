package steps

import (
	"sync"
	"testing"
)

func TestTransfer(t *testing.T) {
	a, b := NewAccount(1, 10), NewAccount(2, 10)
	var both sync.WaitGroup
	both.Go(func() { transfers(a, b, 3) })
	both.Go(func() { transfers(b, a, 5) })
	both.Wait()
	if a.balance != 18 || b.balance != 2 {
		t.Errorf("balances %d and %d, want 18 and 2", a.balance, b.balance)
	}
}

func transfers(from, to *Account, amount int) {
	for range 4 {
		Transfer(from, to, amount)
	}
}

func TestCounter(t *testing.T) {
	var c Counter
	var visitors sync.WaitGroup
	for range 3 {
		visitors.Go(c.Add)
	}
	visitors.Wait()
	if c.Value() != 3 {
		t.Errorf("counted %d, want 3", c.Value())
	}
}

func TestFirst(t *testing.T) {
	got := First(func() string { return "red" }, func() string { return "red" })
	if got != "red" {
		t.Errorf("got %q", got)
	}
}

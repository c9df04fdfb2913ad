package demo

import (
	"fmt"
	"sync"
	"time"

	"github.com/reprise-go/reprise/simsched"
)

// bank is the program of the demo. It knows nothing of the simulation: its lock is a sync.Locker and its slow check a
// function.
type bank struct {
	mu       sync.Locker
	balances [2]int
	check    func() // asks the clearing house, which takes a while
}

// transfer moves amount from one account to the other.
func (b *bank) transfer(from, to, amount int) error {
	b.mu.Lock()
	fromBalance, toBalance := b.balances[from], b.balances[to]
	b.mu.Unlock() // the bug: what was read is stale when the lock is taken again

	if fromBalance < amount {
		return fmt.Errorf("account %d has %d, cannot pay %d", from, fromBalance, amount)
	}
	b.check()

	b.mu.Lock()
	b.balances[from], b.balances[to] = fromBalance-amount, toBalance+amount
	b.mu.Unlock()
	return nil
}

// fixedTransfer is transfer with the lock held from the first read to the last write.
func (b *bank) fixedTransfer(from, to, amount int) error {
	b.mu.Lock()
	fromBalance, toBalance := b.balances[from], b.balances[to]
	if fromBalance >= amount {
		b.check()
		b.balances[from], b.balances[to] = fromBalance-amount, toBalance+amount
	}
	b.mu.Unlock() // not deferred: the line of a deferred call depends on the build

	if fromBalance < amount {
		return fmt.Errorf("account %d has %d, cannot pay %d", from, fromBalance, amount)
	}
	return nil
}

// lostUpdate is the run: two clerks, each with a transfer at a time of its own, and the books at the end.
func lostUpdate(transfer func(b *bank, from, to, amount int) error) func(*simsched.Sim) error {
	return func(s *simsched.Sim) error {
		upTo := func(limit time.Duration) time.Duration {
			return time.Duration(s.Rand("delay").Int64N(int64(limit)))
		}
		b := &bank{mu: s.NewMutex("accounts"), balances: [2]int{100, 100}}
		b.check = func() { s.Sleep(upTo(10 * time.Millisecond)) }
		err := s.InRegion("office", func(r *simsched.Region) error {
			for i, amount := range []int{30, 50} {
				r.Go(fmt.Sprintf("clerk-%d", i), func() error {
					s.Sleep(upTo(50 * time.Millisecond))
					return transfer(b, i, 1-i, amount)
				})
			}
			return nil
		})
		if want := [2]int{120, 80}; err == nil && b.balances != want {
			return fmt.Errorf("a transfer was lost: the balances are %d, want %d", b.balances, want)
		}
		return err
	}
}

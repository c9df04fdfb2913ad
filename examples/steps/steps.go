// Package steps is the code of docs/first.md: three small pieces of concurrent code. testdata/before.txt has the
// version with a bug in each.
package steps

import (
	"sync"
	"sync/atomic"
)

// Account is an account of a bank.
type Account struct {
	number  int // locks are taken in this order
	lock    sync.Mutex
	balance int
}

// NewAccount opens an account with a number of its own.
func NewAccount(number, balance int) *Account { return &Account{number: number, balance: balance} }

// Transfer moves an amount from one account to another.
func Transfer(from, to *Account, amount int) {
	first, second := from, to
	if second.number < first.number {
		first, second = second, first
	}
	first.lock.Lock()
	defer first.lock.Unlock()
	second.lock.Lock()
	defer second.lock.Unlock()
	from.balance -= amount
	to.balance += amount
}

// Counter counts from several goroutines.
type Counter struct{ n atomic.Int64 }

// Add counts one more.
func (c *Counter) Add() { c.n.Add(1) }

// Value returns the count.
func (c *Counter) Value() int { return int(c.n.Load()) }

// First returns the first answer of several sources.
func First(sources ...func() string) string {
	answers := make(chan string, len(sources)) // room for those that come late
	for _, ask := range sources {
		go func() { answers <- ask() }()
	}
	return <-answers
}

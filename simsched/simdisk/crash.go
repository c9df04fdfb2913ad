package simdisk

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	blockSize   = 512     // bytes, the unit in which the disk writes
	maxFileSize = 1 << 30 // bytes
)

// edit is a change of the data of a file: a piece of a write, within one block, or a truncation.
type edit struct {
	truncation bool
	at         int // offset of the piece, or the new size, in bytes
	piece      []byte
}

func (e edit) block() int { return e.at / blockSize }

// apply applies the change to data.
func (e edit) apply(data []byte) []byte {
	if e.truncation {
		return resize(data, e.at)
	}
	data = resize(data, max(len(data), e.at+len(e.piece)))
	copy(data[e.at:], e.piece)
	return data
}

// resize cuts b, or extends it with zeros.
func resize(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// write writes b at an offset.
func (n *node) write(b []byte, at int, now time.Time) {
	n.mod = now
	for b = slices.Clone(b); len(b) > 0; {
		size := min(len(b), blockSize-at%blockSize)
		n.edit(edit{at: at, piece: b[:size]})
		at, b = at+size, b[size:]
	}
}

// truncate changes the size.
func (n *node) truncate(size int, now time.Time) {
	if size != len(n.data) {
		n.mod = now
		n.edit(edit{truncation: true, at: size})
	}
}

func (n *node) edit(e edit) {
	n.data = e.apply(n.data)
	n.pending = append(n.pending, e)
}

// sync makes the data durable.
func (n *node) sync() { n.settle(n.pending) }

// settle makes some of the edits durable, and drops the others.
func (n *node) settle(kept []edit) {
	for _, e := range kept {
		n.stable = e.apply(n.stable)
	}
	n.pending = nil
}

// crash keeps the edits that pick selects.
func (n *node) crash(pick func(int) int) {
	if len(n.pending) > 0 {
		n.settle(survivors(n.pending, pick))
		n.data = slices.Clone(n.stable)
	}
}

// survivors returns the edits that a crash keeps. pick returns how many of the last edits are lost: first of the
// truncations, then of the pieces of each block.
func survivors(edits []edit, pick func(int) int) []edit {
	edits = keepTruncations(edits, pick)
	lost := make([]bool, len(edits))
	for order := byBlock(edits); len(order) > 0; {
		n := 1
		for n < len(order) && edits[order[n]].block() == edits[order[0]].block() {
			n++
		}
		for _, i := range order[n-pick(n+1) : n] {
			lost[i] = true
		}
		order = order[n:]
	}
	var kept []edit
	for i, e := range edits {
		if !lost[i] {
			kept = append(kept, e)
		}
	}
	return kept
}

// keepTruncations returns the edits before the first truncation that is lost.
func keepTruncations(edits []edit, pick func(int) int) []edit {
	var at []int
	for i, e := range edits {
		if e.truncation {
			at = append(at, i)
		}
	}
	if lost := pick(len(at) + 1); lost > 0 {
		return edits[:at[len(at)-lost]]
	}
	return edits
}

// byBlock returns the indices of the pieces, by block and then in order.
func byBlock(edits []edit) []int {
	var order []int
	for i, e := range edits {
		if !e.truncation {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(edits[a].block(), edits[b].block()) })
	return order
}

// Crash takes the disk down and up again, like a power failure of its machine: a part of the unsynced data is lost
// (see [Disk]). Every open file behaves as if it were closed, and operations that other tasks have begun fail with
// [fs.ErrClosed]. Crash ends no task.
func (d *Disk) Crash() {
	d.reg.Enter("Disk.Crash")
	d.sim.Sleep(0)
	c := &decisions{values: d.sim.Rand("disk " + d.name)}
	d.crash(c.pick)
}

// CrashSynced is [Disk.Crash] with the loss of everything that was not synced. It draws no random values.
func (d *Disk) CrashSynced() {
	d.reg.Enter("Disk.CrashSynced")
	d.sim.Sleep(0)
	d.crash(func(n int) int { return n - 1 })
}

// crash handles the journal first, so that only files that still exist are decided on, in the order of their names.
func (d *Disk) crash(pick func(int) int) {
	d.crashes++
	n := len(d.journal)
	d.commit(n - pick(n+1))
	d.journal = nil
	d.live = slices.Clone(d.durable)
	for _, e := range d.live {
		e.node.crash(pick)
	}
}

// decisions makes many small decisions from few random values: a value is a number whose digits are the decisions,
// the first one the lowest, each with its own base.
type decisions struct {
	values *rand.Rand
	value  uint64
	left   uint64 // number of alternatives that value can still distinguish evenly
}

// pick returns a number below n. It uses at most 48 bits of a value, so that even the last decision is nearly even.
func (d *decisions) pick(n int) int {
	if n == 1 {
		return 0
	}
	base := uint64(n)
	if d.left < base {
		d.value, d.left = d.values.Uint64(), 1<<48
	}
	digit := d.value % base
	d.value /= base
	d.left /= base
	return int(digit)
}

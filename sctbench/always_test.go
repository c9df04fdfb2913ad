package sctbench_test

// place is a variable of one place that tasks fill and empty, with a number of rounds for each.
type place struct {
	num         shared
	m           *mutex
	empty, full *condition
}

func newPlace(w world, num int) *place {
	m := w.mutex("m")
	return &place{w.shared(num), m, w.NewCond("empty", m), w.NewCond("full", m)}
}

func (p *place) produce() {
	p.m.Lock()
	for p.num.Load() > 0 {
		p.empty.Wait()
	}
	p.num.inc(1)
	p.m.Unlock()
	p.full.Signal()
}

func (p *place) consume(take func()) {
	p.m.Lock()
	for p.num.Load() == 0 {
		p.full.Wait()
	}
	take()
	p.m.Unlock()
	p.empty.Signal()
}

func arithmeticProg(w world) {
	p, total, flag := newPlace(w, 0), w.shared(0), w.shared(0)
	a := w.task("producer", func() {
		for range 3 {
			p.produce()
		}
	})
	b := w.task("consumer", func() {
		for j := range 3 {
			p.consume(func() { total.inc(j); p.num.inc(-1) })
		}
		total.inc(3)
		flag.Store(1)
	})
	w.join(a, b)
	assert(flag.Load() == 0 || total.Load() != 6, "6")
}

func phase01(w world) {
	x, y := w.mutex("x"), w.mutex("y")
	f := func() {
		pass(x)
		x.Lock()
		for range 2 {
			pass(y)
		}
	}
	w.join(w.task("t1", f), w.task("t2", f))
}

// sync01 waits for a consumer that takes nothing.
func sync01(w world) {
	p := newPlace(w, 1)
	w.join(w.task("t1", p.produce), w.task("t2", func() { p.consume(func() {}) }))
}

func sync02(w world) {
	p := newPlace(w, 2)
	a := w.task("producer", func() { p.produce(); p.produce() })
	b := w.task("consumer", func() {
		for range 2 {
			p.consume(func() { p.num.inc(-1) })
		}
	})
	w.join(a, b)
}

// philosophers returns a program of n philosophers, of which the last fails because it counts to n. Without a lock
// around the count an update may be lost. The seventh locks itself out.
func philosophers(n int) func(world) {
	return func(w world) {
		g, eaten := w.mutex("g"), w.shared(0)
		var forks []*mutex
		var tasks []*thread
		for range n {
			forks = append(forks, w.mutex("fork"))
		}
		for id := range n {
			tasks = append(tasks, w.task("philosopher", func() {
				right := forks[(id+1)%n]
				g.Lock()
				right.Lock()
				pass(forks[id])
				right.Unlock()
				if n == 7 {
					g.Lock()
				}
				g.Unlock()
				if n > 4 {
					g.Lock()
					defer g.Unlock()
				}
				eaten.inc(1)
				assert(eaten.Load() != n, "all have eaten")
			}))
		}
		w.join(tasks...)
	}
}

// fsbench is a file system with fewer blocks than users.
func fsbench(w world) {
	const blocks, users, inodes = 26, 27, 32
	inode, busy := w.all(inodes), w.all(blocks)
	var locki, lockb []*mutex
	for range inodes {
		locki = append(locki, w.mutex("inode"))
	}
	for range blocks {
		lockb = append(lockb, w.mutex("block"))
	}
	var tasks []*thread
	for id := range users {
		tasks = append(tasks, w.task("user", func() {
			assert(id < blocks, "user %d", id)
			locki[id].Lock()
			defer locki[id].Unlock()
			if inode[id].Load() != 0 {
				return
			}
			b := 2 * id % blocks
			for range 13 {
				lockb[b].Lock()
				if busy[b].Load() == 0 {
					busy[b].Store(1)
					inode[id].Store(b + 1)
					lockb[b].Unlock()
					return
				}
				lockb[b].Unlock()
				b = (b + 1) % blocks
			}
		}))
	}
	w.join(tasks...)
}

// pass locks and unlocks.
func pass(m interface {
	Lock()
	Unlock()
}) {
	m.Lock()
	defer m.Unlock()
}

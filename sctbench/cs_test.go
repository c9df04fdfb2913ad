package sctbench_test

func account(w world) {
	x, y, z, balance := w.shared(1), w.shared(2), w.shared(4), w.shared(0)
	dep, wd, m := w.shared(0), w.shared(0), w.mutex("m")
	x.Store(1)
	y.Store(2)
	z.Store(4)
	balance.Store(x.Load())
	check := w.task("check", func() {
		m.Lock()
		if dep.Load() == 1 && wd.Load() == 1 {
			b := balance.Load()
			assert(b == x.Load()-y.Load()-z.Load(), "balance %d", b)
		}
		m.Unlock()
	})
	move := func(name string, by shared, sign int, done shared) *thread {
		return w.task(name, func() {
			m.Lock()
			balance.Store(balance.Load() + sign*by.Load())
			done.Store(1)
			m.Unlock()
		})
	}
	deposit := move("deposit", y, 1, dep)
	withdraw := move("withdraw", z, -1, wd)
	w.join(withdraw, deposit, check)
}

func circularBuffer(w world) {
	const passes, capacity = 7, 10
	buf, first, next, size := w.all(capacity), w.shared(0), w.shared(0), w.shared(capacity)
	send, receive, m := w.shared(1), w.shared(0), w.mutex("m")
	size.Store(capacity)
	next.Store(0)
	first.Store(0)
	send.Store(1)
	receive.Store(0)
	insert := func(v int) {
		if next.Load() == size.Load() && size.Load() < 0 {
			return
		}
		buf[next.Load()].Store(v)
		next.Store((next.Load() + 1) % size.Load())
		assert(next.Load() < size.Load(), "next")
	}
	remove := func() int {
		if next.Load() <= 0 || first.Load() >= size.Load() {
			return -1
		}
		first.inc(1)
		return buf[first.Load()-1].Load()
	}
	a := w.task("sender", func() {
		for i := range passes {
			w.pad(4)
			m.Lock()
			if send.Load() == 1 {
				insert(i)
				send.Store(0)
				receive.Store(1)
			}
			m.Unlock()
		}
	})
	b := w.task("receiver", func() {
		for i := range passes {
			w.pad(4)
			m.Lock()
			if receive.Load() == 1 {
				assert(remove() == i, "another value than %d", i)
				receive.Store(0)
				send.Store(1)
			}
			m.Unlock()
		}
	})
	w.join(a, b)
}

func deadlock01(w world) {
	counter, a, b := w.shared(1), w.mutex("a"), w.mutex("b")
	both := func(name string, first, second *mutex, d int) *thread {
		return w.task(name, func() {
			w.pad(1)
			first.Lock()
			second.Lock()
			counter.inc(d)
			second.Unlock()
			first.Unlock()
		})
	}
	w.join(both("t1", a, b, 1), both("t2", b, a, -1))
}

func lazy01(w world) {
	data, m := w.shared(0), w.mutex("m")
	locked := func(name string, f func()) *thread {
		return w.task(name, func() {
			w.pad(1)
			m.Lock()
			f()
			m.Unlock()
		})
	}
	check := locked("check", func() { assert(data.Load() < 3, "data") })
	two := locked("add 2", func() { data.inc(2) })
	one := locked("add 1", func() { data.inc(1) })
	w.join(one, two, check)
}

func queueOfInts(w world) {
	const size = 20
	elem, stored := w.all(size), w.all(size)
	head, tail, amount := w.shared(0), w.shared(0), w.shared(0)
	enq, deq, m := w.shared(1), w.shared(0), w.mutex("m")
	for _, v := range []shared{deq, head, tail, amount} {
		v.Store(0)
	}
	enq.Store(1)
	assert(head.Load() == tail.Load(), "not empty")
	enqueue := func(v int) {
		elem[tail.Load()].Store(v)
		amount.inc(1)
		if tail.Load() == size {
			tail.Store(1)
		} else {
			tail.inc(1)
		}
	}
	dequeue := func() int {
		v := elem[head.Load()].Load()
		amount.inc(-1)
		if head.Load() == size {
			head.Store(1)
		} else {
			head.inc(1)
		}
		return v
	}
	a := w.task("enqueue", func() {
		value := 0
		m.Lock()
		enqueue(0)
		stored[0].Store(0)
		assert(head.Load() != tail.Load(), "empty")
		m.Unlock()
		for i := range size - 1 {
			w.pad(4)
			m.Lock()
			if enq.Load() == 1 {
				value++
				enqueue(value)
				stored[i+1].Store(value)
				enq.Store(0)
				deq.Store(1)
			}
			m.Unlock()
		}
	})
	b := w.task("dequeue", func() {
		for i := range size {
			w.pad(4)
			m.Lock()
			if deq.Load() == 1 {
				assert(dequeue() == stored[i].Load(), "another value in pass %d", i)
				deq.Store(0)
				enq.Store(1)
			}
			m.Unlock()
		}
	})
	w.join(a, b)
}

// reorder returns a program with so many tasks that set two variables and so many that check them.
func reorder(setters, checkers int) func(world) {
	return func(w world) {
		a, b := w.shared(0), w.shared(0)
		var tasks []*thread
		w.pad(13)
		for range setters {
			w.pad(2)
			tasks = append(tasks, w.task("setter", func() {
				w.pad(1)
				a.Store(1)
				b.Store(-1)
			}))
			w.pad(5)
		}
		w.pad(3)
		for range checkers {
			w.pad(2)
			tasks = append(tasks, w.task("checker", func() {
				w.pad(1)
				if a.Load() == 0 && b.Load() == 0 {
					return
				}
				assert(a.Load() == 1 && b.Load() == -1, "a is set and b is not")
			}))
			w.pad(5)
		}
		w.join(tasks...)
	}
}

func stack(w world) {
	const size = 10
	top, arr, flag, m := w.shared(0), w.all(size), w.shared(0), w.mutex("m")
	push := w.task("push", func() {
		for i := range size {
			w.pad(4)
			m.Lock()
			assert(top.Load() < size, "overflow")
			arr[top.Load()].Store(i)
			top.inc(1)
			flag.Store(1)
			m.Unlock()
		}
	})
	pop := w.task("pop", func() {
		for range size {
			w.pad(4)
			m.Lock()
			if flag.Load() == 1 {
				assert(top.Load() > 0, "underflow")
				top.inc(-1)
				arr[top.Load()].Load()
			}
			m.Unlock()
		}
	})
	w.join(push, pop)
}

// twostage returns a program with so many tasks of two kinds. The locks are reached by way of pointers that main sets.
func twostage(as, bs int) func(world) {
	return func(w world) {
		d1, d2, p1, p2 := w.shared(0), w.shared(0), w.shared(0), w.shared(0)
		m1, m2 := w.mutex("m1"), w.mutex("m2")
		p1.Store(1)
		p2.Store(1)
		on := func(p shared, f func()) { p.Load(); f() }
		var tasks []*thread
		w.pad(13)
		for range as {
			w.pad(2)
			tasks = append(tasks, w.task("a", func() {
				w.pad(1)
				on(p1, m1.Lock)
				d1.Store(1)
				on(p1, m1.Unlock)
				on(p2, m2.Lock)
				d2.Store(d1.Load() + 1)
				on(p2, m2.Unlock)
			}))
			w.pad(5)
		}
		w.pad(3)
		for range bs {
			w.pad(2)
			tasks = append(tasks, w.task("b", func() {
				w.pad(3)
				on(p1, m1.Lock)
				if d1.Load() == 0 {
					on(p1, m1.Unlock)
					return
				}
				t1 := d1.Load()
				w.pad(1)
				on(p1, m1.Unlock)
				on(p2, m2.Lock)
				t2 := d2.Load()
				w.pad(1)
				on(p2, m2.Unlock)
				w.pad(2)
				assert(t2 == t1+1, "second stage %d, first %d", t2, t1)
			}))
			w.pad(5)
		}
		w.join(tasks...)
	}
}

// wronglock returns a program with one task that locks a variable, and so many that use another lock for it.
func wronglock(bs int) func(world) {
	return func(w world) {
		v, pd, pt := w.shared(0), w.shared(0), w.shared(0)
		d, t := w.mutex("d"), w.mutex("t")
		pd.Store(1)
		pt.Store(1)
		on := func(p shared, f func()) { p.Load(); w.pad(4); f() }
		w.pad(15)
		tasks := []*thread{w.task("a", func() {
			w.pad(1)
			on(pd, d.Lock)
			x := v.Load()
			w.pad(1)
			v.inc(1)
			y := v.Load()
			w.pad(1)
			assert(y == x+1, "%d behind %d", y, x)
			on(pd, d.Unlock)
		})}
		w.pad(5)
		for range bs {
			w.pad(2)
			tasks = append(tasks, w.task("b", func() {
				w.pad(1)
				on(pt, t.Lock)
				v.inc(1)
				on(pt, t.Unlock)
			}))
			w.pad(5)
		}
		w.join(tasks...)
	}
}

// stringBuffer appends a buffer that is erased and refilled at the same time.
func stringBuffer(w world) {
	value, count, capacity, g := w.shared(1), w.shared(0), w.shared(19), w.mutex("g")
	g.Lock()
	count.Store(3)
	g.Unlock()
	move := func() { value.Load(); count.Load() }
	a := w.task("erase and append", func() {
		g.Lock()
		if count.Load() < 3 {
			g.Unlock()
			return
		}
		move()
		count.inc(-3)
		g.Unlock()
		g.Lock()
		n := count.Load()
		assert(n+3 <= capacity.Load(), "capacity")
		move()
		count.Store(n + 3)
		g.Unlock()
	})
	b := w.task("append to another", func() {
		own, ownCount, ownCapacity := w.mutex("s"), w.shared(0), w.shared(16)
		own.Lock()
		g.Lock()
		n := count.Load()
		g.Unlock()
		assert(ownCount.Load()+n <= ownCapacity.Load(), "capacity")
		g.Lock()
		assert(n <= count.Load(), "the buffer has become shorter than %d", n)
		move()
		g.Unlock()
		ownCount.Store(n)
		own.Unlock()
	})
	w.join(a, b)
}

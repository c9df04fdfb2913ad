package sctbench_test

// boundedBuffer has consumers that let go of the lock between looking and taking.
func boundedBuffer(w world) {
	const room, each = 3, 4
	buf, head, rear, most, valid := w.all(room), w.shared(0), w.shared(0), w.shared(room), w.shared(1)
	putters, getters, m := w.shared(0), w.shared(0), w.mutex("m")
	notFull, notEmpty := w.NewCond("not full", m), w.NewCond("not empty", m)
	full := func() bool { return (rear.Load()+1)%most.Load() == head.Load() }
	empty := func() bool { return head.Load() == rear.Load() }
	await := func(is func() bool, waiting shared, c *condition) {
		if !is() {
			return
		}
		waiting.inc(1)
		for is() {
			c.Wait()
		}
		waiting.inc(-1)
	}
	put := func(v int) {
		valid.Load()
		m.Lock()
		await(full, putters, notFull)
		buf[rear.Load()].Store(v)
		rear.Store((rear.Load() + 1) % most.Load())
		if getters.Load() > 0 {
			notEmpty.Signal()
		}
		m.Unlock()
	}
	get := func() {
		valid.Load()
		m.Lock()
		await(empty, getters, notEmpty)
		m.Unlock()
		m.Lock()
		assert(!empty(), "the buffer is empty")
		buf[head.Load()].Load()
		head.Store((head.Load() + 1) % most.Load())
		if putters.Load() > 0 {
			notFull.Signal()
		}
		m.Unlock()
	}
	var tasks []*thread
	for range 2 {
		tasks = append(tasks, w.task("producer", func() {
			for i := range each {
				put(i)
			}
		}))
	}
	for range 2 {
		tasks = append(tasks, w.task("consumer", func() {
			for range each {
				get()
			}
		}))
	}
	w.join(tasks...)
	m.Lock()
	valid.Store(0)
	m.Unlock()
}

// bbuf is correct.
func bbuf(w world) {
	const room, items = 3, 10
	buf, head, rear, m := w.all(room), w.shared(0), w.shared(0), w.mutex("m")
	notFull, notEmpty := w.NewCond("not full", m), w.NewCond("not empty", m)
	a := w.task("producer", func() {
		for i := range items {
			m.Lock()
			for (rear.Load()+1)%room == head.Load() {
				notFull.Wait()
			}
			buf[rear.Load()].Store(i)
			rear.Store((rear.Load() + 1) % room)
			notEmpty.Signal()
			m.Unlock()
		}
	})
	b := w.task("consumer", func() {
		for i := range items {
			m.Lock()
			for head.Load() == rear.Load() {
				notEmpty.Wait()
			}
			assert(buf[head.Load()].Load() == i, "another value than %d", i)
			head.Store((head.Load() + 1) % room)
			notFull.Signal()
			m.Unlock()
		}
	})
	w.join(a, b)
}

// The states of a worker of qsort.
const (
	idle = iota
	work
	term
)

// sorter sorts an array with several workers.
type sorter struct {
	w       world
	array   []shared
	workers []*worker
	idle    shared
	all     *mutex
}

type worker struct {
	st, a, n shared
	m        *mutex
	c        *condition
}

var unsorted = []int{
	7, 6, 9, 19, 17, 31, 10, 12, 9, 13, 26, 11, 18, 27, 3, 6, 28, 2, 20, 24, 27, 8, 7, 13, 22, 26, 14, 3, 19, 31, 9, 26,
}

func qsort(w world) {
	const workers = 4
	s := &sorter{w: w, idle: w.shared(workers), all: w.mutex("all")}
	for _, v := range unsorted {
		s.array = append(s.array, w.shared(v))
	}
	var tasks []*thread
	for range workers {
		m := w.mutex("worker")
		k := &worker{w.shared(idle), w.shared(0), w.shared(0), m, w.NewCond("worker", m)}
		s.workers = append(s.workers, k)
	}
	for _, k := range s.workers {
		k.st.Store(idle)
		tasks = append(tasks, w.task("worker", func() { s.loop(k) }))
	}
	s.idle.Store(workers)
	first := s.workers[0]
	first.m.Lock()
	first.a.Store(0)
	first.n.Store(len(unsorted))
	first.st.Store(work)
	s.idle.inc(-1)
	first.c.Signal()
	first.m.Unlock()
	w.join(tasks...)
	for i := 1; i < len(s.array); i++ {
		assert(s.array[i-1].Load() <= s.array[i].Load(), "element %d", i)
	}
}

func (s *sorter) loop(k *worker) {
	for {
		k.m.Lock()
		for k.st.Load() == idle {
			k.c.Wait()
		}
		k.m.Unlock()
		switch k.st.Load() {
		case term:
			return
		case idle:
			panic("idle")
		}
		s.sort(k, k.a.Load(), k.n.Load())
		s.all.Lock()
		k.st.Store(idle)
		s.idle.inc(1)
		if s.idle.Load() < len(s.workers) {
			s.all.Unlock()
			continue
		}
		for _, other := range s.workers {
			if other != k {
				other.m.Lock()
				other.st.Store(term)
				other.c.Signal()
				other.m.Unlock()
			}
		}
		s.all.Unlock()
		return
	}
}

// allocate returns a worker without work, with its lock held, nil if there is none.
func (s *sorter) allocate() *worker {
	s.all.Lock()
	defer s.all.Unlock()
	for _, k := range s.workers {
		if k.st.Load() == idle {
			s.idle.inc(-1)
			k.st.Store(work)
			k.m.Lock()
			return k
		}
	}
	return nil
}

func (s *sorter) swap(i, j int) {
	x, y := s.array[i].Load(), s.array[j].Load()
	s.array[i].Store(y)
	s.array[j].Store(x)
}

func (s *sorter) insertion(a, n int) {
	for i := a + 1; i < a+n; i++ {
		for j := i; j > a && s.array[j-1].Load() > s.array[j].Load(); j-- {
			s.swap(j, j-1)
		}
	}
}

func (s *sorter) median(i, j, k int) int {
	x, y, z := s.array[i].Load(), s.array[j].Load(), s.array[k].Load()
	switch {
	case x <= y && y <= z, z <= y && y <= x:
		return j
	case y <= x && x <= z, z <= x && x <= y:
		return i
	}
	return k
}

func (s *sorter) sort(k *worker, a, n int) {
	for {
		if n < 7 {
			s.insertion(a, n)
			return
		}
		middle := a + n/2
		if n > 7 {
			middle = s.median(a, middle, a+n-1)
		}
		s.swap(a, middle)
		less, more, swapped := s.partition(a, n)
		if !swapped {
			s.insertion(a, n)
			return
		}
		var other *worker
		if less > 4 && more > 4 {
			other = s.allocate()
		}
		switch {
		case other != nil:
			other.a.Store(a)
			other.n.Store(less)
			other.c.Signal()
			other.m.Unlock()
		case less > 0:
			k.a.Store(a)
			k.n.Store(less)
			s.sort(k, a, less)
		}
		if more == 0 {
			return
		}
		a, n = a+n-more, more
	}
}

// partition moves elements that are less than the first one to the start, and those that are more to the end.
func (s *sorter) partition(a, n int) (less, more int, swapped bool) {
	pivot := s.array[a].Load()
	pa, pb, pc, pd := a+1, a+1, a+n-1, a+n-1
	for {
		for pb <= pc && s.array[pb].Load() <= pivot {
			if s.array[pb].Load() == pivot {
				swapped = true
				s.swap(pa, pb)
				pa++
			}
			pb++
		}
		for pb <= pc && s.array[pc].Load() >= pivot {
			if s.array[pc].Load() == pivot {
				swapped = true
				s.swap(pc, pd)
				pd--
			}
			pc--
		}
		if pb > pc {
			break
		}
		s.swap(pb, pc)
		swapped = true
		pb++
		pc--
	}
	for i := range min(pa-a, pb-pa) {
		s.swap(a+i, pb-min(pa-a, pb-pa)+i)
	}
	for i := range min(pd-pc, a+n-pd-1) {
		s.swap(pb+i, a+n-min(pd-pc, a+n-pd-1)+i)
	}
	return pb - pa, pd - pc, swapped
}

// safeStack is a stack without locks, in which one item can end up with two owners.
func safeStack(w world) {
	next, value, head, count := w.all(3), w.all(3), w.shared(0), w.shared(3)
	next[0].Store(1)
	next[1].Store(2)
	next[2].Store(-1)
	pop := func() int {
		for count.Load() > 1 {
			h := head.Load()
			n := next[h].exchange(-1)
			if n < 0 {
				w.Yield()
				continue
			}
			if head.CompareAndSwap(h, n) {
				count.add(-1)
				return h
			}
			next[h].exchange(n)
		}
		return -1
	}
	push := func(i int) {
		for {
			h := head.Load()
			next[i].Store(h)
			if head.CompareAndSwap(h, i) {
				break
			}
		}
		count.add(1)
	}
	var tasks []*thread
	for id := range 3 {
		tasks = append(tasks, w.task("user", func() {
			for range 2 {
				e := pop()
				for ; e < 0; e = pop() {
					w.Yield()
				}
				value[e].Store(id)
				assert(value[e].Load() == id, "item %d has two owners", e)
				push(e)
			}
		}))
	}
	w.join(tasks...)
}

package sctbench_test

// cve7911 reads a pointer that another task sets to nil: the tasks of CVE-2016-7911.
func cve7911(w world) {
	ctx, m := w.shared(1), w.mutex("m")
	a := w.task("read", func() {
		if ctx.Load() == 0 {
			return
		}
		ctx.Load()
		assert(ctx.Load() != 0, "nil pointer")
	})
	b := w.task("exit", func() {
		m.Lock()
		ctx.Load()
		ctx.Store(0)
		m.Unlock()
	})
	w.join(a, b)
}

// cve9806 frees a buffer twice.
func cve9806(w world) {
	skb, cnt, m := w.shared(0), w.shared(1), w.mutex("m")
	freed, owner := w.all(5), w.all(5)
	buffers := 0
	dump := func() {
		m.Lock()
		cnt.Load()
		buffers++
		own := buffers
		cnt.Store(cnt.Load() * 4)
		owner[own].Store(1)
		skb.Store(own)
		m.Unlock()
		assert(freed[skb.Load()].exchange(1) == 0, "freed twice")
	}
	w.join(w.task("dump", dump), w.task("dump", dump))
}

// cve1972 uses a lock that another task frees.
func cve1972(w world) {
	waiters, done, lock, field, m := w.shared(0), w.shared(0), w.shared(1), w.shared(0), w.mutex("m")
	follow := func() { assert(lock.Load() != 0, "nil pointer") }
	once := func() {
		if done.Load() == 1 {
			return
		}
		waiters.inc(1)
		follow()
		field.Store(1)
		m.Lock()
		if done.Load() == 0 {
			done.Store(1)
		}
		follow()
		m.Unlock()
		waiters.inc(-1)
		if waiters.Load() == 0 {
			follow()
			lock.Store(0)
		}
	}
	a, b := w.task("once", once), w.task("once", once)
	w.join(b, a)
}

// cve3547 uses a pointer after another task has set it to nil.
func cve3547(w world) {
	pipe, readers, m := w.shared(1), w.shared(0), w.mutex("m")
	a := w.task("open", func() {
		m.Lock()
		assert(pipe.Load() != 0, "nil pointer")
		readers.inc(1)
		m.Unlock()
	})
	b := w.task("release", func() {
		m.Lock()
		pipe.Store(0)
		m.Unlock()
	})
	w.join(a, b)
}

// cve7550 looks whether a key is dead before it locks it.
func cve7550(w world) {
	flags, keys, m := w.shared(0), w.shared(1), w.mutex("m")
	a := w.task("read", func() {
		if flags.Load() != 0 {
			return
		}
		m.Lock()
		assert(keys.Load() != 0, "nil pointer")
		m.Unlock()
	})
	b := w.task("revoke", func() {
		m.Lock()
		flags.Store(2)
		keys.Store(0)
		m.Unlock()
	})
	w.join(a, b)
}

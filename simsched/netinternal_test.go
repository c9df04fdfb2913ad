package simsched

import "testing"

// TestNetForgets opens and closes connections in every way: hosts keep none of them.
func TestNetForgets(t *testing.T) {
	ends := []func(s *Sim, a, b *Conn){
		func(s *Sim, a, b *Conn) { a.Close(); b.Close() },
		func(s *Sim, a, b *Conn) {
			a.CloseWrite()
			b.CloseWrite()
			s.Sleep(defaultLatency)
			a.Close()
			b.Close()
		},
		func(s *Sim, a, b *Conn) { a.Reset() },
		func(s *Sim, a, b *Conn) { a.Reset(); b.Reset() },
		func(s *Sim, a, b *Conn) { a.Close(); s.Sleep(defaultLatency); b.Write([]byte("x")) },
		func(s *Sim, a, b *Conn) { a.Write([]byte("x")); s.Sleep(defaultLatency); b.Close() },
		func(s *Sim, a, b *Conn) { b.host.Crash(); s.Sleep(defaultDetection) },
	}
	for name, cfg := range schedules(20) {
		for i, end := range ends {
			mustRun(t, cfg, func(s *Sim) {
				a, b := s.NewHost("a"), s.NewHost("b")
				l, _ := b.Listen("tcp", ":80")
				if _, err := a.Dial(s.Context(), "tcp", "b:81"); err == nil {
					t.Error("nobody listens, and Dial succeeds")
				}
				ca, _ := a.Dial(s.Context(), "tcp", "b:80")
				cb, _ := l.Accept()
				end(s, ca.(*Conn), cb.(*Conn))
				s.Sleep(10 * defaultLatency)
				if len(a.conns)+len(b.conns) > 0 {
					t.Errorf("%s, end %d: %d and %d connections are kept", name, i, len(a.conns), len(b.conns))
				}
			})
			if cfg.Chooser != nil {
				cfg.Chooser = NewRoundRobin(1)
			}
		}
	}
}

func TestNetAutomaticPorts(t *testing.T) {
	h := &Host{}
	free := func(int) bool { return false }
	for _, want := range []int{firstPort, firstPort + 1} {
		if got := h.freePort(free); got != want {
			t.Errorf("freePort = %d, want %d", got, want)
		}
	}
	h.lastPort = lastPort
	if got := h.freePort(func(port int) bool { return port == firstPort }); got != firstPort+1 {
		t.Errorf("after the last port comes %d", got)
	}
	if got := h.freePort(func(int) bool { return true }); got != 0 {
		t.Errorf("freePort = %d, and all are taken", got)
	}
}

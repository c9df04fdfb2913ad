package b

import (
	"sync"
	"time"
)

type Store struct{ mu sync.Mutex }

func (s *Store) Put() { // want Put:"uses a real lock, sync.Mutex.Lock; use Sim.NewMutex"
	s.mu.Lock()
	defer s.mu.Unlock()
}

func Wait() { wait() } // want Wait:"uses the real clock, time.Sleep; use Sim.Sleep \\(by b.wait\\)"

func wait() { time.Sleep(time.Second) } // want wait:"uses the real clock, time.Sleep; use Sim.Sleep"

func Fine(d time.Duration) string { return d.String() }

func Logged() { _ = time.Now() } //reprise:ignore the time goes only into a log

package a

import (
	"database/sql"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"time"

	"example.com/b"

	"github.com/reprise-go/reprise/simsched"
)

func body(s *simsched.Sim) error { // want body:"uses the real clock, time.Now; use Sim.Now"
	start := time.Now()         // want "a simulated test uses the real clock, time.Now; use Sim.Now"
	time.Sleep(3 * time.Second) // want "a simulated test uses the real clock, time.Sleep; use Sim.Sleep"
	_ = time.Since(start)       // want "a simulated test uses the real clock, time.Since; use Sim.Now"
	_ = rand.IntN(3)            // want "a simulated test uses global random numbers, rand.IntN; use Sim.Rand"
	go func() {}()              // want "a simulated test starts a goroutine; use Sim.Go"
	var store b.Store
	store.Put() // want "a simulated test uses a real lock, sync.Mutex.Lock; use Sim.NewMutex \\(by b.Store.Put\\)"
	b.Wait()    // want "a simulated test uses the real clock, time.Sleep; use Sim.Sleep \\(by b.Wait, b.wait\\)"
	b.Fine(1)
	b.Logged()
	s.Go("task", func() {
		c := make(chan int)
		c <- 1 // want "a simulated test uses a real channel; use simsched.NewChan"
		<-c    // want "a simulated test uses a real channel; use simsched.NewChan"
	})
	local := rand.New(rand.NewPCG(1, 2))
	_ = local.IntN(3)
	_ = time.Now() //reprise:ignore a log
	return nil
}

func orders(s *simsched.Sim, m map[int]int) int { // want orders:"depends on the order of a map: go through its sorted keys"
	sum := 0
	for _, v := range m {
		sum += v
	}
	for k := range m { // want "a simulated test depends on the order of a map: go through its sorted keys"
		s.Sleep(time.Duration(k))
	}
	return sum
}

func outside() { // want outside:"uses the real clock, time.Sleep; use Sim.Sleep"
	time.Sleep(1)
}

func leaves(s *simsched.Sim) { // want leaves:"uses the real network, httptest.NewServer; use httptest.NewRecorder, or write an ordinary test"
	server := httptest.NewServer(nil) // want "a simulated test uses the real network, httptest.NewServer; use httptest.NewRecorder, or write an ordinary test"
	_, _ = http.Get(server.URL)       // want "a simulated test uses the real network, http.Get; call the handler, or write an ordinary test"
	_, _ = http.DefaultClient.Do(nil) // want "a simulated test uses the real network, http.Client.Do; call the handler, or write an ordinary test"
	_, _ = net.Dial("tcp", "b:80")    // want "a simulated test uses the real network, net.Dial; use Host.Dial and Host.Listen, or write an ordinary test"
	_, _ = sql.Open("x", "y")         // want "a simulated test starts goroutines, sql.Open; write an ordinary test"
	_ = exec.Command("ls").Run()      // want "a simulated test starts a process, exec.Cmd.Run; write an ordinary test"
	server.Config.Handler.ServeHTTP(httptest.NewRecorder(), nil)
}

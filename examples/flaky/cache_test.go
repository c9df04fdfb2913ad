package flaky

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scenario changes a value while an expired one is about to be refreshed.
func scenario(r Runtime, origin Origin) error {
	const ttl = 500 * time.Microsecond
	c := NewCache(r, origin, ttl, 2)
	defer c.Close()
	c.Set("greeting", "hello")
	r.Sleep(2 * ttl)
	c.Get("greeting")             // it has expired: a worker refreshes it
	r.Sleep(2 * time.Millisecond) // for which there is time enough
	c.Set("greeting", "goodbye")
	r.Sleep(2 * time.Millisecond)
	if got := c.Get("greeting"); got != "goodbye" {
		return fmt.Errorf("the greeting is %q, want %q", got, "goodbye")
	}
	r.Sleep(2 * time.Millisecond)
	return nil
}

// memory is an Origin that answers at once, as the fakes of tests do.
type memory struct{ values sync.Map }

func (m *memory) Load(key string) string {
	v, _ := m.values.Load(key)
	return v.(string)
}

func (m *memory) Save(key, value string) { m.values.Store(key, value) }

// TestOrdinary runs the cache on goroutines.
func TestOrdinary(t *testing.T) {
	if err := scenario(Real{}, &memory{}); err != nil {
		t.Fatal(err)
	}
}

// remote is an Origin behind a network that takes up to 3 ms each way.
type remote struct {
	sim    *simsched.Sim
	values map[string]string
}

func (r *remote) travel() {
	r.sim.Sleep(time.Duration(r.sim.Rand("network").IntN(4)) * time.Millisecond)
}

func (r *remote) Load(key string) string {
	r.travel()
	defer r.travel()
	return r.values[key]
}

func (r *remote) Save(key, value string) {
	r.travel()
	defer r.travel()
	r.values[key] = value
}

// TestRefresh runs the same scenario in a simulation, under many seeds.
func TestRefresh(t *testing.T) {
	simtest.Check(t, func(s *simsched.Sim) error {
		return scenario(Simulated{s}, &remote{s, map[string]string{}})
	})
}

// TestMended: the code in this folder is that of the end of the tutorial.
func TestMended(t *testing.T) {
	here, err := os.ReadFile("cache.go")
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile("testdata/after.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(here, after) {
		t.Error("cache.go is not testdata/after.txt; copy one to the other")
	}
}

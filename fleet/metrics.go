package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// numbers are what the metrics of a campaign show.
type numbers struct {
	workers, slots                   int
	tests, over                      int
	seeds, failing                   int
	planned, under, results, retried int
	lost                             int
}

// numbers returns the numbers of the campaign.
func (c *coordinator) numbers() (n numbers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n.workers = len(c.workers)
	for _, s := range c.slots {
		n.slots += s
	}
	n.tests = len(c.ledger.tests)
	for _, p := range c.ledger.tests {
		if p.over {
			n.over++
		}
		n.seeds += p.front
		n.failing += len(p.sum.Failing)
		n.lost += len(p.lost)
	}
	n.planned, n.results, n.retried, n.under = c.ledger.items, c.ledger.results, c.ledger.failed, c.ledger.under()
	return n
}

// metrics writes the numbers in the text format of Prometheus.
func (n numbers) metrics(w io.Writer) error {
	for _, m := range []struct {
		name, kind, help string
		value            int
	}{
		{"workers", "gauge", "Workers that were heard of in the last ten seconds.", n.workers},
		{"slots", "gauge", "Items that these workers can run at a time.", n.slots},
		{"tests", "gauge", "Tests of the campaign that have seeds of their own.", n.tests},
		{"tests_over", "gauge", "Tests of which no further seed is run.", n.over},
		{"items_under_way", "gauge", "Items that are planned and have no result.", n.under},
		{"items_planned_total", "counter", "Items that were planned.", n.planned},
		{"items_done_total", "counter", "Items that have a result.", n.results},
		{"items_retried_total", "counter", "Attempts at an item that failed.", n.retried},
		{"items_given_up_total", "counter", "Items that failed on every attempt.", n.lost},
		{"seeds_done_total", "counter", "Seeds that are done, without gaps before them.", n.seeds},
		{"runs_failing_total", "counter", "Runs of these seeds that did not just pass.", n.failing},
	} {
		name := "reprise_fleet_" + m.name
		if _, err := fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", name, m.help, name, m.kind, name,
			m.value); err != nil {
			return err
		}
	}
	return nil
}

// String describes the progress in a line.
func (n numbers) String() string {
	return fmt.Sprintf("%d seeds of %d tests done, %d tests over; %d items under way on %d slots of %d workers; "+
		"%d runs did not pass",
		n.seeds, n.tests, n.over, n.under, n.slots, n.workers, n.failing)
}

// serve serves the metrics on an address until stop is called.
func (c *coordinator) serve(address string) (stop func() error, err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = c.numbers().metrics(w) // the reader has gone
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := s.Shutdown(ctx)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

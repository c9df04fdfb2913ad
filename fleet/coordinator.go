package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/internal/gotest"
)

// leastWindow is the least number of items under way, and itemsPerSlot that for each item that the workers can run at
// a time: enough that none waits, and few enough that little is done in vain when a test is over.
const (
	leastWindow  = 8
	itemsPerSlot = 3
)

// maxResults is the number of results that are handled before further items are planned.
const maxResults = 64

// mostUnread is the number of failed attempts to read a result after which the coordinator says that it waits.
const mostUnread = 20

// coordinator leads a campaign.
type coordinator struct {
	*store
	spec *campaignSpec
	key  nkeys.KeyPair
	now  func() time.Time
	log  io.Writer // for people: what is seen, refused and given up

	mu      sync.Mutex
	ledger  *ledger
	workers map[string]time.Time // when each was last heard of
	slots   map[string]int       // of each worker
	refused map[string]bool      // what was said of refusals

	unread   int             // attempts to read a result that have failed in a row
	read     uint64          // number of the last message that was read from the stream of results
	seen     map[string]bool // test and signature of what was said
	deadline time.Time
}

func newCoordinator(s *store, spec *campaignSpec, key nkeys.KeyPair, log io.Writer) *coordinator {
	c := &coordinator{
		store: s, spec: spec, key: key, now: time.Now, log: log, ledger: newLedger(spec),
		workers: map[string]time.Time{}, slots: map[string]int{}, refused: map[string]bool{},
		seen: map[string]bool{},
	}
	var said sync.Once
	s.waits = func(err error) {
		said.Do(func() {
			c.say("the server stores no items, so the campaign waits: %v. If its disk was full, make room and start it again",
				err)
		})
	}
	if spec.Budget > 0 { // of a campaign that is resumed, the time since it was made counts as well
		c.deadline = spec.Created.Add(spec.Budget)
	}
	return c
}

// errCancelled is returned by search if the campaign is cancelled.
var errCancelled = errors.New("the campaign was cancelled")

// search reads results and plans items until all is done, or time is up and nothing is under way.
func (c *coordinator) search(ctx context.Context) error {
	sub, err := c.conn.Subscribe(presenceTopic+c.spec.ID, c.hear)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }() // of a connection that may be closed
	came := make(chan struct{}, 1)
	woken, err := c.conn.Subscribe(resultSubject+c.spec.ID, func(*nats.Msg) {
		select {
		case came <- struct{}{}:
		default: // there is a result already that is not handled
		}
	})
	if err != nil {
		return err
	}
	defer func() { _ = woken.Unsubscribe() }() // as above
	results, err := c.js.Stream(ctx, resultsStream+c.spec.ID)
	if err != nil {
		return fmt.Errorf("the results of campaign %s are not there: %w", c.spec.ID, err)
	}
	if err := c.catchUp(ctx, results); err != nil {
		return err
	}
	var checked time.Time
	for !c.settled() {
		n, err := c.take(ctx, results)
		if err != nil {
			return err
		}
		if now := c.now(); now.Sub(checked) > time.Second {
			checked = now
			if st, err := c.state(ctx, c.spec.ID); err == nil && st.State == cancelled {
				return errCancelled
			}
		}
		if err := c.plan(ctx); err != nil {
			return err
		}
		if n == 0 {
			await(ctx, came, 100*time.Millisecond)
		}
	}
	work, err := c.js.Stream(ctx, workStream+c.spec.ID)
	if err == nil {
		err = work.Purge(ctx) // of tests that are over
	}
	return err
}

// await waits for a result, for some time at most.
func await(ctx context.Context, came <-chan struct{}, most time.Duration) {
	select {
	case <-came:
	case <-ctx.Done():
	case <-time.After(most):
	}
}

// catchUp reads the results that are there already, and drops the items that are not taken yet: they are planned again.
func (c *coordinator) catchUp(ctx context.Context, results jetstream.Stream) error {
	for {
		n, err := c.take(ctx, results)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if c.read == 0 {
		return nil
	}
	work, err := c.js.Stream(ctx, workStream+c.spec.ID)
	if err != nil {
		return err
	}
	return work.Purge(ctx)
}

// settled reports whether all seeds are done, or time is up and none is under way, and all that has to be examined is.
// Time does not end examinations: without them, the machine of the campaign would do the same work alone.
func (c *coordinator) settled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ledger.done() && !(c.late() && c.ledger.under() == 0) {
		return false
	}
	c.ledger.finish()
	return c.ledger.examined()
}

// late reports whether the budget is used up.
func (c *coordinator) late() bool { return !c.deadline.IsZero() && !c.now().Before(c.deadline) }

// hear takes what a worker says of itself.
func (c *coordinator) hear(m *nats.Msg) {
	var p presence
	if json.Unmarshal(m.Data, &p) != nil || p.Slots < 0 || p.Slots > 1<<12 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for name, at := range c.workers {
		if now.Sub(at) > 5*presenceEvery {
			delete(c.workers, name)
			delete(c.slots, name)
		}
	}
	switch known := len(c.workers); {
	case p.Refused != "" && !c.refused[p.Worker] && len(c.refused) < 1<<10:
		c.refused[p.Worker] = true
		c.say("worker %q refuses the campaign: %q", p.Worker, p.Refused)
	case p.Refused == "" && known < 1<<12:
		c.workers[p.Worker], c.slots[p.Worker] = now, p.Slots
	}
}

func (c *coordinator) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.log, format+"\n", args...) // a line less is no failure
}

// take reads some results that are there. It returns how many messages it read.
func (c *coordinator) take(ctx context.Context, results jetstream.Stream) (n int, err error) {
	for n < maxResults {
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		m, err := results.GetMsg(limited, c.read+1)
		cancel()
		switch {
		case ctx.Err() != nil:
			return n, ctx.Err()
		case errors.Is(err, jetstream.ErrMsgNotFound):
			c.unread = 0
			return n, nil
		case err != nil: // the server is started again, for instance
			if c.unread++; c.unread == mostUnread {
				c.waits(err)
			}
			pause(ctx, 100*time.Millisecond)
			return n, nil
		}
		c.read++
		n++
		r := &itemResult{}
		if json.Unmarshal(m.Data, r) == nil {
			c.add(r)
		}
	}
	return n, nil
}

// add joins a result, and says what is new in it.
func (c *coordinator) add(r *itemResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := c.ledger.add(r)
	if !r.valid(len(c.spec.Tests)) {
		return
	}
	test := c.spec.Tests[r.Test]
	name := c.spec.Binaries[test.Binary].Package + " " + test.Name
	switch {
	case r.Err != "" && !r.Poisoned:
		c.say("attempt %d of %s of %s failed on worker %q: %q", r.Attempt, r.what(), name, r.Worker, r.Err)
		return
	case r.Poisoned && fresh:
		c.say("given up: %s of %s: %q", r.what(), name, r.Err)
	}
	switch {
	case !fresh:
	case r.Exam != nil:
		c.say("%s, seed 0x%016x: %s by worker %q", name, r.Exam.Seed, examined(r.Exam), r.Worker)
	case r.Scan != nil:
		c.saySeen(name, r)
	}
}

// examined describes an examination.
func examined(e *gotest.Exam) string {
	switch {
	case e.Signature == "":
		return "not confirmed"
	case e.Smallest == nil:
		return fmt.Sprintf("confirmed, signature %q, %s,", e.Signature, e.Verdict)
	}
	return fmt.Sprintf("confirmed, signature %q, %s, %q,", e.Signature, e.Verdict, e.Smallest.Minimal)
}

// saySeen says what failures a result has that were not seen before.
func (c *coordinator) saySeen(name string, r *itemResult) {
	for _, f := range r.Scan.Failing {
		if key := name + " " + f.Signature; f.Counts && !c.seen[key] {
			c.seen[key] = true
			c.say("seen: %s, seed 0x%016x: %q, signature %q", name, f.Seed, f.Headline, f.Signature)
		}
	}
}

// plan publishes further items, if there are few under way.
func (c *coordinator) plan(ctx context.Context) error {
	c.mu.Lock()
	slots := 0
	for _, n := range c.slots {
		slots += n
	}
	room := max(leastWindow, itemsPerSlot*slots) - c.ledger.under()
	items := c.ledger.exams(room)
	if len(c.slots) < 2 { // there is no other worker that could examine what one has found
		for i := range items {
			items[i].Not = ""
		}
	}
	if !c.late() {
		items = append(items, c.ledger.plan(room-len(items))...)
	}
	c.mu.Unlock()
	for _, i := range items {
		b, err := sign(c.key, i)
		if err == nil {
			// An item that is planned again has the same seeds and must not be dropped, so its id has the time.
			err = c.publish(ctx, workSubject, c.spec.ID, fmt.Sprintf("%s %d", i.id(), c.now().UnixNano()), b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

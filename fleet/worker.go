package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/reprise-go/reprise/fleet/internal/archive"
)

// An item is given up if an attempt fails that is at least its third, and when it has been delivered to so many workers
// that all died or were killed: that is rarely the item's fault.
const (
	maxAttempts   = 3
	maxDeliveries = 30
)

// maxDeclined is how often an examination may come to the worker that has found the failure before that worker does it
// itself because no other takes it. It is given up with its first failure then: the machine of the campaign does the
// work.
const maxDeclined = 20

// presenceEvery is how often a worker says that it is there.
const presenceEvery = 2 * time.Second

// presence is what a worker says of itself.
type presence struct {
	Worker  string
	Slots   int
	Refused string // why it does not work for the campaign; "" if it does
}

// worker takes items of all campaigns that run, and answers them:
//
//  1. A campaign is looked at once: its specification must be signed by a trusted key, and its machine must be like
//     this one. The reason of a refusal is printed and told to the coordinator.
//  2. Each slot takes one item at a time. An item must be signed by the key of its campaign.
//  3. The binary and the files of the package are fetched by their hashes, and the item is run.
//  4. The result is published, under an id by which the server drops a second one, and then the item is acknowledged.
//     While an item runs, the worker says so; an item of a worker that has died goes to another.
//  5. An item that failed is given back, and tried again by another worker. It is answered as given up if it fails too
//     often.
type worker struct {
	*store
	name    string
	slots   int
	folder  string   // for binaries and the folders of items
	trusted []string // public keys
	machine machineKind
	scan    func(ctx context.Context, r request) (*answer, error)
	log     io.Writer

	mu   sync.Mutex
	jobs map[string]*job // by campaign
	get  sync.Mutex      // one object is fetched at a time
}

// job is a campaign as a worker sees it.
type job struct {
	spec    *campaignSpec
	refused string
	items   jetstream.Consumer
	key     string
}

// newWorker returns a worker that runs items in processes of this program. Its folder is removed by release.
func newWorker(s *store, slots int, trusted []string, log io.Writer, l limits) (w *worker, release func() error,
	err error) {
	w = &worker{store: s, slots: slots, trusted: trusted, log: log, jobs: map[string]*job{}}
	host, err := os.Hostname()
	if err != nil {
		return nil, nil, err
	}
	if w.machine, err = thisMachine(); err != nil {
		return nil, nil, err
	}
	w.name = fmt.Sprintf("%s/%d/%d", host, os.Getpid(), time.Now().UnixNano()%1e6)
	removeLeft()
	if w.folder, err = os.MkdirTemp("", folderPattern); err != nil {
		return nil, nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	free, err := hold(w.folder)
	if err != nil {
		return nil, nil, err
	}
	if l.apart {
		cmd := limits{apart: true}.command(program, "")
		if out, err := cmd.CombinedOutput(); err != nil {
			l.apart = false
			_, _ = fmt.Fprintf(log, "tests can use the network of this machine, which cannot give them one of their own: %v %s\n",
				err, bytes.TrimSpace(out)) // a line less is no failure
		}
	}
	w.scan = scanner{program, l, w.folder, slots}.scan
	return w, func() error { return errors.Join(free(), os.RemoveAll(w.folder)) }, nil
}

// run works until ctx is done.
func (w *worker) run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { w.watch(ctx) })
	for range w.slots {
		all.Go(func() {
			for ctx.Err() == nil {
				if !w.round(ctx) {
					pause(ctx, 200*time.Millisecond)
				}
			}
		})
	}
	all.Wait()
}

// pause waits for a time or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// watch keeps the list of campaigns that run, and says that the worker is there.
func (w *worker) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if names, err := w.campaigns(ctx); err == nil {
			w.look(ctx, names)
		}
		w.mu.Lock()
		for id, j := range w.jobs {
			b, err := json.Marshal(presence{w.name, w.slots, j.refused})
			if err == nil {
				err = w.conn.Publish(presenceTopic+id, b)
			}
			if err != nil {
				break // the connection is lost, and is made again
			}
		}
		w.mu.Unlock()
		pause(ctx, presenceEvery/4)
	}
}

// look looks at the campaigns with these names: new ones are accepted or refused, those that ended are forgotten.
func (w *worker) look(ctx context.Context, names []string) {
	found := map[string]bool{}
	for _, id := range names {
		st, err := w.state(ctx, id)
		if err != nil || st.State != running {
			continue
		}
		found[id] = true
		w.mu.Lock()
		known := w.jobs[id] != nil
		w.mu.Unlock()
		if known {
			continue
		}
		j, err := w.accept(ctx, id, st)
		if err != nil {
			continue // the server does not answer; later
		}
		if j.refused != "" {
			_, _ = fmt.Fprintf(w.log, "refused: campaign %s: %s\n", id, j.refused) // a line less is no failure
		}
		w.mu.Lock()
		w.jobs[id] = j
		w.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range w.jobs {
		if !found[id] {
			delete(w.jobs, id)
		}
	}
}

// accept looks at a campaign for the first time.
func (w *worker) accept(ctx context.Context, id string, st state) (j *job, err error) {
	spec, err := w.spec(ctx, st, id, w.trusted)
	if errors.Is(err, errUntrusted) {
		return &job{refused: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	if why := w.machine.refuse(spec.Machine); why != "" {
		return &job{refused: why}, nil
	}
	j = &job{spec: spec}
	j.items, err = w.js.Consumer(ctx, workStream+id, workersDurable)
	return j, err
}

// round takes one item of each campaign. It reports whether there was any.
func (w *worker) round(ctx context.Context) (any bool) {
	w.mu.Lock()
	var list []*job
	for _, j := range w.jobs {
		if j.refused == "" {
			list = append(list, j)
		}
	}
	w.mu.Unlock()
	for _, j := range list {
		batch, err := j.items.Fetch(1, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			continue
		}
		for m := range batch.Messages() {
			any = true
			w.answer(ctx, j, m)
		}
	}
	return any
}

// answer runs an item, publishes the result, and acknowledges the item.
func (w *worker) answer(ctx context.Context, j *job, m jetstream.Msg) {
	item, deliveries, err := w.read(j, m)
	if err != nil { // nothing is known of it that a result could say
		_, _ = fmt.Fprintf(w.log, "refused an item: %v\n", err)
		_ = m.Term() // otherwise it comes again, and is refused again
		return
	}
	if item.Not == w.name && deliveries <= maxDeclined {
		// At random: of two workers in step, each could get what only the other may do, again and again. If it fails, the
		// item comes back when its time is over.
		_ = m.NakWithDelay(time.Duration(50+rand.IntN(250)) * time.Millisecond)
		return
	}
	r := w.attempt(ctx, j, item, m, deliveries)
	if ctx.Err() != nil {
		_ = m.Nak() // this worker ends; if that fails, the item comes back when its time is over
		return
	}
	b, err := json.Marshal(r)
	if err == nil {
		id := item.id()
		if r.Err != "" && !r.Poisoned {
			id = fmt.Sprintf("%s failed %d", id, r.Attempt)
		}
		err = w.publish(ctx, resultSubject, item.Campaign, id, b)
	}
	switch {
	case errors.Is(err, errGone):
		_ = m.Term() // if that fails, the item comes again, and its result finds no stream again
	case err != nil || r.Err != "" && !r.Poisoned:
		// If that fails, the item comes back when its time is over.
		_ = m.NakWithDelay(time.Duration(r.Attempt) * 200 * time.Millisecond)
	default:
		_ = m.DoubleAck(ctx) // if that fails, the item is run again, and the server drops the second result
	}
}

// read returns the item of a message, and how often it was delivered.
func (w *worker) read(j *job, m jetstream.Msg) (item workItem, deliveries int, err error) {
	meta, err := m.Metadata()
	if err != nil {
		return item, 0, err
	}
	if err := open(w.trusted, m.Data(), &item); err != nil {
		return item, 0, err
	}
	if item.Campaign != j.spec.ID || !item.valid(len(j.spec.Tests)) {
		return item, 0, fmt.Errorf("fleet: no item of campaign %s", j.spec.ID)
	}
	return item, int(meta.NumDelivered), nil
}

// attempt runs an item and returns the result.
func (w *worker) attempt(ctx context.Context, j *job, item workItem, m jetstream.Msg, deliveries int) *itemResult {
	r := &itemResult{workItem: item, Worker: w.name, Attempt: deliveries}
	if r.Attempt > maxDeliveries {
		r.Poisoned, r.Err = true, fmt.Sprintf("given up after %d workers had it and gave no answer", maxDeliveries)
		return r
	}
	a, err := w.work(ctx, j, item, m)
	if err == nil {
		err = w.fits(a)
	}
	if err == nil {
		r.answer = *a
		return r
	}
	r.Err = err.Error()
	if r.Poisoned = r.Attempt >= maxAttempts; r.Poisoned {
		r.Err = fmt.Sprintf("given up after %d attempts: %v", r.Attempt, err)
	}
	return r
}

// fits returns an error if an answer is larger than a message to the server may be.
func (w *worker) fits(a *answer) error {
	const rest = 4 << 10 // bytes of what a result has besides its answer, at most
	b, err := json.Marshal(a)
	if most := w.conn.MaxPayload() - rest; err == nil && int64(len(b)) > most {
		err = fmt.Errorf("its answer has %d bytes; the nats-server accepts %d (max_payload)", len(b), most)
	}
	return err
}

// work runs an item, while it tells the server that it does.
func (w *worker) work(ctx context.Context, j *job, item workItem, m jetstream.Msg) (*answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			_ = m.InProgress() // if that fails, another worker may do the same work
			pause(ctx, w.ackWait/3)
		}
	}()
	test := j.spec.Tests[item.Test]
	b := j.spec.Binaries[test.Binary]
	r := request{Collected: b.Collected, Test: test.Name, From: item.From, To: item.To, Signature: item.Signature}
	own, err := os.MkdirTemp(w.folder, "item-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(own) // all of it is removed with the folder of the worker
	if r.Path, err = w.fetch(ctx, b.Hash); err != nil {
		return nil, err
	}
	files, err := w.fetch(ctx, b.Files)
	if err != nil {
		return nil, err
	}
	if !filepath.IsLocal(filepath.FromSlash(b.Sub)) {
		return nil, fmt.Errorf("fleet: the folder %.80q of a package leads out of its archive", b.Sub)
	}
	f, err := os.Open(files)
	if err != nil {
		return nil, err
	}
	defer f.Close() // of a file that was only read
	if err := archive.Unpack(f, own); err != nil {
		return nil, err
	}
	if r.Artifacts, err = os.MkdirTemp(own, "artifacts-"); err != nil {
		return nil, err
	}
	r.Dir = filepath.Join(own, filepath.FromSlash(b.Sub))
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, err
	}
	return w.scan(ctx, r)
}

// fetch returns the path of an object. While the server does not answer, or the disk is full, it tries again.
func (w *worker) fetch(ctx context.Context, hash string) (path string, err error) {
	w.get.Lock()
	defer w.get.Unlock()
	for ctx.Err() == nil {
		path, err = w.getFile(ctx, w.folder, hash)
		if err == nil || errors.Is(err, errChanged) || errors.Is(err, jetstream.ErrObjectNotFound) {
			return path, err
		}
		pause(ctx, 500*time.Millisecond)
	}
	return "", ctx.Err()
}

package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// The names of what campaigns have on a server. The last three are followed by the campaign.
const (
	statesBucket   = "fleet-campaigns"
	objectsBucket  = "fleet-objects"
	workStream     = "fleet-work-"
	resultsStream  = "fleet-results-"
	workSubject    = "fleet.work."
	resultSubject  = "fleet.result."
	presenceTopic  = "fleet.presence."
	workersDurable = "workers"
)

// The states of a campaign.
const (
	running   = "running"
	cancelled = "cancelled"
	finished  = "finished"
)

// state is the state of a campaign on the server.
type state struct {
	State   string
	Spec    string // hash of the signed specification
	Created time.Time
}

// store is what campaigns have on a server: states, objects by their hash, items and results.
type store struct {
	conn    *nats.Conn
	js      jetstream.JetStream
	states  jetstream.KeyValue
	objects jetstream.ObjectStore
	ackWait time.Duration // after which an item goes to another worker
	waits   func(error)   // called now and then while nothing can be published, with the reason; may be nil
}

// defaultAckWait is the default of store.ackWait. A worker that lives says so three times in it.
const defaultAckWait = 15 * time.Second

func openStore(ctx context.Context, conn *nats.Conn) (s *store, err error) {
	s = &store{conn: conn, ackWait: defaultAckWait}
	if s.js, err = jetstream.New(conn); err != nil {
		return nil, err
	}
	s.states, err = s.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: statesBucket})
	if err != nil {
		return nil, fmt.Errorf("the server has no usable JetStream: %w", err)
	}
	s.objects, err = s.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: objectsBucket})
	return s, err
}

// create stores the signed specification and makes the streams of a campaign, which runs from then on.
func (s *store) create(ctx context.Context, spec *campaignSpec, key nkeys.KeyPair) error {
	b, err := sign(key, spec)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(b)
	st := state{running, hex.EncodeToString(hash[:]), spec.Created}
	if _, err := s.objects.PutBytes(ctx, st.Spec, b); err != nil {
		return err
	}
	_, err = s.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: workStream + spec.ID, Subjects: []string{workSubject + spec.ID}, Retention: jetstream.WorkQueuePolicy,
		MaxMsgSize: 1 << 16,
	})
	if err != nil {
		return err
	}
	_, err = s.js.CreateConsumer(ctx, workStream+spec.ID, jetstream.ConsumerConfig{
		Durable: workersDurable, AckPolicy: jetstream.AckExplicitPolicy, AckWait: s.ackWait, MaxAckPending: -1,
	})
	if err != nil {
		return err
	}
	_, err = s.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: resultsStream + spec.ID, Subjects: []string{resultSubject + spec.ID}, AllowDirect: true,
	})
	if err != nil {
		return err
	}
	return s.set(ctx, spec.ID, st)
}

func (s *store) set(ctx context.Context, id string, st state) error {
	b, err := json.Marshal(st)
	if err == nil {
		_, err = s.states.Put(ctx, id, b)
	}
	return err
}

// state returns the state of a campaign.
func (s *store) state(ctx context.Context, id string) (st state, err error) {
	e, err := s.states.Get(ctx, id)
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
		return st, fmt.Errorf("there is no campaign %q; reprise-fleet status lists them", id)
	}
	if err != nil {
		return st, err
	}
	return st, json.Unmarshal(e.Value(), &st)
}

// spec returns the specification of a campaign, which a trusted key must have signed.
func (s *store) spec(ctx context.Context, st state, id string, trusted []string) (*campaignSpec, error) {
	b, err := s.objects.GetBytes(ctx, st.Spec)
	if err != nil {
		return nil, err
	}
	spec := &campaignSpec{}
	if err := open(trusted, b, spec); err != nil {
		return nil, err
	}
	if spec.ID != id {
		return nil, fmt.Errorf("%w: the specification of campaign %s is that of another", errUntrusted, id)
	}
	return spec, nil
}

// campaigns returns the names of all campaigns, in order.
func (s *store) campaigns(ctx context.Context) ([]string, error) {
	names, err := s.states.Keys(ctx)
	if errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, nil
	}
	slices.Sort(names)
	return names, err
}

// putFile stores a file under its hash, which it returns. A file that is there is not sent again.
func (s *store) putFile(ctx context.Context, path string) (hash string, err error) {
	if hash, err = hashFile(path); err != nil {
		return "", err
	}
	if _, err := s.objects.GetInfo(ctx, hash); err == nil {
		return hash, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // of a file that was only read
	_, err = s.objects.Put(ctx, jetstream.ObjectMeta{Name: hash}, f)
	return hash, err
}

// errChanged is the error for an object that is not what its name says.
var errChanged = errors.New("fleet: an object was changed on the server")

// getFile returns the path of the file with a hash, in a folder in which it is kept. The hash is checked.
func (s *store) getFile(ctx context.Context, folder, hash string) (path string, err error) {
	if !isHash(hash) {
		return "", fmt.Errorf("%w: %.70q is no SHA-256", errChanged, hash)
	}
	path = filepath.Join(folder, hash)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	object, err := s.objects.Get(ctx, hash)
	if err != nil {
		return "", fmt.Errorf("object %s: %w", hash, err)
	}
	defer object.Close() // of an object that was only read
	f, err := os.CreateTemp(folder, "get-")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // it is not there if all went well
	h := sha256.New()
	if _, err = io.Copy(io.MultiWriter(f, h), object); err == nil {
		err = f.Chmod(0o700)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != hash {
		return "", fmt.Errorf("%w: the object %s has the SHA-256 %s", errChanged, hash, got)
	}
	return path, os.Rename(f.Name(), path)
}

// publish publishes a message of a campaign once: the server drops further ones with its id. It tries again until it
// can, for instance while the server is started again or its disk is full. The error errGone says that the campaign is
// not there any more.
func (s *store) publish(ctx context.Context, kind, campaign, id string, b []byte) error {
	subject, stream := workSubject+campaign, workStream+campaign
	if kind == resultSubject {
		subject, stream = resultSubject+campaign, resultsStream+campaign
	}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		limited, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, err := s.js.Publish(limited, subject, b, jetstream.WithMsgID(id))
		cancel()
		if errors.Is(err, jetstream.ErrNoStreamResponse) && s.lacks(ctx, stream) {
			return errGone
		}
		if err == nil || ctx.Err() != nil || errors.Is(err, nats.ErrMaxPayload) {
			return err
		}
		if s.waits != nil && wait > 300*time.Millisecond {
			s.waits(err)
		}
		pause(ctx, wait)
	}
}

// lacks reports whether the server says that it has no such stream. One of a cluster that has run out of disk space has
// none either, but does not say that.
func (s *store) lacks(ctx context.Context, stream string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := s.js.Stream(ctx, stream)
	return errors.Is(err, jetstream.ErrStreamNotFound)
}

// errGone is the error for a campaign that is not there any more.
var errGone = errors.New("fleet: the campaign was removed from the server")

// remove removes a campaign.
func (s *store) remove(ctx context.Context, id string) error {
	for _, stream := range []string{workStream + id, resultsStream + id} {
		if err := s.js.DeleteStream(ctx, stream); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
	}
	return s.states.Purge(ctx, id)
}

// collect removes the campaigns that do not run, and the objects that no other needs. It returns how many of each.
func (s *store) collect(ctx context.Context, trusted []string) (campaigns, objects int, err error) {
	names, err := s.campaigns(ctx)
	if err != nil {
		return 0, 0, err
	}
	used := map[string]bool{}
	for _, id := range names {
		st, err := s.state(ctx, id)
		if err != nil {
			return campaigns, 0, err
		}
		if st.State != running {
			if err := s.remove(ctx, id); err != nil {
				return campaigns, 0, err
			}
			campaigns++
			continue
		}
		spec, err := s.spec(ctx, st, id, trusted)
		if err != nil { // it is not known what it needs
			return campaigns, 0, fmt.Errorf("campaign %s runs, and no object is removed: %w", id, err)
		}
		used[st.Spec] = true
		for _, b := range spec.Binaries {
			used[b.Hash], used[b.Files] = true, true
		}
	}
	list, err := s.objects.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return campaigns, 0, err
	}
	for _, o := range list {
		if !used[o.Name] {
			if err := s.objects.Delete(ctx, o.Name); err != nil {
				return campaigns, objects, err
			}
			objects++
		}
	}
	return campaigns, objects, nil
}

// newID returns the name of a new campaign.
func newID(now time.Time, random string) string {
	return now.UTC().Format("20060102-150405-") + strings.ToLower(random[:6])
}

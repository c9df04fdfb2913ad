package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/fleet/internal/archive"
)

// fakeCampaign is a campaign with invented runs on an embedded server.
type fakeCampaign struct {
	*coordinator
	local  *local
	key    nkeys.KeyPair
	public string
	log    *lines
}

// lines are the lines of a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until the log has a text.
func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(l.String(), text) {
		if t.Context().Err() != nil {
			t.Fatalf("%q is not in the log", text)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// newFake starts a server and makes a campaign.
func newFake(t testing.TB, spec *campaignSpec) *fakeCampaign {
	t.Helper()
	l, err := openLocal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return newFakeOn(t, spec, l)
}

// newFakeOn makes a campaign on a server.
func newFakeOn(t testing.TB, spec *campaignSpec, l *local) *fakeCampaign {
	t.Helper()
	f := &fakeCampaign{local: l, log: &lines{}}
	f.key, f.public = newKey(t)
	s := f.open(t)
	object := filepath.Join(t.TempDir(), "object")
	file, err := os.Create(object)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(archive.Pack(file, t.TempDir(), nil), file.Close()); err != nil {
		t.Fatal(err)
	}
	if spec.Binaries[0].Hash, err = s.putFile(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	spec.Binaries[0].Files = spec.Binaries[0].Hash
	if spec.Machine == (machineKind{}) {
		if spec.Machine, err = thisMachine(); err != nil {
			t.Fatal(err)
		}
	}
	spec.Created = time.Now()
	if err := s.create(t.Context(), spec, f.key); err != nil {
		t.Fatal(err)
	}
	f.coordinator = newCoordinator(s, spec, f.key, f.log)
	return f
}

// open returns the store on the server, in which items go to another worker soon.
func (f *fakeCampaign) open(t testing.TB) *store {
	t.Helper()
	s, err := openStore(t.Context(), f.local.conn)
	if err != nil {
		t.Fatal(err)
	}
	s.ackWait = testAckWait
	return s
}

// work starts workers in this process until stop is called.
func (f *fakeCampaign) work(t testing.TB, workers, slots int, takes time.Duration) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range workers {
		s := f.open(t)
		all.Go(func() {
			if err := fakeWorker(ctx, s, slots, f.public, takes, f.log); err != nil {
				t.Error(err)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// TestWorkers: one worker and eight give the same sum, up to where each test ends.
func TestWorkers(t *testing.T) {
	var sums []string
	for _, workers := range []int{1, 8} {
		f := newFake(t, fakeSpec(2000, "TestRace", "TestOther"))
		stop := f.work(t, workers, 1, time.Millisecond)
		if err := f.search(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop()
		compareWithOne(t, f)
		sums = append(sums, summary(t, f.ledger))
	}
	if sums[0] != sums[1] {
		t.Errorf("one worker:\n%.2000s\neight:\n%.2000s", sums[0], sums[1])
	}
}

// TestSecondWorker: the first failing run of each signature is examined once, by a worker that has not found it.
func TestSecondWorker(t *testing.T) {
	t.Parallel()
	f := newFake(t, fakeSpec(1000, "TestRace", "TestBug"))
	defer f.work(t, 2, 1, 20*time.Millisecond)()
	for f.numbers().workers < 2 { // they are there before the first failure is seen
		f.listen(t)
	}
	if err := f.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, examined := map[string]string{}, 0
	for _, r := range f.results(t) {
		if r.Scan != nil {
			for _, s := range r.Scan.Failing {
				found[fmt.Sprint(r.Test, s.Number)] = r.Worker
			}
		}
		if r.Exam != nil {
			examined++
			if by := found[fmt.Sprint(r.Test, r.From)]; by == r.Worker || by == "" {
				t.Errorf("%s is found by %q and examined by %q, delivery %d, not %q", r.what(), by, r.Worker, r.Attempt, r.Not)
			}
		}
	}
	if said := f.log.String(); examined != 6 || strings.Count(said, ": confirmed, signature")+
		strings.Count(said, ": not confirmed") != 6 {
		t.Errorf("%d examinations\n%s", examined, said)
	}
}

// results returns all results, in the order in which they came.
func (f *fakeCampaign) results(t *testing.T) (list []*itemResult) {
	t.Helper()
	stream, err := f.js.Stream(t.Context(), resultsStream+f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(1); n <= stream.CachedInfo().State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		r := &itemResult{}
		if err := json.Unmarshal(m.Data, r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// listen hears a worker.
func (f *fakeCampaign) listen(t *testing.T) {
	t.Helper()
	sub, err := f.conn.SubscribeSync(presenceTopic + f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := sub.NextMsg(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	f.hear(m)
	if err := sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
}

// TestPoison: an item that always fails is tried three times, given up and named, and the rest is done.
func TestPoison(t *testing.T) {
	t.Parallel()
	f := newFake(t, fakeSpec(100, "TestPoison", "TestRace"))
	stop := f.work(t, 2, 1, 0)
	defer stop()
	if err := f.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	f.tellLost(&said)
	if len(f.ledger.known(0).Classes) != 100 || len(f.ledger.known(1).Classes) != 100 || len(f.ledger.lost()) == 0 ||
		!strings.Contains(said.String(), `m TestPoison were not run: "given up after 3 attempts: no run of seed`) {
		t.Errorf("lost %d items\n%s\n%s", len(f.ledger.lost()), said.String(), f.log)
	}
}

// TestResume: a coordinator that is killed is resumed by another, which knows what it knew.
func TestResume(t *testing.T) {
	t.Parallel()
	f := newFake(t, fakeSpec(3000, "TestRace", "TestBug"))
	defer f.work(t, 2, 2, 5*time.Millisecond)()
	for range 3 {
		ctx, kill := context.WithCancel(t.Context())
		before := f.numbers().results
		go func() {
			for f.numbers().results < before+5 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			kill()
		}()
		if err := f.search(ctx); err == nil {
			t.Fatal("it was not killed")
		}
		kill()
		f.coordinator = newCoordinator(f.open(t), f.spec, f.key, f.log)
	}
	if err := f.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareWithOne(t, f)
}

// compareWithOne compares what a campaign knows with what one worker knows that runs seed after seed.
func compareWithOne(t *testing.T, f *fakeCampaign) {
	t.Helper()
	for i, test := range f.spec.Tests {
		want, failing := inOrder(test.Name, f.spec.Seeds)
		k := f.ledger.known(i)
		got := 0
		for _, s := range k.Failing {
			if s.Number < len(want) {
				got++
			}
		}
		if len(k.Classes) < len(want) || fmt.Sprint(k.Classes[:len(want)]) != fmt.Sprint(want) || got != failing ||
			len(k.Without) > 0 {
			t.Errorf("%s: %d seeds and %d failures are known, want %d and %d; left out: %v", test.Name, len(k.Classes), got,
				len(want), failing, k.Without)
		}
	}
	if t.Failed() {
		f.tellLost(f.log)
		t.Log(f.log)
	}
}

// TestKill kills workers, and restarts the server, while they work: nothing is lost.
func TestKill(t *testing.T) {
	t.Parallel()
	workers, servers, seeds := 12, 2, 6000
	if os.Getenv("REPRISE_GORT_SLOW") == "1" { // lint: the name by which the tests of the project ask for more
		workers, servers, seeds = 200, 20, 60000
	}
	f := newFake(t, fakeSpec(seeds, "TestRace", "TestOther", "TestBug"))
	address := f.local.conn.ConnectedUrl()
	ctx, stop := context.WithCancel(t.Context())
	killed := make(chan error, 1)
	go func() { killed <- f.kill(ctx, address, workers, servers) }()
	if err := f.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-killed; err != nil {
		t.Error(err)
	}
	compareWithOne(t, f)
}

// kill starts worker after worker, of which it kills each when it has answered an item and has others, and now and then
// the server. Then it lets one finish.
func (f *fakeCampaign) kill(ctx context.Context, address string, workers, servers int) error {
	for i := range workers {
		cmd := exec.Command(os.Args[0], fakeVerb, address, f.public)
		cmd.Stdout = f.log
		if err := cmd.Start(); err != nil {
			return err
		}
		for answered := f.numbers().results; f.numbers().results == answered && ctx.Err() == nil; {
			pause(ctx, 5*time.Millisecond)
		}
		if i%max(workers/servers, 1) == 1 {
			if err := f.restart(); err != nil {
				return err
			}
		}
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()         // it was killed
		if ctx.Err() != nil {
			return fmt.Errorf("the campaign was over after %d of %d workers", i, workers)
		}
	}
	s, err := openStore(ctx, f.local.conn)
	if err != nil {
		return err
	}
	s.ackWait = testAckWait
	return fakeWorker(ctx, s, 8, f.public, 0, f.log)
}

// restart ends the server, and starts it again at the same address.
func (f *fakeCampaign) restart() error {
	o := server.Options{ServerName: "reprise-fleet", Host: "127.0.0.1", Authorization: f.local.password, JetStream: true,
		StoreDir: f.local.folder, NoSigs: true, NoLog: true}
	_, port, _ := strings.Cut(f.local.server.Addr().String(), ":")
	if _, err := fmt.Sscan(port, &o.Port); err != nil {
		return err
	}
	f.local.server.Shutdown()
	f.local.server.WaitForShutdown()
	again, err := server.NewServer(&o)
	if err != nil {
		return err
	}
	go again.Start()
	if !again.ReadyForConnections(serverPatience) {
		return errors.New("the server has not started again")
	}
	f.local.server = again
	return nil
}

// TestRefused: a worker of another version, architecture or Go version does no work and says why, here and to the
// coordinator.
func TestRefused(t *testing.T) {
	for want, change := range map[string]func(*machineKind){
		"the version of reprise-fleet of the campaign is v0": func(m *machineKind) { m.Version = "v0" },
		"the platform of the campaign is linux/s390x":        func(m *machineKind) { m.Platform = "linux/s390x" },
		"the Go version of the campaign is go1.2":            func(m *machineKind) { m.Go = "go1.2" },
	} {
		m, err := thisMachine()
		if err != nil {
			t.Fatal(err)
		}
		change(&m)
		spec := fakeSpec(32, "TestRace")
		spec.Machine = m
		f := newFake(t, spec)
		stop := f.work(t, 1, 1, 0)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.search(ctx) }()
		f.log.await(t, "refused: campaign c: "+want)
		f.log.await(t, "refuses the campaign: \""+want)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || f.numbers().results > 0 {
			t.Errorf("%v, %d results", err, f.numbers().results)
		}
		stop()
	}
}

// TestForged: an item that the campaign's key has not signed is not run.
func TestForged(t *testing.T) {
	f := newFake(t, fakeSpec(32, "TestRace"))
	other, _ := newKey(t)
	b, err := sign(other, workItem{Campaign: f.spec.ID, To: 16})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.publish(t.Context(), workSubject, f.spec.ID, "forged", b); err != nil {
		t.Fatal(err)
	}
	defer f.work(t, 1, 1, 0)()
	f.log.await(t, "refused an item: fleet: not signed by a trusted key")
	if err := f.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.numbers(); n.results != n.planned || n.lost > 0 {
		t.Errorf("%d results of %d items, %d lost", n.results, n.planned, n.lost)
	}
}

// TestCancelAndCollect: a campaign that is cancelled ends, and is removed with its objects; one that runs stays.
func TestCancelAndCollect(t *testing.T) {
	f := newFake(t, fakeSpec(32, "TestRace"))
	done := make(chan error, 1)
	go func() { done <- f.search(t.Context()) }()
	if line, err := f.describe(t.Context(), f.spec.ID); err != nil || !strings.Contains(line, running) {
		t.Errorf("%q, %v", line, err)
	}
	if campaigns, objects, err := f.collect(t.Context(), []string{f.public}); campaigns+objects > 0 || err != nil {
		t.Errorf("%d campaigns and %d objects are removed while they are used, %v", campaigns, objects, err)
	}
	st, err := f.state(t.Context(), f.spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	st.State = cancelled
	if err := f.set(t.Context(), f.spec.ID, st); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, errCancelled) {
		t.Errorf("it ended with %v", err)
	}
	if campaigns, objects, err := f.collect(t.Context(), nil); campaigns != 1 || objects != 2 || err != nil {
		t.Errorf("%d campaigns and %d objects are removed, %v", campaigns, objects, err)
	}
	if _, err := f.state(t.Context(), f.spec.ID); err == nil {
		t.Error("it is still there")
	}
}

// TestChangedObject: an object whose content is not that of its name is not used.
func TestChangedObject(t *testing.T) {
	f := newFake(t, fakeSpec(32, "TestRace"))
	hash := f.spec.Binaries[0].Hash
	if _, err := f.objects.PutBytes(t.Context(), hash, []byte("changed")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.getFile(t.Context(), t.TempDir(), hash); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("it is used: %v", err)
	}
	if _, err := f.getFile(t.Context(), t.TempDir(), "../x"); err == nil {
		t.Error("a path is taken for a hash")
	}
}

// TestMetrics: each metric has a line of help, a type and a value.
func TestMetrics(t *testing.T) {
	var b strings.Builder
	if err := (numbers{workers: 3, seeds: 7}).metrics(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i := 0; i+2 < len(lines); i += 3 {
		name := strings.Fields(lines[i+2])[0]
		if !strings.HasPrefix(lines[i], "# HELP "+name+" ") || !strings.HasPrefix(lines[i+1], "# TYPE "+name+" ") {
			t.Errorf("%q", lines[i:i+3])
		}
	}
	if len(lines)%3 != 0 || !strings.Contains(b.String(), "\nreprise_fleet_workers 3\n") &&
		!strings.Contains(b.String(), "reprise_fleet_seeds_done_total 7") {
		t.Errorf("%s", b.String())
	}
}

// TestOneServer: a second process, or a second call, uses the server of a store that runs.
func TestOneServer(t *testing.T) {
	folder := t.TempDir()
	first, err := openLocal(folder)
	if err != nil {
		t.Fatal(err)
	}
	second, err := openLocal(folder)
	if err != nil || second.server != nil {
		t.Fatalf("a second server is started, or %v", err)
	}
	host := first.server.Addr().String()
	if !strings.HasPrefix(host, "127.0.0.1:") {
		t.Errorf("it listens on %s", host)
	}
	if _, err := connect("nats://" + host); err == nil {
		t.Error("it asks for no password")
	}
	if err := errors.Join(second.close(), first.close()); err != nil {
		t.Error(err)
	}
}

// TestSoak: many small items take no more memory than few, apart from 8 bytes for each seed.
func TestSoak(t *testing.T) {
	items := 4000
	if os.Getenv("REPRISE_GORT_SLOW") == "1" {
		items = 1_000_000
	}
	f := newFake(t, fakeSpec(items, "TestOther"))
	f.ledger.most = 1
	defer f.work(t, 2, 8, 0)()
	ctx, stop := context.WithCancel(t.Context())
	samples := make(chan []uint64, 1)
	go func() {
		var list []uint64
		for part := 1; part <= 10 && ctx.Err() == nil; part++ {
			for f.numbers().results < part*items/10-20 && ctx.Err() == nil {
				pause(ctx, 10*time.Millisecond)
			}
			list = append(list, liveMemory())
		}
		samples <- list
	}()
	start := time.Now()
	if err := f.search(ctx); err != nil {
		t.Fatal(err)
	}
	stop()
	list := <-samples
	t.Logf("%d items in %v; MiB of memory after each tenth: %v", f.numbers().results, time.Since(start), list)
	if n := f.numbers().results; n < items {
		t.Errorf("%d results of %d items", n, items)
	}
	if grown := list[len(list)-1] - list[0]; list[len(list)-1] > list[0] && grown > 64+uint64(items)*100>>20 {
		t.Errorf("memory grows by %d MiB: %v", grown, list)
	}
}

// liveMemory returns how many MiB are live, of the server, the workers and the coordinator.
func liveMemory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc >> 20
}

// BenchmarkItems reports how many items a second are planned, answered and joined, by workers whose runs take no time.
func BenchmarkItems(b *testing.B) {
	for b.Loop() {
		f := newFake(b, fakeSpec(20_000, "TestRace"))
		stop := f.work(b, 2, 4, 0)
		start := time.Now()
		if err := f.search(b.Context()); err != nil {
			b.Fatal(err)
		}
		took, n := time.Since(start), f.numbers()
		if n.results != n.planned || n.lost > 0 || n.workers != 2 || n.results < 100 {
			b.Fatalf("%d results of %d items by %d workers, %d lost", n.results, n.planned, n.workers, n.lost)
		}
		b.ReportMetric(float64(n.results)/took.Seconds(), "items/s")
		stop()
	}
}

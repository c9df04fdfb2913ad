//go:build linux && (amd64 || arm64)

package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/base"
	cli "github.com/reprise-go/reprise/internal/cli/gotest"
)

// shop is a module with a test that fails in some schedules, one with a data race in nearly all, one that deadlocks in
// some, one that reads a file and passes, and a second package.
var shop = map[string]string{
	"go.mod": "module example.com/shop\n\ngo 1.26\n",
	"stock/stock_test.go": `package stock

import (
	"os"
	"sync"
	"testing"
)

func TestLost(t *testing.T) {
	var mu sync.Mutex
	stock, left := 10, make(chan int)
	take := func() {
		mu.Lock()
		n := stock
		mu.Unlock()
		mu.Lock()
		stock = n - 1
		mu.Unlock()
		left <- 1
	}
	go take()
	go take()
	<-left
	<-left
	if stock != 8 {
		t.Errorf("stock is %d, want 8", stock)
	}
}

func TestRace(t *testing.T) {
	sold := 0
	var all sync.WaitGroup
	all.Go(func() { sold++ })
	all.Go(func() { sold++ })
	all.Wait()
}

func TestLocks(t *testing.T) {
	var a, b sync.Mutex
	var all sync.WaitGroup
	all.Go(func() { a.Lock(); b.Lock(); b.Unlock(); a.Unlock() })
	all.Go(func() { b.Lock(); a.Lock(); a.Unlock(); b.Unlock() })
	all.Wait()
}

func TestFile(t *testing.T) {
	b, err := os.ReadFile("testdata/name.txt")
	if err != nil || string(b) != "shop" {
		t.Fatal(string(b), err)
	}
}
`,
	"stock/testdata/name.txt": "shop",
	"till/till_test.go": `package till

import "testing"

func TestOrder(t *testing.T) {
	c := make(chan int, 2)
	done := make(chan bool)
	for i := range 2 {
		go func() { c <- i; done <- true }()
	}
	<-done
	<-done
	if first := <-c; first == 1 {
		t.Error("the second came first")
	}
}
`,
}

// inModule makes a module, and goes there.
func inModule(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// TestLikeOneMachine: with one worker and with eight, the file of findings is that of reprise test, byte for byte. A
// campaign can be reported again.
func TestLikeOneMachine(t *testing.T) {
	inModule(t, shop)
	tmp := t.TempDir()
	args := func(name string) []string {
		return []string{"./...", "--seeds", "150", "--memory", "on", "--artifacts", filepath.Join(tmp, "artifacts"),
			"--jsonl", filepath.Join(tmp, name)}
	}
	o, err := cli.ParseArgs(args("one"))
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if err := o.Run(&out, &errs); code(err) != base.ExitFound {
		t.Fatalf("%v\n%s\n%s", err, out.String(), errs.String())
	}
	want := read(t, filepath.Join(tmp, "one"))
	if n := strings.Count(want, "\n"); n < 3 {
		t.Fatalf("%d findings:\n%s", n, want)
	}
	store := filepath.Join(tmp, "store")
	for _, workers := range []string{"1", "8"} {
		said := fleetCommand(t, base.ExitFound, append([]string{"run", "--store", store, "--workers", workers},
			args(workers)...)...)
		if got := read(t, filepath.Join(tmp, workers)); got != want {
			t.Errorf("with %s workers the findings are\n%s\nwant\n%s\n%s", workers, got, want, said)
		}
		if strings.Contains(said, "on a worker and not here") || strings.Contains(said, "given up") ||
			strings.Contains(said, "not confirmed") || strings.Count(said, "confirmed, signature") < 3 {
			t.Errorf("with %s workers:\n%s", workers, said)
		}
	}
	list := strings.Split(strings.TrimSpace(fleetCommand(t, base.ExitOK, "status", "--store", store)), "\n")
	if len(list) != 2 || !strings.Contains(list[0], finished) {
		t.Fatalf("status: %q", list)
	}
	again := filepath.Join(tmp, "8")
	if err := os.Remove(again); err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(list[1], " ")
	other, _, _ := strings.Cut(list[0], " ")
	for _, name := range []string{id, other} { // one of them is that of eight workers
		fleetCommand(t, base.ExitFound, "resume", name, "--store", store)
	}
	if got := read(t, again); got != want {
		t.Errorf("reported again, the findings are\n%s\nwant\n%s", got, want)
	}
	if said := fleetCommand(t, base.ExitOK, "gc", "--store", store); !strings.Contains(said, "removed 2 campaigns") {
		t.Errorf("gc: %s", said)
	}
}

// TestUntilCovered: a campaign that ends when enough is covered, and one of tests that run together, find what one
// machine finds.
func TestUntilCovered(t *testing.T) {
	inModule(t, shop)
	tmp := t.TempDir()
	for name, args := range map[string][]string{
		"covered":  {"./stock", "-run", "Lost|Locks|File", "--until-covered", "5%"},
		"together": {"./till", "--together", "--seeds", "20"},
	} {
		both := func(to string) []string {
			return append(args, "--minimize", "off", "--artifacts", filepath.Join(tmp, "artifacts"), "--jsonl",
				filepath.Join(tmp, to))
		}
		o, err := cli.ParseArgs(both(name))
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if err := o.Run(&out, &errs); code(err) != base.ExitFound {
			t.Fatalf("%v\n%s\n%s", err, out.String(), errs.String())
		}
		said := fleetCommand(t, base.ExitFound, append([]string{"run", "--store", filepath.Join(tmp, "store")},
			both(name+"2")...)...)
		want, got := read(t, filepath.Join(tmp, name)), read(t, filepath.Join(tmp, name+"2"))
		if got != want || want == "" {
			t.Errorf("%s: the findings are\n%s\nwant\n%s\n%s", name, got, want, said)
		}
		for line := range strings.Lines(errs.String() + out.String()) {
			if strings.HasPrefix(line, "coverage of ") && !strings.Contains(said, line) {
				t.Errorf("%s: %q is not in\n%s", name, line, said)
			}
		}
		told := strings.Contains(said, "till is searched by this machine only, at the end: its tests run together")
		if told != (name == "together") {
			t.Errorf("%s", said)
		}
	}
}

// serverAndWorker starts a server on loopback with its store in a folder, and a process of two workers. log has what
// these print.
func serverAndWorker(t *testing.T, store string, flags ...string) (l *local, addr string, cmd *exec.Cmd, log *lines) {
	t.Helper()
	l, err := openLocal(store)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(fleetCommand(t, base.ExitOK, "key", "--store", store))
	addr = strings.TrimSpace(read(t, filepath.Join(store, addressFile)))
	args := append([]string{"work", "--nats", addr, "--trust", key, "--workers", "2"}, flags...)
	cmd = exec.Command(os.Args[0], args...)
	log = &lines{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return l, addr, cmd, log
}

// TestElsewhere: workers in processes of their own, which connect to the server of another, find the same.
func TestElsewhere(t *testing.T) {
	inModule(t, shop)
	tmp := t.TempDir()
	store := filepath.Join(tmp, "store")
	l, address, cmd, log := serverAndWorker(t, store)
	said := fleetCommand(t, base.ExitFound, "run", "./till", "--seeds", "40", "--minimize", "off", "--nats", address,
		"--store", store, "--artifacts", filepath.Join(tmp, "artifacts"))
	if !strings.Contains(said, "seen: example.com/shop/till TestOrder") ||
		!strings.Contains(said, "1 finding in 1 package") {
		t.Errorf("%s\n%s", said, log.String())
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("an interrupted worker: %v\n%s", err, log.String())
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// code returns the exit code of an error.
func code(err error) int {
	var coded *base.ExitError
	if errors.As(err, &coded) {
		return coded.Code
	}
	return map[bool]int{true: base.ExitOK, false: base.ExitFound}[err == nil]
}

// fleetCommand runs the command, which must end with an exit code, and returns what it prints.
func fleetCommand(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if got := Main(args, strings.NewReader(""), &out, &out); got != want {
		t.Fatalf("%q: exit code %d, want %d\n%s", args, got, want, out.String())
	}
	return out.String()
}

// TestWrongUse: what cannot be done is refused, with what to do.
func TestWrongUse(t *testing.T) {
	store := t.TempDir()
	for want, args := range map[string]string{
		"--seeds N, --budget D":     "run ./...",
		"--shard: it is for":        "run ./... --seeds 5 --shard 1/2",
		"--files \"../x\"":          "run ./... --seeds 5 --files ../x",
		"--workers \"many\"":        "run ./... --seeds 5 --workers many",
		"there is no command":       "walk",
		"needs --nats URL":          "work",
		"must be a public key":      "work --store " + store + " --trust me",
		"there is no campaign":      "resume x --store " + store,
		"the name of one campaign":  "cancel --store " + store,
		"must be a whole number":    "run ./... --seeds none",
		"--nats needs a value":      "status --nats",
		"no connection to the nats": "status --nats nats://127.0.0.1:1",
	} {
		said := ""
		if strings.HasPrefix(want, "no connection") || strings.HasPrefix(want, "there is no campaign") {
			said = fleetCommand(t, base.ExitFound, strings.Fields(args)...)
		} else {
			said = fleetCommand(t, base.ExitUsage, strings.Fields(args)...)
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s: %q", args, said)
		}
	}
}

// TestUnconfirmed: a failure that only a worker has seen is listed, and one that was told is not.
func TestUnconfirmed(t *testing.T) {
	c := newCoordinator(&store{}, fakeSpec(300, "TestBug"), nil, &lines{})
	for !c.ledger.done() {
		for _, i := range c.ledger.plan(1) {
			s, err := fakeScan("TestBug", i.From, i.To)
			if err != nil {
				t.Fatal(err)
			}
			c.add(&itemResult{workItem: i, answer: answer{Scan: s}})
		}
	}
	told := `{"Action":"attr","Test":"TestBug/seed=0x1","Key":"%s","Value":"0000000000000003"}` + "\n"
	for key, want := range map[string]bool{"other": true, foundKey: false} {
		var said strings.Builder
		outputs := []bytes.Buffer{*bytes.NewBufferString(fmt.Sprintf(told, key))}
		c.tellUnconfirmed(outputs, &said)
		if strings.Contains(said.String(), "1 failure of example.com/m TestBug failed on a worker and not here") != want {
			t.Errorf("%s: %q", key, said.String())
		}
	}
}

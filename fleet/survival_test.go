//go:build linux

package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/reprise-go/reprise/internal/procs"
)

// smallDiskVerb starts a server whose store is on a disk of a few MiB, most of which is taken, given a port and a
// folder. It needs a mount namespace. SIGHUP makes room and starts the server again.
const smallDiskVerb = "small-disk"

func smallDiskMain(port, folder string) {
	err := syscall.Mount("none", folder, "tmpfs", 0, "size=16m")
	ballast := filepath.Join(folder, "ballast")
	if err == nil {
		err = os.WriteFile(ballast, make([]byte, 29<<19), 0o600)
	}
	o := server.Options{Host: "127.0.0.1", JetStream: true, StoreDir: folder, NoSigs: true, NoLog: true}
	if err == nil {
		_, err = fmt.Sscan(port, &o.Port)
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	for err == nil {
		var s *server.Server
		if s, err = server.NewServer(&o); err == nil {
			go s.Start()
			<-again
			s.Shutdown()
			s.WaitForShutdown()
			err = os.Remove(ballast)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// freePort returns a port on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// begin starts a command, which is killed at the end of the test, or of this process.
func begin(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	procs.Group(cmd, syscall.SIGKILL)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()         // it was killed
	})
}

// awaitServer connects to a server that starts.
func awaitServer(t *testing.T, do func() (*nats.Conn, error)) *local {
	t.Helper()
	var err error
	for range 1500 {
		var conn *nats.Conn
		if conn, err = do(); err == nil {
			l := &local{conn: conn}
			t.Cleanup(func() { _ = l.close() }) // the server may have ended
			return l
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

// TestFullDisk: when the disk of the server is full, the campaign waits and says so. When there is room and the server
// runs again, it goes on, and nothing is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	cmd := exec.Command(os.Args[0], smallDiskVerb, port, t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
	}
	begin(t, cmd)
	l := awaitServer(t, func() (*nats.Conn, error) { return connect("nats://127.0.0.1:" + port) })
	f := newFakeOn(t, fakeSpec(100_000, "TestRace", "TestNew"), l)
	defer f.work(t, 2, 2, 0)()
	done := make(chan error, 1)
	go func() { done <- f.search(t.Context()) }()
	f.log.await(t, "the server stores no items, so the campaign waits: ")
	if n := f.numbers(); n.seeds == 0 || n.over > 0 {
		t.Errorf("the disk was full after %d seeds", n.seeds)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	compareWithOne(t, f)
}

// TestWithoutJetStream: a server that has ended JetStream, as one of a cluster does when its disk is full, is no server
// from which the campaign was removed.
func TestWithoutJetStream(t *testing.T) {
	t.Parallel()
	f := newFake(t, fakeSpec(3000, "TestRace"))
	defer f.work(t, 2, 1, 5*time.Millisecond)()
	done := make(chan error, 1)
	go func() { done <- f.search(t.Context()) }()
	for f.numbers().results < 3 {
		time.Sleep(time.Millisecond)
	}
	if err := f.local.server.DisableJetStream(); err != nil {
		t.Fatal(err)
	}
	for said := false; !said; said = strings.Contains(f.log.String(), "stores no items, so the campaign waits: ") {
		select {
		case err := <-done:
			t.Fatalf("it has ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := f.restart(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	compareWithOne(t, f)
}

// stalling is a connection that is not read while it is stalled.
type stalling struct {
	net.Conn
	gate *sync.RWMutex
}

func (s stalling) Read(p []byte) (int, error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return s.Conn.Read(p)
}

// dialer makes connections that can be stalled.
type dialer struct{ gate sync.RWMutex }

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	return stalling{conn, &d.gate}, err
}

// TestSlowConsumer: a coordinator that the server cuts off because it does not read its messages connects again, and
// loses nothing.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true,
		NoLog: true, MaxPending: 1 << 20, WriteDeadline: 200 * time.Millisecond}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	if !s.ReadyForConnections(serverPatience) {
		t.Fatal("the server has not started")
	}
	slow := &dialer{}
	l := awaitServer(t, func() (*nats.Conn, error) { return connect(s.ClientURL(), nats.SetCustomDialer(slow)) })
	f := newFakeOn(t, fakeSpec(10_000, "TestRace", "TestBug"), l)
	other := &fakeCampaign{local: awaitServer(t, func() (*nats.Conn, error) { return connect(s.ClientURL()) }),
		public: f.public, log: f.log}
	defer other.work(t, 2, 2, 5*time.Millisecond)()
	done := make(chan error, 1)
	go func() { done <- f.search(t.Context()) }()
	for f.numbers().results < 5 {
		time.Sleep(time.Millisecond)
	}
	slow.gate.Lock()
	for s.NumSlowConsumers() == 0 {
		if err := other.local.conn.Publish(presenceTopic+f.spec.ID, make([]byte, 512<<10)); err != nil {
			t.Fatal(err)
		}
	}
	slow.gate.Unlock()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	compareWithOne(t, f)
}

// authority makes certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	dir  string
}

// issue writes a certificate for 127.0.0.1 and its key to files with a name. The first is that of the authority itself.
func (a *authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if a.cert == nil {
		c.IsCA, a.cert, a.key = true, c, private
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, kind string, b []byte) string {
		path := filepath.Join(a.dir, file)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write(name+".pem", "CERTIFICATE", der), write(name+".key", "EC PRIVATE KEY", secret)
}

// account returns the lines of a server's configuration for an account of an operator, and a file with the credentials
// of a user of it.
func account(t *testing.T, dir string) (lines, creds string) {
	t.Helper()
	pair := func(make func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		key, err := make()
		if err != nil {
			t.Fatal(err)
		}
		public, err := key.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		return key, public
	}
	operator, operatorID := pair(nkeys.CreateOperator)
	owner, accountID := pair(nkeys.CreateAccount)
	_, systemID := pair(nkeys.CreateAccount)
	user, userID := pair(nkeys.CreateUser)
	encode := func(c jwt.Claims, by nkeys.KeyPair) string {
		text, err := c.Encode(by)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	claims := jwt.NewAccountClaims(accountID)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	lines = fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n",
		encode(jwt.NewOperatorClaims(operatorID), operator), systemID, accountID, encode(claims, operator), systemID,
		encode(jwt.NewAccountClaims(systemID), operator))
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(encode(jwt.NewUserClaims(userID), owner), seed)
	if err != nil {
		t.Fatal(err)
	}
	creds = filepath.Join(dir, "user.creds")
	if err := os.WriteFile(creds, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return lines, creds
}

// TestServerProcess: a nats-server in a process of its own, with TLS, certificates of clients, and credentials. It is
// killed while workers work, and started again: nothing is lost. Without credentials, without a certificate, and
// without the authority, there is no connection.
func TestServerProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "nats-server")
	build := exec.Command("go", "build", "-o", program, "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a := &authority{dir: dir}
	ca, _ := a.issue(t, "ca")
	cert, key := a.issue(t, "server")
	own, ownKey := a.issue(t, "client")
	lines, creds := account(t, dir)
	port := freePort(t)
	config := filepath.Join(dir, "server.conf")
	text := fmt.Sprintf("listen: \"127.0.0.1:%s\"\njetstream { store_dir: %q }\ntls { cert_file: %q, key_file: %q, "+
		"ca_file: %q, verify: true }\n%s", port, filepath.Join(dir, "store"), cert, key, ca, lines)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() *exec.Cmd {
		cmd := exec.Command(program, "-c", config, "-l", filepath.Join(dir, "log"))
		begin(t, cmd)
		return cmd
	}
	first := start()
	all := flags{nats: "tls://127.0.0.1:" + port, creds: creds, ca: ca, cert: own, certKey: ownKey}
	l := awaitServer(t, all.dial)
	for what, change := range map[string]func(*flags){
		"credentials": func(f *flags) { f.creds = "" }, "a certificate": func(f *flags) { f.cert = "" },
		"the authority": func(f *flags) { f.ca = "" },
	} {
		less := all
		change(&less)
		if conn, err := less.dial(); err == nil {
			conn.Close()
			t.Errorf("there is a connection without %s", what)
		}
	}
	f := newFakeOn(t, fakeSpec(6000, "TestRace", "TestBug"), l)
	defer f.work(t, 2, 2, 5*time.Millisecond)()
	done := make(chan error, 1)
	go func() { done <- f.search(t.Context()) }()
	for f.numbers().results < 10 {
		time.Sleep(time.Millisecond)
	}
	if err := errors.Join(first.Process.Kill(), ignore(first.Wait())); err != nil {
		t.Fatal(err)
	}
	start()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	compareWithOne(t, f)
}

// ignore drops the error of a process that was killed.
func ignore(error) error { return nil }

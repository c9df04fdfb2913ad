package fleet

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// The files in the folder of a store.
const (
	addressFile = "address" // the URL of the server with its password, readable by its user only
	lockFile    = "lock"    // held by the process whose server uses the folder
	keyFile     = "key.nk"  // the key that signs campaigns
)

// serverPatience is how long a server may take to start.
const serverPatience = 20 * time.Second

// local is a connection to the server of a store, and that server if it runs in this process.
type local struct {
	conn     *nats.Conn
	server   *server.Server // nil if it runs in another process
	lock     *os.File
	folder   string
	password string // of the server in this process
}

// openLocal connects to the server of the store in a folder. If none runs, it starts one in this process, which listens
// on the loopback interface only and asks for a password that stands in the folder.
func openLocal(folder string) (l *local, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	l = &local{folder: folder, password: rand.Text()}
	if l.lock, err = os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	address := filepath.Join(folder, addressFile)
	if err = syscall.Flock(int(l.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		if err := l.lock.Close(); err != nil {
			return nil, err
		}
		l.lock = nil
		b, err := os.ReadFile(address)
		if err != nil {
			return nil, fmt.Errorf("another process uses the store %s, and its server is not ready: %w", folder, err)
		}
		l.conn, err = connect(strings.TrimSpace(string(b)))
		return l, err
	}
	if err == nil {
		err = l.start(address)
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// start starts the server.
func (l *local) start(address string) (err error) {
	l.server, err = server.NewServer(&server.Options{
		ServerName: "reprise-fleet", Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: l.password,
		JetStream: true, StoreDir: l.folder, NoSigs: true, NoLog: true,
	})
	if err != nil {
		return err
	}
	go l.server.Start()
	if !l.server.ReadyForConnections(serverPatience) {
		return fmt.Errorf("the nats-server on %s has not started after %v; is the disk full?", l.folder, serverPatience)
	}
	u, err := url.Parse(l.server.ClientURL())
	if err != nil {
		return err
	}
	u.User = url.User(l.password)
	if err := os.WriteFile(address, []byte(u.String()+"\n"), 0o600); err != nil {
		return err
	}
	l.conn, err = connect(u.String())
	return err
}

// close closes the connection, and ends the server if it runs in this process.
func (l *local) close() (err error) {
	if l.conn != nil {
		l.conn.Close()
	}
	if l.server != nil {
		l.server.Shutdown()
		l.server.WaitForShutdown()
	}
	if l.lock != nil {
		err = l.lock.Close()
	}
	return err
}

// connect connects to a server, and connects again whenever the connection is lost. Credentials and certificates are
// those of the URL, of the options, and of the environment, as the NATS command has them.
func connect(address string, options ...nats.Option) (*nats.Conn, error) {
	options = append(options, nats.Name("reprise-fleet"), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
		nats.Timeout(10*time.Second))
	conn, err := nats.Connect(address, options...)
	if err != nil {
		return nil, fmt.Errorf("no connection to the nats-server: %w", err) // the URL may have a password
	}
	return conn, nil
}

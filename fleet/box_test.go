//go:build linux && (amd64 || arm64)

package fleet

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// box is a module whose tests fail if they are in the box of a worker.
var box = map[string]string{
	"go.mod": "module example.com/box\n\ngo 1.26\n",
	"box_test.go": `package box

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFolder(t *testing.T) {
	if wd, err := os.Getwd(); err != nil || strings.HasPrefix(filepath.Base(wd), "item-") {
		t.Fatal("it has a folder of its own", err)
	}
}

func TestNetwork(t *testing.T) {
	b, err := os.ReadFile("/proc/net/dev")
	if err != nil || strings.Count(string(b), ":") == 1 && strings.Contains(string(b), " lo:") {
		t.Fatal("it has only a loopback interface", err)
	}
}

func TestLoopback(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal("the loopback interface is down", err)
	}
}

var memory []byte

func TestMemory(t *testing.T) { memory = make([]byte, 1<<30) }

func TestOutput(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "big"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(600 << 20); err != nil {
		t.Fatal("the file is too big", err)
	}
}
`,
}

// TestBox: a worker runs tests in a folder of its own, without a network besides the loopback interface, and with
// limits of memory and of what they write. What fails there only because of that is no finding.
func TestBox(t *testing.T) {
	inModule(t, box)
	tmp := t.TempDir()
	store := filepath.Join(tmp, "store")
	l, address, cmd, log := serverAndWorker(t, store, "--max-memory", "800", "--max-file", "500")
	var out bytes.Buffer
	Main([]string{"run", "./...", "--seeds", "3", "--nats", address, "--store", store, "--artifacts",
		filepath.Join(tmp, "artifacts")}, strings.NewReader(""), &out, &out)
	said := out.String()
	for _, want := range []string{
		`TestFolder, seed`, `it has a folder of its own`, `it has only a loopback interface`,
		`TestMemory, seed`, `cannot allocate memory`, `TestOutput, seed`, `failed on a worker and not here`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s\n%s", want, said, log.String())
		}
	}
	if strings.Contains(said, "the loopback interface is down") {
		t.Errorf("%s", said)
	}
	if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait(), l.close()); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
}

// TestGroup: what an item has started ends with it, and with the time for it.
func TestGroup(t *testing.T) {
	for script, want := range map[string]error{"sleep 600 & echo $!": nil, "sleep 600 & echo $!; wait": context.Canceled} {
		path := filepath.Join(t.TempDir(), "out")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if want != nil {
			go func() {
				for text, err := []byte(nil), error(nil); err == nil && len(text) == 0; text, err = os.ReadFile(path) {
					pause(ctx, time.Millisecond)
				}
				cancel()
			}()
		}
		cmd := exec.Command("sh", "-c", script)
		cmd.Stdout = file
		if err := run(ctx, cmd); !errors.Is(err, want) {
			t.Errorf("%q: %v", script, err)
		}
		cancel()
		awaitGone(t, strings.TrimSpace(read(t, path)))
	}
}

// awaitGone waits for the end of a process.
func awaitGone(t *testing.T, pid string) {
	t.Helper()
	for t.Context().Err() == nil {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("process %s is still there", pid)
}

// TestFoldersLeft: a worker removes the folders of workers that were killed, and no other.
func TestFoldersLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	folder := func(name string) string {
		path := filepath.Join(os.TempDir(), name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	left, used, new, other := folder("reprise-fleet-1"), folder("reprise-fleet-2"), folder("reprise-fleet-3"), folder("x")
	for _, path := range []string{left, used, other} {
		release, err := hold(path)
		if err != nil {
			t.Fatal(err)
		}
		if path != used {
			err = release()
		} else {
			defer func() { _ = release() }() // the folder is removed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	removeLeft()
	for path, want := range map[string]bool{left: false, used: true, new: true, other: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

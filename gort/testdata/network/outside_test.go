package network

import (
	"bufio"
	"crypto/md5"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestDialOutside connects to a server outside, whose address is in the environment.
func TestDialOutside(t *testing.T) {
	c, err := net.Dial("tcp", os.Getenv("NETWORK_SERVER"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	fmt.Printf("said %s\n", b)
	if err != nil {
		t.Error(err)
	}
}

// TestChildDials starts a child process, this binary again, that connects to listeners of the test, one that was there
// before and one that comes later.
func TestChildDials(t *testing.T) {
	if list := os.Getenv("NETWORK_CHILD"); list != "" {
		for at := range strings.FieldsSeq(list) {
			network, address, _ := strings.Cut(at, "=")
			c, err := net.Dial(network, address)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(c, "from the child")
			c.Close()
		}
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var list []net.Listener
	var addresses []string
	listen := func(network, address string) {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, l)
		addresses = append(addresses, network+"="+l.Addr().String())
	}
	listen("tcp", "127.0.0.1:0")
	listen("unix", t.TempDir()+"/s")
	if err := exec.Command("true").Run(); err != nil {
		t.Fatal(err)
	}
	listen("tcp", "[::1]:0")
	c := exec.Command(exe, "-test.run=^TestChildDials$")
	c.Env = append(os.Environ(), "NETWORK_CHILD="+strings.Join(addresses, " "))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(conn)
		if err != nil || string(b) != "from the child\n" {
			t.Errorf("%q, %v", b, err)
		}
		conn.Close()
		inside, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if conn, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		inside.Close()
		conn.Close()
		l.Close()
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

// TestFile hands a listener and a connection over as files.
func TestFile(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	again, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	go func() {
		c, err := net.Dial("tcp", again.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		fmt.Fprint(c, "hello")
		c.Close()
	}()
	c, err := again.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("%q, %v", b, err)
	}
	again.Close()
	if _, err := net.Dial("tcp", again.Addr().String()); err == nil {
		t.Error("a closed listener answers")
	}
}

// TestTalkOutside talks to a server outside on several connections, waits for one answer in vain, and fails.
func TestTalkOutside(t *testing.T) {
	said := make(chan string)
	for i := range 3 {
		go func() {
			c, err := net.Dial("tcp", os.Getenv("NETWORK_SERVER"))
			if err != nil {
				said <- err.Error()
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			text := fmt.Sprint(c.LocalAddr(), " to ", c.RemoteAddr(), ":")
			for k := range 3 {
				fmt.Fprintf(c, "%d %d\n", i, k)
				line, err := r.ReadString('\n')
				text += fmt.Sprintf(" %q %v", line, err)
			}
			c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, err = r.ReadString('\n')
			said <- fmt.Sprint(text, " ", err)
		}()
	}
	for range 3 {
		fmt.Println("said", <-said)
	}
	t.Error("it fails")
}

// TestRequestOutside makes requests to a server of HTTP outside, at the same time, and fails.
func TestRequestOutside(t *testing.T) {
	client := &http.Client{Timeout: 10 * time.Second}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			r, err := client.Get(fmt.Sprintf("http://%s/%d", os.Getenv("NETWORK_SERVER"), i))
			if err != nil {
				fmt.Println("said", err)
				return
			}
			b, err := io.ReadAll(r.Body)
			r.Body.Close()
			fmt.Printf("said %d %s %d %x %v\n", i, r.Header.Get("Date"), len(b), md5.Sum(b), err)
		})
	}
	all.Wait()
	t.Error("it fails")
}

// TestDatagramsOutside exchanges datagrams with a server outside, on a socket that is read before it reaches out.
func TestDatagramsOutside(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp", os.Getenv("NETWORK_SERVER"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		b := make([]byte, 100)
		for range 3 {
			n, from, err := c.ReadFrom(b)
			fmt.Printf("said %q from %v, %v\n", b[:n], from, err)
		}
		close(done)
	}()
	runtime.Gosched()
	for i := range 3 {
		if _, err := c.WriteTo([]byte(fmt.Sprint("datagram ", i)), to); err != nil {
			t.Error(err)
		}
	}
	<-done
	c.Close()
	askConnected(t)
	t.Error("it fails")
}

// askConnected exchanges a datagram on a socket that is connected to the server.
func askConnected(t *testing.T) {
	c, err := net.Dial("udp", os.Getenv("NETWORK_SERVER"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Write([]byte("connected"))
	b := make([]byte, 100)
	n, failed := c.Read(b)
	fmt.Printf("said %q, %v, %v\n", b[:n], err, failed)
	if err != nil || failed != nil {
		t.Fatal("no answer")
	}
}

// TestFixture reads files in its folder, if there are any, and fails.
func TestFixture(t *testing.T) {
	if os.Getenv("NETWORK_FIXTURE") == "" {
		return
	}
	for _, name := range []string{"small", "large", "sub/other"} {
		b, err := os.ReadFile(name)
		fmt.Printf("said %s %d %x %v\n", name, len(b), md5.Sum(b), err)
	}
	f, err := os.Open("large")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 10)
	_, err = f.ReadAt(b, 100)
	t.Errorf("it fails: %q, %v", b, err)
}

// TestChildSays starts child processes, of which one says something else each time, and fails.
func TestChildSays(t *testing.T) {
	for _, command := range []string{"echo hello", "cat /proc/sys/kernel/random/uuid", "head -c 100000 /dev/zero"} {
		b, err := exec.Command("sh", "-c", command).Output()
		fmt.Printf("said %s: %.40q %d %v\n", command, b, len(b), err)
	}
	t.Error("it fails")
}

// TestChildFile opens a file that a child process has made in the folder of temporary files.
func TestChildFile(t *testing.T) {
	out, err := exec.Command("sh", "-c", `echo made > "$TMPDIR/made"; echo "$TMPDIR/made"`).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(strings.TrimSpace(string(out)))
	fmt.Println(string(text), err)
}

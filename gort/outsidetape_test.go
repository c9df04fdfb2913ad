//go:build linux && (amd64 || arm64)

package gort

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reprise-go/reprise/internal/record"
)

// lineServer answers each line of a connection. It ends with the function that it returns.
func lineServer(t *testing.T) (address string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				for in := bufio.NewScanner(c); in.Scan(); {
					fmt.Fprintf(c, "answer to %s %s\n", in.Text(), strings.Repeat("x", 100))
				}
			})
		}
	})
	return l.Addr().String(), sync.OnceFunc(func() {
		_ = l.Close()
		all.Wait()
	})
}

// httpServer answers each request with bytes that depend on the path.
func httpServer(t *testing.T) (address string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(r.URL.Path, 20000))
	})}
	var all sync.WaitGroup
	all.Go(func() { _ = s.Serve(l) })
	return l.Addr().String(), sync.OnceFunc(func() {
		_ = s.Close()
		all.Wait()
	})
}

// datagramServer answers each datagram.
func datagramServer(t *testing.T) (address string, end func()) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for b := make([]byte, 1000); ; {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = c.WriteTo([]byte("answer to "+string(b[:n])), from)
		}
	})
	return c.LocalAddr().String(), sync.OnceFunc(func() {
		_ = c.Close()
		all.Wait()
	})
}

// tapeDiffers names the first difference between a run and its replay from the tape, "" if there is none. Places may
// have other numbers, since a replay waits by other functions of the runtime.
func tapeDiffers(first, again *Outcome) string {
	a, b := first.Recording, again.Recording
	switch {
	case again.Mismatch != nil || again.Unlike != "":
		return "the recording"
	case a.Hash != b.Hash || len(a.Records) != len(b.Records):
		return "decisions"
	case first.Virtual != again.Virtual:
		return "time"
	case !bytes.Equal(first.Output, again.Output):
		return "output"
	case !reflect.DeepEqual(a.Tape, b.Tape):
		return "the tape"
	}
	for i, r := range a.Records {
		again := b.Records[i]
		if r.Site, again.Site = 0, 0; r != again || a.Place(a.Records[i].Site) != b.Place(b.Records[i].Site) {
			return fmt.Sprintf("record %d", i)
		}
	}
	return ""
}

// outsideTests are tests that talk to a server outside.
var outsideTests = []struct {
	name  string
	serve func(*testing.T) (string, func())
}{
	{"TestTalkOutside", lineServer}, {"TestRequestOutside", httpServer}, {"TestDatagramsOutside", datagramServer},
}

// kept returns the choices of a run from memory and from a file.
func kept(t *testing.T, o *Outcome) []*record.Choices {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := o.Save(path, "", nil); err != nil {
		t.Fatal(err)
	}
	loaded, _, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return []*record.Choices{o.Recording.Choices(), loaded}
}

// TestTape: a run that talks to a server outside replays without the server, from memory and from a file.
func TestTape(t *testing.T) {
	for _, test := range outsideTests {
		address, end := test.serve(t)
		t.Setenv("NETWORK_SERVER", address)
		var runs []*Outcome
		for seed := range uint64(4) {
			runs = append(runs, mustRun(t, network(t), test.name, Control{Seed: seed}))
		}
		end()
		for seed, first := range runs {
			tape := first.Recording.Tape
			if first.Verdict != Failed || len(tape.Calls) == 0 || tape.Cut != 0 ||
				bytes.Contains(first.Output, []byte("no answer")) {
				t.Fatalf("%s, seed %d: %s, %d calls on the tape\n%s", test.name, seed, first.describe(),
					len(tape.Calls), first.Output)
			}
			for _, choices := range kept(t, first) {
				again := mustRun(t, network(t), test.name, Control{Choices: choices})
				if d := tapeDiffers(first, again); d != "" {
					t.Errorf("%s, seed %d: the replay differs in %s: %v, %q\n%.500s\nwant\n%.500s", test.name, seed, d,
						again.Mismatch, again.Unlike, again.Output, first.Output)
				}
			}
		}
	}
}

// TestTapeCut: a tape that the bound cuts replays as far as it goes, and the replay names the read that is missing.
func TestTapeCut(t *testing.T) {
	address, end := lineServer(t)
	t.Setenv("NETWORK_SERVER", address)
	first := mustRun(t, network(t), "TestTalkOutside", Control{RecordOutside: 2000})
	none := mustRun(t, network(t), "TestTalkOutside", Control{RecordOutside: -1})
	end()
	if n := len(first.Recording.Tape.Calls); n < 5 || first.Recording.Tape.Cut == 0 {
		t.Fatalf("%d calls on the tape, %d missing", n, first.Recording.Tape.Cut)
	}
	again := mustRun(t, network(t), "TestTalkOutside", Control{Choices: first.Recording.Choices()})
	if !strings.Contains(again.Unlike, address) || !strings.Contains(again.Unlike, "is missing in the recording") ||
		again.Verdict != Diverged || again.Mismatch == nil {
		t.Errorf("%s: %q, %v\n%s", again.Verdict, again.Unlike, again.Mismatch, again.Output)
	}
	if none.Recording.Choices().Tape != nil {
		t.Errorf("a tape of %d calls although there should be none", len(none.Recording.Tape.Calls))
	}
}

// TestTapeDiffers: a replay names the call at which the program, or the tape, is not that of the recording.
func TestTapeDiffers(t *testing.T) {
	address, end := lineServer(t)
	t.Setenv("NETWORK_SERVER", address)
	first := mustRun(t, network(t), "TestTalkOutside", Control{})
	end()
	change := func(what record.CallKind, edit func(*record.Call)) *record.Choices {
		choices, done := first.Recording.Choices(), 0
		tape := &record.Tape{Calls: append([]record.Call(nil), choices.Tape.Calls...)}
		for i := range tape.Calls {
			if c := &tape.Calls[i]; c.What == what {
				if done++; done == 2 {
					c.Data = append([]byte(nil), c.Data...)
					edit(c)
				}
			}
		}
		choices.Tape = tape
		return choices
	}
	for _, test := range []struct {
		what record.CallKind
		edit func(*record.Call)
		want string
		ends bool // the replay does
	}{
		{record.CallWrite, func(c *record.Call) { c.Hash++ }, "differs from the recording, which has other bytes",
			false},
		{record.CallConnect, func(c *record.Call) { c.Hash++ }, "dials another address than the recording, which has " +
			"dial 1 of " + address, false},
		{record.CallRead, func(c *record.Call) {
			c.Data = make([]byte, 1<<16)
			c.Size, c.Result = 1<<16, 1<<16
		}, "has room for less than the 65536 bytes", true},
		{record.CallOption, func(c *record.Call) { c.What = record.CallShutdown },
			"is not in the recording, which has shutdown 1 of", true},
		{record.CallRead, func(c *record.Call) { c.Data[0] = 'A' }, "", false},
	} {
		again := mustRun(t, network(t), "TestTalkOutside", Control{Choices: change(test.what, test.edit)})
		if !strings.Contains(again.Unlike, test.want) || (again.Unlike == "") != (test.want == "") ||
			(again.Verdict == Diverged) != test.ends {
			t.Errorf("%v: %s: %q, want %q\n%s", test.what, again.Verdict, again.Unlike, test.want, again.Output)
		}
		if test.want == "" && !strings.Contains(string(again.Output), "Answer") {
			t.Errorf("the program does not get the bytes of the tape:\n%s", again.Output)
		}
	}
}

// TestTapeFiles: a replay reads files of the module as they are now, and names the first that differs, with the offset.
func TestTapeFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-time.Hour) // and not since the start of the run
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	large := strings.Repeat("0123456789abcdef", 4096)
	write("m/go.mod", "module example.com/m\n")
	write("m/p/small", "some text")
	write("m/p/large", large)
	write("m/p/sub/other", "x")
	b := *network(t)
	b.Dir = filepath.Join(dir, "m/p")
	t.Setenv("NETWORK_FIXTURE", "yes")
	first := mustRun(t, &b, "TestFixture", Control{})
	if s := first.Recording.Tape.Stored(); first.Verdict != Failed || s.Files != 4 || s.Bytes != 0 {
		t.Fatalf("%s, %+v on the tape\n%s", first.describe(), s, first.Output)
	}
	for _, test := range []struct{ name, text, want string }{
		{"m/p/small", "some text", ""},
		{"m/p/small", "some TEXT", "p/small differs from the recording at offset 5"},
		{"m/p/small", "some text and more", "p/small differs from the recording at offset 9"},
		{"m/p/small", "some", "p/small differs from the recording at offset 4"},
		{"m/p/small", "some text", ""},
		{"m/p/large", large[:50_000] + "X" + large[50_001:], "p/large differs from the recording at offset"},
	} {
		write(test.name, test.text)
		again := mustRun(t, &b, "TestFixture", Control{Choices: first.Recording.Choices()})
		if !strings.Contains(again.Unlike, test.want) || (again.Unlike == "") != (test.want == "") {
			t.Errorf("%s %.20q: %s, %q, want %q\n%s", test.name, test.text, again.Verdict, again.Unlike, test.want, again.Output)
		}
	}
	if err := os.Remove(filepath.Join(dir, "m/p/sub/other")); err != nil {
		t.Fatal(err)
	}
	write("m/p/large", large)
	again := mustRun(t, &b, "TestFixture", Control{Choices: first.Recording.Choices()})
	if want := "p/sub/other is read in the recording, and not"; !strings.Contains(again.Unlike, want) {
		t.Errorf("%s, %q, want %q\n%s", again.Verdict, again.Unlike, want, again.Output)
	}
}

// TestTapeVersions: it works with all versions of Go. It is slow.
func TestTapeVersions(t *testing.T) {
	if !slow {
		return
	}
	for _, v := range others {
		download(t, v)
		b, err := Build(t.Context(), filepath.Join("testdata", "network"), ".", BuildConfig{Cache: cacheDir(t),
			Env: append(os.Environ(), "GOTOOLCHAIN="+v)})
		if err != nil {
			t.Fatal(err)
		}
		address, end := lineServer(t)
		t.Setenv("NETWORK_SERVER", address)
		first := mustRun(t, b, "TestTalkOutside", Control{})
		end()
		if d := tapeDiffers(first, mustRun(t, b, "TestTalkOutside", Control{Choices: first.Recording.Choices()})); d != "" {
			t.Errorf("%s: the replay differs in %s", v, d)
		}
	}
}

// TestTapePipes: a child process runs in a replay, too, and the program gets what the recording has of its output.
func TestTapePipes(t *testing.T) {
	first := mustRun(t, network(t), "TestChildSays", Control{})
	if s := first.Recording.Tape.Stored(); first.Verdict != Failed || s.Pipes == 0 || s.Bytes < 100_000 {
		t.Fatalf("%s, %+v on the tape\n%s", first.describe(), s, first.Output)
	}
	again := mustRun(t, network(t), "TestChildSays", Control{Choices: first.Recording.Choices()})
	if again.Mismatch != nil || again.Children != first.Children || !bytes.Equal(again.Output, first.Output) {
		t.Errorf("the replay differs: %v\n%s\nwant\n%s", again.Mismatch, again.Output, first.Output)
	}
	if want := "from a pipe (descriptor"; !strings.Contains(again.Unlike, want) ||
		!strings.Contains(again.Unlike, "goes on with the 37 bytes that are recorded") {
		t.Errorf("%q, want %q", again.Unlike, want)
	}
}

// TestTapePipesTemp: a replay has its folder of temporary files in another place, and a child that names it says the
// same.
func TestTapePipesTemp(t *testing.T) {
	first := mustRun(t, network(t), "TestChildFile", Control{})
	again := mustRun(t, network(t), "TestChildFile", Control{Choices: first.Recording.Choices()})
	if again.Mismatch != nil || again.Unlike != "" || !strings.Contains(string(again.Output), "made\n <nil>") ||
		!bytes.Equal(again.Output, first.Output) {
		t.Errorf("the replay differs: %v %q\n%s\nwant\n%s", again.Mismatch, again.Unlike, again.Output, first.Output)
	}
}

package cli

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/reprise-go/reprise/event"
)

// TestProgress checks what is told on a terminal: nothing at first, not too often, and nothing that stays.
func TestProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	p := startProgress(&out, "big.reprise", func() time.Time { return now })
	wait := func(d time.Duration, read, size int64, want string) {
		t.Helper()
		out.Reset()
		now = now.Add(d)
		p.tell(read, size)
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
	wait(progressEvery-1, 10e6, 40e6, "")
	wait(1, 20e6, 40e6, "\r\x1b[Kbig.reprise: 50% of 40 MB")
	wait(progressEvery-1, 30e6, 40e6, "")
	wait(1, 30e6, -1, "\r\x1b[Kbig.reprise: 30 MB")
	out.Reset()
	p.done()
	p.done()
	if out.String() != "\r\x1b[K" {
		t.Errorf("at the end %q", out.String())
	}
}

// TestProgressIsForTerminals checks that nothing is told where stderr is a file or no file.
func TestProgressIsForTerminals(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if newProgress(file, "x").w != nil || newProgress(&bytes.Buffer{}, "x").w != nil {
		t.Error("progress is told to what is no terminal")
	}
	newProgress(file, "x").tell(1, 2)
}

// brokenPipe fails after some bytes.
type brokenPipe struct{ left int }

var errPipe = errors.New("nobody reads")

// Write implements io.Writer.
func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, errPipe
	}
	return len(b), nil
}

// TestOutputFails checks that every command ends with 1 if its output cannot be written, wherever that shows.
func TestOutputFails(t *testing.T) {
	run, ring := corpus+"/run.reprise", corpus+"/ring.reprise"
	for _, args := range [][]string{
		{"dump", run}, {"dump", "--json", run}, {"dump", "--json", "--kind", "RngSeed", run}, {"stats", run},
		{"stats", "--json", run}, {"verify", run}, {"verify", "--json", ring}, {"version"}, {"version", "--json"},
		{"convert", run, "-", "--to", "reprise"}, {"convert", run, "-", "--to", "jsonl"}, {"convert", run, "-", "--to", "msgpack"},
		{"recover", run, t.TempDir() + "/x.reprise"}, {"diff", run, ring}, {"demo", "-o", t.TempDir() + "/x.reprise"},
	} {
		for _, left := range []int{0, 3} {
			var errs bytes.Buffer
			if code := Main(args, nil, &brokenPipe{left}, &errs); code != exitFound || !bytes.Contains(errs.Bytes(), []byte(errPipe.Error())) {
				t.Errorf("%q with room for %d bytes ends with %d: %s", args, left, code, errs.String())
			}
		}
	}
}

// TestAnnouncedNumber checks that the MessagePack form is not written with a number of events that is not theirs.
func TestAnnouncedNumber(t *testing.T) {
	var b bytes.Buffer
	s, err := newMsgpackSink(&b, event.NewMetadata(5), 2, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(event.RngSeed(5)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || err.Error() != "2 events were announced, 1 came" {
		t.Errorf("Close says %v", err)
	}
}

// TestProgressSay: what is said replaces the line, not too often, and is removed at the end.
func TestProgressSay(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := startProgress(&b, "test", func() time.Time { return now })
	p.say("%d done", 1)
	now = now.Add(progressEvery)
	p.say("%d done", 2)
	p.say("%d done", 3)
	p.done()
	if want := "\r\x1b[Ktest: 2 done\r\x1b[K"; b.String() != want {
		t.Errorf("progress %q, want %q", b.String(), want)
	}
	(&progress{}).say("nobody looks")
}

package base

import (
	"bytes"
	"os"
	"testing"
	"time"
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
		p.Tell(read, size)
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
	wait(ProgressEvery-1, 10e6, 40e6, "")
	wait(1, 20e6, 40e6, "\r\x1b[Kbig.reprise: 50% of 40 MB")
	wait(ProgressEvery-1, 30e6, 40e6, "")
	wait(1, 30e6, -1, "\r\x1b[Kbig.reprise: 30 MB")
	out.Reset()
	p.Done()
	p.Done()
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
	if NewProgress(file, "x").w != nil || NewProgress(&bytes.Buffer{}, "x").w != nil {
		t.Error("progress is told to what is no terminal")
	}
	NewProgress(file, "x").Tell(1, 2)
}

// TestProgressSay: what is said replaces the line, not too often, and is removed at the end.
func TestProgressSay(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := startProgress(&b, "test", func() time.Time { return now })
	p.Say("%d done", 1)
	now = now.Add(ProgressEvery)
	p.Say("%d done", 2)
	p.Say("%d done", 3)
	p.Done()
	if want := "\r\x1b[Ktest: 2 done\r\x1b[K"; b.String() != want {
		t.Errorf("progress %q, want %q", b.String(), want)
	}
	(&progress{}).Say("nobody looks")
}

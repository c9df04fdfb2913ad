package base

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestColorsOnlyOnATerminal takes the null device for a terminal: it is a character device too.
func TestColorsOnlyOnATerminal(t *testing.T) {
	open := func(path string) *os.File {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() }) // only opened to be looked at
		return f
	}
	device, file := open(os.DevNull), open(filepath.Join(t.TempDir(), "out"))
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if !isTerminal(device) || isTerminal(file) || isTerminal(&bytes.Buffer{}) {
		t.Errorf("a terminal is %v, a file %v, a buffer %v", isTerminal(device), isTerminal(file),
			isTerminal(&bytes.Buffer{}))
	}
	t.Setenv("TERM", "dumb")
	if isTerminal(device) {
		t.Error("a dumb terminal gets colours")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	if isTerminal(device) {
		t.Error("NO_COLOR is not heeded")
	}
}

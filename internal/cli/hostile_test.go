package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/internal/hostile"
)

// reading are the commands that read a file without running a program; OUT is a path that is free.
var reading = [][]string{
	{"dump", "FILE"}, {"dump", "--json", "FILE"}, {"dump", "--from", "1", "FILE"}, {"dump", "--since", "1ns", "FILE"},
	{"dump", "--task", "nobody", "FILE"}, {"stats", "FILE"}, {"stats", "--json", "FILE"}, {"verify", "FILE"},
	{"diff", "FILE", "FILE"}, {"convert", "FILE", "OUT.jsonl"}, {"convert", "FILE", "OUT.reprise"},
	{"convert", "FILE", "OUT.msgpack"}, {"recover", "FILE", "OUT.reprise"}, {"view", "--text", "FILE"},
	{"view", "--line", "FILE"}, {"view", "FILE", "-o", "OUT.html"}, {"view", "FILE", "FILE", "-o", "OUT.html"},
	{"export", "FILE", "--perfetto", "OUT.pftrace"},
}

// in puts paths into the arguments of a command.
func in(args []string, file, dir string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		switch {
		case arg == "FILE":
			args[i] = file
		case filepath.Ext(arg) != "" && arg[:3] == "OUT":
			args[i] = filepath.Join(dir, "out"+filepath.Ext(arg))
		}
	}
	return args
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// harmless is what any command allocates for a small file at most.
const harmless = 3 << 20

// TestHostileFiles gives files that announce or expand to much to every command that reads one. A command ends with a
// result or with the exit code of a bad file, and costs little memory.
func TestHostileFiles(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, f := range hostile.Files() {
		t.Run(f.Name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, f.Name)
			if err := os.WriteFile(file, f.Bytes, 0o666); err != nil {
				t.Fatal(err)
			}
			most := harmless + 2*f.Most + 20*uint64(len(f.Bytes))
			for _, args := range reading {
				var code int
				var errs bytes.Buffer
				got := allocated(func() { code = Main(in(args, file, dir), nil, io.Discard, &errs) })
				if got > most {
					t.Errorf("%q, a file of %d bytes: %d bytes allocated, want at most %d", args, len(f.Bytes), got, most)
				}
				if code != base.ExitOK && code != base.ExitInput && code != base.ExitFound && code != base.ExitUsage {
					t.Errorf("%q ends with %d: %s", args, code, errs.String())
				}
			}
		})
	}
}

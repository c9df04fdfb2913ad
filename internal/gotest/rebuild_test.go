package gotest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/wire"
	"github.com/reprise-go/reprise/tracefile"
)

// inCorpus makes the folder of the corpus the current one, from which packages are found.
func inCorpus(t *testing.T) {
	t.Helper()
	t.Chdir(corpusDir)
}

// TestRebuild replays a recording that only a file has, with the flags, the arguments and the leaks of its identity.
func TestRebuild(t *testing.T) {
	inCorpus(t)
	id := tracefile.Identity{
		tracefile.KeyPackage: "example.com/corpus", tracefile.KeyTest: "TestStreams", tracefile.KeyGo: "go0.9",
		tracefile.KeyOS: "plan9", tracefile.KeyArch: runtime.GOARCH, tracefile.KeyBuild: `["-tags=edited"]`,
		tracefile.KeyArgs: `["-test.v"]`, tracefile.KeyLeaks: wire.LeaksOff,
	}
	r, err := Rebuild(t.Context(), id, os.Environ(), Given{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() // a temporary file
	got, system := strings.Join(r.Notes, "\n"), "\nanother operating system: recorded with plan9, replayed with "+
		runtime.GOOS
	if !strings.HasPrefix(got, "another version of Go: recorded with go0.9, replayed with go1.") ||
		!strings.HasSuffix(got, system) {
		t.Errorf("the notes are\n%s", got)
	}
	recorded := hasty(t)
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err := recorded.Save(path, "", id); err != nil {
		t.Fatal(err)
	}
	choices, _, err := gort.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := r.Run(t.Context(), gort.Control{Choices: choices})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Compare(path, replayed); err != nil || c.First != nil ||
		!strings.Contains(string(replayed.Output), "=== RUN") {
		t.Errorf("the replay differs: %v, %v\n%s", c.First, err, replayed.Output)
	}
}

// hasty returns a run that does not wait for the goroutines that the test has left behind, and would go on if it did.
func hasty(t *testing.T) *gort.Outcome {
	t.Helper()
	for seed := range uint64(1000) {
		c := gort.Control{Seed: seed, Args: []string{"-test.v"}}
		patient := mustRun(t, corpus(t, "edited"), "TestStreams", c)
		c.NoLeaks = true
		if o := mustRun(t, corpus(t, "edited"), "TestStreams", c); o.Recording.Steps < patient.Recording.Steps {
			return o
		}
	}
	t.Fatal("in no run goroutines are ready when the test has ended")
	return nil
}

// TestRebuildRefuses checks the errors for identities that do not lead to a test.
func TestRebuildRefuses(t *testing.T) {
	inCorpus(t)
	for _, c := range []struct{ pkg, test, build, args, want string }{
		{"", "TestX", "", "", "does not say which test"},
		{"example.com/corpus", "", "", "", "does not say which test"},
		{"example.com/corpus", "TestX", "-race", "", `the recording's "build" is no list of texts: "-race"`},
		{"example.com/corpus", "TestX", "", `{"a":1}`, `the recording's "args" is no list of texts`},
		{"example.com/gone", "TestX", "", "", "package example.com/gone is not found from here: "},
		{"example.com/corpus", "TestX/sub", "",
			"", "package example.com/corpus has no test TestX any more; it has TestBenchPing, "},
		{"example.com/corpus", "TestX/sub", "", "", ", and "},
	} {
		id := tracefile.Identity{tracefile.KeyPackage: c.pkg, tracefile.KeyTest: c.test}
		if c.build != "" {
			id[tracefile.KeyBuild] = c.build
		}
		if c.args != "" {
			id[tracefile.KeyArgs] = c.args
		}
		r, err := Rebuild(t.Context(), id, os.Environ(), Given{})
		if err == nil {
			t.Errorf("%+v: no error, want %s", c, c.want)
			_ = r.Close()
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c, err, c.want)
		}
	}
}

package base

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/codes"
	"github.com/reprise-go/reprise/internal/golden"
	"github.com/reprise-go/reprise/internal/tracecheck"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/source"
)

// TestBadTraces reads a corpus of bad inputs, testdata/bad: what cannot be read, and what can but breaks a law. The
// golden has what the command says of each.
func TestBadTraces(t *testing.T) {
	var text strings.Builder
	seen := map[string]bool{}
	files, err := os.ReadDir(filepath.Join("testdata", "bad"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path := filepath.Join("testdata", "bad", f.Name())
		tr, err := ReadTrace(path)
		if err == nil {
			err = tracecheck.Check(tr)
		}
		if err == nil {
			t.Errorf("%s is not bad", path)
			continue
		}
		seen[CodeOf(err)] = true
		fmt.Fprintf(&text, "%s\n\t%s\n", f.Name(), strings.ReplaceAll(WithCode(err), filepath.ToSlash(path), f.Name()))
	}
	golden.Check(t, "bad.golden", text.String())
	want := []string{"RPR2001", "RPR2002", "RPR2003"}
	for law := 1; law <= 8; law++ {
		want = append(want, codes.Law(law).Code)
	}
	for _, code := range want {
		if !seen[code] {
			t.Errorf("no bad trace has the code %s", code)
		}
	}
}

// TestCodeOf runs into every kind of failure that has a code.
func TestCodeOf(t *testing.T) {
	run := func(cfg simsched.Config, body func(*simsched.Sim) error) error {
		_, err := recorder.Run(cfg, body)
		return err
	}
	tr := event.NewTrace(event.NewMetadata(1))
	tr.Metadata.Description = "another"
	_, program := replayer.Run(source.FromTrace(tr), replayer.Config{Sim: simsched.Config{Program: "this"}},
		func(*simsched.Sim) error { return nil })
	_, missing := os.Open("no such file")
	d := divergence.Describe(divergence.Mismatch{Actual: []event.Event{event.RngValue(1)}})
	for _, c := range []struct {
		want string
		err  error
	}{
		{"length-mismatch", &divergence.Error{Divergence: d}},
		{"another-program", program},
		{"another-schema", fmt.Errorf("x: %w", replayer.ErrVersion)},
		{"unreadable-file", missing},
		{"law-tick", &tracecheck.Error{Law: 7}},
		{"deadlock", run(simsched.Config{}, func(s *simsched.Sim) error { s.Park(); return nil })},
		{"step-limit", run(simsched.Config{MaxSteps: 5}, func(s *simsched.Sim) error {
			for {
				s.Yield()
			}
		})},
		{"panic", run(simsched.Config{}, func(*simsched.Sim) error { panic("boom") })},
		{"leak", fmt.Errorf("x: %w", simsched.ErrLeak)},
		{"malformed", fmt.Errorf("x: %w", event.ErrMalformed)},
		{"unknown-kind", event.ErrUnknownKind},
		{"schema-version", event.ErrVersion},
	} {
		want := codes.Named(c.want).Code
		wrapped := errors.Join(errors.New("first"), BadInput(fmt.Errorf("wrapped: %w", c.err)))
		if got := CodeOf(wrapped); got != want {
			t.Errorf("%v has the code %q, want %s", c.err, got, want)
		}
		if text := WithCode(c.err); !strings.HasPrefix(text, "["+want+"] ") || !strings.HasSuffix(text, c.err.Error()) {
			t.Errorf("the error is written as %q", text)
		}
	}
	if plain := fs.ErrInvalid; CodeOf(plain) != "" || WithCode(plain) != plain.Error() {
		t.Errorf("an error without a code is written as %q", WithCode(plain))
	}
}

package cli

import (
	"bytes"
	"errors"
	"testing"

	"github.com/reprise-go/reprise/internal/base"
)

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
		{"convert", run, "-", "--to", "reprise"}, {"convert", run, "-", "--to", "jsonl"}, {"convert", run, "-", "--to",
			"msgpack"},
		{"recover", run, t.TempDir() + "/x.reprise"}, {"diff", run, ring}, {"demo", "-o", t.TempDir() + "/x.reprise"},
	} {
		for _, left := range []int{0, 3} {
			var errs bytes.Buffer
			if code := Main(args, nil, &brokenPipe{left}, &errs); code != base.ExitFound ||
				!bytes.Contains(errs.Bytes(), []byte(errPipe.Error())) {
				t.Errorf("%q with room for %d bytes ends with %d: %s", args, left, code, errs.String())
			}
		}
	}
}

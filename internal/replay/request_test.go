package replay

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
)

// TestRequest: a request is read as it was written.
func TestRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Request{Settings: Settings{
			Name: rapid.String().Draw(t, "name"), Path: rapid.String().Draw(t, "path"), Reproduce: "reprise replay x",
			Policy: replayer.Policy(rapid.IntRange(0, 3).Draw(t, "policy")), Window: rapid.Int().Draw(t, "window"),
			Fork: rapid.Uint64().Draw(t, "fork"), Seed: rapid.Uint64().Draw(t, "seed"), To: rapid.String().Draw(t, "to"),
			Step: rapid.Bool().Draw(t, "step"), Format: "json", Color: rapid.Bool().Draw(t, "color"),
			Prompt: rapid.Bool().Draw(t, "prompt"),
		}, Answer: "/tmp/answer"}
		if n := rapid.Uint64().Draw(t, "break"); n%2 == 0 {
			r.Break = &n
		}
		got, err := ParseRequest(r.String())
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("%+v, %v; want %+v", got, err, r)
		}
	})
	for _, bad := range []string{"", "{", "[]", `{"unknown":1}`, `{"policy":"x"}`} {
		if _, err := ParseRequest(bad); err == nil {
			t.Errorf("%q is understood", bad)
		}
	}
}

// TestAnswer: the command gets the report, the exit code and the error of a replay, each once.
func TestAnswer(t *testing.T) {
	r := Request{Answer: filepath.Join(t.TempDir(), "answer")}
	if answered, err := r.Read(nil); answered || err != nil {
		t.Errorf("no answer is read as %v, %v", answered, err)
	}
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{nil, base.ExitOK, ""},
		{base.Found(), base.ExitFound, ""},
		{base.Usage("step x"), base.ExitUsage, "step x"},
		{base.BadInput(replayer.ErrProgram), base.ExitInput, "[RPR5001] a recording of another program"},
		{errors.New("no such file"), base.ExitInput, "no such file"},
	} {
		if err := r.answer(c.err, "report\n"); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		answered, err := r.Read(&out)
		var coded *base.ExitError
		code, text := base.ExitOK, ""
		if errors.As(err, &coded) {
			if code = coded.Code; coded.Err != nil {
				text = coded.Err.Error()
			}
		}
		if !answered || out.String() != "report\n" || code != c.code || text != c.text {
			t.Errorf("%v is read as %v, code %d, %q, %q", c.err, answered, code, text, out.String())
		}
	}
}

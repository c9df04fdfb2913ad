package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commands returns a command and those below it that users see.
func commands(cmd *cobra.Command) (list []*cobra.Command) {
	list = []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, commands(c)...)
		}
	}
	return list
}

// TestExamples: every command has examples, which help shows, and they name commands and flags that exist.
func TestExamples(t *testing.T) {
	for _, cmd := range commands(newRoot()) {
		if cmd.Name() == "completion" || cmd.HasParent() && cmd.Parent().Name() == "completion" { // cobra's own
			continue
		}
		var help strings.Builder
		if code := Main(append(strings.Fields(cmd.CommandPath())[1:], "--help"), nil, &help, &help); code != 0 ||
			!strings.Contains(help.String(), "Examples:\n  ") {
			t.Errorf("%s --help: exit code %d, no examples in\n%s", cmd.CommandPath(), code, &help)
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if strings.HasPrefix(line, "  reprise ") {
				checkExample(t, strings.Fields(line)[1:])
			}
		}
	}
}

// checkExample checks the command line of an example, up to a pipe.
func checkExample(t *testing.T, words []string) {
	t.Helper()
	root := newRoot()
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("%q: command %s, error %v", words, cmd.Name(), err)
		return
	}
	for _, word := range rest {
		if word == "|" || word == "&&" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		if strings.HasPrefix(word, "--") && cmd.Flags().Lookup(name) == nil {
			t.Errorf("%q: %s has no flag --%s", words, cmd.Name(), name)
		}
	}
}

// TestMan: there is a page for every command, with its examples and flags.
func TestMan(t *testing.T) {
	dir := t.TempDir()
	var out strings.Builder
	if code := Main([]string{"man", dir}, nil, &out, &out); code != 0 {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	for _, cmd := range commands(newRoot()) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(page), ".SH DESCRIPTION") ||
			cmd.Example != "" && !strings.Contains(string(page), ".SH EXAMPLE") {
			t.Errorf("%s: error %v, page\n%s", name, err, page)
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "reprise-test.1"))
	if err != nil || !strings.Contains(string(page), "--seeds") {
		t.Errorf("error %v, no --seeds in\n%s", err, page)
	}
}

// TestDashes: one dash and two are the same, the value of a flag stays as it is, and a mistyped flag is told.
func TestDashes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"version -json", `"module"`}, {"version --json", `"module"`}, {"version -jsn", "did you mean --json?"},
		{"dump -from 1 -to=2 nofile", "nofile"}, {"dump --frmo 1 nofile", "unknown flag --frmo; did you mean --from?"},
		{"replay -arg -to nofile", "nofile"}, {"replay -- -step", "-step"}, {"version -x", "unknown flag --x"},
	} {
		var out strings.Builder
		Main(strings.Fields(c.args), nil, &out, &out)
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("reprise %s: no %q in %s", c.args, c.want, &out)
		}
	}
}

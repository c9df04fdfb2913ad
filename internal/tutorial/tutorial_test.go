// Package tutorial_test checks the pages in docs that show commands and their output. It is not part of the
// examples, because it runs their tests.
package tutorial_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reprise-go/reprise/internal/golden"
)

// TestTutorial checks docs/tutorial.md.
func TestTutorial(t *testing.T) { check(t, "../../docs/tutorial.md", "examples/flaky") }

// check runs the commands of a page in a folder of a copy of the repository and compares their output, except
// times, with the output in the page. A console block has commands, each after a "$ ", and below each its output.
func check(t *testing.T, page, folder string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := console.FindAllStringSubmatch(string(text), -1)
	var commands []string
	for _, b := range blocks {
		commands = append(commands, commandsOf(b[2])...)
	}
	outputs := run(t, folder, commands)
	i := 0
	got := console.ReplaceAllStringFunc(string(text), func(block string) string {
		parts := console.FindStringSubmatch(block)
		var b strings.Builder
		for _, c := range commandsOf(parts[2]) {
			b.WriteString("$ " + c + "\n" + outputs[i])
			i++
		}
		return parts[1] + b.String() + parts[3]
	})
	if *golden.Update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if masked(got) != masked(string(text)) {
		t.Errorf("the outputs differ from those in %s; if that is meant: go test ./internal/tutorial -update\n%s",
			page, cmp.Diff(strings.Split(masked(string(text)), "\n"), strings.Split(masked(got), "\n")))
	}
}

// console matches a console block: its first line, the text and the last line.
var console = regexp.MustCompile("(?ms)^(```console\n)(.*?)^(```\n)")

// commandsOf returns the commands of a block.
func commandsOf(block string) (list []string) {
	for line := range strings.Lines(block) {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, strings.TrimSuffix(c, "\n"))
		}
	}
	return list
}

// mark separates the outputs of two commands.
const mark = "=-=-= next command =-=-=\n"

// run runs commands in one shell, in a folder of a copy of the repository.
func run(t *testing.T, folder string, commands []string) []string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repo, bin := filepath.Join(root, "repo"), filepath.Join(root, "bin")
	copyTree(t, "../..", repo)
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "reprise"),
		"../../cmd/reprise").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var script bytes.Buffer
	for _, c := range commands {
		script.WriteString(rarely(c) + "\nprintf '" + strings.TrimSuffix(mark, "\n") + "\\n'\n")
	}
	sh := exec.Command("sh")
	sh.Dir, sh.Stdin = filepath.Join(repo, filepath.FromSlash(folder)), &script
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "REPRISE_") && !strings.HasPrefix(v, "GITHUB_") && !strings.HasPrefix(v, "CI=") {
			sh.Env = append(sh.Env, v)
		}
	}
	sh.Env = append(sh.Env, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var outputs []string
	text := strings.ReplaceAll(compiling.ReplaceAllString(string(out), ""), repo, "$REPO")
	for output := range strings.SplitSeq(text, mark) {
		outputs = append(outputs, trimmed(output))
	}
	if len(outputs) != len(commands)+1 {
		t.Fatalf("%d outputs of %d commands:\n%s", len(outputs)-1, len(commands), out)
	}
	return outputs
}

// manyRuns matches a plain run of tests, a hundred times or more.
var manyRuns = regexp.MustCompile(`^go test .*-count=[0-9]{3,}$`)

// rarely returns a command that gives plain "go test" two more attempts, each bounded. A page shows that it passes
// although the code has a bug; on a busy machine it finds the bug now and then, and a deadlock lasts.
func rarely(command string) string {
	if !manyRuns.MatchString(command) {
		return command
	}
	return "for attempt in 1 2 3; do GOMAXPROCS=1 " + command + " -timeout 2m >../attempt 2>&1 && break; done; cat ../attempt"
}

// copyTree copies the files of the repository.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case e.IsDir() && e.Name() == ".git":
			return filepath.SkipDir
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		case !e.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// trimmed returns a text without spaces at the ends of lines.
func trimmed(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

var times = regexp.MustCompile(`\(\d+\.\d\ds\)|\t(\d+\.\d+s|\(cached\))`)

// compiling matches the lines that say how far a long build is.
var compiling = regexp.MustCompile(`(?m)^reprise: compiling .*\n`)

// masked returns a text in which times are replaced by TIME.
func masked(text string) string { return times.ReplaceAllString(text, "TIME") }

//go:build linux && (amd64 || arm64)

package tutorial_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/reprise-go/reprise/internal/gomodule"
)

// ciLine matches the commands of a workflow.
var ciLine = regexp.MustCompile(`(?m)^ +- (?:run: )?((?:reprise|cat|mv) .*)$`)

// workflows returns the commands of each workflow in docs/ci.md.
func workflows(t *testing.T) (list [][]string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		var commands []string
		for _, m := range ciLine.FindAllStringSubmatch(block[1], -1) {
			commands = append(commands, strings.ReplaceAll(m[1], "--budget 30s", "--seeds 8 --minimize off --memory off"))
		}
		if len(commands) > 0 {
			list = append(list, commands)
		}
	}
	return list
}

// TestCI runs the commands of the workflows in docs/ci.md in a module that has a finding, with the variables that the
// runner would set: the jobs that test leave the finding to the report, the reports are made, and the second report
// knows the finding.
func TestCI(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "reprise")
	if out, err := exec.Command("go", "build", "-o", bin, "../../cmd/reprise").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list := workflows(t)
	if len(list) != 2 {
		t.Fatalf("%d workflows with commands", len(list))
	}
	for i, want := range [][]string{
		{"0:reprise test", "1:reprise report", "0:cat", "0:mv", "0:reprise report"}, {"0:reprise test", "1:reprise report"},
	} {
		dir, env := ciModule(t, filepath.Dir(bin))
		commands := list[i]
		if i == 0 { // as the next night does, with the baseline of this one
			commands = append(commands, strings.ReplaceAll(commands[1], "report.json", "next.json"))
		}
		for j, c := range commands {
			c = strings.NewReplacer("${{ matrix.shard }}", "1", "--results results", "--results all/results-1").Replace(c)
			cmd := exec.Command("bash", "-c", c)
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			status, prefix, _ := strings.Cut(want[min(j, len(want)-1)], ":")
			if !strings.HasPrefix(c, prefix) || (err == nil) != (status == "0") || len(commands) != len(want) {
				t.Errorf("%s: %v, want %s\n%s", c, err, status, out)
			}
		}
		made := [][]string{
			{"reprise.sarif", "summary.md", "baseline.json", "step.md"}, {"code-quality.json", "junit.xml", "report.html"},
		}[i]
		for _, name := range made {
			if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(b), "asleep") {
				t.Errorf("%s does not tell of the finding: %v", name, err)
			}
		}
	}
}

// ciModule makes a module with a test that deadlocks, and the environment of a job.
func ciModule(t *testing.T, bin string) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	module, err := gomodule.New("../..", "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "GITHUB_ACTIONS=true",
		"GITHUB_WORKSPACE="+dir, "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "step.md"), "CI_NODE_INDEX=1", "CI_NODE_TOTAL=4")
	if err := module.Write(dir, func(key, value string) { env = append(env, key+"="+value) }); err != nil {
		t.Fatal(err)
	}
	const text = `package m

import (
	"sync"
	"testing"
)

func TestOrder(t *testing.T) {
	var a, b sync.Mutex
	var both sync.WaitGroup
	lock := func(x, y *sync.Mutex) { x.Lock(); y.Lock(); y.Unlock(); x.Unlock() }
	both.Go(func() { lock(&a, &b) })
	both.Go(func() { lock(&b, &a) })
	both.Wait()
}
`
	if err := os.WriteFile(filepath.Join(dir, "m_test.go"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, env
}

// TestAction: the composite action runs a command that there is, with inputs that it declares and passes on as
// variables, never as text of a script.
func TestAction(t *testing.T) {
	b, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	inputs := regexp.MustCompile(`\$\{\{ (?:inputs\.([a-z-]+)|github\.action_path) \}\}`)
	for _, m := range inputs.FindAllStringSubmatch(text, -1) {
		if m[1] != "" && !strings.Contains(text, "\n  "+m[1]+":\n") {
			t.Errorf("the input %s is not declared", m[1])
		}
	}
	scripts := regexp.MustCompile(`(?m)^ +run: \|\n((?:        .*\n)+)`).FindAllStringSubmatch(text, -1)
	if len(scripts) != 2 {
		t.Fatalf("%d scripts", len(scripts))
	}
	for _, s := range scripts {
		if strings.Contains(s[1], "${{") {
			t.Errorf("an input is text of a script:\n%s", s[1])
		}
	}
	dir, env := ciModule(t, t.TempDir())
	github := filepath.Join(dir, "path")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "ACTION_PATH="+root, "RUNNER_TEMP="+dir, "GITHUB_PATH="+github,
		"PACKAGES=./...", "FLAGS=--seeds 8 --minimize off --memory off", "SHARD=1/2", "RESULTS=out")
	for i, s := range scripts {
		cmd := exec.Command("bash", "-e", "-c", s[1])
		cmd.Dir, cmd.Env = dir, append(env, "PATH="+filepath.Join(dir, "reprise")+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); (err == nil) != (i == 0) {
			t.Errorf("script %d: %v\n%s", i, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out", "results.jsonl")); err != nil {
		t.Error(err)
	}
}

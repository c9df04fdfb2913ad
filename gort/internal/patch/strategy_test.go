package patch

import (
	"strings"
	"testing"
)

func TestInRuntime(t *testing.T) {
	got, err := inRuntime(map[string]string{
		"a.go": "package strategy\n\n// Task is one.\ntype Task struct{ Task *Task; kind int }\n\nvar _ = use(kinds[0])\n",
		"b.go": "package strategy\n\nconst kind, other = 1, 2\n\nvar kinds []int\n\nfunc use(x int) int { return x }\n\n" +
			"func (t *Task) use() int { return t.Task.use() + t.kind }\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"a.go": "package runtime\n\n// Task is one.\ntype rprsTask struct{ rprsTask *rprsTask; rprsKind int }\n\n" +
			"var _ = rprsUse(rprsKinds[0])\n",
		"b.go": "package runtime\n\nconst rprsKind, rprsOther = 1, 2\n\nvar rprsKinds []int\n\n" +
			"func rprsUse(x int) int { return x }\n\nfunc (t *rprsTask) rprsUse() int { return t.rprsTask.rprsUse() + t.rprsKind }\n",
	} {
		if got[file] != want {
			t.Errorf("%s:\n%s\nwant:\n%s", file, got[file], want)
		}
	}
	if _, err := inRuntime(map[string]string{"a.go": "package strategy\n\nvar task, Task int\n"}); err == nil ||
		!strings.Contains(err.Error(), "task and Task would both become rprsTask") {
		t.Errorf("two names that become one: %v", err)
	}
}

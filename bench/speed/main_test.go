package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// output is that of the benchmarks of a package if each measures value.
func output(pkg string, value int) string {
	var b strings.Builder
	b.WriteString("goos: linux\n")
	for _, r := range rows {
		if r.pkg != pkg {
			continue
		}
		for _, name := range []string{r.bench, r.rival} {
			if name != "" {
				fmt.Fprintf(&b, "Benchmark%s-%d 1 999 ns/op %d %s\n", name, runtime.GOMAXPROCS(0), value, r.unit)
			}
		}
	}
	return b.String()
}

func read(t *testing.T, values ...int) measurements {
	t.Helper()
	m := measurements{}
	for _, pkg := range packages() {
		for _, v := range values {
			if err := m.read(pkg, strings.NewReader(output(pkg, v))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return m
}

// TestTable: the least time and the highest rate count.
func TestTable(t *testing.T) {
	text, err := table(read(t, 1200, 340), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2026-11-30, ", "| encode an event | 340 ns | calls of msgpack/v5: 340 ns | 15 ns |\n",
		"| runs of two short tasks | 1,200/s |  | 200,000/s |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

// TestMissing: a benchmark that has gone is an error, not an empty cell.
func TestMissing(t *testing.T) {
	m := read(t, 10)
	delete(m, [3]string{"event", "Encode/reprise", "ns/event"})
	if _, err := table(m, time.Time{}); err == nil || !strings.Contains(err.Error(), "Encode/reprise") {
		t.Errorf("table: %v", err)
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	text := "before\n" + marks[0] + "old\n" + marks[1] + "after\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := replace(file, "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if want := strings.Replace(text, "old", "new", 1); err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := os.WriteFile(file, []byte("no comments"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replace(file, "new\n"); err == nil {
		t.Error("a file without the comments was accepted")
	}
}

// TestRows: each row names a benchmark that its package has.
func TestRows(t *testing.T) {
	for _, r := range rows {
		name, _, _ := strings.Cut(r.bench, "/")
		files, err := filepath.Glob(filepath.Join("..", "..", r.pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(src), "func Benchmark"+name+"(")
		}
		if !found {
			t.Errorf("package %s has no Benchmark%s", r.pkg, name)
		}
	}
}

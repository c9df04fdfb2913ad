// Command speed runs the benchmarks that the README quotes and prints its table of them, the most telling ones:
// "go test -bench ." in a package has the rest.
//
//	go run -C bench ./speed [-count N] [-benchtime T] [-w FILE]
//
// Of each measurement the best of N counts. Rivals are measured in the same run. With -w the table replaces what stands
// between the two speed comments of FILE, which are named by marks.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// row is a line of the table: one measurement and, where there is one, its rival's.
type row struct {
	work  string
	pkg   string // relative to the root of the project
	bench string // name without "Benchmark"
	unit  string
	rival string // name of the rival's benchmark, or of the same benchmark if rivalUnit is set
	name  string // what the rival is
	goal  string // as docs and issues state it
}

var rows = []row{
	{"encode an event", "event", "Encode/reprise", "ns/event",
		"Encode/rival=msgpack-v5-calls", "calls of msgpack/v5", "15 ns"},
	{"decode and check an event", "event", "Decode/reprise", "ns/event", "", "", "33 ns"},
	{"trace file: write an event", "tracefile", "Write/file", "ns/event",
		"Write/rival=msgpack", msgpackAlone, "90 ns"},
	{"a step with recording, 5 tasks", "replayer", "Step/tasks=5/recording", "ns/step",
		handOff, overChannel, "120 ns"},
	{"a step with recording, 10,000 ready tasks", "replayer", "Step/tasks=10000/recording", "ns/step",
		handOff, overChannel, "500 ns"},
	{"runs of two short tasks", "simsched", "Schedules", "schedules/s", "", "", "200,000/s"},
	{"a schedule of an exhaustive search", "simsched", "Enumeration", "ns/schedule", "", "", "50 µs"},
	{"ordinary: a decision with its record", "gort", "Decision", "ns/decision", "", "", "400 ns"},
	{"ordinary: a number to and fro over channels", "gort", "Ping/controlled", "ns/round",
		"Ping/rival=plain", onePlain, "500 ns where Go takes 290"},
	{"ordinary: lock and unlock, nobody waits", "gort", "Lock/controlled", "ns/round",
		"Lock/rival=plain", onePlain, "9 ns where Go takes 4.5"},
	{"ordinary: runs of a small test, a core", "gort", "Runner", "runs/s", "", "", "800/s"},
	{"ordinary: an HTTP request and its answer", "gort", "Request/simulated", "ns/op",
		"Request/real", "over the kernel", ""},
}

const (
	handOff     = "Step/rival=channel-hand-off"
	overChannel = "a channel's hand-off"

	msgpackAlone = "MessagePack alone"
	onePlain     = "Go on one processor"
)

// marks stand around the table in a file.
var marks = [2]string{"<!-- speed: go run -C bench ./speed -w ../README.md -->\n", "<!-- end of speed -->\n"}

func main() {
	count := flag.Int("count", 3, "number of times that each benchmark runs")
	benchtime := flag.String("benchtime", "1s", "time or number of iterations of a benchmark")
	file := flag.String("w", "", "file that contains the two speed comments, relative to this module")
	flag.Parse()
	if err := report(*count, *benchtime, *file); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func report(count int, benchtime, file string) error {
	m := measurements{}
	for _, pkg := range packages() {
		fmt.Fprintln(os.Stderr, "speed: running the benchmarks of", pkg)
		if err := m.run(pkg, count, benchtime); err != nil {
			return err
		}
	}
	text, err := table(m, time.Now())
	if err != nil {
		return err
	}
	if file == "" {
		fmt.Print(text)
		return nil
	}
	return replace(file, text)
}

// packages returns the packages of the rows, each once.
func packages() []string {
	var all []string
	seen := map[string]bool{}
	for _, r := range rows {
		if !seen[r.pkg] {
			seen[r.pkg] = true
			all = append(all, r.pkg)
		}
	}
	return all
}

// measurements has the best value of each benchmark, by package, name and unit.
type measurements map[[3]string]float64

// run runs the benchmarks of the rows of a package.
func (m measurements) run(pkg string, count int, benchtime string) error {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", pattern(pkg), "-count", fmt.Sprint(count),
		"-benchtime", benchtime, "./"+pkg)
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return m.read(pkg, bytes.NewReader(out))
}

// pattern matches the benchmarks of a package by their first names, so that rivals run too.
func pattern(pkg string) string {
	var names []string
	for _, r := range rows {
		name, _, _ := strings.Cut(r.bench, "/")
		if r.pkg == pkg && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	return "^Benchmark(" + strings.Join(names, "|") + ")$"
}

// read takes in the output of a package's benchmarks.
func (m measurements) read(pkg string, out io.Reader) error {
	r := benchfmt.NewReader(out, pkg)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			return rec
		case *benchfmt.Result:
			name := strings.TrimSuffix(string(rec.Name), fmt.Sprintf("-%d", runtime.GOMAXPROCS(0)))
			for _, v := range rec.Values {
				m.best([3]string{pkg, name, original(v)}, v)
			}
		}
	}
	return r.Err()
}

// original returns the unit as the benchmark reported it: benchfmt turns ns into sec.
func original(v benchfmt.Value) string {
	if v.OrigUnit != "" {
		return v.OrigUnit
	}
	return v.Unit
}

// best keeps the least time, or the highest rate.
func (m measurements) best(key [3]string, v benchfmt.Value) {
	value := v.Value
	if v.OrigUnit != "" {
		value = v.OrigValue
	}
	old, known := m[key]
	higher := strings.HasSuffix(key[2], "/s")
	if !known || higher && value > old || !higher && value < old {
		m[key] = value
	}
}

// table returns the rows in Markdown. A measurement that is missing is an error.
func table(m measurements, day time.Time) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %d cores, %s:\n\n", day.Format(time.DateOnly), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), runtime.Version())
	b.WriteString("| work | reprise | rival in the same run | goal |\n|---|---|---|---|\n")
	for _, r := range rows {
		value, err := m.text(r.pkg, r.bench, r.unit)
		if err != nil {
			return "", err
		}
		rival := ""
		if r.rival != "" {
			unit := r.unit
			if _, ok := m[[3]string{r.pkg, r.rival, unit}]; !ok {
				unit = "ns/op"
			}
			if rival, err = m.text(r.pkg, r.rival, unit); err != nil {
				return "", err
			}
			rival = r.name + ": " + rival
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.work, value, rival, r.goal)
	}
	return b.String(), nil
}

// text returns a value with the unit of a reader: a time or a rate.
func (m measurements) text(pkg, bench, unit string) (string, error) {
	v, ok := m[[3]string{pkg, bench, unit}]
	switch {
	case !ok:
		return "", fmt.Errorf("package %s has no benchmark %s with %s", pkg, bench, unit)
	case strings.HasSuffix(unit, "/s"):
		return fmt.Sprintf("%s/s", thousands(v)), nil
	case v >= 10_000:
		return fmt.Sprintf("%.1f µs", v/1000), nil
	case v >= 1000:
		return fmt.Sprintf("%.2f µs", v/1000), nil
	}
	return fmt.Sprintf("%.0f ns", v), nil
}

// thousands writes a number with commas.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// replace puts the text between the marks of a file, which is replaced by rename.
func replace(file, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), marks[0])
	_, after, ok2 := strings.Cut(rest, marks[1])
	if !ok || !ok2 {
		return errors.New(file + " lacks the two speed comments: " + strings.TrimSpace(marks[0]) + " and " +
			strings.TrimSpace(marks[1]))
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".speed-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // of a failure
	_, err = tmp.WriteString(before + marks[0] + text + marks[1] + after)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

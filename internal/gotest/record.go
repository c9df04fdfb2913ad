package gotest

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/reprise-go/reprise/explore"
	"github.com/reprise-go/reprise/internal/finding"
	"github.com/reprise-go/reprise/internal/results"
	"github.com/reprise-go/reprise/internal/wire"
)

// results returns what other machines need of the results: see package results.
func (o *Options) results(r *testResults) *results.Results {
	out := &results.Results{Run: results.Run{Time: time.Now().UTC().Truncate(time.Second), Shard: wire.Shard.In(o.Env)}}
	for _, t := range r.order {
		if t.test == "" || strings.Contains(t.test, "/") {
			continue
		}
		out.Tests = append(out.Tests, r.counts(t))
	}
	for _, list := range [][]*finding.Finding{r.findings, r.notes} {
		for _, f := range list {
			copied := *f
			if rel, err := filepath.Rel(o.Results, f.Trace); f.Trace != "" && err == nil && filepath.IsLocal(rel) {
				copied.Trace = filepath.ToSlash(rel)
			}
			out.Findings = append(out.Findings, &copied)
		}
	}
	return out
}

// counts returns the numbers of a test function. A test that says nothing of its runs ran once. Pins are no runs of it:
// they say nothing of how often it fails.
func (r *testResults) counts(t *testResult) *results.Test {
	c := &results.Test{Package: t.pkg, Test: t.test, Result: t.action, Seconds: t.elapsed, Runs: 1}
	if e, ok := wire.AttrRuns.Parse(t.attrs[wire.AttrRuns.Name]); ok {
		c.Runs = e.Ran
	}
	simulated, x := 0, explore.Coverage{}
	for _, sub := range r.order {
		if sub.pkg == t.pkg && (sub == t || strings.HasPrefix(sub.test, t.test+"/")) {
			simulated += sub.simulated
			x = plus(x, sub.shown)
		}
	}
	c.Runs = max(c.Runs, simulated)
	if x.Runs > 0 {
		unseen := x.Unseen()
		c.Classes, c.Once, c.Unseen = x.Classes, x.Once, &unseen
	}
	told, pins := map[string]bool{}, false // told: names of findings of the test
	for _, sub := range r.order {
		f, ok := sub.finding()
		if !ok || sub.pkg != t.pkg || !strings.HasPrefix(sub.test, t.test+"/") || sub.action == "pass" || told[f.Signature] {
			continue
		}
		if sub.attrs[wire.AttrPin.Name] != "" {
			pins = true
			continue
		}
		told[f.Signature] = true
		c.Failed += max(f.Failed, 1)
	}
	if c.Failed == 0 && t.action == "fail" && !pins {
		c.Failed = 1
	}
	c.Runs = max(c.Runs, c.Failed)
	return c
}

// locate fills in the line of the code that each finding is about: the most telling one in a file of the workspace, or
// else the start of the test. The others that it names are related.
func (r *testResults) locate() {
	folders := map[string]string{}
	for _, list := range [][]*finding.Finding{r.findings, r.notes} {
		for _, f := range list {
			folder, known := folders[f.Package]
			if !known {
				folder = RelativeDir(f.Package)
				folders[f.Package] = folder
			}
			places := placesIn(folder, f)
			if len(places) == 0 {
				f.File, f.Line = startOf(folder, f.Test)
				continue
			}
			f.File, f.Line, f.Related = places[0].File, places[0].Line, places[1:]
		}
	}
}

// placesIn returns the lines that a finding names in files of the workspace, given the folder of its package relative
// to the workspace.
func placesIn(folder string, f *finding.Finding) (list []finding.Place) {
	for _, p := range f.Places() {
		name := filepath.Join(folder, filepath.Base(p.File))
		if p.Line <= len(linesOf(filepath.Join(workspace(), name))) && len(list) <= finding.MaxRelated {
			p.File = filepath.ToSlash(name)
			list = append(list, p)
		}
	}
	return list
}

// startOf returns the line at which a test begins.
func startOf(folder, test string) (file string, line int) {
	name, _, _ := strings.Cut(test, "/")
	tests, _ := filepath.Glob(filepath.Join(workspace(), folder, "*_test.go")) // a folder that is no pattern
	for _, path := range tests {
		for i, text := range linesOf(path) {
			if strings.HasPrefix(text, "func "+name+"(") {
				return filepath.ToSlash(filepath.Join(folder, filepath.Base(path))), i + 1
			}
		}
	}
	return "", 0
}

// workspace returns the folder to which paths for other programs are relative.
func workspace() string {
	if root := os.Getenv("GITHUB_WORKSPACE"); root != "" {
		return root
	}
	return "."
}

// linesOf returns the lines of a source file, or nil if it cannot be read.
func linesOf(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Split(string(b), "\n")
}

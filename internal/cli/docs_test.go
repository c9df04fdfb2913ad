package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// foreign are the flags in the documents that belong to other programs.
var foreign = []string{"junitfile", "raw-command", "rm"} // docker run

var (
	codeIn = regexp.MustCompile("(?m)`[^`\n]+`|^    .*$|^\\$ .*$")
	flagIn = regexp.MustCompile(`(?:^|[\s\x60\[(])--([a-z][a-z-]*)`)
	called = regexp.MustCompile(`(?:^|[\s\x60(])reprise ([a-z]+)\b`)
	quoted = regexp.MustCompile(`"([^"\n]+)"`)
)

// documents returns the text of each document that users read, by name.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	texts := map[string]string{}
	for _, name := range append(names, "../../README.md") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(name); base != "fleet.md" { // of another command, in another module
			texts[base] = string(b)
		}
	}
	return texts
}

// TestDocumentsNameFlags: the flags and commands that the documents show exist.
func TestDocumentsNameFlags(t *testing.T) {
	flags, names := foreign, []string{"help"}
	for _, cmd := range commands(newRoot()) {
		names = append(names, cmd.Name())
		flags = append(flags, flagsOf(cmd)...)
	}
	seen := 0
	for name, text := range documents(t) {
		for _, code := range codeIn.FindAllString(text, -1) {
			for _, m := range flagIn.FindAllStringSubmatch(code, -1) {
				seen++
				if !slices.Contains(flags, m[1]) {
					t.Errorf("%s: no command has the flag --%s: %s", name, m[1], code)
				}
			}
			for _, m := range called.FindAllStringSubmatch(code, -1) {
				seen++
				if !slices.Contains(names, m[1]) {
					t.Errorf("%s: there is no command %s: %s", name, m[1], code)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d flags and commands were found in the documents", seen)
	}
}

// flagsOf returns the names of the flags that a command takes.
func flagsOf(cmd *cobra.Command) (names []string) {
	for line := range strings.Lines(cmd.Flags().FlagUsages() + cmd.InheritedFlags().FlagUsages()) {
		for _, m := range flagIn.FindAllStringSubmatch(line, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// TestTroubleshootingQuotes: each message that docs/troubleshooting.md quotes is one that the program prints.
func TestTroubleshootingQuotes(t *testing.T) {
	source := productionText(t)
	messages := 0
	for _, m := range quoted.FindAllStringSubmatch(documents(t)["troubleshooting.md"], -1) {
		if strings.ContainsAny(m[1], "$/") { // an argument of a shell command
			continue
		}
		messages++
		if !strings.Contains(source, m[1]) {
			t.Errorf("no source file contains %q", m[1])
		}
	}
	if messages < 4 {
		t.Errorf("only %d messages are quoted", messages)
	}
}

// productionText returns the Go files of the module that are not tests.
func productionText(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go.txt"), strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			text, err := os.ReadFile(name)
			b.Write(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

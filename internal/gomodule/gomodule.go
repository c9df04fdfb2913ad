// Package gomodule makes small Go modules that use this module, for tests that run the real go command. It is for
// tests only. The modules build without the network, from the module cache with which this module was built.
package gomodule

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Module holds the content that the modules have in common.
type Module struct {
	mod, sum []byte
	env      map[string]string
}

// New returns the Module for modules with a path. They use the module whose root folder is root.
func New(root, path string) (*Module, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return nil, err
	}
	ours := regexp.MustCompile(`(?m)^module (.*)$`).FindSubmatch(mod)[1]
	text := strings.Replace(string(mod), "module "+string(ours), "module "+path, 1)
	text = regexp.MustCompile(`(?m)^tool .*$`).ReplaceAllString(text, "")
	text += "\nrequire " + string(ours) + " v0.0.0\n\nreplace " + string(ours) + " => " + root + "\n"
	m := &Module{[]byte(text), sum, map[string]string{"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOWORK": "off",
		"GOTOOLCHAIN": "local"}}
	return m, m.caches("GOCACHE", "GOMODCACHE", "GOPATH")
}

// caches asks the go command for its caches, because a script has another home folder. The user's caches also
// contain what this module needs.
func (m *Module) caches(keys ...string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	m.env["XDG_CACHE_HOME"] = cache
	out, err := exec.Command("go", append([]string{"env"}, keys...)...).Output()
	if err != nil {
		return err
	}
	for i, dir := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		m.env[keys[i]] = dir
	}
	return nil
}

// Write makes dir the root of a module, and sets the environment of the go command.
func (m *Module) Write(dir string, setenv func(key, value string)) error {
	for key, value := range m.env { // lint: order does not matter because the keys differ
		setenv(key, value)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), m.mod, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), m.sum, 0o666)
}

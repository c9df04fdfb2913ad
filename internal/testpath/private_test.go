//go:build unix

package testpath

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSharedTemporaryFolder: the default folder of recordings is one that only the user can write to.
func TestSharedTemporaryFolder(t *testing.T) {
	name := fmt.Sprintf("reprise-%d", os.Getuid())
	elsewhere := t.TempDir()
	for what, c := range map[string]struct {
		prepare func(dir string) error
		used    bool
	}{
		"nothing":             {func(string) error { return nil }, true},
		"the user's folder":   {func(dir string) error { return os.Mkdir(dir, 0o755) }, true},
		"a folder for anyone": {func(dir string) error { _ = os.Mkdir(dir, 0o777); return os.Chmod(dir, 0o777) }, false},
		"a link to a folder":  {func(dir string) error { return os.Symlink(elsewhere, dir) }, false},
		"a link to nothing":   {func(dir string) error { return os.Symlink(filepath.Join(elsewhere, "gone"), dir) }, false},
		"a file":              {func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, false},
	} {
		tmp := t.TempDir()
		t.Setenv("TMPDIR", tmp)
		dir := filepath.Join(tmp, name)
		if err := c.prepare(dir); err != nil {
			t.Fatal(err)
		}
		got := Artifacts("", "example.com/m", "TestX")
		if used := strings.HasPrefix(got, dir+string(filepath.Separator)); used != c.used {
			t.Errorf("%s: recordings go to %s, into it: %v, want %v", what, got, used, c.used)
		}
	}
	if left, err := os.ReadDir(elsewhere); err != nil || len(left) > 0 {
		t.Errorf("a link was followed: %v, %v", left, err)
	}
}

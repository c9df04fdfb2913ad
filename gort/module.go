package gort

import (
	"os"
	"path/filepath"
)

// moduleOf returns the folder of the module of a package, without symbolic links: the nearest one upwards that has a
// go.mod. It returns "" if there is none.
func moduleOf(dir string) string {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

package gotest

import (
	"os"
	"path/filepath"
)

// RelativeDir returns the folder of a package relative to the workspace, or "" if it is not known.
func RelativeDir(pkg string) string {
	dir, err := packageDir(pkg)
	if err != nil {
		return ""
	}
	root := os.Getenv("GITHUB_WORKSPACE")
	if root == "" {
		if root, err = os.Getwd(); err != nil {
			return ""
		}
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

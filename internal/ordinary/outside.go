package ordinary

import (
	"os"
	"path/filepath"
	"strings"
)

// WithoutReprise is an environment without the settings of package simtest, of which the command has its own.
func WithoutReprise(env []string) (rest []string) {
	for _, v := range env {
		if !strings.HasPrefix(v, "REPRISE_") {
			rest = append(rest, v)
		}
	}
	return rest
}

// RelativeDir is the folder of a package from that of the workspace, "" if it is not known.
func RelativeDir(pkg string) string {
	dir, err := PackageDir(pkg)
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

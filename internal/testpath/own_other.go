//go:build !unix

package testpath

import "io/fs"

// own reports whether info is of a folder; the folder of temporary files is the user's own here.
func own(info fs.FileInfo) bool { return info.IsDir() }

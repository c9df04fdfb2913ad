//go:build unix

package testpath

import (
	"io/fs"
	"os"
	"syscall"
)

// own reports whether a folder belongs to the user of this process, and no other user can write to it.
func own(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == os.Getuid() && info.Mode().Perm()&0o022 == 0
}

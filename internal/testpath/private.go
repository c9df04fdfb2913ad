package testpath

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// private returns the folder of the user in the folder of temporary files, which other users may share. A folder that
// belongs to another user, or to which another user can write, and a link are not used. Instead this process gets a
// folder of its own. Inside a folder of the user, no other user can create a link.
func private() string {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("reprise-%d", os.Getuid()))
	_ = os.Mkdir(dir, 0o700) // it may be there; else whoever writes to it will say what is wrong
	if info, err := os.Lstat(dir); err == nil && !own(info) {
		return fresh()
	}
	return dir
}

// fresh makes a new folder, once in a process.
var fresh = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", fmt.Sprintf("reprise-%d-", os.Getuid()))
	if err != nil {
		return os.DevNull // nothing can be written below it
	}
	return dir
})

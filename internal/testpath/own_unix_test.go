//go:build unix

package testpath

import (
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// foreign is a folder that belongs to another user.
type foreign struct{ fs.FileInfo }

func (f foreign) Sys() any {
	stat := *f.FileInfo.Sys().(*syscall.Stat_t)
	stat.Uid++
	return &stat
}

// TestOwn: a folder of another user is none of this one, whatever its mode.
func TestOwn(t *testing.T) {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if !own(info) || own(foreign{info}) {
		t.Errorf("own: %v, of another user: %v", own(info), own(foreign{info}))
	}
}

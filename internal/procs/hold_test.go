//go:build unix

package procs

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestHeldFromTheStart: a process that looks all the time never sees the file without its holder.
func TestHeldFromTheStart(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		path := filepath.Join(dir, string(rune('a'+i%26))+string(rune('a'+i/26)))
		var over atomic.Bool
		var looks sync.WaitGroup
		looks.Go(func() {
			for !over.Load() {
				if held, err := Held(path); err == nil && !held {
					t.Error("there, and not held")
					return
				}
			}
		})
		release, err := Hold(path)
		over.Store(true)
		looks.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

package simdisk_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/prose"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/simsched/simdisk"
	"github.com/reprise-go/reprise/source"
	"github.com/reprise-go/reprise/tracefile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSites: an operation comes from the line of the program that calls it, not from one of this package.
func TestSites(t *testing.T) {
	cfg := simsched.Config{CallSites: true}
	r, err := recorder.NewConfig(cfg.Metadata(), recorder.Config{Sites: true})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(cfg, func(s *simsched.Sim) error {
		d := simdisk.New(s, "d")
		_, _ = d.FS().Open("missing")
		_, _ = d.ReadFile("missing")
		return d.WriteFile("f", []byte("x"), 0o666)
	})
	path := filepath.Join(t.TempDir(), "run.reprise")
	if err = errors.Join(err, r.WriteFile(path, tracefile.End{Reason: tracefile.EndFinished})); err != nil {
		t.Fatal(err)
	}
	f, err := source.Open(path, source.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // it was only read
	files := map[string]int{}
	for e, err := f.Next(); err == nil; e, err = f.Next() {
		if k := e.Kind(); k == event.KindIoResult || k == event.KindIoError {
			file, _ := prose.SplitSite(f.Site())
			files[file]++
		}
	}
	if len(files) != 1 || files["simsched/simdisk/device_test.go"] != 4 {
		t.Errorf("the operations come from %v", files)
	}
}

// TestMisuse: a disk belongs to the tasks of its run.
func TestMisuse(t *testing.T) {
	var d *simdisk.Disk
	var f *simdisk.File
	if err := simsched.Run(simsched.Config{}, func(s *simsched.Sim) (err error) {
		d = simdisk.New(s, "d")
		f, err = d.Create("f")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func(){
		"simsched: Disk.Stat called outside the run":    func() { _, _ = d.Stat(".") },
		"simsched: Disk.Crash called outside the run":   d.Crash,
		"simsched: File.Close called outside the run":   func() { _ = f.Close() },
		"simsched: Disk.Remove called on a zero value":  func() { _ = new(simdisk.Disk).Remove("f") },
		"simsched: Register called outside the run":     func() { simdisk.New(new(simsched.Sim), "d") },
		"simsched: Register called on a zero value; ob": func() { simdisk.New(nil, "d") },
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, name) {
					t.Errorf("panic with %q, want %q", text, name)
				}
			}()
			use()
		}()
	}
}

// TestCloseWhileUnwound: at the end of a run a deferred Close does nothing, and what stands behind it is done.
func TestCloseWhileUnwound(t *testing.T) {
	done := false
	_ = simsched.Run(simsched.Config{}, func(s *simsched.Sim) error {
		f, err := simdisk.New(s, "d").Create("f")
		if err != nil {
			return err
		}
		defer func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			done = true
		}()
		s.Park() // for ever
		return nil
	})
	if !done {
		t.Error("Close has not returned")
	}
}

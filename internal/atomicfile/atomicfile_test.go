package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// names lists a folder.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Fatalf("in the folder are %q, want %q", got, want)
	}
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Fatalf("%s has %q (%v), want %q", filepath.Base(path), got, err, want)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// begin creates path and writes text to it.
func begin(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put(t, path, "old")
	f := begin(t, path, "new")
	wantText(t, path, "old")
	must(t, f.Commit())
	wantText(t, path, "new")
	wantNames(t, dir, "a")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the permissions are %v (%v)", info.Mode(), err)
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	must(t, begin(t, path, "new").Abort())
	wantNames(t, dir)
	put(t, path, "old")
	must(t, begin(t, path, "new").Abort())
	wantText(t, path, "old")
	wantNames(t, dir, "a")
}

// TestPublish checks that a published file can be written further, and that Abort keeps it.
func TestPublish(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put(t, path, "old")
	f := begin(t, path, "new")
	if f.Named() {
		t.Error("the file has its name before Publish")
	}
	must(t, f.Publish())
	must(t, f.Publish())
	if !f.Named() {
		t.Error("the file has no name after Publish")
	}
	wantText(t, path, "new")
	if _, err := f.Write([]byte("er")); err != nil {
		t.Fatal(err)
	}
	must(t, f.Commit())
	wantText(t, path, "newer")
	f = begin(t, path, "newest")
	must(t, f.Publish())
	must(t, f.Abort())
	wantText(t, path, "newest")
	wantNames(t, dir, "a")
}

// TestSymbolicLink checks that a link stays and that its target is replaced.
func TestSymbolicLink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(other, "target")
	put(t, target, "old")
	must(t, os.Symlink(target, link))
	must(t, begin(t, link, "new").Commit())
	wantText(t, target, "new")
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v (%v)", info.Mode(), err)
	}
	wantNames(t, other, "target")
}

// TestTwoAtOnce checks that two writers of one file do not disturb each other; the last one wins.
func TestTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	f, g := begin(t, path, "first"), begin(t, path, "second")
	must(t, g.Commit())
	wantText(t, path, "second")
	must(t, f.Commit())
	wantText(t, path, "first")
	wantNames(t, dir, "a")
}

// TestFailures checks that no file is left behind if a file cannot be created or renamed.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(filepath.Join(dir, "no", "such")); err == nil {
		t.Error("a file was made in a folder that is not there")
	}
	path := filepath.Join(dir, "a")
	f := begin(t, path, "text")
	must(t, os.Mkdir(path, 0o700))
	if err := f.Commit(); err == nil {
		t.Error("a file got the name of a folder")
	}
	wantNames(t, dir, "a")
	if _, err := Create(path); err == nil {
		t.Error("a folder was opened for writing")
	}
}

// TestNoRegularFile checks that a device is written in place.
func TestNoRegularFile(t *testing.T) {
	f := begin(t, os.DevNull, "text")
	must(t, f.Sync())
	must(t, f.Publish())
	must(t, f.Commit())
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the null device is %v (%v)", info.Mode(), err)
	}
	must(t, begin(t, os.DevNull, "text").Abort())
}

// TestKilledWriter: the temporary files of writers that were killed go with the next file for the same path; those of
// writers at work, and files that only look alike, stay.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	old := time.Now().Add(-time.Hour)
	live := begin(t, path, "live")
	for _, name := range []string{".a.1.tmp", ".a.2.tmp", ".b.0.tmp"} {
		put(t, filepath.Join(dir, name), "left by a writer that was killed")
	}
	for _, name := range []string{".a.0.tmp", ".a.1.tmp", ".a.2.tmp", ".b.0.tmp"} {
		must(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	put(t, filepath.Join(dir, ".a.3.tmp"), "just made")
	must(t, begin(t, path, "one").Commit())
	if removable {
		wantNames(t, dir, ".a.0.tmp", ".a.2.tmp", ".a.3.tmp", ".b.0.tmp", "a")
		first, second := begin(t, path, "two"), begin(t, path, "three")
		wantNames(t, dir, ".a.0.tmp", ".a.1.tmp", ".a.2.tmp", ".a.3.tmp", ".b.0.tmp", "a")
		must(t, first.Commit())
		must(t, second.Commit())
		wantNames(t, dir, ".a.0.tmp", ".a.3.tmp", ".b.0.tmp", "a")
	}
	must(t, live.Commit())
	wantText(t, path, "live")
}

// TestScratch: a scratch file can be written and read, and has no name afterwards, or from the start.
func TestScratch(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f, err := Scratch()
	must(t, err)
	if removable {
		wantNames(t, dir)
	}
	_, err = f.WriteString("text")
	must(t, err)
	b := make([]byte, 4)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != "text" {
		t.Errorf("read %q, %v", b, err)
	}
	must(t, f.Close())
	wantNames(t, dir)
}

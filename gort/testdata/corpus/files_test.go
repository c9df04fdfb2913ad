package corpus

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestClockStart prints when it runs, and when a child process that is this binary again runs.
func TestClockStart(t *testing.T) {
	fmt.Println("clock", time.Now().UTC().Format(time.RFC3339))
	if os.Getenv("CLOCK_CHILD") != "" {
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, "-test.run=^TestClockStart$")
	c.Env, c.Stdout = append(os.Environ(), "CLOCK_CHILD=1"), os.Stdout
	if err := c.Run(); err != nil {
		t.Error(err)
	}
}

// age is how old a file is.
func age(t *testing.T, path string) time.Duration {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(info.ModTime())
}

// TestFileTimes compares the times of files with the clock.
func TestFileTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Hour)
	if d := age(t, path); d < time.Hour || d > time.Hour+time.Second {
		t.Errorf("a file written an hour ago is %v old", d)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if d := age(t, path); d < time.Hour {
		t.Errorf("a file that was opened is %v old", d)
	}
	if _, err := f.WriteString("2"); err != nil {
		t.Fatal(err)
	}
	if d := age(t, path); d < 0 || d > time.Second {
		t.Errorf("a file just written is %v old", d)
	}
	for _, d := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		date := time.Now().Add(-d).Truncate(time.Second)
		if err := os.Chtimes(path, date, date); err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || !info.ModTime().Equal(date) {
			t.Errorf("a file of %v is of %v, %v", date, info.ModTime(), err)
		}
	}
	if out, err := exec.Command("sh", "-c", "sleep 0.1; echo 3 >"+path).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	if d := age(t, path); d < 0 || d > time.Minute {
		t.Errorf("a file that a child wrote is %v old", d)
	}
	if d := age(t, "files_test.go"); d < 0 {
		t.Errorf("a file of the module is %v old", d)
	}
	if d := age(t, filepath.Dir(path)); d < 0 {
		t.Errorf("the folder is %v old", d)
	}
}

// TestChildSlow starts a child that prints a line after 300 ms of real time, which must come before the time-out.
func TestChildSlow(t *testing.T) {
	c := exec.Command("sh", "-c", "sleep 0.3; echo there")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line := make(chan string)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		fmt.Printf("child says %q\n", text)
	case <-time.After(5 * time.Second):
		t.Fatal("nothing for 5 s")
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}

// TestTempNames takes as many names as the environment says, and draws a number.
func TestTempNames(t *testing.T) {
	n := 1
	if os.Getenv("TEMP_NAMES") != "" {
		n = 5
	}
	for range n {
		if _, err := os.MkdirTemp("", "names"); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("random", rand.Uint64())
}

// TestWritesHere writes a file in the folder of the package.
func TestWritesHere(t *testing.T) {
	if err := os.WriteFile("written.tmp", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("written.tmp"); err != nil {
		t.Error(err)
	}
}

// saved writes a file as programs do that must not lose it, and returns the time at which the file was made.
func saved(t *testing.T, path string) time.Time {
	t.Helper()
	now := time.Now()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("content"); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".done"); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		t.Fatal(err)
	}
	return now
}

// TestFileNames names two files by the millisecond in which they are made, one after the other, and prints how long each
// kind of call takes.
func TestFileNames(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if a, b := saved(t, path).UnixMilli(), saved(t, path).UnixMilli(); a == b {
		t.Errorf("two files have the time %d", a)
	}
	content := make([]byte, 4)
	f, err := os.Open(path + ".done")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Print("times")
	for _, call := range []func() error{
		func() error { _, err := f.Read(content); return err },
		func() error { _, err := f.ReadAt(content, 0); return err },
		func() error { _, err := os.Stat(path + ".done"); return err },
		func() error { return os.Mkdir(path, 0o700) },
		func() error { return os.Chmod(path, 0o755) },
		func() error { return os.Rename(path, path+".new") },
		func() error { return os.Symlink(path, path+".link") },
		func() error { return f.Sync() },
		func() error { _, _ = os.Stat(path + ".none"); return nil },       // no time, because it fails
		func() error { _, err := os.Stdout.WriteString(" "); return err }, // no time, because it is no file
	} {
		start := time.Now()
		if err := call(); err != nil {
			t.Error(err)
		}
		fmt.Print(" ", time.Since(start))
	}
	fmt.Println()
}

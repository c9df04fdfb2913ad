package network

import (
	"crypto/md5"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var early = os.Getenv("NETWORK_EARLY")

// TestLooks looks at files in a folder outside of the module, in every way, and fails. The folder is in the file
// "folder".
func TestLooks(t *testing.T) {
	at, err := os.ReadFile("folder")
	if err != nil {
		t.Fatal(err)
	}
	dir := string(at)
	for _, name := range []string{"small", "large", "empty", "small", "absent", "../" + filepath.Base(dir) + "/./small"} {
		b, err := os.ReadFile(dir + "/" + name)
		fmt.Printf("read %s %d %x %v\n", name, len(b), md5.Sum(b), err)
	}
	for _, name := range []string{"small", "link", "absent", "sub"} {
		for _, stat := range []func(string) (fs.FileInfo, error){os.Stat, os.Lstat} {
			info, err := stat(filepath.Join(dir, name))
			if err != nil {
				fmt.Println("stat", name, err)
				continue
			}
			fmt.Println("stat", name, info.Size(), info.Mode())
			if info.Mode().IsRegular() {
				fmt.Println("changed", info.ModTime().UTC())
			}
		}
	}
	to, err := os.Readlink(filepath.Join(dir, "link"))
	fmt.Println("link", to, err)
	for range 2 {
		list, err := os.ReadDir(filepath.Join(dir, "sub"))
		fmt.Println("list", list, err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*", "*3"))
	fmt.Println("glob", strings.ReplaceAll(fmt.Sprint(list), dir, "dir"), err)
	partly(filepath.Join(dir, "large"))
	if err := os.WriteFile(filepath.Join(t.TempDir(), "new"), at, 0o666); err != nil {
		t.Error(err)
	}
	t.Error("it fails at", time.Now())
}

// partly reads a file in pieces, and by a call that copies it without reading it.
func partly(path string) {
	f, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	b := make([]byte, 10)
	n, err := f.ReadAt(b, 1000)
	fmt.Printf("at %d %q %v\n", n, b, err)
	info, err := f.Stat()
	fmt.Println("size", info.Size(), info.Name(), info.ModTime().UTC(), err)
	c, err := os.CreateTemp("", "copy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	_, err = io.Copy(c, f)
	again, err2 := os.ReadFile(c.Name())
	fmt.Printf("copied %x %v %v\n", md5.Sum(again), err, err2)
}

// TestAsks asks for variables of the environment, and fails.
func TestAsks(t *testing.T) {
	fmt.Printf("early %q\n", early)
	for _, name := range []string{"NETWORK_A", "NETWORK_B", "NETWORK_NONE"} {
		value, set := os.LookupEnv(name)
		fmt.Printf("%s %q %v\n", name, value, set)
	}
	t.Setenv("NETWORK_A", "own")
	fmt.Printf("set %q\n", os.Getenv("NETWORK_A"))
	child := exec.Command("sh", "-c", "echo child $NETWORK_A $NETWORK_B")
	child.Stdout = os.Stderr // and not through a pipe, which a replay would answer
	if err := child.Run(); err != nil {
		t.Error(err)
	}
	t.Error("it fails")
}

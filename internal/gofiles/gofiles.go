// Package gofiles finds the Go files that the places in a recording mean, and shows their lines. It must not use a text
// of a recording as a path.
package gofiles

import (
	"fmt"
	"io/fs"
	"os"
	slashpath "path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/internal/cast"
	"github.com/reprise-go/reprise/internal/prose"
)

const (
	mostFiles    = 20_000
	longestFile  = 1 << 20 // bytes
	linesAround  = 4
	longestPlace = 1 << 10
)

// Finder finds the Go files of a folder and below. The files are found by walking the folder, once; a place from a
// recording is only compared with their names.
type Finder struct {
	root  string
	index map[string][]string // paths by base name; nil before the walk
	lines map[string][]string // of the files that were read
}

// New returns a Finder of a folder, or one that finds nothing if root is "".
func New(root string) *Finder { return &Finder{root: root} }

// Find returns the path, below the folder, and the line number that a place such as "queue.go:25
// example.com/queue.Open" means; ok is false if there is no such file or several match.
func (f *Finder) Find(place string) (path string, line int, ok bool) {
	if f.root == "" {
		return "", 0, false
	}
	if f.index == nil {
		f.index = goFiles(os.DirFS(f.root))
	}
	file, line := fileOf(place)
	name := match(f.index[slashpath.Base(file)], file, place)
	return name, line, name != ""
}

// Root returns the folder.
func (f *Finder) Root() string { return f.root }

// Lines returns the lines around a place, with their numbers; the line itself is marked. It is "" without a source.
func (f *Finder) Lines(place string) string {
	name, number, ok := f.Find(place)
	if !ok {
		return ""
	}
	return excerpt(os.DirFS(f.root), name, number)
}

// Line returns the text of the line that a place means, without its indentation and a comment behind it; "" without a
// source.
func (f *Finder) Line(place string) string {
	name, number, ok := f.Find(place)
	if !ok {
		return ""
	}
	if _, read := f.lines[name]; !read {
		if f.lines == nil {
			f.lines = map[string][]string{}
		}
		f.lines[name] = linesOf(os.DirFS(f.root), name)
	}
	if number < 1 || number > len(f.lines[name]) {
		return ""
	}
	text, _, _ := strings.Cut(f.lines[name][number-1], " // ")
	return strings.TrimSpace(text)
}

// Module returns the folder of the module to which a folder belongs, or "" if there is none.
func Module(folder string) string {
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return ""
		}
		folder = parent
	}
}

// fileOf splits the code line of a place, "queue.go:25 example.com/queue.Open", into file and number.
func fileOf(place string) (file string, number int) {
	line, _ := cast.CutPlace(place)
	file, digits, _ := strings.Cut(line, ":")
	number, err := strconv.Atoi(digits)
	if err != nil || len(place) > longestPlace {
		return "", 0
	}
	return file, number
}

// goFiles lists the Go files of a folder by their base names.
func goFiles(dir fs.FS) map[string][]string {
	index, n := map[string][]string{}, 0
	_ = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read has no source
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case n >= mostFiles:
			return fs.SkipAll
		case d.Type().IsRegular() && slashpath.Ext(name) == ".go":
			index[d.Name()] = append(index[d.Name()], name)
			n++
		}
		return nil
	})
	return index
}

// match returns the one path that a place may mean: it ends with the file, and the folder is named as the package.
func match(paths []string, file, place string) (found string) {
	_, fn := cast.SplitPlace(place)
	pkg := strings.TrimSuffix(slashpath.Base(cast.PackageOf(fn)), "_test")
	for _, p := range paths {
		if p == file && strings.Contains(file, "/") {
			return p
		}
		if !strings.HasSuffix("/"+p, "/"+file) {
			continue
		}
		folder := slashpath.Base(slashpath.Dir(p))
		if len(paths) > 1 && fn != "" && !strings.Contains(file, "/") && folder != pkg {
			continue
		}
		if found != "" {
			return ""
		}
		found = p
	}
	return found
}

// linesOf returns the lines of a file, or none if it cannot be read.
func linesOf(dir fs.FS, name string) []string {
	info, err := fs.Stat(dir, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > longestFile {
		return nil
	}
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}

// excerpt returns the lines around a line, with their numbers; the line itself is marked.
func excerpt(dir fs.FS, name string, number int) string {
	all := linesOf(dir, name)
	if number < 1 || number > len(all) {
		return ""
	}
	var b strings.Builder
	for i := max(number-linesAround, 1); i <= min(number+linesAround, len(all)); i++ {
		mark := " "
		if i == number {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s%5d  %s\n", mark, i, prose.Line(strings.ReplaceAll(all[i-1], "\t", "    ")))
	}
	return b.String()
}

package gotest

import (
	"os"
	"strconv"
	"strings"

	"github.com/reprise-go/reprise/gort"
	"github.com/reprise-go/reprise/internal/cast"
)

// sources reads the lines of the program that places of a run name.
type sources struct {
	files map[string]string   // the path of the file of each place without a folder
	lines map[string][]string // of each file that was read
}

func newSources(o *gort.Outcome) *sources {
	s := &sources{files: map[string]string{}, lines: map[string][]string{}}
	for _, text := range o.Recording.Texts {
		for frame := range strings.Lines(text) {
			place, fn := cast.CutPlace(strings.TrimSpace(frame))
			file, _, numbered := strings.Cut(place, ".go:")
			if fn != "" && numbered {
				s.files[cast.ShortSite(place)+" "+fn] = file + ".go"
			}
		}
	}
	return s
}

// maxSource is the size of a source file above which it is not read.
const maxSource = 1 << 20

// line returns the text of the line of a place, "" if it cannot be read.
func (s *sources) line(place string) string {
	path := s.files[place]
	if path == "" {
		return ""
	}
	lines, read := s.lines[path]
	if !read {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() <= maxSource {
			if text, err := os.ReadFile(path); err == nil {
				lines = strings.Split(string(text), "\n")
			}
		}
		s.lines[path] = lines
	}
	site, _ := cast.CutPlace(place)
	n, err := strconv.Atoi(site[strings.LastIndexByte(site, ':')+1:])
	if err != nil || n < 1 || n > len(lines) {
		return ""
	}
	text, _, _ := strings.Cut(lines[n-1], " // ")
	return strings.TrimSpace(text)
}

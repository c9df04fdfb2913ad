package wire

import (
	"strconv"
	"strings"
)

// Outside is a value of [RecordOutside]: what a recording keeps of what the run takes from outside.
type Outside struct {
	Bytes int  // at most; 0: the default, negative: nothing
	Files bool // the content of files outside of the module, too
	Env   bool // the environment, too
}

// outsideForm describes what [RecordOutside] accepts.
const outsideForm = "a size up to 64MiB such as 100KiB or 4MiB; files, env, or both; or these together, such as " +
	"4MiB,files,env; or off"

// maxSize is the greatest size that [RecordOutside] accepts, in bytes.
const maxSize = 64 << 20

// parseOutside parses a size, and the kinds of what is kept besides sockets and pipes, with commas between.
func parseOutside(s string) (o Outside, ok bool) {
	for i, part := range strings.Split(s, ",") {
		switch {
		case part == "files" && !o.Files:
			o.Files = true
		case part == "env" && !o.Env:
			o.Env = true
		case i == 0:
			if o.Bytes, ok = parseSize(part); !ok {
				return Outside{}, false
			}
		default:
			return Outside{}, false
		}
	}
	return o, o.Bytes >= 0 || !o.Files && !o.Env
}

// sizeUnits are the units of sizes. B is the last, since the others end in it, too.
var sizeUnits = []struct {
	suffix string
	bytes  int
}{{"MiB", 1 << 20}, {"KiB", 1 << 10}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}

// parseSize parses a number of bytes, with a unit or without, or "off", which is -1.
func parseSize(s string) (int, bool) {
	if s == "off" || s == "0" {
		return -1, true
	}
	digits, unit := s, 1
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = rest, u.bytes
			break
		}
	}
	n, ok := parseUpTo(digits, maxSize/unit)
	return n * unit, ok
}

// String returns o in the form that [RecordOutside] accepts, "" for the zero value.
func (o Outside) String() string {
	var parts []string
	switch {
	case o.Bytes < 0:
		parts = append(parts, "off")
	case o.Bytes > 0:
		parts = append(parts, sizeText(o.Bytes))
	}
	if o.Files {
		parts = append(parts, "files")
	}
	if o.Env {
		parts = append(parts, "env")
	}
	return strings.Join(parts, ",")
}

// sizeText returns the text of a positive number of bytes.
func sizeText(n int) string {
	switch {
	case n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "MiB"
	case n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "KiB"
	}
	return strconv.Itoa(n) + "B"
}

package tracefile

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Identity says which program made a recording, and how: text under text keys, those below and any other, such as
// "settings.x". It takes no part in the events.
type Identity map[string]string

// The keys of an [Identity] that have a meaning to reprise.
const (
	KeyModule   = "module"   // path of the Go module
	KeyPackage  = "package"  // import path of the package
	KeyTest     = "test"     // name of the test
	KeyGo       = "go"       // version of Go
	KeyOS       = "os"       // operating system, as in runtime.GOOS
	KeyArch     = "arch"     // architecture, as in runtime.GOARCH
	KeyTool     = "tool"     // name and version of what wrote the file
	KeyStrategy = "strategy" // how choices were made
	KeyOmitted  = "omitted"  // what was left out of the recording
	KeyRun      = "run"      // what sort of run it is: [RunOrdinary]; absent for one of the simulated scheduler
)

// RunOrdinary is the value of [KeyRun] for the run of an ordinary program, as package gort records it.
const RunOrdinary = "ordinary"

// The reasons of an [End] that have a meaning to reprise.
const (
	EndFinished = "finished" // the run ended by itself
	EndFailed   = "failed"   // the run ended with an error
	EndLimit    = "limit"    // a limit of the recording was reached; the run went on
	EndRotated  = "rotated"  // the recording goes on in another file
	EndSnapshot = "snapshot" // the recording was saved while the run went on
)

// End says why a recording ends where it does. The zero End says nothing.
type End struct {
	Reason  string // one word such as [EndFinished]; at most 4 KiB
	Message string // for people, at most 1 MiB
}

const (
	maxText     = 4 << 10
	maxMessage  = 1 << 20
	maxIdentity = 1 << 20 // the whole payload
)

// clip makes s valid UTF-8 of at most limit bytes.
func clip(s string, limit int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// encodeTexts returns the MessagePack form of a map of text to text, keys sorted. Text that is not valid UTF-8 is
// repaired; of keys that become equal, the first in the order of the bytes stays.
func encodeTexts(m map[string]string) []byte {
	valid := make(map[string]string, len(m))
	for _, k := range slices.Backward(slices.Sorted(maps.Keys(m))) {
		valid[clip(k, maxIdentity)] = clip(m[k], maxMessage)
	}
	b := appendMap(nil, len(valid))
	for _, k := range slices.Sorted(maps.Keys(valid)) {
		b = appendText(appendText(b, k), valid[k])
	}
	return b
}

// decodeTexts reads what encodeTexts has written, keys in any order.
func decodeTexts(b []byte) (map[string]string, error) {
	u := unpacker{b: b}
	n := u.mapLen()
	m := map[string]string{}
	for range n {
		k := u.text()
		v := u.text()
		if u.bad {
			break
		}
		if _, twice := m[string(k)]; twice {
			return nil, corrupt("key %.64q twice", k)
		}
		m[string(k)] = string(v)
	}
	if !u.done() {
		return nil, corrupt("the chunk is no map of text to text")
	}
	return m, nil
}

func encodeEnd(e End) []byte {
	return encodeTexts(map[string]string{"reason": clip(e.Reason, maxText), "message": clip(e.Message, maxMessage)})
}

func decodeEnd(b []byte) (End, error) {
	m, err := decodeTexts(b)
	return End{m["reason"], m["message"]}, err
}

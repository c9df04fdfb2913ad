package tracefile

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Identity describes the program that made a recording, and the settings: text by text keys, the keys below and any
// others, such as "settings.x". It does not affect the events.
type Identity = map[string]string

// The keys of an [Identity] that have a meaning to reprise.
const (
	KeyModule   = "module"   // path of the Go module
	KeyPackage  = "package"  // import path of the package
	KeyTest     = "test"     // name of the test
	KeyGo       = "go"       // version of Go
	KeyOS       = "os"       // operating system, as in runtime.GOOS
	KeyArch     = "arch"     // architecture, as in runtime.GOARCH
	KeyTool     = "tool"     // name and version of the program that wrote the file
	KeyStrategy = "strategy" // name of the strategy
	KeyOmitted  = "omitted"  // kinds of events that were not recorded
	KeyRun      = "run"      // kind of run: [RunOrdinary]; absent for a simulated run
)

// The keys of the [Identity] of an ordinary run, with which its test is built and run again. Each is absent if it does
// not apply.
const (
	KeyBuild   = "build"       // flags of "go test -c", such as -race, as a JSON array
	KeyArgs    = "args"        // arguments of the test binary, such as -test.short, as a JSON array
	KeyLeaks   = "leaks"       // "off" if goroutines that the test leaves behind do not matter
	KeyClock   = "clock"       // when the clock of the program started; absent if with the year 2000
	KeyNetwork = "network"     // "simulated" or "real": the network of the loopback addresses; absent if real
	KeyFaults  = "faults"      // which faults of the simulated network were drawn, such as "net=2%"; absent if none
	KeyMaxTime = "max-virtual" // limit of virtual time, in the form of [time.Duration.String]

	// KeyMemory says whether accesses to memory were preemption points, "on" or "off", if the test was built for that.
	KeyMemory = "memory"

	// KeyMemoryPackages are patterns of the packages that were built so besides those of the main module, as a JSON array.
	KeyMemoryPackages = "memory-packages"
)

// RunOrdinary is the value of [KeyRun] for the run of an ordinary program, as package gort records it.
const RunOrdinary = "ordinary"

// The reasons of an [End] that have a meaning to reprise.
const (
	EndFinished = "finished" // the run ended by itself
	EndFailed   = "failed"   // the run ended with an error
	EndLimit    = "limit"    // a limit of the recording was reached; the run continued
	EndRotated  = "rotated"  // the recording continues in another file
	EndSnapshot = "snapshot" // the recording was saved while the run continued
)

// End states why a recording ends where it does. The zero End states nothing.
type End struct {
	Reason  string // one word such as [EndFinished]; at most 4 KiB
	Message string // for people, at most 1 MiB
}

const (
	maxText     = 4 << 10
	maxMessage  = 1 << 20
	maxIdentity = 1 << 20 // of the whole payload
)

// clip returns s as valid UTF-8 of at most limit bytes.
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

// encodeTexts returns the MessagePack form of a map of text to text, with sorted keys. Invalid UTF-8 is repaired;
// of keys that become equal, the first in byte order is kept.
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

// decodeTexts decodes the output of encodeTexts, with keys in any order.
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

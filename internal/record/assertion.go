package record

import (
	"bytes"
	"encoding/json"
	"path/filepath"
)

// Assertion is an evaluation of an assertion of the Antithesis SDK for Go. The SDK writes a line for the first that was
// true and the first that was false, of each assertion in each process.
type Assertion struct {
	Kind     string // Always, AlwaysOrUnreachable, Sometimes, Reachable or Unreachable
	Message  string // by which the SDK tells assertions apart
	True     bool   // the condition; false for Unreachable, true for Reachable
	File     string // base name
	Line     int
	Function string
}

// Violated reports whether the evaluation violates the assertion by itself.
func (a Assertion) Violated() bool {
	return !a.True && (a.Kind == "Always" || a.Kind == "AlwaysOrUnreachable" || a.Kind == "Unreachable")
}

// maxAssertions is the number of evaluations of a run that are kept.
const maxAssertions = 1 << 12

// degraded is the message of an assertion about the SDK itself, which says that the program was built without C.
const degraded = "Go application under test compiled with CGO enabled"

// Assertions reads what the SDK has written: lines with JSON objects, of which those with the key antithesis_assert are
// evaluations if "hit" is true. Lines of another form are skipped.
func Assertions(output []byte) (list []Assertion) {
	for line := range bytes.Lines(output) {
		var x struct {
			Assert *struct {
				Hit       bool   `json:"hit"`
				Display   string `json:"display_type"`
				Message   string `json:"message"`
				Condition bool   `json:"condition"`
				Location  struct {
					File     string `json:"file"`
					Function string `json:"function"`
					Line     int    `json:"begin_line"`
				} `json:"location"`
			} `json:"antithesis_assert"`
		}
		if json.Unmarshal(line, &x) != nil || x.Assert == nil || !x.Assert.Hit || x.Assert.Message == degraded {
			continue
		}
		a, at := x.Assert, x.Assert.Location
		if list = append(list, Assertion{a.Display, a.Message, a.Condition, filepath.Base(at.File), at.Line,
			at.Function}); len(list) == maxAssertions {
			break
		}
	}
	return list
}

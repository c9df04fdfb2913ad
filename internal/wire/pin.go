package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The verdicts of a [Pin].
const (
	PinFails  = "fails"   // the run fails as the recorded one did
	PinOther  = "differs" // the run fails in another way
	PinPasses = "passes"
	PinUnfit  = "unfit" // the run passes, and has little in common with the recording
)

// pinVerdicts are the verdicts of a [Pin].
var pinVerdicts = []string{PinFails, PinOther, PinPasses, PinUnfit}

const pinForm = "fails, differs, passes or unfit, and the fidelity from 0 to 1: passes 0.875"

// PinWindow is how far the replay of a pinned recording looks ahead for the place where it fits again: in events of a
// simulated run, and in choices of an ordinary one.
const PinWindow = 256

// leastFidelity is the fidelity below which a passing run does not show that a bug is gone: more than half of it is not
// what was recorded.
const leastFidelity = 0.5

// Pin is what the replay of a pinned recording showed. The replay follows the recording as far as the program lets it.
type Pin struct {
	Verdict  string
	Fidelity float64 // the part of the run that matches the recording, from 0 to 1
}

// NewPin judges a replay: whether the run failed, and if so as the recorded one did.
func NewPin(failed, alike bool, fidelity float64) Pin {
	switch {
	case failed && alike:
		return Pin{PinFails, fidelity}
	case failed:
		return Pin{PinOther, fidelity}
	case fidelity < leastFidelity:
		return Pin{PinUnfit, fidelity}
	}
	return Pin{PinPasses, fidelity}
}

// String returns the form of the result on the wire.
func (p Pin) String() string { return fmt.Sprintf("%s %.3f", p.Verdict, p.Fidelity) }

// Text returns the result in words.
func (p Pin) Text() string {
	fidelity := fmt.Sprintf("fidelity %.3f", p.Fidelity)
	switch p.Verdict {
	case PinFails:
		return "fails as before, " + fidelity
	case PinOther:
		return "fails, but not as before, " + fidelity
	case PinUnfit:
		return "no longer fits the program, " + fidelity + ": the run passes, which shows little; pin another run, " +
			"or remove the file"
	}
	return "passes, " + fidelity
}

func parsePin(s string) (p Pin, ok bool) {
	verdict, fidelity, _ := strings.Cut(s, " ")
	f, err := strconv.ParseFloat(fidelity, 64)
	return Pin{verdict, f}, err == nil && f >= 0 && f <= 1 && slices.Contains(pinVerdicts, verdict)
}

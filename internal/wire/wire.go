package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// prefix begins the name of every environment variable.
const prefix = "REPRISE_"

// FlagPrefix begins the name of every flag of a simulated test: -reprise.seed is the flag of REPRISE_SEED.
const FlagPrefix = "reprise."

// Setting is an environment variable.
type Setting struct {
	Env  string // its name
	Flag string // the name of its flag of the command, and behind FlagPrefix of a simulated test; "" if it has none
	Help string // what the flag does, for the usage of a test binary
	Form string // a valid value, as the end of "must be ..."
	Bare bool   // the flag may stand without a value, which means true

	// The packages of the module that write and read it. User says that a user may set it too.
	Writers, Readers []string

	valid func(value string) bool
}

// The packages at the ends of the wire, and the user, who sets variables by hand or by a flag of a simulated test.
const (
	User     = "user"
	Command  = "internal/cli"
	Wrapper  = "internal/gotest" // drives go test, and stands in for the binaries of ordinary tests
	Simulate = "simtest"
	Engine   = "gort"
	Fleet    = "fleet"                      // shares a campaign among machines
	Findings = "internal/finding"           // writes and reads the attributes of a finding
	Runtime  = "gort/internal/patch/inject" // the code that is compiled into the runtime of a test binary
)

// Var is a setting with values of type T.
type Var[T any] struct {
	*Setting
	parse func(value string) (T, bool)
}

// settings are all variables, in the order of the table.
var settings []*Setting

// Settings returns all variables, in the order of the table.
func Settings() []*Setting { return slices.Clone(settings) }

// variable adds a row to the table.
func variable[T any](s Setting, parse func(value string) (T, bool)) Var[T] {
	s.valid = func(value string) bool { _, ok := parse(value); return ok }
	settings = append(settings, &s)
	return Var[T]{&s, parse}
}

// Valid reports whether a value has the form of the setting.
func (s *Setting) Valid(value string) bool { return s.valid(value) }

// Assign returns the setting with a value as a line of an environment, KEY=VALUE.
func (s *Setting) Assign(value string) string { return s.Env + "=" + value }

// In returns the last value that an environment gives the setting, "" if it has none.
func (s *Setting) In(env []string) (value string) {
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, s.Env+"="); ok {
			value = v
		}
	}
	return value
}

// refuse returns the error for a value that the setting cannot have. by is the variable or flag that has the value.
func (s *Setting) refuse(by, value, form string) error {
	return fmt.Errorf("%s=%s: must be %s", by, strconv.Quote(value), form)
}

// Parse returns the value that the text of a variable or flag, by, stands for.
func (v Var[T]) Parse(by, text string) (T, error) {
	value, ok := v.parse(text)
	if !ok {
		return value, v.refuse(by, text, v.Form)
	}
	return value, nil
}

// Read gives *to the value in an environment. An empty variable counts as absent; then *to stays as it is.
func (v Var[T]) Read(getenv func(name string) string, to *T) error {
	text := getenv(v.Env)
	if text == "" {
		return nil
	}
	value, err := v.Parse(v.Env, text)
	if err == nil {
		*to = value
	}
	return err
}

// Strip returns an environment without the variables of the table, and without any other that is named like them.
func Strip(env []string) (rest []string) {
	for _, line := range env {
		if !strings.HasPrefix(line, prefix) {
			rest = append(rest, line)
		}
	}
	return rest
}

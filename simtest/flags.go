package simtest

import (
	"flag"
	"os"
	"slices"

	"github.com/reprise-go/reprise/internal/wire"
)

// text is the value of a flag. It is parsed in a test, which can fail if the value is wrong.
type text struct {
	s    string
	set  bool
	bare bool // whether the flag may have no value
}

// String implements [flag.Value].
func (t *text) String() string { return t.s }

// Set implements [flag.Value].
func (t *text) Set(s string) error {
	t.s, t.set = s, true
	return nil
}

// IsBoolFlag reports whether a flag without a value means true.
func (t *text) IsBoolFlag() bool { return t.bare }

// flags are the flags of a test binary that uses this package, one for each setting that has a flag and is read here.
var flags = func() map[string]*text {
	all := map[string]*text{}
	for _, s := range wire.Settings() {
		if s.Flag != "" && slices.Contains(s.Readers, wire.Simulate) {
			all[s.Flag] = &text{bare: s.Bare}
			flag.Var(all[s.Flag], wire.FlagPrefix+s.Flag, s.Help+": "+s.Form+" (also "+s.Env+")")
		}
	}
	return all
}()

// given returns the value of a setting, and the flag or variable that sets it; by is "" if it is not set. The flag
// overrides the variable; an empty variable counts as not set.
func given(s *wire.Setting) (value, by string) {
	if t := flags[s.Flag]; t != nil && t.set {
		return t.s, "-" + wire.FlagPrefix + s.Flag
	}
	if v := os.Getenv(s.Env); v != "" {
		return v, s.Env
	}
	return "", ""
}

// read sets *to to the value of a setting, if it is set.
func read[T any](v wire.Var[T], to *T) error {
	text, by := given(v.Setting)
	if by == "" {
		return nil
	}
	value, err := v.Parse(by, text)
	if err == nil {
		*to = value
	}
	return err
}

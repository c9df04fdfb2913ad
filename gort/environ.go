package gort

import (
	"os"
	"strings"

	"github.com/reprise-go/reprise/internal/record"
	"github.com/reprise-go/reprise/internal/wire"
)

// pathVariable is taken from this process in a replay, too, so that a recording does not decide which programs run. The
// runtime knows it as well.
const pathVariable = "PATH"

// environ returns the environment of the processes of r.
func (r *Runner) environ() []string {
	env := r.b.Env
	if env == nil {
		env = os.Environ()
	}
	env = append(env[:len(env):len(env)], wire.Gort.Assign(nameOf(r.s.file)), r.tmp.variable())
	if r.assertions != nil {
		env = append(env, assertionVariable(r.assertions))
	}
	return env
}

// otherEnvironment returns the variables of a tape if r's processes have others, otherwise nil.
func (r *Runner) otherEnvironment(t *record.Tape) []record.Call {
	if t == nil {
		return nil
	}
	given := t.Environment()
	if len(given) == 0 {
		return nil
	}
	now := r.environ()
	for i := range given {
		if c := &given[i]; string(c.Address) != pathVariable && !isSet(now, c) {
			return given
		}
	}
	return nil
}

// isSet reports whether an environment has a variable of a tape, as it was in the recording.
func isSet(env []string, c *record.Call) bool {
	value, set := "", false
	for _, line := range env {
		if v, ok := strings.CutPrefix(line, string(c.Address)+"="); ok {
			value, set = v, true
		}
	}
	return set == (c.Result >= 0) && value == string(c.Data)
}

package replayer

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

var (
	// ErrProgram reports that a recording was made of another program than the one to be replayed.
	ErrProgram = errors.New("a recording of another program")

	// ErrVersion reports that a recording has another schema version, under which its events may have another meaning.
	ErrVersion = errors.New("a recording of another schema version")

	// ErrPartial reports that a recording lacks the first events of its run. A run can be replayed only from its
	// beginning.
	ErrPartial = errors.New("a recording without its beginning")
)

// refusal is the reason why a recording cannot be replayed.
type refusal struct {
	class error // ErrProgram, ErrVersion or ErrPartial
	text  string
}

// refuse returns a refusal with a formatted text.
func refuse(class error, format string, args ...any) error {
	return &refusal{class, fmt.Sprintf("replayer: "+format, args...)}
}

// Error returns what is wrong and what to do.
func (r *refusal) Error() string { return r.text }

// Unwrap returns the class.
func (r *refusal) Unwrap() error { return r.class }

// identityKeys are the keys of an identity that are compared, in the order of the warnings.
var identityKeys = []string{"module", "package", "test", "go"}

// compatible compares a recording with the program and the settings of c, which are valid. It returns one line for
// each warning.
func (c *Config) compatible(src source.Source) (warnings []string, err error) {
	md := src.Metadata()
	program := c.Sim.Program
	switch first := source.First(src); {
	case first != 0:
		return nil, refuse(ErrPartial, "the recording begins at event %d, a replay needs all events from event 0 on; record "+
			"the run again without a limit on what is kept", first)
	case md.Version != event.Version && md.Version != 0:
		return nil, refuse(ErrVersion, "the recording has schema version %d, this package replays version %d; read it with "+
			"the version of reprise that wrote it", md.Version, event.Version)
	case md.Description != program && md.Description != "" && program != "":
		return nil, refuse(ErrProgram, "the recording is of %.60q, the program is %.60q; replay it against its own program, "+
			"or leave Config.Sim.Program empty", md.Description, program)
	}
	if now := c.Sim.Hash(); md.ConfigHash != now && md.ConfigHash != 0 {
		warnings = append(warnings, fmt.Sprintf("another configuration hash: recorded %#x, now %#x; replay under the "+
			"MaxSteps, CheckpointEvery and Chaos of the recorded run", md.ConfigHash, now))
	}
	return append(warnings, c.identityWarnings(src)...), nil
}

// identityWarnings returns one line for each key of the identity whose values differ.
func (c *Config) identityWarnings(src source.Source) (warnings []string) {
	r, ok := src.(source.Recording)
	if !ok {
		return nil
	}
	recorded := r.Identity()
	for _, key := range identityKeys {
		if was, now := recorded[key], c.Identity[key]; was != now && was != "" && now != "" {
			warnings = append(warnings, fmt.Sprintf("another %s: recorded %.60q, now %.60q", key, was, now))
		}
	}
	return warnings
}

// compareName warns if the task or region that e creates, an event that matched, has another name than in the
// recording. The names in the recording are known up to the last event that was read. One warning is enough, since
// further names differ for the same reason.
func (x *execution) compareName(e event.Event) {
	now, ok := given(x.sim, e)
	if !ok {
		return
	}
	was, _ := given(x.named, e)
	if was == now || was == "" {
		return
	}
	what := fmt.Sprintf("region %v", e.Region())
	if e.Kind() == event.KindTaskSpawned {
		what = fmt.Sprintf("task %v", e.Task())
	}
	x.named, x.renamed = nil, fmt.Sprintf("another name of %s: event %d was recorded with %.60q, now it is %.60q; the runs are "+
		"compared by what tasks do, not by names: look for a range over a map, and sort its keys first", what, x.index(), was,
		now)
	x.warnings = append(x.warnings, x.renamed)
}

// actualMetadata returns the metadata of the replayed run, as far as it can differ from that of the recording.
func (c *Config) actualMetadata(recorded event.Metadata) event.Metadata {
	md := recorded
	md.ConfigHash = c.Sim.Hash()
	if md.Description != "" && c.Sim.Program != "" {
		md.Description = c.Sim.Program
	}
	return md
}

package replayer

import (
	"errors"
	"fmt"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/source"
)

// ErrProgram is the class of every [*ProgramError], for errors.Is.
var ErrProgram = errors.New("a recording of another program")

// ErrVersion is the class of every [*VersionError], for errors.Is.
var ErrVersion = errors.New("a recording of another schema version")

// ErrPartial is the class of every [*PartialError], for errors.Is.
var ErrPartial = errors.New("a recording without its beginning")

// ProgramError reports that a recording was made of another program than the one to be replayed.
type ProgramError struct {
	Recorded string // the description of the recording
	Program  string // simsched.Config.Program
}

// Error names both programs.
func (e *ProgramError) Error() string {
	return fmt.Sprintf("replayer: the recording is of %.60q, the program is %.60q; replay it against its own program, "+
		"or set Config.Allow to DifferentProgram", e.Recorded, e.Program)
}

// Is reports whether target is [ErrProgram].
func (e *ProgramError) Is(target error) bool { return target == ErrProgram }

// VersionError reports that a recording has another schema version, under which its events may have another meaning.
type VersionError struct {
	Recorded uint32 // version in the metadata of the recording
	Known    uint32 // event.Version
}

// Error names both versions.
func (e *VersionError) Error() string {
	return fmt.Sprintf("replayer: the recording has schema version %d, this package replays version %d; read it with the "+
		"version of reprise that wrote it, or set Config.Allow to DifferentVersion", e.Recorded, e.Known)
}

// Is reports whether target is [ErrVersion].
func (e *VersionError) Is(target error) bool { return target == ErrVersion }

// PartialError reports that a recording lacks the first events of its run. A run can be replayed only from its
// beginning.
type PartialError struct {
	First uint64 // index of the first event in the recording
}

// Error gives the index at which the recording begins.
func (e *PartialError) Error() string {
	return fmt.Sprintf("replayer: the recording begins at event %d, a replay needs all events from event 0 on; record the "+
		"run again without a limit on what is kept", e.First)
}

// Is reports whether target is [ErrPartial].
func (e *PartialError) Is(target error) bool { return target == ErrPartial }

// Differences is a set of aspects in which a recording may differ from the program and the settings that replay it.
type Differences uint8

// The differences. The first two are errors. The others are warnings in Result.Warnings and in the notes of a
// divergence. Config.Allow suppresses both.
const (
	DifferentProgram Differences = 1 << iota // the description of the recording and Config.Sim.Program
	DifferentVersion                         // the version of the event schema
	DifferentConfig                          // the hash of the settings that can change a run
	DifferentGo                              // the version of Go
	DifferentModule                          // the Go module or package
	DifferentTest                            // the name of the test

	allDifferences = 1<<iota - 1
)

// identityKeys are the keys of an identity that are compared, in the order of the warnings.
var identityKeys = []struct {
	name       string
	difference Differences
	allow      string
}{
	{"module", DifferentModule, "DifferentModule"},
	{"package", DifferentModule, "DifferentModule"},
	{"test", DifferentTest, "DifferentTest"},
	{"go", DifferentGo, "DifferentGo"},
}

// compatible compares a recording with the program and the settings of c, which are valid. It returns one line for
// each warning.
func (c *Config) compatible(src source.Source) (warnings []string, err error) {
	md := src.Metadata()
	unless := func(d Differences, differs bool) bool { return differs && c.Allow&d == 0 }
	switch program := c.Sim.Program; {
	case source.First(src) != 0:
		return nil, &PartialError{source.First(src)}
	case unless(DifferentVersion, md.Version != event.Version && md.Version != 0):
		return nil, &VersionError{md.Version, event.Version}
	case unless(DifferentProgram, md.Description != program && md.Description != "" && program != ""):
		return nil, &ProgramError{md.Description, program}
	}
	if now := c.Sim.Hash(); unless(DifferentConfig, md.ConfigHash != now && md.ConfigHash != 0) {
		warnings = append(warnings, warning("configuration hash", fmt.Sprintf("%#x", md.ConfigHash), fmt.Sprintf("%#x", now),
			"replay under the MaxSteps, CheckpointEvery and Chaos of the recorded run, or set Config.Allow to DifferentConfig"))
	}
	return append(warnings, c.identityWarnings(src)...), nil
}

func (c *Config) identityWarnings(src source.Source) (warnings []string) {
	s, ok := src.(source.Recording)
	if !ok {
		return nil
	}
	recorded := s.Identity()
	for _, key := range identityKeys {
		was, now := recorded[key.name], c.Identity[key.name]
		if was != now && was != "" && now != "" && c.Allow&key.difference == 0 {
			warnings = append(warnings, warning(key.name, fmt.Sprintf("%.60q", was), fmt.Sprintf("%.60q", now),
				"to accept it set Config.Allow to "+key.allow))
		}
	}
	return warnings
}

func warning(what, recorded, now, remedy string) string {
	return fmt.Sprintf("another %s: recorded %s, now %s; %s", what, recorded, now, remedy)
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

package simtest

import (
	"io"
	"os"

	"github.com/reprise-go/reprise/event"
	"github.com/reprise-go/reprise/internal/gofiles"
	"github.com/reprise-go/reprise/internal/story"
	"github.com/reprise-go/reprise/minimize"
	"github.com/reprise-go/reprise/recorder"
	"github.com/reprise-go/reprise/simsched"
	"github.com/reprise-go/reprise/tracefile"
)

// witness is the Observer of a run that is to be kept: it records everything that a trace file can hold.
type witness struct{ rec *recorder.Recorder }

var _ simsched.Noter = (*witness)(nil)

// newWitness returns a witness of a run with metadata.
func newWitness(md event.Metadata, id tracefile.Identity) *witness {
	rec, err := recorder.NewConfig(md, recorder.Config{Sites: true, Notes: true, Identity: id})
	if err != nil {
		panic(err) // the settings are always the same
	}
	return &witness{rec: rec}
}

// Note implements [simsched.Noter].
func (w *witness) Note(what string, o simsched.Object) { w.rec.Note(what, o) }

// Observe implements [simsched.Observer].
func (w *witness) Observe(e event.Event) error { return w.rec.Observe(e) }

// told is a recording that a story can be made from.
type told struct {
	rec *recorder.Recorder
	end tracefile.End
}

// Encode implements [story.Encoder].
func (t told) Encode(w io.Writer) error { return t.rec.Encode(w, t.end) }

// storyLines is the number of lines of a schedule in a report.
const storyLines = 24

// schedule describes the turns of the run, which has failed or not, in some lines, around the turn that decided it if
// that is not 0.
func (w *witness) schedule(failed bool, turning, lines int) string {
	run, err := w.story(failed)
	if err != nil {
		return "the schedule cannot be told: " + err.Error() + "\n"
	}
	run.Turning = turning
	return run.Schedule(lines)
}

// tell describes the turns of a failing run in some lines, and what decided it.
func (w *witness) tell(why *minimize.Why, lines int) (schedule string, decided story.Critical) {
	run, err := w.explained(why)
	if err != nil {
		return "the schedule cannot be told: " + err.Error() + "\n", decided
	}
	return run.Schedule(lines), run.Critical()
}

// explained returns the story of a failing run with what decided it if why is not nil.
func (w *witness) explained(why *minimize.Why) (*story.Story, error) {
	run, err := w.story(true)
	if err != nil || why == nil {
		return run, err
	}
	run.Turning = why.Turning()
	for _, p := range why.Passing() {
		if f, ok := p.Detail.(*failing); ok && f.witness != nil {
			if other, err := f.witness.story(false); err == nil {
				run.Passing = append(run.Passing, other)
			}
		}
	}
	return run, nil
}

// story returns the story of the run, which has failed or not.
func (w *witness) story(failed bool) (*story.Story, error) {
	end := tracefile.End{Reason: tracefile.EndFinished}
	if failed {
		end.Reason = tracefile.EndFailed
	}
	run, err := story.Of(told{w.rec, end})
	if err != nil {
		return nil, err
	}
	if dir, err := os.Getwd(); err == nil {
		run.SourceLine = gofiles.New(gofiles.Module(dir)).Line
	}
	return run, nil
}

// write writes the recording to a trace file.
func (w *witness) write(path string, failure error) error {
	end := tracefile.End{Reason: tracefile.EndFinished}
	if failure != nil {
		end = tracefile.End{Reason: tracefile.EndFailed, Message: headline(failure)}
	}
	return w.rec.WriteFile(path, end)
}

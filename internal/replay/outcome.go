package replay

import (
	"fmt"
	"io"
	"strings"

	"github.com/reprise-go/reprise/divergence"
	"github.com/reprise-go/reprise/divergence/report"
	"github.com/reprise-go/reprise/internal/base"
	"github.com/reprise-go/reprise/replayer"
	"github.com/reprise-go/reprise/tracefile"
)

// replaySchema is the version of the JSON form of a replay. It increases when a key changes its meaning or is removed.
const replaySchema = 1

// suite is the name of the test suite in the format junit.
const suite = "reprise replay"

// outcome is the result of a replay to the end.
type outcome struct {
	*Settings
	result   replayer.Result
	first    *divergence.Divergence // the one that ended the replay, or the first of resync
	recorded uint64                 // number of recorded events
	counted  bool                   // recorded is known
	end      tracefile.End          // of the recorded run; the zero End if it is not known
}

// outcome combines the result and the error of a driver. It returns the error if it is not a divergence.
func (s *Session) outcome(result replayer.Result, err error) (*outcome, error) {
	o := &outcome{Settings: &s.Settings, result: result, first: result.First}
	o.recorded, o.counted = s.Recording.Events()
	o.end, _ = s.Recording.End()
	switch d := s.diverged(err); {
	case d != nil:
		o.first = d
	case err != nil:
		return nil, s.Refused(err)
	case o.first != nil:
		s.locate(o.first)
		o.first.Rest = &o.result.Stats
	case !o.result.Live || s.Policy == replayer.PastEnd:
		o.recorded, o.counted = o.result.Events, true // some forms do not contain the number of events
	}
	return o, nil
}

// forked reports whether the run continued live, so that it is not the recorded run.
func (o *outcome) forked() bool {
	return o.result.Live && (o.result.Emitted > o.result.Events || !o.counted || o.result.Events < o.recorded)
}

// otherEnd reports whether all events match although the run ended in a different way than the recorded one.
func (o *outcome) otherEnd() bool {
	if o.first != nil || o.forked() {
		return false
	}
	switch o.end.Reason {
	case tracefile.EndFailed:
		return o.result.Err == nil || firstLine(o.end.Message) != firstLine(o.result.Err.Error())
	case tracefile.EndFinished:
		return o.result.Err != nil
	}
	return false
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// equal reports whether the run equals the recorded one.
func (o *outcome) equal() bool { return o.first == nil && !o.forked() && !o.otherEnd() }

// found reports whether the replay found something: a difference, or the failure of a run that is not the recorded one.
func (o *outcome) found() bool {
	return o.first != nil || o.otherEnd() || o.forked() && o.result.Err != nil
}

// count returns the number of events that matched, and the total, as text.
func (o *outcome) count() string {
	if !o.counted {
		return fmt.Sprint(o.result.Events)
	}
	return fmt.Sprintf("%d of %d", o.result.Events, o.recorded)
}

// headline summarises the replay in one line. A strict divergence has a headline of its own.
func (o *outcome) headline() string {
	switch {
	case o.Policy == replayer.Resync && o.first != nil:
		return fmt.Sprintf("%s: resync with a window of %d: %v", o.Name, o.Window, o.result.Stats)
	case o.forked() && o.result.LiveAt == 0:
		return fmt.Sprintf("%s: nothing replayed, live from the start under random choices from seed %d", o.Name, o.Seed)
	case o.forked():
		return fmt.Sprintf("%s: %s events replayed, live from event %d on under random choices from seed %d",
			o.Name, o.count(), o.result.LiveAt, o.Seed)
	case o.otherEnd():
		return fmt.Sprintf("%s: %s events match, but the run ended otherwise than its recording", o.Name, o.count())
	}
	return fmt.Sprintf("%s: %s events match, the replay equals its recording", o.Name, o.count())
}

// ending describes the end of the run.
func (o *outcome) ending() string {
	if o.otherEnd() {
		was := failure("the recorded run", o.end.Message)
		if o.end.Reason == tracefile.EndFinished {
			was = "the recorded run passed\n"
		}
		return was + o.now("the run", "")
	}
	if o.equal() {
		return o.now("the run", ", as the recorded run did")
	}
	return o.liveAfter() + o.now("the run", fmt.Sprintf(" after %d events", o.result.Emitted))
}

// liveAfter describes the place at which resync continued live.
func (o *outcome) liveAfter() string {
	if o.first == nil || !o.result.Live {
		return ""
	}
	return fmt.Sprintf("given up: live from event %d on under random choices from seed %d\n", o.result.LiveAt, o.Seed)
}

// now describes the end of this run.
func (o *outcome) now(who, like string) string { return ended(who, o.result.Err, like) }

// ended describes the end of a run.
func ended(who string, err error, like ...string) string {
	if err == nil {
		return who + " passed" + strings.Join(like, "") + "\n"
	}
	return failure(who, base.WithCode(err), like...)
}

// failure describes the failure of a run.
func failure(who, message string, like ...string) string {
	return who + " failed" + strings.Join(like, "") + ":\n" + indented("  ", message)
}

// indented returns text with indented lines.
func indented(space, text string) string {
	return space + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+space) + "\n"
}

// notes describes differences between the program and the recorded one.
func (o *outcome) notes() string {
	text := ""
	for _, w := range o.result.Warnings {
		text += "note: " + w + "\n"
	}
	return text
}

// Text implements [base.Document]. A strict divergence is reported in the form of `reprise diff`.
func (o *outcome) Text(colored bool) string {
	switch {
	case o.Format == "github":
		return o.github()
	case o.first != nil && o.Policy != replayer.Resync:
		return base.TextOf(report.Of(o.first), o.Format, colored)
	}
	head, tail := o.headline()+"\n"+o.ending(), ""
	if o.first == nil {
		head += o.notes() + o.story()
	}
	if o.Format == "markdown" {
		head = markdown(head)
	}
	if o.first != nil {
		shown := *o.first
		shown.Rest = nil // the headline contains it
		tail = "\n" + base.TextOf(report.Of(&shown), o.Format, colored)
	}
	return head + tail
}

// story returns the events that led to the failure.
func (o *outcome) story() string {
	if o.result.Err == nil {
		return ""
	}
	return o.result.Story
}

// github returns an annotation if anything was found.
func (o *outcome) github() string {
	switch {
	case o.first != nil:
		return base.TextOf(report.Of(o.first), o.Format, false)
	case o.found():
		return report.GitHubError(o.title(), strings.TrimSuffix(o.headline()+"\n"+o.ending(), "\n"))
	}
	return ""
}

// title describes the finding if no events differ.
func (o *outcome) title() string {
	if o.otherEnd() {
		return "the replay ended otherwise than its recording"
	}
	return "the run failed after its recording was left"
}

// JUnit implements [base.Document].
func (o *outcome) JUnit(w io.Writer) error {
	if o.first == nil && o.found() {
		return report.FailureJUnit(w, suite, o.Name, "run", o.title()+"\n"+o.headline()+"\n"+o.ending())
	}
	return report.JUnit(w, suite, o.Name, report.Of(o.first))
}

// replayJSON is the JSON form of an outcome.
type replayJSON struct {
	Schema     int           `json:"schema"`
	File       string        `json:"file"`
	Policy     string        `json:"policy"`
	Equal      bool          `json:"equal"`      // the run is that of the recording
	Recorded   *uint64       `json:"recorded"`   // events; null if that is not known
	Matched    uint64        `json:"matched"`    // number of events that match
	Emitted    uint64        `json:"emitted"`    // number of events of the run, or before its divergence
	Failure    string        `json:"failure"`    // failure of the run, "" if it passed
	Ended      string        `json:"ended"`      // end of the recorded run, "" if unknown
	Live       *liveJSON     `json:"live"`       // live part of the run, or null
	Fidelity   *float64      `json:"fidelity"`   // fidelity of resync, or null
	Divergence report.Report `json:"divergence"` // the object that diff prints, or null
	Notes      []string      `json:"notes"`
}

// liveJSON is the index and the seed with which a run continued live.
type liveJSON struct {
	From uint64 `json:"from"`
	Seed uint64 `json:"seed"`
}

// Value implements [base.Document].
func (o *outcome) Value() any {
	j := replayJSON{
		Schema: replaySchema, File: o.Name, Policy: o.Policy.String(), Equal: o.equal(),
		Matched: o.result.Events, Emitted: o.result.Emitted, Divergence: report.Of(o.first),
		Ended: o.end.Reason, Notes: append([]string{}, o.result.Warnings...),
	}
	if o.counted {
		j.Recorded = &o.recorded
	}
	if o.result.Err != nil {
		j.Failure = o.result.Err.Error()
	}
	if o.result.Live {
		j.Live = &liveJSON{o.result.LiveAt, o.Seed}
	}
	if o.Policy == replayer.Resync {
		fidelity := o.result.Fidelity
		j.Fidelity = &fidelity
	}
	return j
}
